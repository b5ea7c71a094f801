//! A statement that must differ between the two databases is a pair of files, and pairs are counted.

use std::collections::BTreeMap;

use crate::tree::Tree;
use crate::{here, prove};

/// How many statements may differ. A new pair has to be argued for, by raising this number.
const PAIRS: usize = 12;

/// The statements that come in variants, each with the variants it has.
fn variants(tree: &Tree) -> BTreeMap<&str, Vec<&str>> {
    let mut statements: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (path, _) in tree.ending(&[".sql"]).filter(|(path, _)| path.starts_with("crates/store/")) {
        for (ending, variant) in [(".pg.sql", "pg"), (".sqlite.sql", "sqlite"), (".sql", "both")] {
            if let Some(statement) = path.strip_suffix(ending) {
                statements.entry(statement).or_default().push(variant);
                break;
            }
        }
    }
    statements
}

fn check(tree: &Tree) -> Vec<String> {
    let statements = variants(tree);
    let paired = |variants: &&Vec<&str>| **variants == ["pg", "sqlite"];
    let lone = statements.iter().filter(|(_, variants)| **variants != ["both"] && !paired(variants));
    let mut findings: Vec<_> = lone
        .map(|(statement, variants)| format!("{statement}: is there for {variants:?}: one file, or a pair"))
        .collect();
    let count = statements.values().filter(paired).count();
    if count > PAIRS {
        findings.push(format!("{count} statements differ between the databases, {PAIRS} are argued for"));
    }
    findings
}

/// Statements that no Rust file includes. Migrations are read as a folder.
fn unused(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    for (path, _) in tree.ending(&[".sql"]).filter(|(path, _)| !path.contains("/migrations/")) {
        let stem = path.trim_end_matches(".sql").trim_end_matches(".pg").trim_end_matches(".sqlite");
        let name = stem.rsplit('/').next().unwrap_or(stem);
        let beside = path.split_inclusive('/').take(2).collect::<String>();
        let named =
            |text: &str| text.split(|letter: char| !letter.is_alphanumeric() && letter != '_').any(|word| word == name);
        if !tree.ending(&[".rs"]).any(|(source, text)| source.starts_with(&beside) && named(text)) {
            findings.push(format!("{path}: nothing names {name}"));
        }
    }
    findings
}

#[test]
fn statements_that_differ_come_in_pairs_and_are_few() {
    prove(&check(&here()));
}

#[test]
fn every_statement_is_used() {
    prove(&unused(&here()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_pair_is_found() {
        let tree = Tree::of(&[("crates/store/sql/case/open.pg.sql", ""), ("crates/store/sql/case/close.sql", "")]);
        assert_eq!(check(&tree).len(), 1);
        let tree = Tree::of(&[
            ("crates/store/sql/a.pg.sql", ""),
            ("crates/store/sql/a.sqlite.sql", ""),
            ("crates/store/sql/a.sql", ""),
        ]);
        assert_eq!(check(&tree).len(), 1);
    }

    #[test]
    fn too_many_pairs_are_found() {
        let names: Vec<String> = (0..=PAIRS)
            .flat_map(|at| [format!("crates/store/{at}.pg.sql"), format!("crates/store/{at}.sqlite.sql")])
            .collect();
        let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
        assert_eq!(check(&Tree::of(&files)).len(), 1);
    }

    #[test]
    fn a_statement_that_nothing_names_is_found() {
        let tree = Tree::of(&[
            ("crates/store/sql/case/open.sql", ""),
            ("crates/store/sql/case/lost.sql", ""),
            ("crates/store/src/case.rs", "include_str!(\"../sql/case/open.sql\")"),
        ]);
        assert_eq!(unused(&tree).len(), 1);
    }
}
