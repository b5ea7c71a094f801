//! Every setting that a document or a file of `deploy/` names by its variable exists.

use std::collections::BTreeSet;

use crate::tree::Tree;
use crate::{here, prove};

const DEFAULTS: &str = "crates/app/src/settings/default.toml";

/// Variables that are no settings: the token of a command, ports of compose, and what only tests read.
const OTHERS: [&str; 5] = ["MUSTER_TOKEN_FILE", "MUSTER_PORT", "MUSTER_BIN", "MUSTER_KAFKA_DIR", "MUSTER_TEST_"];

/// A table whose keys are librdkafka's.
const OPEN: &str = "MUSTER_LOG__KAFKA__";

fn check(tree: &Tree) -> Vec<String> {
    let defaults = tree.text(DEFAULTS).and_then(|text| text.parse::<toml::Table>().ok()).unwrap_or_default();
    let mut known = BTreeSet::new();
    collect(&defaults, "MUSTER_", &mut known);
    let files = tree.texts().filter(|(path, _)| path.ends_with(".md") || path.starts_with("deploy/"));
    let mut findings = Vec::new();
    for (path, text) in files {
        for (at, line) in text.lines().enumerate() {
            let unknown = variables(line).filter(|name| !is_known(&known, name));
            findings.extend(unknown.map(|name| format!("{path}:{}: there is no setting {name}", at + 1)));
        }
    }
    findings
}

fn collect(table: &toml::Table, prefix: &str, known: &mut BTreeSet<String>) {
    for (key, value) in table {
        let name = format!("{prefix}{}", key.to_ascii_uppercase());
        match value {
            toml::Value::Table(inner) => collect(inner, &format!("{name}__"), known),
            _ => drop(known.insert(name)),
        }
    }
}

fn is_known(known: &BTreeSet<String>, name: &str) -> bool {
    known.contains(name)
        || name.strip_suffix("_FILE").is_some_and(|name| known.contains(name))
        || name.starts_with(OPEN)
        || OTHERS.iter().any(|other| name == *other || (other.ends_with('_') && name.starts_with(other)))
}

fn variables(line: &str) -> impl Iterator<Item = &str> {
    let words = line.split(|letter: char| !letter.is_ascii_uppercase() && !letter.is_ascii_digit() && letter != '_');
    words.filter(|word| word.strip_prefix("MUSTER_").is_some_and(|rest| !rest.is_empty()))
}

#[test]
fn every_setting_that_is_named_exists() {
    prove(&check(&here()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_that_does_not_exist_is_found() {
        let defaults = "data_dir = \"\"\n[http]\nlisten = \"\"\n[log.kafka]\n";
        let page = "MUSTER_DATA_DIR=x `MUSTER_HTTP__LISTEN_FILE` MUSTER_LOG__KAFKA__SASL_USERNAME MUSTER_HTTP__LISSEN";
        let findings = check(&Tree::of(&[(DEFAULTS, defaults), ("deploy/systemd/muster.env", page)]));
        assert_eq!(findings, ["deploy/systemd/muster.env:1: there is no setting MUSTER_HTTP__LISSEN"]);
    }
}
