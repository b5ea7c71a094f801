//! Every alert has its page and its cases, every page its alert, and a page quotes only what the program logs and finds.

use std::collections::BTreeSet;

use crate::rust::Token;
use crate::tree::Tree;
use crate::{here, links, prove};

const RULES: &str = "deploy/prometheus/muster.rules.yml";
const CASES: &str = "deploy/prometheus/muster.rules.test.yml";
const PAGES: &str = "docs/runbook/";
const DOCTOR: &str = "docs/doctor.md";

/// The page that lists the others.
const INDEX: &str = "README";

fn check(tree: &Tree) -> Vec<String> {
    let (rules, cases) = (tree.text(RULES).unwrap_or_default(), tree.text(CASES).unwrap_or_default());
    let index = tree.text(&format!("{PAGES}{INDEX}.md")).unwrap_or_default();
    let mut findings = Vec::new();
    for alert in alerts(rules) {
        let page = format!("{PAGES}{alert}.md");
        if !tree.has(&page) {
            findings.push(format!("{RULES}: {alert} has no page {page}"));
        }
        if !rules.contains(&format!("runbook: {page}\n")) {
            findings.push(format!("{RULES}: {alert} does not name its page"));
        }
        if !index.contains(&format!("({alert}.md)")) {
            findings.push(format!("{PAGES}{INDEX}.md: {alert} is not listed"));
        }
        let asked = format!("alertname=\"{alert}\"");
        let asked: Vec<&str> = cases.lines().filter(|line| line.contains(&asked)).collect();
        if !asked.iter().any(|line| line.contains("exp_samples: []")) {
            findings.push(format!("{CASES}: {alert} is in no case silent"));
        }
        if !asked.iter().any(|line| line.contains("exp_samples: [{ value:")) {
            findings.push(format!("{CASES}: {alert} fires in no case"));
        }
    }
    let known: BTreeSet<&str> = alerts(rules).collect();
    let lone = pages(tree).filter(|(name, _)| *name != INDEX && !known.contains(name));
    findings.extend(lone.map(|(name, _)| format!("{PAGES}{name}.md: there is no such alert")));
    findings
}

/// Words that a page tells people to look for and that no program text has.
fn quoted(tree: &Tree) -> Vec<String> {
    let said: BTreeSet<String> = tree
        .product()
        .flat_map(|(_, tokens)| tokens.iter().filter_map(Token::literal).map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let mut findings = Vec::new();
    for (name, text) in pages(tree) {
        let commands = links::read(text).spans;
        let searches = commands.iter().filter_map(|(_, command)| command.split_once("grep ")?.1.split('\'').nth(1));
        for words in searches.flat_map(|search| search.split('|')) {
            if !said.iter().any(|literal| literal.contains(words)) {
                findings.push(format!("{PAGES}{name}.md: nothing logs `{words}`"));
            }
        }
    }
    findings
}

/// Pages without a line about the doctor, and lines about it with codes that it does not have.
fn doctored(tree: &Tree) -> Vec<String> {
    let known = tree.text(DOCTOR).unwrap_or_default();
    let is_code =
        |span: &str| span.contains('-') && span.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-');
    let mut findings = Vec::new();
    for (name, text) in pages(tree).filter(|(name, _)| *name != INDEX) {
        let spans = links::read(text).spans;
        let asked: BTreeSet<usize> =
            spans.iter().filter(|(_, span)| span == "muster doctor").map(|(line, _)| *line).collect();
        if asked.is_empty() {
            findings.push(format!("{PAGES}{name}.md: what does `muster doctor` say of it?"));
        }
        let codes = spans.iter().filter(|(line, span)| asked.contains(line) && is_code(span));
        let unknown = codes.filter(|(_, code)| !known.contains(&format!("\n| `{code}` |")));
        findings
            .extend(unknown.map(|(line, code)| format!("{PAGES}{name}.md:{line}: the doctor does not know `{code}`")));
    }
    findings
}

fn alerts(rules: &str) -> impl Iterator<Item = &str> {
    rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: "))
}

/// The pages with their names.
fn pages(tree: &Tree) -> impl Iterator<Item = (&str, &str)> {
    tree.ending(&[".md"]).filter_map(|(path, text)| Some((path.strip_prefix(PAGES)?.strip_suffix(".md")?, text)))
}

#[test]
fn every_alert_has_its_page_and_its_cases() {
    let tree = here();
    assert!(alerts(tree.text(RULES).unwrap_or_default()).count() > 10, "{RULES} is not read");
    prove(&check(&tree));
}

#[test]
fn pages_quote_what_the_program_logs() {
    prove(&quoted(&here()));
}

#[test]
fn pages_say_what_the_doctor_finds() {
    prove(&doctored(&here()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_without_the_doctor_and_codes_that_it_does_not_have_are_found() {
        let findings = doctored(&Tree::of(&[
            ("docs/doctor.md", "| code |\n| `disk-full` | problem |\n"),
            ("docs/runbook/Down.md", "- `muster doctor`: `disk-full` or `disk-lost`.\n- `other-thing`\n"),
            ("docs/runbook/Lost.md", "Nothing.\n"),
            ("docs/runbook/README.md", ""),
        ]));
        assert_eq!(findings.len(), 2, "{findings:#?}");
        assert!(findings[0].contains("`disk-lost`") && findings[1].contains("Lost.md"), "{findings:#?}");
    }

    #[test]
    fn an_alert_without_page_and_cases_and_a_page_without_alert_are_found() {
        let whole = "exp_samples: [] alertname=\"Down\"\nalertname=\"Down\" exp_samples: [{ value: 1 }]\n";
        let rules = "- alert: Down\n  runbook: docs/runbook/Down.md\n- alert: Lost\n";
        let findings = check(&Tree::of(&[
            (RULES, rules),
            (CASES, whole),
            ("docs/runbook/Down.md", ""),
            ("docs/runbook/Gone.md", ""),
            ("docs/runbook/README.md", "[Down](Down.md)"),
        ]));
        assert_eq!(findings.len(), 6, "{findings:#?}");
        assert!(findings.iter().all(|finding| finding.contains("Lost") || finding.contains("Gone")), "{findings:#?}");
    }

    #[test]
    fn words_that_nothing_logs_are_found() {
        let findings = quoted(&Tree::of(&[
            ("crates/a/src/lib.rs", "fn f() { warn!(\"the outbox waits\"); }"),
            ("docs/runbook/Down.md", "`grep -E 'outbox waits|outbox sleeps'`"),
        ]));
        assert_eq!(findings, ["docs/runbook/Down.md: nothing logs `outbox sleeps`"]);
    }
}
