//! The rule book, the watch engine and the choice of units: what a rule means, without IO or clock.
//!
//! Read in this order: [`rulebook`] is what people write, [`expr`] their clauses; [`config`] puts a rule book and a
//! catalogue together; [`watch`] says what becomes of a partition's records; [`examples`] proves a rule book by it.

pub mod config;
pub mod dispatch;
pub mod examples;
pub mod expr;
pub mod reference;
pub mod rulebook;
pub mod watch;
