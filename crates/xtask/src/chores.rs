//! The small chores: each is one command line that nobody should have to remember.

use std::path::Path;
use std::process::{Command, ExitCode};

use crate::screen::{refuse, say};
use crate::services::Services;

/// Proves the house rules.
pub(crate) fn tidy(root: &Path) -> ExitCode {
    run(Command::new("cargo").current_dir(root).args([
        "test",
        "--quiet",
        "--package",
        "muster-tests",
        "--test",
        "tidy",
    ]))
}

/// Runs a command beside PostgreSQL and Kafka, from where it was called.
pub(crate) fn with(root: &Path, durable: bool, command: &[String]) -> ExitCode {
    let Some((program, arguments)) = command.split_first() else { return refuse("name a command after --") };
    let services = Services::start(root, durable);
    for need in &services.needs {
        match &need.found {
            Ok(with) => say(&format!("{}: {with}", need.name)),
            Err(why) => say(&format!("{}: LEFT OUT: {why}", need.name)),
        }
    }
    let mut command = Command::new(program);
    services.tell(command.args(arguments));
    run(&mut command)
}

/// Writes the schemas that the wire crate makes of its types.
pub(crate) fn schemas(root: &Path) -> ExitCode {
    run(Command::new("cargo").current_dir(root).args([
        "run",
        "--quiet",
        "--package",
        "muster-wire",
        "--example",
        "schemas",
    ]))
}

/// Runs a command to its end and passes its verdict on.
fn run(command: &mut Command) -> ExitCode {
    match command.status() {
        Ok(status) => status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from),
        Err(error) => refuse(&format!("{}: {error}", command.get_program().display())),
    }
}
