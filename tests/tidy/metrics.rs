//! Every metric that a dashboard or an alert asks for is one that the code gives.

use std::collections::BTreeSet;

use crate::rust::Token;
use crate::tree::Tree;
use crate::{here, prove};

/// How metric names begin.
const PREFIX: &str = "muster_";

/// Where the table of metrics is; its registry puts the prefix before every name.
const TABLE: &str = "/metrics.rs";

/// What the Prometheus client counts of the process itself.
const PROCESS: [&str; 7] = [
    "process_cpu_seconds_total",
    "process_max_fds",
    "process_open_fds",
    "process_resident_memory_bytes",
    "process_start_time_seconds",
    "process_threads",
    "process_virtual_memory_bytes",
];

/// What Prometheus adds to the name of a histogram, and what recording rules put behind a colon is theirs.
const SUFFIXES: [&str; 3] = ["_bucket", "_sum", "_count"];

fn check(tree: &Tree) -> Vec<String> {
    let mut known: BTreeSet<String> = PROCESS.map(str::to_owned).into();
    for (_, tokens) in tree.product().filter(|(path, _)| path.ends_with(TABLE)) {
        let code: Vec<Token> = tokens.into_iter().filter(|token| token.comment().is_none()).collect();
        let first = code.windows(2).filter(|pair| pair[0].is('(')).filter_map(|pair| pair[1].literal());
        known.extend(first.map(|name| format!("{PREFIX}{name}")));
    }
    let asked = tree.ending(&[".yml", ".yaml", ".json"]).filter(|(path, _)| is_monitoring(path));
    let mut findings = Vec::new();
    for (path, text) in asked {
        for (at, line) in text.lines().enumerate() {
            let unknown = names(line).into_iter().filter(|name| !is_known(&known, name));
            findings.extend(unknown.map(|name| format!("{path}:{}: nothing gives the metric {name}", at + 1)));
        }
    }
    findings
}

fn is_monitoring(path: &str) -> bool {
    path.starts_with("deploy/") && (path.contains("prometheus") || path.contains("grafana"))
}

fn is_known(known: &BTreeSet<String>, name: &str) -> bool {
    let base = SUFFIXES.iter().find_map(|suffix| name.strip_suffix(suffix)).unwrap_or(name);
    known.contains(name) || known.contains(base)
}

/// The metric names in a text.
fn names(text: &str) -> Vec<String> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_' && letter != ':');
    let ours = |word: &&str| word.starts_with(PREFIX) || word.starts_with("process_");
    words.filter(|word| ours(word) && !word.contains(':')).map(str::to_owned).collect()
}

#[test]
fn every_metric_asked_for_is_given() {
    prove(&check(&here()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_that_nothing_gives_is_found() {
        let tree = Tree::of(&[
            ("crates/pipeline/src/metrics.rs", "fn f() { on.times(\"admit_seconds\", \"help\", &[\"source\"]) }"),
            ("deploy/prometheus/rules.yml", "expr: rate(muster_admit_seconds_bucket[5m]) > muster_gone_total\n"),
            ("deploy/grafana/board.json", "\"expr\": \"muster_source + process_open_fds + process_cpu\""),
            ("deploy/compose/compose.yml", "volumes: { muster_data: {} }\n"),
        ]);
        let missing = [
            ("deploy/grafana/board.json", "muster_source"),
            ("deploy/grafana/board.json", "process_cpu"),
            ("deploy/prometheus/rules.yml", "muster_gone_total"),
        ];
        assert_eq!(check(&tree), missing.map(|(path, name)| format!("{path}:1: nothing gives the metric {name}")));
    }
}
