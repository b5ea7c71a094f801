//! The straight way, what may go wrong on it, and how the program behaves as a program.

mod conduct;
mod described;
pub(crate) mod foreign;
mod input;
mod ladder;
mod late;
mod letters;
mod program;
mod reports;
mod restart;
mod roles;
mod same;
mod topics;
mod trace;
mod unseen;
mod upgrade;
mod way;
