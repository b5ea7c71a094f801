//! Secrets, hashes of tokens and signatures are compared in constant time: by `subtle`, or by the MAC's own `verify`.
//!
//! A rule about names: what is called none of these is not seen, nor is what a database compares by its index, where
//! only hashes lie.

use crate::rust::Token;
use crate::tree::Tree;
use crate::{here, prove};

/// What secrets, and what is computed of them, are called.
const SECRET: [&str; 9] = ["bearer", "hash", "hashed", "hmac", "mac", "password", "secret", "signature", "token"];

/// What makes a harmless number or answer of them.
const HARMLESS: [&str; 5] = ["len", "count", "is_some", "is_none", "is_empty"];

/// Where they are compared, and by what.
const COMPARED: [(&str, &str); 3] = [
    ("crates/console/src/http/access/tokens.rs", "ct_eq"),
    ("crates/pipeline/src/desk/links.rs", "ct_eq"),
    ("crates/pipeline/src/desk/links.rs", "verify_truncated_left"),
];

/// Comparisons that end at the first byte that differs, and so tell how many were right.
fn hasty(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    for (path, tokens) in tree.product() {
        let code: Vec<&Token> = tokens.iter().filter(|token| token.comment().is_none()).collect();
        for at in 0..code.len() {
            let Some(width) = comparison(&code[at..]) else { continue };
            // `<=`, `>=` and `=>` are others
            if at > 0 && ['=', '<', '>', '!'].iter().any(|mark| code[at - 1].is(*mark)) {
                continue;
            }
            let (left, right) = (operand(code[..at].iter().rev(), true), operand(code[at + width..].iter(), false));
            let secret = [left, right].into_iter().find_map(|words| {
                let harmless = words.iter().any(|word| HARMLESS.contains(word));
                words.into_iter().find(|word| !harmless && SECRET.contains(word))
            });
            let line = code[at].line;
            findings.extend(secret.map(|name| format!("{path}:{line}: {name} is compared by ==: use subtle's ct_eq")));
        }
    }
    findings
}

/// Whether a comparison begins here, and how many pieces its sign has: `==`, `!=`, `.eq(`, `.ne(`.
fn comparison(code: &[&Token]) -> Option<usize> {
    let sign = |first: char| code[0].is(first) && code.get(1).is_some_and(|next| next.is('='));
    let called = code[0].is('.')
        && code.get(1).is_some_and(|name| matches!(name.word(), Some("eq" | "ne")))
        && code.get(2).is_some_and(|next| next.is('('));
    if sign('=') || sign('!') { Some(2) } else { called.then_some(2) }
}

/// The words on one side of a comparison, up to where another expression begins.
fn operand<'a>(code: impl Iterator<Item = &'a &'a Token>, backwards: bool) -> Vec<&'a str> {
    let (opens, closes) = if backwards { ([')', ']'], ['(', '[']) } else { (['(', '['], [')', ']']) };
    let ends = |token: &Token| {
        let mark = ['{', '}', ';', '=', '|'].iter().any(|mark| token.is(*mark));
        mark || matches!(token.word(), Some("if" | "let" | "return" | "match"))
    };
    let (mut depth, mut words) = (0_usize, Vec::new());
    for token in code {
        // a reference is a part of it, `&&` is not
        if ends(token) || (depth == 0 && (token.is(',') || (token.is('&') && !words.is_empty()))) {
            break;
        }
        if opens.iter().any(|mark| token.is(*mark)) {
            depth += 1;
        } else if closes.iter().any(|mark| token.is(*mark)) {
            let Some(outer) = depth.checked_sub(1) else { break };
            depth = outer;
        }
        words.extend(token.word());
    }
    words
}

/// Places of comparison that no longer compare as they should.
fn unguarded(tree: &Tree) -> Vec<String> {
    let compares = |path: &str, by: &str| {
        let mut files = tree.product().filter(|(found, _)| *found == path);
        files.any(|(_, tokens)| tokens.iter().any(|token| token.word() == Some(by)))
    };
    let missing = COMPARED.into_iter().filter(|(path, by)| !compares(path, by));
    missing.map(|(path, by)| format!("{path}:1: secrets are not compared by {by} any more")).collect()
}

#[test]
fn secrets_are_compared_in_constant_time() {
    let tree = here();
    prove(&[hasty(&tree), unguarded(&tree)].concat());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lib(source: &str) -> Tree {
        Tree::of(&[("crates/console/src/lib.rs", source)])
    }

    #[test]
    fn a_hasty_comparison_is_found() {
        for line in [
            "fn f() { if token.hash == *given { } }",
            "fn f() { bound_to.is_some(); let here = bound_to == device.map(hash); }",
            "fn f() -> bool { signature != mac.finalize().into_bytes()[..18] }",
            "fn f() -> bool { ready.is_some() && secret == given }",
            "fn f() -> bool { ready && given.eq(&secret) }",
        ] {
            assert_eq!(hasty(&lib(line)).len(), 1, "{line}");
        }
    }

    #[test]
    fn other_comparisons_and_tests_are_left_alone() {
        for line in [
            "fn f() { if owner == name && given.len() == 18 { } }",
            "fn f() { signature.len() != 18; let hash = 3; if a <= hash { } }",
            "fn f() { match a { 1 => hash, _ => token } }",
            "fn f() -> bool { token.hash.ct_eq(given).into() }",
            "#[test]\nfn t() { assert!(hash == other) }",
        ] {
            assert_eq!(hasty(&lib(line)), [""; 0], "{line}");
        }
    }

    #[test]
    fn a_place_that_no_longer_guards_is_found() {
        assert_eq!(unguarded(&lib("")).len(), COMPARED.len());
    }
}
