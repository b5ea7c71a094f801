//! The straight way, what may go wrong on it, and how the program behaves as a program.

mod conduct;
mod described;
mod foreign;
mod input;
mod ladder;
mod letters;
mod program;
mod restart;
mod roles;
mod topics;
mod trace;
mod way;
