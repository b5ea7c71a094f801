//! Hostile input, guided by coverage: builds `tests/fuzz` with the instruments of libFuzzer and runs its targets.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use crate::screen::{refuse, say, step};
use crate::tools;

/// What cargo-fuzz sets too, without a sanitizer: they need a nightly compiler, and `unsafe` is denied in ours.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
     -Cllvm-args=-sanitizer-coverage-trace-compares -Cforce-frame-pointers";

/// What a run is bounded by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Inputs of each target, beside the corpus.
    pub(crate) runs: u64,
    /// Seconds of each target.
    pub(crate) seconds: u64,
}

/// What the test command does: the corpus again, and a little beyond it. 18 targets take at most 54 s.
pub(crate) const BOUNDED: Bounds = Bounds { runs: 20_000, seconds: 3 };

/// The chore: one target, or all.
pub(crate) fn chore(root: &Path, target: Option<String>, bounds: Bounds) -> ExitCode {
    let known = targets(root);
    let chosen = match target {
        None => known,
        Some(name) if known.contains(&name) => vec![name],
        Some(name) => return refuse(&format!("there is no target {name}; there are {}", known.join(", "))),
    };
    match build(root).map(|program| chosen.iter().filter(|name| !run(root, &program, name, bounds)).count()) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(why) => refuse(&why),
    }
}

/// Every target within its bounds; whether all hold.
pub(crate) fn check(root: &Path) -> bool {
    step("fuzz");
    let all = build(root).map(|program| {
        let held = targets(root).iter().filter(|name| run(root, &program, name, BOUNDED)).count();
        held == targets(root).len() && held > 0
    });
    all.unwrap_or_else(|why| {
        say(&why);
        false
    })
}

/// The targets by their folders of the corpus.
fn targets(root: &Path) -> Vec<String> {
    let folders = std::fs::read_dir(root.join("tests/fuzz/corpus")).into_iter().flatten().flatten();
    let mut names: Vec<_> = folders.map(|folder| folder.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Builds the program; with `--target`, so that build scripts and macros stay without instruments.
fn build(root: &Path) -> Result<PathBuf, String> {
    let host = tools::run(Command::new("rustc").arg("-vV").current_dir(root))?;
    let host =
        host.lines().find_map(|line| line.strip_prefix("host: ")).ok_or("rustc does not say its host")?.to_owned();
    let folder = root.join("target/fuzz");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--target", &host]).current_dir(root.join("tests/fuzz")).stdin(Stdio::null());
    let status = cargo.env("RUSTFLAGS", FLAGS).env("CARGO_TARGET_DIR", &folder).status();
    if !status.is_ok_and(|status| status.success()) {
        return Err("tests/fuzz does not build".to_owned());
    }
    Ok(folder.join(host).join("debug/muster-fuzz"))
}

/// Runs one target over its corpus and on; what it finds new is kept under `target/`, what breaks it beside.
fn run(root: &Path, program: &Path, target: &str, bounds: Bounds) -> bool {
    let grown = root.join("target/fuzz/corpus").join(target);
    let found = root.join("target/fuzz/found");
    for folder in [&grown, &found] {
        if let Err(error) = std::fs::create_dir_all(folder) {
            say(&format!("{}: {error}", folder.display()));
            return false;
        }
    }
    let mut command = Command::new(program);
    command.env("FUZZ_TARGET", target).arg(&grown).arg(root.join("tests/fuzz/corpus").join(target));
    command.args([
        format!("-runs={}", bounds.runs),
        format!("-max_total_time={}", bounds.seconds),
        format!("-artifact_prefix={}/{target}-", found.display()),
    ]);
    // a tenth of a second is much for 4 KiB; the rest is for a machine that has other things to do
    command.args(["-max_len=4096", "-timeout=20", "-rss_limit_mb=1024", "-print_final_stats=1"]);
    let output = match command.stdin(Stdio::null()).output() {
        Ok(output) => output,
        Err(error) => {
            say(&format!("{}: {error}", program.display()));
            return false;
        }
    };
    let said = String::from_utf8_lossy(&output.stderr);
    let number = |name: &str| said.lines().rev().find_map(|line| Some(line.split_once(name)?.1.trim().to_owned()));
    let runs = number("stat::number_of_executed_units:").unwrap_or_else(|| "?".to_owned());
    let memory = number("stat::peak_rss_mb:").unwrap_or_else(|| "?".to_owned());
    if output.status.success() {
        say(&format!("{target:<10} {runs:>10} inputs, {memory} MB"));
        return true;
    }
    let lines: Vec<_> = said.lines().filter(|line| !line.starts_with('#')).collect();
    say(&lines[lines.len().saturating_sub(40)..].join("\n"));
    say(&format!("{target}: does not hold; the input lies in {}", found.display()));
    false
}
