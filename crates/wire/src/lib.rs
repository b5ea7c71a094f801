//! Every versioned format and its way to and from the domain.
