//! Counting what the test programs said: a skipped test is never a passed one.

use std::collections::BTreeSet;

/// How many tests passed, failed and were skipped.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    passed: usize,
    failed: usize,
    ignored: usize,
    /// Names of failed tests, to be found again at the end of a long run.
    failures: Vec<String>,
    /// Tests that ended early for want of something, each with what it wanted.
    skips: BTreeSet<String>,
}

impl Tally {
    /// Reads one line of a test program; only its closing line counts.
    pub(crate) fn read(&mut self, line: &str) {
        let named = line.strip_prefix("test ").and_then(|rest| rest.strip_suffix(" ... FAILED"));
        self.failures.extend(named.map(str::to_owned));
        let Some(counts) = line.trim().strip_prefix("test result: ") else { return };
        for part in counts.split(['.', ';']) {
            let mut words = part.split_whitespace();
            let (Some(number), Some(what)) = (words.next(), words.next()) else { continue };
            let Ok(number) = number.parse::<usize>() else { continue };
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }

    /// Takes the skips that the harness wrote down: one line a test, `program::test<tab>what it wanted`.
    pub(crate) fn take_skips(&mut self, written: &str) {
        let mut tests = BTreeSet::new();
        for line in written.lines() {
            let test = line.split('\t').next().unwrap_or(line);
            if tests.insert(test) {
                self.skips.insert(line.replace('\t', ": "));
            }
        }
        self.passed = self.passed.saturating_sub(tests.len());
    }

    /// Counts a program that ended badly without naming a failed test, such as one that was killed.
    pub(crate) fn ended_badly(&mut self) {
        self.failed = self.failed.max(1);
    }

    pub(crate) fn skipped(&self) -> usize {
        self.ignored + self.skips.len()
    }

    pub(crate) fn failed(&self) -> usize {
        self.failed
    }

    /// What was skipped and why, a line each.
    pub(crate) fn skips(&self) -> impl Iterator<Item = &str> {
        self.skips.iter().map(String::as_str)
    }

    /// Which tests failed.
    pub(crate) fn failures(&self) -> impl Iterator<Item = &str> {
        self.failures.iter().map(String::as_str)
    }

    /// The line a machine reads.
    pub(crate) fn line(&self) -> String {
        format!("{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_add_up_and_other_lines_do_not_count() {
        let mut tally = Tally::default();
        tally.read("test lanes::are_cleared ... ok");
        tally.read("test lanes::are_blocked ... FAILED");
        tally.read("test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.01s");
        tally.read("test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.2s");
        assert_eq!(tally.line(), "7 passed, 1 failed, 1 skipped");
        assert_eq!(tally.failures().collect::<Vec<_>>(), ["lanes::are_blocked"]);
    }

    #[test]
    fn a_skipped_test_is_taken_from_the_passed_ones_once() {
        let mut tally = Tally::default();
        tally.read("test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s");
        tally.take_skips("store::conformance\tPostgreSQL\nstore::conformance\tKafka\n");
        assert_eq!(tally.line(), "2 passed, 0 failed, 1 skipped");
    }

    #[test]
    fn a_killed_program_is_a_failure() {
        let mut tally = Tally::default();
        tally.ended_badly();
        assert_eq!(tally.line(), "0 passed, 1 failed, 0 skipped");
    }
}
