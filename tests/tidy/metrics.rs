//! Every metric that a dashboard or an alert asks for is one that the code gives.

use std::collections::BTreeSet;

use crate::rust::Token;
use crate::tree::Tree;
use crate::{here, prove};

/// How metric names begin.
const PREFIX: &str = "muster_";

/// What Prometheus adds to the name of a histogram, and what recording rules put behind a colon is theirs.
const SUFFIXES: [&str; 3] = ["_bucket", "_sum", "_count"];

fn check(tree: &Tree) -> Vec<String> {
    let known: BTreeSet<String> = tree
        .product()
        .flat_map(|(_, tokens)| tokens.iter().filter_map(Token::literal).flat_map(names).collect::<Vec<_>>())
        .collect();
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
    words.filter(|word| word.starts_with(PREFIX) && !word.contains(':')).map(str::to_owned).collect()
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
            ("crates/pipeline/src/metrics.rs", "const SECONDS: &str = \"muster_admit_seconds\";"),
            ("deploy/prometheus/rules.yml", "expr: rate(muster_admit_seconds_bucket[5m]) > muster_gone_total\n"),
            ("deploy/compose/compose.yml", "volumes: { muster_data: {} }\n"),
        ]);
        assert_eq!(check(&tree), ["deploy/prometheus/rules.yml:1: nothing gives the metric muster_gone_total"]);
    }
}
