//! Every command that a document names exists.

use std::collections::BTreeSet;

use crate::rust::Token;
use crate::tree::Tree;
use crate::{here, links, prove};

/// How a command begins in a document, and in which sources its subcommands are declared.
const PROGRAMS: [(&[&str], &str); 4] = [
    (&["cargo", "xtask"], "crates/xtask/src/"),
    (&["muster"], "crates/app/src/"),
    (&["cargo", "run", "--release", "--"], "crates/app/src/"),
    (&["cargo", "run", "--"], "crates/app/src/"),
];

fn check(tree: &Tree) -> Vec<String> {
    let known: Vec<BTreeSet<String>> = PROGRAMS.iter().map(|(_, sources)| subcommands(tree, sources)).collect();
    let mut findings = Vec::new();
    for (path, text) in tree.ending(&[".md"]) {
        let pointers = links::read(text);
        for (line, command) in pointers.spans.iter().chain(&pointers.block_lines) {
            for ((program, _), known) in PROGRAMS.iter().zip(&known) {
                let unknown = named(program, command).filter(|name| !known.contains(name));
                findings
                    .extend(unknown.map(|name| format!("{path}:{line}: there is no `{} {name}`", program.join(" "))));
            }
        }
    }
    findings
}

/// The subcommand that a line calls, if it calls this program: behind a prompt, variables and the program's folder.
fn named(program: &[&str], line: &str) -> Option<String> {
    let words = line.split_whitespace().skip_while(|word| *word == "$" || *word == "sudo" || word.contains('='));
    let words: Vec<&str> = words.collect();
    let (first, rest) = words.split_first()?;
    let called =
        first.rsplit('/').next() == program.first().copied() && rest.get(..program.len() - 1)? == &program[1..];
    let name = rest.get(program.len() - 1)?;
    let plain = |name: &&&str| {
        name.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-') && !name.starts_with('-')
    };
    Some(name).filter(|_| called).filter(plain).map(|name| (*name).to_owned())
}

/// The names of all variants of enums that derive `Subcommand`.
fn subcommands(tree: &Tree, sources: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (_, tokens) in tree.rust().filter(|(path, _)| path.starts_with(sources)) {
        let code: Vec<Token> = tokens.into_iter().filter(|token| token.comment().is_none()).collect();
        for (at, token) in code.iter().enumerate() {
            if token.word() == Some("Subcommand") && code.get(at + 1).is_some_and(|next| next.is(')') || next.is(',')) {
                let body = code[at..].iter().position(|token| token.is('{')).map_or(code.len(), |step| at + step + 1);
                names.extend(variants(&code[body..]));
            }
        }
    }
    names
}

/// The variants of an enum, from behind its opening brace, as clap spells them.
fn variants(tokens: &[Token]) -> Vec<String> {
    let (mut depth, mut fresh, mut given, mut names) = (0_usize, true, None, Vec::new());
    for (at, token) in tokens.iter().enumerate() {
        match token {
            token if token.is('}') && depth == 0 => break,
            token if token.is('{') || token.is('(') || token.is('[') => depth += 1,
            token if token.is('}') || token.is(')') || token.is(']') => depth -= 1,
            token if token.is(',') && depth == 0 => fresh = true,
            token if depth > 0 && fresh && token.word() == Some("name") => {
                given = tokens.get(at + 2).and_then(Token::literal).map(str::to_owned);
            }
            token => {
                if let Some(word) = token.word().filter(|_| depth == 0 && fresh) {
                    names.push(given.take().unwrap_or_else(|| kebab(word)));
                    fresh = false;
                }
            }
        }
    }
    names
}

/// `PrintConfig` as `print-config`.
fn kebab(word: &str) -> String {
    let mut name = String::new();
    for letter in word.chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.extend(letter.to_lowercase());
    }
    name
}

#[test]
fn every_command_in_a_document_exists() {
    prove(&check(&here()));
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = r#"
        /// What to do.
        #[derive(Debug, Subcommand)]
        enum Chore {
            /// Check, everything.
            Test { #[arg(long)] quick: bool },
            #[command(name = "ship")]
            Release(Release),
            DryRun,
        }"#;

    #[test]
    fn subcommands_are_read_from_the_source() {
        let tree = Tree::of(&[("crates/xtask/src/main.rs", SOURCE)]);
        let names: Vec<String> = subcommands(&tree, "crates/xtask/src/").into_iter().collect();
        assert_eq!(names, ["dry-run", "ship", "test"]);
    }

    #[test]
    fn a_command_that_does_not_exist_is_found() {
        let page = "`cargo xtask test`, `cargo xtask bake`, `muster`\n```sh\n$ CI=true ./muster fly --now\ncargo run --release -- demo\n```\n";
        let findings = check(&Tree::of(&[("crates/xtask/src/main.rs", SOURCE), ("README.md", page)]));
        assert_eq!(findings.len(), 3, "{findings:?}");
    }
}
