//! One module per outside protocol, each handing what it read to admit.
