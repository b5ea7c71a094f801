//! Asking for something outside the test, and skipping loudly where it is not there.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The value of an environment variable that the test command sets once the thing is there.
///
/// `None` means that the test must return at once: it has been named as skipped. `what` is said to people, such as
/// "PostgreSQL".
///
/// # Panics
///
/// In CI (`CI=true`), where nothing may be skipped.
#[must_use]
pub fn need(variable: &str, what: &str) -> Option<String> {
    if let Some(value) = std::env::var(variable).ok().filter(|value| !value.is_empty()) {
        return Some(value);
    }
    let test = this_test();
    assert!(!in_ci(), "{test} needs {what} ({variable}), and in CI nothing may be skipped");
    say_skipped(&test, &format!("{what}; run `cargo xtask test`, or set {variable}"), what);
    None
}

/// A file of the shared data, which lies beside the repository or where `MUSTER_TEST_DATA` says.
///
/// `None` means that the test must return at once: nothing can fetch the file, so it has been named as skipped.
#[must_use]
pub fn data(name: &str) -> Option<PathBuf> {
    let beside = || crate::root().join("../shared/data");
    let file = std::env::var_os("MUSTER_TEST_DATA").map_or_else(beside, PathBuf::from).join(name);
    if file.is_file() {
        return Some(file);
    }
    let what = format!("{name}, in the folder that MUSTER_TEST_DATA names");
    say_skipped(&this_test(), &what, &what);
    None
}

/// Says that the test is skipped for want of something that no variable names, such as the right to mount a disk.
///
/// # Panics
///
/// In CI, where nothing may be skipped.
pub fn skipped(what: &str) {
    let test = this_test();
    assert!(!in_ci(), "{test} needs {what}, and in CI nothing may be skipped");
    say_skipped(&test, what, what);
}

fn say_skipped(test: &str, words: &str, what: &str) {
    // written past the test harness, which swallows what a passing test prints
    let _ = writeln!(std::io::stderr(), "SKIPPED: {test}: needs {words}");
    if let Some(list) = std::env::var_os("MUSTER_TEST_SKIPS") {
        note(Path::new(&list), test, what);
    }
}

/// One line a skip, appended in one write, so that test programs may share the file.
fn note(list: &Path, test: &str, what: &str) {
    let written = OpenOptions::new().create(true).append(true).open(list);
    let written = written.and_then(|mut file| file.write_all(format!("{test}\tneeds {what}\n").as_bytes()));
    assert!(written.is_ok(), "{}: {written:?}: a skip that is not counted would pass as a success", list.display());
}

fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|ci| !matches!(ci.as_str(), "" | "0" | "false"))
}

/// The program and the test, by the name of the thread that runs it.
fn this_test() -> String {
    let program = std::env::current_exe().ok();
    let program = program.as_deref().and_then(Path::file_stem).unwrap_or_default().to_string_lossy().into_owned();
    // cargo puts a hash behind the name
    let program = program.rsplit_once('-').map_or(program.as_str(), |(name, _)| name);
    format!("{program}::{}", std::thread::current().name().unwrap_or("main"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_is_named_by_its_program_and_its_thread() {
        assert_eq!(this_test(), "muster_tests::need::tests::a_test_is_named_by_its_program_and_its_thread");
    }

    #[test]
    fn skips_are_noted_a_line_each() {
        let file = tempfile::NamedTempFile::new().unwrap();
        note(file.path(), "store::conformance", "PostgreSQL");
        note(file.path(), "log::contract", "Apache Kafka");
        let noted = std::fs::read_to_string(file.path()).unwrap();
        assert_eq!(noted, "store::conformance\tneeds PostgreSQL\nlog::contract\tneeds Apache Kafka\n");
    }

    #[test]
    fn what_is_there_is_given() {
        assert!(need("PATH", "a search path").is_some());
    }
}
