//! Subcommands that do one thing and end.

mod bench;
mod dlq;
mod doctor;
mod import;
mod migrate;
mod rules;
mod send;
mod server;
mod tally;

use std::process::ExitCode;

use clap::Subcommand;

use crate::exit::Failure;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Bench(bench::Bench),
    Dlq(dlq::Dlq),
    Doctor(doctor::Doctor),
    Import(import::Import),
    Migrate(migrate::Migrate),
    Rules(rules::Rules),
    Send(send::Send),
}

impl Command {
    pub(crate) async fn run(self) -> Result<ExitCode, Failure> {
        match self {
            Self::Bench(bench) => bench.run().await,
            Self::Dlq(dlq) => dlq.run().await,
            Self::Doctor(doctor) => doctor.run().await,
            Self::Import(import) => import.run().await,
            Self::Migrate(migrate) => migrate.run().await,
            Self::Rules(rules) => rules.run(),
            Self::Send(send) => send.run().await,
        }
    }
}
