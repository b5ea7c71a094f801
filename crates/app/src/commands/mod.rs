//! Subcommands that do one thing and end.

mod backup;
mod bench;
mod dlq;
mod doctor;
mod import;
mod migrate;
mod restore;
mod rules;
mod send;
mod server;
mod tally;

use std::process::ExitCode;

use clap::Subcommand;

use crate::exit::Failure;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Backup(backup::Backup),
    Bench(bench::Bench),
    Dlq(dlq::Dlq),
    Doctor(doctor::Doctor),
    Import(import::Import),
    Migrate(migrate::Migrate),
    Restore(restore::Restore),
    Rules(rules::Rules),
    Send(send::Send),
}

impl Command {
    pub(crate) async fn run(self) -> Result<ExitCode, Failure> {
        match self {
            Self::Backup(backup) => backup.run().await,
            Self::Bench(bench) => bench.run().await,
            Self::Dlq(dlq) => dlq.run().await,
            Self::Doctor(doctor) => doctor.run().await,
            Self::Import(import) => import.run().await,
            Self::Migrate(migrate) => migrate.run().await,
            Self::Restore(restore) => restore.run().await,
            Self::Rules(rules) => rules.run(),
            Self::Send(send) => send.run().await,
        }
    }
}
