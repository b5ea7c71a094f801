//! The binary: settings, roles and subcommands put together.

mod commands;
mod exit;
mod serve;
mod settings;
mod trace;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Muster 点兵: turns what a sub-district's cameras, sensors and people see into cases that the right teams finish.
#[derive(Debug, Parser)]
#[command(name = "muster", version, about, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(serve::Demo),
    Serve(serve::Serve),
    #[command(flatten)]
    Other(commands::Command),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(threads()).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return exit::Failure::outside("cannot start", &error).report(),
    };
    let done = runtime.block_on(async {
        match cli.command {
            Command::Demo(demo) => demo.run().await.map(|()| ExitCode::SUCCESS),
            Command::Serve(serve) => serve.run().await.map(|()| ExitCode::SUCCESS),
            Command::Other(command) => command.run().await,
        }
    });
    done.unwrap_or_else(|failure| failure.report())
}

/// Twice the processors: while all of them are busy with batches, somebody still hears what the database answers.
fn threads() -> usize {
    std::thread::available_parallelism().map_or(4, |processors| 2 * processors.get()).max(4)
}

/// Writes data to stdout. A reader that has gone away is no failure of ours.
fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
