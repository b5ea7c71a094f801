//! What every source file owes its reader: a first sentence, no loose ends, no way to fall over, no SQL out of place.

use crate::rust::{Kind, Token};
use crate::tree::{Tree, crate_of};
use crate::{here, prove};

/// Crates that may hold SQL text.
const SQL_CRATES: [&str; 2] = ["store", "log"];

/// Words that mark unfinished work.
const LOOSE_ENDS: [&str; 3] = ["TODO", "FIXME", "XXX"];

/// Every module opens with a `//!` paragraph that is a whole sentence.
fn openings(tree: &Tree) -> Vec<String> {
    let opens = |text: &str| {
        let first: Vec<&str> = text.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim).collect();
        let paragraph = first.split(|line| line.is_empty()).next().unwrap_or_default().join(" ");
        paragraph.len() > 10 && paragraph.ends_with(['.', '?', '!', '。'])
    };
    let silent = tree.ending(&[".rs"]).filter(|(_, text)| !opens(text));
    silent.map(|(path, _)| format!("{path}:1: does not open with a `//!` sentence")).collect()
}

/// Calls that end the program where an error should be told.
fn falls(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    for (path, tokens) in tree.product() {
        let code: Vec<&Token> = tokens.iter().filter(|token| token.comment().is_none()).collect();
        for three in code.windows(3) {
            let call = three[0].is('.') && three[2].is('(');
            let called = three[1].word().filter(|name| call && ["unwrap", "expect"].contains(name));
            let macros = ["panic", "todo", "unimplemented"];
            let invoked = three[0].word().filter(|name| macros.contains(name) && three[1].is('!') && !three[2].is('='));
            if let Some(name) = called.or(invoked) {
                findings.push(format!("{path}:{}: {name} outside tests: say what happened instead", three[0].line));
            }
        }
    }
    findings
}

/// Marks of unfinished work, in comments of code and anywhere else.
fn loose_ends(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    let mut look = |path: &str, line: usize, text: &str| {
        let words = text.split(|letter: char| !letter.is_ascii_alphanumeric());
        let found: Vec<_> = words.filter(|word| LOOSE_ENDS.contains(word)).collect();
        findings.extend(found.iter().map(|word| format!("{path}:{line}: {word}: finish it, or file an issue")));
    };
    for (path, tokens) in tree.rust() {
        tokens.iter().for_each(|token| look(path, token.line, token.comment().unwrap_or_default()));
    }
    for (path, text) in tree.ending(&[".sql", ".toml", ".md", ".html", ".js", ".css", ".sh", ".yml", ".yaml"]) {
        text.lines().enumerate().for_each(|(at, line)| look(path, at + 1, line));
    }
    findings
}

/// SQL statements outside the crates that are there for them.
fn stray_sql(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    for (path, tokens) in tree.product().filter(|(path, _)| !SQL_CRATES.contains(&crate_of(path))) {
        let statements = tokens.iter().filter(|token| token.literal().is_some_and(is_statement));
        findings.extend(statements.map(|token| format!("{path}:{}: SQL outside store and log", token.line)));
    }
    let files = tree.ending(&[".sql"]).filter(|(path, _)| !SQL_CRATES.contains(&crate_of(path)));
    findings.extend(files.map(|(path, _)| format!("{path}:1: SQL outside store and log")));
    findings
}

/// Whether a text reads as SQL: its first word is a verb of it, and the word that goes with that verb follows.
fn is_statement(text: &str) -> bool {
    let words: Vec<String> = text.split_whitespace().map(str::to_ascii_lowercase).collect();
    let follows = |word: &str| words[1..].iter().any(|other| other == word);
    let second = |choices: &[&str]| words.get(1).is_some_and(|word| choices.contains(&word.as_str()));
    match words.first().map(String::as_str) {
        Some("select") => follows("from") && (text.contains('*') || text.contains('$') || follows("where")),
        Some("insert") => second(&["into", "or"]),
        Some("update") => follows("set") && text.contains('='),
        Some("delete") => second(&["from"]) && words.len() > 2 && follows("where"),
        Some("create" | "alter" | "drop") => second(&["table", "index", "unique", "view", "trigger"]),
        Some("pragma") => true,
        _ => false,
    }
}

/// Test switches are read in one place, which counts what is skipped.
fn private_skips(tree: &Tree) -> Vec<String> {
    let outside = tree.rust().filter(|(path, _)| !path.starts_with("tests/src/") && !path.starts_with("crates/xtask/"));
    let mut findings = Vec::new();
    for (path, tokens) in outside {
        let code: Vec<&Token> = tokens.iter().filter(|token| token.comment().is_none()).collect();
        for three in code.windows(3) {
            let reads = matches!(three[0].word(), Some("var" | "var_os")) && three[1].is('(');
            if reads && matches!(&three[2].kind, Kind::Text(name) if name.starts_with("MUSTER_TEST_")) {
                findings.push(format!("{path}:{}: ask muster_tests::need, which counts skips", three[0].line));
            }
        }
    }
    findings
}

#[test]
fn every_module_opens_with_a_sentence() {
    prove(&openings(&here()));
}

#[test]
fn nothing_falls_over_outside_tests() {
    prove(&falls(&here()));
}

#[test]
fn nothing_is_left_half_done() {
    prove(&loose_ends(&here()));
}

#[test]
fn sql_stays_in_store_and_log() {
    prove(&stray_sql(&here()));
}

#[test]
fn skips_are_counted_in_one_place() {
    prove(&private_skips(&here()));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lib(source: &str) -> Tree {
        Tree::of(&[("crates/pipeline/src/lib.rs", source)])
    }

    #[test]
    fn a_module_without_a_sentence_is_found() {
        assert_eq!(openings(&lib("use std::fmt;")).len(), 1);
        assert_eq!(openings(&lib("//! Half a thought\n\nuse std::fmt;")).len(), 1);
        assert_eq!(openings(&lib("//! A thought over\n//! two lines.\n//!\n//! More")), [""; 0]);
    }

    #[test]
    fn a_fall_is_found_only_outside_tests() {
        assert_eq!(falls(&lib("fn f() { a.unwrap(); b.expect(\"c\"); panic!(\"d\") }")).len(), 3);
        assert_eq!(falls(&lib("fn f() { a.unwrap_or(b) } // .unwrap()\n#[test]\nfn t() { a.unwrap() }")), [""; 0]);
    }

    #[test]
    fn a_loose_end_is_found_in_comments_and_documents() {
        assert_eq!(loose_ends(&lib("// TODO: the rest\nlet s = \"TODO\";")).len(), 1);
        assert_eq!(loose_ends(&Tree::of(&[("README.md", "FIXME\n")])).len(), 1);
    }

    #[test]
    fn sql_is_told_from_sentences() {
        assert_eq!(stray_sql(&lib("const Q: &str = \"select id from cases where id = $1\";")).len(), 1);
        assert_eq!(stray_sql(&lib("const Q: &str = \"PRAGMA journal_mode\";")).len(), 1);
        assert_eq!(stray_sql(&Tree::of(&[("crates/console/src/q.sql", "")])).len(), 1);
        assert_eq!(stray_sql(&lib("const S: &str = \"select a case from the list\";")), [""; 0]);
        assert_eq!(
            stray_sql(&Tree::of(&[("crates/store/src/lib.rs", "const Q: &str = \"drop table cases\";")])),
            [""; 0]
        );
    }

    #[test]
    fn a_private_skip_is_found() {
        assert_eq!(private_skips(&lib("fn f() { std::env::var(\"MUSTER_TEST_POSTGRES\"); }")).len(), 1);
    }
}
