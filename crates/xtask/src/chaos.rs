//! The chaos suite in full size: rounds of `kill -9` on each profile and every fault, remembered, so that it can be resumed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use clap::ValueEnum;

use crate::screen::{refuse, say, step};
use crate::services::Services;

/// Rounds in one call of the test: after each call what is done is written down.
const AT_ONCE: u32 = 20;

/// The test of `kill -9`, by profile.
const KILLS: [(Profile, &str); 2] = [
    (Profile::Embedded, "chaos::nothing_is_lost_or_doubled_by_killing_the_embedded_process"),
    (Profile::Kafka, "chaos::nothing_is_lost_or_doubled_by_killing_the_process_on_kafka_and_postgresql"),
];

/// Where the tests of all other faults are.
const FAULTS: &str = "chaos::faults::";

/// What a process stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Profile {
    /// The embedded log and SQLite.
    Embedded,
    /// Kafka and PostgreSQL.
    Kafka,
}

/// What is to be run.
#[derive(Debug, clap::Args)]
pub(crate) struct Chaos {
    /// Rounds of kill -9 on each profile
    #[arg(long, default_value_t = 200)]
    rounds: u32,
    /// Only this profile's kills, and none of the other faults
    #[arg(long)]
    profile: Option<Profile>,
    /// Forget what was done before
    #[arg(long)]
    afresh: bool,
}

/// What is done already: a name a line.
struct Ledger {
    file: PathBuf,
    done: BTreeSet<String>,
}

impl Ledger {
    fn open(file: PathBuf, afresh: bool) -> Self {
        let text = if afresh { String::new() } else { std::fs::read_to_string(&file).unwrap_or_default() };
        Self { file, done: text.lines().map(str::to_owned).collect() }
    }

    fn note(&mut self, name: String) -> Result<(), String> {
        self.done.insert(name);
        let text: String = self.done.iter().map(|name| format!("{name}\n")).collect();
        std::fs::write(&self.file, text).map_err(|error| format!("{}: {error}", self.file.display()))
    }
}

/// Runs what is not done yet; a failure ends it, and the next call goes on there.
pub(crate) fn run(root: &Path, wanted: &Chaos) -> ExitCode {
    let mut ledger = Ledger::open(root.join("target/chaos"), wanted.afresh);
    if !cargo(root, &["build", "--package", "muster"]) {
        return refuse("the program does not build");
    }
    let services = Services::start(root, false);
    for need in services.needs.iter().filter(|need| need.found.is_err()) {
        say(&format!("{}: LEFT OUT: {}", need.name, need.found.as_ref().err().map_or("", String::as_str)));
    }
    let kills = KILLS.iter().filter(|(profile, _)| wanted.profile.is_none_or(|only| only == *profile));
    let mut due: Vec<Due> = kills.flat_map(|(_, test)| parts(test, wanted.rounds)).collect();
    if wanted.profile.is_none() {
        match faults(root) {
            Ok(faults) => due.extend(faults),
            Err(error) => return refuse(&error),
        }
    }
    for Due { name, test, told } in due {
        if ledger.done.contains(&name) {
            say(&format!("done before: {name}"));
            continue;
        }
        step(&name);
        let mut command = test_command(root, &test, "--exact");
        services.tell(&mut command);
        // Nothing is skipped here: what was left out would count as done.
        if !command.env("CI", "true").envs(told).status().is_ok_and(|status| status.success()) {
            return refuse(&format!("{name} failed; the same command goes on from there"));
        }
        if let Err(error) = ledger.note(name) {
            return refuse(&error);
        }
    }
    say("\nEverything that was asked for is done, 0 lost, 0 doubled; `--afresh` begins anew.");
    ExitCode::SUCCESS
}

/// What is noted as one when it is done.
struct Due {
    name: String,
    test: String,
    told: Vec<(&'static str, String)>,
}

/// The rounds of a test of `kill -9`, some at once.
fn parts(test: &str, rounds: u32) -> impl Iterator<Item = Due> {
    (0..rounds.div_ceil(AT_ONCE)).map(move |part| {
        let rounds = AT_ONCE.min(rounds - part * AT_ONCE);
        // Another seed each time: other instants, and another load.
        let told = vec![("MUSTER_CHAOS_ROUNDS", rounds.to_string()), ("MUSTER_CHAOS_SEED", (part + 1).to_string())];
        Due { name: format!("{test} seed {} rounds {rounds}", part + 1), test: test.to_owned(), told }
    })
}

/// Every other fault by itself, by the name of its test.
fn faults(root: &Path) -> Result<Vec<Due>, String> {
    let listed = test_command(root, FAULTS, "--list").output().map_err(|error| format!("cargo: {error}"))?;
    let names = named(&String::from_utf8_lossy(&listed.stdout));
    if names.is_empty() {
        return Err(format!("no test begins with {FAULTS}:\n{}", String::from_utf8_lossy(&listed.stderr)));
    }
    let full = || vec![("MUSTER_CHAOS", "full".to_owned())];
    Ok(names.into_iter().map(|name| Due { test: name.clone(), name, told: full() }).collect())
}

/// The tests that a list of the test program names.
fn named(list: &str) -> Vec<String> {
    list.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect()
}

fn test_command(root: &Path, test: &str, how: &str) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root).args(["test", "--package", "muster-tests", "--test", "process", test, "--", how]);
    command
}

fn cargo(root: &Path, arguments: &[&str]) -> bool {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root).args(arguments).status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_are_done_some_at_once_and_faults_by_their_names() {
        let parts: Vec<String> = parts("kills", 50).map(|due| due.name).collect();
        assert_eq!(parts, ["kills seed 1 rounds 20", "kills seed 2 rounds 20", "kills seed 3 rounds 10"]);
        let list = "chaos::faults::a: test\nchaos::faults::b::c: test\n\n2 tests, 0 benchmarks\n";
        assert_eq!(named(list), ["chaos::faults::a", "chaos::faults::b::c"]);
    }

    #[test]
    fn what_is_done_is_remembered_until_it_is_asked_for_afresh() {
        let file = std::env::temp_dir().join(format!("muster-chaos-{}", std::process::id()));
        let mut ledger = Ledger::open(file.clone(), true);
        ledger.note("faults".to_owned()).unwrap();
        assert!(Ledger::open(file.clone(), false).done.contains("faults"));
        assert!(Ledger::open(file.clone(), true).done.is_empty());
        std::fs::remove_file(&file).unwrap();
    }
}
