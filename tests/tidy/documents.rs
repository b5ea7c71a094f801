//! Every path that a document names is there.

use crate::tree::Tree;
use crate::{here, links, prove};

/// Endings by which a name without a folder is known to be a file of ours.
const SOURCES: [&str; 2] = [".rs", ".sql"];

/// Endings by which a name within a folder is known to be a file.
const FILES: [&str; 10] = [".rs", ".sql", ".toml", ".md", ".json", ".yaml", ".yml", ".html", ".css", ".js"];

/// Folders that come into being when something runs.
const MADE: [&str; 3] = ["target/", "data/", "node_modules/"];

fn check(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    for (path, text) in tree.ending(&[".md"]) {
        let pointers = links::read(text);
        let paths = pointers.spans.iter().filter(|(_, span)| is_path(tree, span));
        let missing = paths.filter(|(_, span)| !there(tree, path, span));
        findings.extend(missing.map(|(line, span)| format!("{path}:{line}: `{span}` is not there")));
        let missing = pointers.links.iter().filter(|(_, target)| !link_holds(tree, path, target));
        findings.extend(missing.map(|(line, target)| format!("{path}:{line}: the link to {target} leads nowhere")));
    }
    findings
}

/// Whether a code span is meant as a path of this repository.
fn is_path(tree: &Tree, span: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "._-/".contains(letter);
    if span.is_empty()
        || !span.chars().all(plain)
        || span.starts_with('/')
        || MADE.iter().any(|made| span.starts_with(made))
    {
        return false;
    }
    match span.trim_start_matches("./").split_once('/') {
        Some((first, _)) => tree.has(first) || FILES.iter().any(|ending| span.ends_with(ending)),
        None => SOURCES.iter().any(|ending| span.ends_with(ending) && span.len() > ending.len()),
    }
}

/// Whether it is there from the top, from the document's own folder, or as the end of some path.
fn there(tree: &Tree, document: &str, span: &str) -> bool {
    let span = span.trim_start_matches("./");
    tree.has(span) || tree.has(&beside(document, span)) || tree.has_ending(span)
}

fn link_holds(tree: &Tree, document: &str, target: &str) -> bool {
    let outside = target.contains("://") || target.starts_with(['#', '/']) || target.starts_with("mailto:");
    let path = target.split(['#', '?']).next().unwrap_or_default();
    outside || tree.has(&beside(document, path))
}

/// A path seen from the folder of a document.
fn beside(document: &str, path: &str) -> String {
    let mut parts: Vec<&str> = document.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            ".." => drop(parts.pop()),
            "." | "" => {}
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[test]
fn every_path_in_a_document_is_there() {
    prove(&check(&here()));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        check(&Tree::of(&[("docs/page.md", text), ("docs/other.md", ""), ("crates/a/src/lib.rs", "//! A.")]))
    }

    #[test]
    fn a_path_that_is_not_there_is_found() {
        assert_eq!(found("`crates/a/src/gone.rs` and `gone.rs` and `crates/b/`").len(), 3);
        assert_eq!(found("[gone](gone.md) and [out](../../x.md)").len(), 2);
    }

    #[test]
    fn what_is_there_and_what_is_no_path_pass() {
        assert_eq!(
            found("`crates/a/src/lib.rs`, `src/lib.rs`, `lib.rs`, `crates/`, [other](other.md#part), [up](../crates)"),
            [""; 0]
        );
        assert_eq!(
            found(
                "`application/json`, `GB/T 1400`, `target/debug/muster`, `/api/v1/cases`, [out](https://example.org/x.md)"
            ),
            [""; 0]
        );
    }
}
