//! What the chores say to the person who started them.

use std::io::Write;
use std::process::ExitCode;

/// Writes one line to standard output; a reader who went away is no reason to stop.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// Announces a step, so that a long one can be told from a hanging one.
pub(crate) fn step(name: &str) {
    say(&format!("\n==> {name}"));
}

/// Says why nothing was done, with the exit code for wrong use or a missing prerequisite.
pub(crate) fn refuse(why: &str) -> ExitCode {
    eprintln!("{why}");
    ExitCode::from(2)
}
