//! The binary: settings, roles and subcommands put together.
fn main() {}
