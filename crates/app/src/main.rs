//! The binary: settings, roles and subcommands put together.

mod commands;
mod exit;
mod serve;
mod settings;
mod trace;

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};
use tokio::runtime::Runtime;

use exit::Failure;

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
        Err(error) => return Failure::outside("cannot start", &error).report(),
    };
    let done = match cli.command {
        // A server that is told to stop does so in order, and has then done what it was asked.
        Command::Demo(demo) => runtime.block_on(demo.run()).map(|()| ExitCode::SUCCESS),
        Command::Serve(serve) => runtime.block_on(serve.run()).map(|()| ExitCode::SUCCESS),
        Command::Other(command) => until_interrupted(runtime, command),
    };
    done.unwrap_or_else(|failure| failure.report())
}

/// What a command may put on its stack: as much as the main thread may.
const STACK: usize = 8 << 20;
/// What a process ends with that has panicked.
const PANICKED: u8 = 101;

/// Runs a command until it is done or Ctrl-C ends it. It may stand in a read that nobody can call off, so it has a thread
/// of its own, which then ends with the process.
fn until_interrupted(runtime: Runtime, command: commands::Command) -> Result<ExitCode, Failure> {
    let runtime = Arc::new(runtime);
    let (own, (tell, told)) = (Arc::clone(&runtime), tokio::sync::oneshot::channel());
    std::thread::Builder::new()
        .name("command".to_owned())
        .stack_size(STACK)
        .spawn(move || drop(tell.send(own.block_on(command.run()))))
        .map_err(|error| Failure::outside("cannot start", &error))?;
    runtime.block_on(async {
        tokio::select! {
            // Nothing told = it has panicked, and said so.
            done = told => done.unwrap_or_else(|_| Ok(ExitCode::from(PANICKED))),
            Ok(()) = tokio::signal::ctrl_c() => Err(Failure::interrupted()),
        }
    })
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
