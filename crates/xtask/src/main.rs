//! Every chore of this repository as one command.
fn main() {}
