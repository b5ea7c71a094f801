//! The straight way, what may go wrong on it, and how the program behaves as a program.

mod conduct;
mod described;
mod foreign;
mod input;
mod letters;
mod program;
mod way;
