//! Every chore of this repository as one command.

mod chaos;
mod chores;
mod deploy;
mod fuzz;
mod kafka;
mod keeper;
mod performance;
mod postgres;
mod schemathesis;
mod screen;
mod services;
mod stages;
mod tally;
mod tools;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Every chore of this repository as one command.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Check everything that can be checked on this machine; with CI=true nothing may be left out
    Test {
        /// Start no PostgreSQL, Kafka or browser; what needs them is named as left out
        #[arg(long)]
        quick: bool,
    },
    /// The same as `test`, and leaving anything out is a failure
    Ci,
    /// Prove the house rules: arrows between crates, file lengths, documents, SQL palette
    Tidy,
    /// Hold what lies in deploy/ to the programs that will read it: promtool, systemd-analyze, docker-compose
    Deploy,
    /// Feed hostile input to every parser of bytes from outside, guided by coverage
    Fuzz {
        /// One target, by its folder in tests/fuzz/corpus; all where none is named
        target: Option<String>,
        /// Inputs of each target
        #[arg(long, default_value_t = 1_000_000)]
        runs: u64,
        /// Seconds of each target; 0 = as long as the inputs take
        #[arg(long, default_value_t = 0)]
        seconds: u64,
    },
    /// Run a command beside a private PostgreSQL and Kafka, which end with it
    With {
        /// For measuring: a PostgreSQL that waits for its disk, as one in service does
        #[arg(long)]
        durable: bool,
        /// The command and its arguments, after `--`
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<String>,
    },
    /// Kill, cut and starve the real program in full size, which takes hours; resumed where it ended
    Chaos(chaos::Chaos),
    /// Write docs/performance.md afresh from what `muster bench` measured
    Performance,
    /// Write schemas/ afresh from the types of the wire crate
    Schemas,
}

fn main() -> ExitCode {
    let root = root();
    match Cli::parse().chore {
        Chore::Test { quick } => stages::test(&root, stages::Options { quick, strict: continuous() }),
        Chore::Ci => stages::test(&root, stages::Options { quick: false, strict: true }),
        Chore::Tidy => chores::tidy(&root),
        Chore::Deploy => deploy::chore(&root, continuous()),
        Chore::Fuzz { target, runs, seconds } => fuzz::chore(&root, target, fuzz::Bounds { runs, seconds }),
        Chore::With { durable, command } => chores::with(&root, durable, &command),
        Chore::Chaos(wanted) => chaos::run(&root, &wanted),
        Chore::Performance => performance::chore(&root),
        Chore::Schemas => chores::schemas(&root),
    }
}

/// Whether a continuous integration run asks that nothing be left out.
fn continuous() -> bool {
    std::env::var("CI").is_ok_and(|ci| !matches!(ci.as_str(), "" | "0" | "false"))
}

/// The top of the repository: two folders above this package.
fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().nth(2).unwrap_or(package).to_path_buf()
}
