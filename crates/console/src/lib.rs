//! The pages people look at and the API behind each of them.
