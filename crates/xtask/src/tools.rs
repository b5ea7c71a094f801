//! The programs of this machine: which are there, and what to say when one is not.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The programs without which nothing can be built, with the line that brings them.
const PREREQUISITES: &str = "missing: {missing}. Muster builds with Rust 1.95, a C and C++ compiler and make. \
     Debian/Ubuntu: sudo apt-get install -y build-essential; \
     macOS: xcode-select --install; \
     container: start from rust:1.95-bookworm, which has them; \
     Rust itself: https://rustup.rs";

/// Names what is missing to build at all, in one line that says how to get it.
pub(crate) fn prerequisites() -> Result<(), String> {
    let needed: [(&str, &[&str]); 6] = [
        ("cargo", &["cargo", "--version"]),
        ("rustfmt", &["cargo", "fmt", "--version"]),
        ("clippy", &["cargo", "clippy", "--version"]),
        ("a C compiler", &["cc", "--version"]),
        ("a C++ compiler", &["c++", "--version"]),
        ("make", &["make", "--version"]),
    ];
    let missing: Vec<_> = needed.iter().filter(|(_, probe)| !answers(probe)).map(|(name, _)| *name).collect();
    if missing.is_empty() { Ok(()) } else { Err(PREREQUISITES.replace("{missing}", &missing.join(", "))) }
}

/// Whether a command starts and ends well.
fn answers(command: &[&str]) -> bool {
    let Some((program, arguments)) = command.split_first() else { return false };
    let status =
        Command::new(program).args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// The first of `names` that is on the search path.
pub(crate) fn find(names: &[&str]) -> Option<PathBuf> {
    let folders: Vec<PathBuf> = std::env::split_paths(&std::env::var_os("PATH")?).collect();
    names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name))).find(|path| path.is_file())
}

/// The first line a program prints about its version, or nothing.
pub(crate) fn version(program: &Path) -> String {
    let output = Command::new(program).arg("--version").stdin(Stdio::null()).output();
    let Ok(output) = output else { return String::new() };
    let text = if output.stdout.is_empty() { output.stderr } else { output.stdout };
    String::from_utf8_lossy(&text).lines().next().unwrap_or_default().trim().to_owned()
}

/// Runs a command to its end and gives what it printed, or the last lines of what it complained about.
pub(crate) fn run(command: &mut Command) -> Result<String, String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<_> = complaint.lines().collect();
    let end = lines[lines.len().saturating_sub(20)..].join("\n");
    Err(format!("{program}: {}\n{end}", output.status))
}

/// Whether a Chinese font is there, without which a screenshot shows boxes. macOS always has one.
pub(crate) fn chinese_fonts() -> bool {
    if cfg!(target_os = "macos") {
        return true;
    }
    run(Command::new("fc-list").args([":lang=zh", "family"])).is_ok_and(|fonts| !fonts.trim().is_empty())
}
