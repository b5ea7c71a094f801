//! The binary: settings, roles and subcommands put together.

mod settings;

fn main() {}
