//! One module per outside protocol, each handing what it read to admit.

pub mod catalogue;
pub mod http;
pub mod reports;
pub mod table;
