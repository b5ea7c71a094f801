//! A file, and a function, that a reader can hold in mind.

use crate::rust::Token;
use crate::tree::Tree;
use crate::{here, prove, warn};

/// Lines of a file: from here a second thought is due.
const LONG_FILE: usize = 300;
/// Lines of a file: never more.
const TOO_LONG_FILE: usize = 500;
/// Lines of a function: from here a second thought is due.
const LONG_FUNCTION: usize = 60;
/// Lines of a function: never more.
const TOO_LONG_FUNCTION: usize = 100;

/// What is read as source; data, generated files and documents may be as long as they must.
const SOURCES: [&str; 6] = [".rs", ".sql", ".js", ".css", ".html", ".sh"];

/// Files with more lines than `most`, the longest first.
fn files(tree: &Tree, most: usize) -> Vec<String> {
    let mut long: Vec<(usize, &str)> = tree
        .ending(&SOURCES)
        .filter(|(path, _)| !path.contains("/vendor/"))
        .map(|(path, text)| (text.lines().count(), path))
        .filter(|(lines, _)| *lines > most)
        .collect();
    long.sort_by(|one, other| other.cmp(one));
    long.iter().map(|(lines, path)| format!("{path}: {lines} lines, of {most}")).collect()
}

/// Functions with more lines than `most`, tests included: a test is read as well.
fn functions(tree: &Tree, most: usize) -> Vec<String> {
    let mut findings = Vec::new();
    for (path, tokens) in tree.rust() {
        for (at, pair) in tokens.windows(2).enumerate() {
            let (Some("fn"), Some(name)) = (pair[0].word(), pair[1].word()) else { continue };
            let lines = body(&tokens[at..]);
            if lines > most {
                findings.push(format!("{path}:{}: fn {name} has {lines} lines, of {most}", pair[0].line));
            }
        }
    }
    findings
}

/// The lines from the first brace of a function to the one that closes it; 0 where it has no body.
fn body(tokens: &[Token]) -> usize {
    let (mut braces, mut brackets, mut begun) = (0_usize, 0_usize, 0);
    for token in tokens {
        match token {
            token if token.is('(') || token.is('[') => brackets += 1,
            token if token.is(')') || token.is(']') => brackets = brackets.saturating_sub(1),
            token if token.is(';') && braces == 0 && brackets == 0 => return 0,
            token if token.is('{') => {
                begun = if braces == 0 { token.line } else { begun };
                braces += 1;
            }
            token if token.is('}') && braces == 1 => return token.line - begun + 1,
            token if token.is('}') => braces = braces.saturating_sub(1),
            _ => {}
        }
    }
    0
}

#[test]
fn no_file_is_too_long() {
    let tree = here();
    warn(&files(&tree, LONG_FILE));
    prove(&files(&tree, TOO_LONG_FILE));
}

#[test]
fn no_function_is_too_long() {
    let tree = here();
    warn(&functions(&tree, LONG_FUNCTION));
    prove(&functions(&tree, TOO_LONG_FUNCTION));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_file_is_found() {
        let tree = Tree::of(&[("crates/a/src/lib.rs", &"\n".repeat(501)), ("data.csv", &"\n".repeat(501))]);
        assert_eq!(files(&tree, TOO_LONG_FILE).len(), 1);
    }

    #[test]
    fn a_long_function_is_found_and_a_short_one_behind_it_is_not() {
        let source =
            format!("fn long(a: [u8; 2]) {{\n if a {{ b }}\n{} }}\nfn short() {{}}\nfn none();\n", "\n".repeat(100));
        let findings = functions(&Tree::of(&[("crates/a/src/lib.rs", &source)]), TOO_LONG_FUNCTION);
        assert_eq!(findings.len(), 1);
        assert!(findings[0].contains("fn long"));
    }
}
