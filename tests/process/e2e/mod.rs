//! The straight way, what may go wrong on it, and how the program behaves as a program.

mod foreign;
mod input;
mod way;
