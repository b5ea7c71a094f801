//! The house rules, proven: each is a function from the tree to what is wrong in it, and each is shown to be able to fail.

mod alerts;
mod arrows;
mod commands;
mod containers;
mod documents;
mod length;
mod links;
mod lints;
mod metrics;
mod packages;
mod pairs;
mod palette;
mod places;
mod purity;
mod readme;
mod routes;
mod rust;
mod secrets;
mod settings;
mod sources;
mod texts;
mod tree;
mod waiting;

use tree::Tree;

/// The tree as it stands.
fn here() -> Tree {
    Tree::read(&muster_tests::root())
}

/// Fails with everything that is wrong, so that one run shows it all.
fn prove(findings: &[String]) {
    assert!(findings.is_empty(), "{} against the house rules:\n  {}\n", findings.len(), findings.join("\n  "));
}

/// Says something that is no failure yet, past the test harness, which swallows what a passing test prints.
fn warn(findings: &[String]) {
    use std::io::Write;
    for finding in findings {
        let _ = writeln!(std::io::stderr(), "warning: {finding}");
    }
}
