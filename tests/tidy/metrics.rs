//! Every metric that a dashboard or an alert asks for is one that the code gives, and what a dashboard asks is whole.

use std::collections::BTreeSet;

use serde_json::Value;

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
    let mut findings = Vec::new();
    for (path, text) in tree.ending(&[".yml", ".yaml"]).filter(|(path, _)| is_monitoring(path)) {
        for (at, line) in text.lines().enumerate() {
            let unknown = names(line).into_iter().filter(|name| !is_known(&known, name));
            findings.extend(unknown.map(|name| format!("{path}:{}: nothing gives the metric {name}", at + 1)));
        }
    }
    for (path, text) in tree.ending(&[".json"]).filter(|(path, _)| is_monitoring(path)) {
        let mut asked = Vec::new();
        match serde_json::from_str(text) {
            Ok(board) => expressions(&board, "", &mut asked),
            Err(error) => findings.push(format!("{path}:{}: is no JSON: {error}", error.line())),
        }
        if asked.is_empty() {
            findings.push(format!("{path}:1: asks for nothing"));
        }
        for (at, expression) in asked {
            let unknown = names(&expression).into_iter().filter(|name| !is_known(&known, name));
            findings.extend(unknown.map(|name| format!("{path}:{at}: nothing gives the metric {name}")));
            findings.extend(broken(&expression).map(|what| format!("{path}:{at}: {what}: {expression}")));
        }
    }
    findings
}

/// Everything that a dashboard asks, each with where it stands. One that is no text is as good as empty.
fn expressions(value: &Value, at: &str, asked: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let at = format!("{at}/{name}");
                if name == "expr" {
                    asked.push((at, member.as_str().unwrap_or_default().to_owned()));
                } else {
                    expressions(member, &at, asked);
                }
            }
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(n, item)| expressions(item, &format!("{at}/{n}"), asked))
        }
        _ => {}
    }
}

/// What is wrong with an expression as far as its brackets and quotes tell; promtool reads the rest (`cargo xtask deploy`).
fn broken(expression: &str) -> Option<&'static str> {
    let (mut open, mut quoted, mut escaped) = (Vec::new(), None, false);
    for letter in expression.chars() {
        match (quoted, letter) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(quote), _) if letter == quote => quoted = None,
            (Some(_), _) => {}
            (None, '"' | '\'' | '`') => quoted = Some(letter),
            (None, '(') => open.push(')'),
            (None, '[') => open.push(']'),
            (None, '{') => open.push('}'),
            (None, ')' | ']' | '}') if open.pop() != Some(letter) => return Some("a bracket closes nothing"),
            (None, _) => {}
        }
    }
    if quoted.is_some() {
        return Some("a quote does not end");
    }
    if !open.is_empty() {
        return Some("a bracket does not close");
    }
    expression.trim().is_empty().then_some("it is empty")
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
            (
                "deploy/grafana/board.json",
                r#"{"panels":[{"expr":"muster_source + process_open_fds"},{"expr":"process_cpu{a=\"muster_none\"}"}]}"#,
            ),
            ("deploy/compose/compose.yml", "volumes: { muster_data: {} }\n"),
        ]);
        let missing = [
            ("deploy/prometheus/rules.yml:1", "muster_gone_total"),
            ("deploy/grafana/board.json:/panels/0/expr", "muster_source"),
            ("deploy/grafana/board.json:/panels/1/expr", "process_cpu"),
            ("deploy/grafana/board.json:/panels/1/expr", "muster_none"),
        ];
        assert_eq!(check(&tree), missing.map(|(place, name)| format!("{place}: nothing gives the metric {name}")));
    }

    #[test]
    fn a_dashboard_that_cannot_be_read_or_asks_nothing_is_found() {
        let board = |text| check(&Tree::of(&[("deploy/grafana/board.json", text)])).len();
        assert_eq!((board("{"), board("{}"), board(r#"{"expr":7}"#), board(r#"{"expr":"up"}"#)), (2, 1, 1, 0));
    }

    #[test]
    fn what_does_not_close_is_found() {
        for bad in ["", " ", "sum(up", "up)", "up[5m)", "up{a=\"b}", "sum by (a) (up{a=~\"x.*\"}))"] {
            assert!(broken(bad).is_some(), "{bad}");
        }
        for good in ["up", "sum by (a) (rate(up{a=\"\\\")\", b='('}[5m])) / 2"] {
            assert_eq!(broken(good), None, "{good}");
        }
    }
}
