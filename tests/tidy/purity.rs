//! What a crate exists to forbid is not even named in it.

use crate::rust::Token;
use crate::tree::{Tree, crate_of};
use crate::{here, prove};

/// Paths that a crate may not name outside its tests, and what it would be if it did.
const FORBIDDEN: [(&str, &[(&str, &str)]); 4] = [
    (
        "domain",
        &[
            ("std::fs", "IO"),
            ("std::net", "IO"),
            ("std::env", "IO"),
            ("std::process", "IO"),
            ("std::thread", "IO"),
            ("SystemTime", "a clock"),
            ("Instant::now", "a clock"),
            ("async", "async"),
            ("Serialize", "serde"),
            ("HashMap", "an order by chance"),
            ("HashSet", "an order by chance"),
        ],
    ),
    (
        "rules",
        &[
            ("std::fs", "IO"),
            ("std::net", "IO"),
            ("std::env", "IO"),
            ("SystemTime", "a clock"),
            ("Instant::now", "a clock"),
            ("Timestamp::now", "a clock"),
            ("Zoned::now", "a clock"),
            ("async", "async"),
        ],
    ),
    ("wire", &[("std::fs", "IO"), ("SystemTime", "a clock"), ("Timestamp::now", "a clock"), ("async", "behaviour")]),
    ("street", &[("muster_domain", "a look inside"), ("muster_pipeline", "a look inside")]),
];

fn check(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    for (path, tokens) in tree.product() {
        let forbidden = FORBIDDEN.iter().find(|(name, _)| *name == crate_of(path) && path.contains("/src/"));
        for (name, what) in forbidden.into_iter().flat_map(|(_, names)| *names) {
            let lines = named(&tokens, name);
            findings.extend(lines.iter().map(|line| format!("{path}:{line}: names {name}, which is {what}")));
        }
    }
    findings
}

/// The lines on which a path such as `std::fs` is named, also within braces of a `use` behind its first word.
fn named(tokens: &[Token], path: &str) -> Vec<usize> {
    let words: Vec<&str> = path.split("::").collect();
    let code: Vec<&Token> = tokens.iter().filter(|token| token.comment().is_none()).collect();
    let matches = |window: &&[&Token]| {
        let found = window.iter().step_by(3).map(|token| token.word());
        found.eq(words.iter().map(|word| Some(*word)))
            && window.iter().enumerate().all(|(at, token)| at % 3 == 0 || token.is(':'))
    };
    code.windows(words.len() * 3 - 2).filter(matches).map(|window| window[0].line).collect()
}

#[test]
fn pure_crates_name_nothing_impure() {
    prove(&check(&here()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_in_the_domain_is_found() {
        let source = "//! A noun.\nuse std::time::SystemTime;\nfn now() -> u64 { std::fs::read(\"/proc/uptime\") }";
        let findings = check(&Tree::of(&[("crates/domain/src/case.rs", source)]));
        assert_eq!(findings.len(), 2, "{findings:?}");
    }

    #[test]
    fn tests_and_comments_may_name_what_they_like() {
        let source = "// no SystemTime here\n#[cfg(test)]\nmod tests { use std::fs; }";
        assert_eq!(check(&Tree::of(&[("crates/domain/src/case.rs", source)])), [""; 0]);
        assert_eq!(check(&Tree::of(&[("crates/log/src/day.rs", "use std::fs;")])), [""; 0]);
    }
}
