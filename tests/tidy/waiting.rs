//! Tests neither guess times nor take ports that somebody else may have.

use crate::rust::Token;
use crate::tree::Tree;
use crate::{here, prove};

/// The one place where a test may let time pass.
const WAIT: &str = "tests/src/wait.rs";

/// Sleeps in test code. A test on tokio's paused clock lets no time pass: it may.
fn sleeps(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    for (path, tokens) in tree.tests().filter(|(path, _)| *path != WAIT) {
        if tokens.iter().any(|token| token.word() == Some("start_paused")) {
            continue;
        }
        let calls = tokens.windows(2).filter(|pair| pair[0].word() == Some("sleep") && pair[1].is('('));
        findings.extend(calls.map(|pair| {
            format!("{path}:{}: sleeps: wait for the thing itself (muster_tests::until, or eventually)", pair[0].line)
        }));
    }
    findings
}

/// Ports written down in test code where something listens.
fn ports(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    for (path, tokens) in tree.tests() {
        for window in tokens.windows(4) {
            let binds = window[0].word() == Some("bind") && window[1].is('(');
            let address = window[2..].iter().find_map(Token::literal).filter(|_| binds);
            if let Some((_, port)) = address.and_then(|address| address.rsplit_once(':'))
                && port.parse::<u16>().is_ok_and(|port| port != 0)
            {
                findings.push(format!("{path}:{}: listens on port {port}: take 0", window[0].line));
            }
        }
    }
    findings
}

#[test]
fn no_test_sleeps() {
    prove(&sleeps(&here()));
}

#[test]
fn no_test_takes_a_fixed_port() {
    prove(&ports(&here()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sleeping_test_is_found() {
        let product = "async fn back_off() { tokio::time::sleep(second).await }";
        let test = "#[cfg(test)]\nmod tests { fn t() { std::thread::sleep(second); } }";
        let paused =
            "#[cfg(test)]\nmod tests { #[tokio::test(start_paused = true)] async fn t() { sleep(day).await } }";
        let found = |source: &str| sleeps(&Tree::of(&[("crates/a/src/lib.rs", source)])).len();
        assert_eq!((found(product), found(test), found(paused)), (0, 1, 0));
    }

    #[test]
    fn a_fixed_port_is_found() {
        let found = |source: &str| ports(&Tree::of(&[("crates/a/tests/http.rs", source)])).len();
        assert_eq!(found("TcpListener::bind(\"127.0.0.1:8080\")"), 1);
        assert_eq!(found("TcpListener::bind(&\"127.0.0.1:8080\")"), 1);
        assert_eq!(found("TcpListener::bind(\"127.0.0.1:0\")"), 0);
    }
}
