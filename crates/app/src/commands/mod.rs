//! Subcommands that do one thing and end.

mod migrate;
mod rules;

use std::process::ExitCode;

use clap::Subcommand;

use crate::exit::Failure;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Migrate(migrate::Migrate),
    Rules(rules::Rules),
}

impl Command {
    pub(crate) async fn run(self) -> Result<ExitCode, Failure> {
        match self {
            Self::Migrate(migrate) => migrate.run().await,
            Self::Rules(rules) => rules.run(),
        }
    }
}
