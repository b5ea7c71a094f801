//! The house rules, proven.
