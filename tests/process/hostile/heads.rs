//! Heads that are too long, too many, too old, or that two readers would read in two ways.

use muster_tests::Server;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use super::{Raw, measured, memory, others_are_served, serve};
use crate::api::Api;
use crate::stage::Stage;

/// The statuses of all answers on one line, in order.
fn statuses(heard: &str) -> Vec<u16> {
    let begins = heard.match_indices("HTTP/1.").filter(|(at, _)| *at == 0 || !heard[..*at].ends_with(['"', ' ']));
    begins.filter_map(|(at, _)| heard[at..].get(9..12)?.parse().ok()).collect()
}

/// The status and the code of a refusal, which must be a problem that ends where it says.
fn problem(heard: &str) -> (u16, String) {
    let (head, body) = heard.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {heard:.300}"));
    let head: HeaderMap = head
        .lines()
        .skip(1)
        .map(|line| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.parse::<HeaderName>().unwrap(), value.parse::<HeaderValue>().unwrap())
        })
        .collect();
    assert_eq!(head["content-type"], "application/problem+json", "{heard:.300}");
    assert_eq!(head["content-length"], body.len().to_string(), "{heard:.300}");
    assert_eq!(head["x-content-type-options"], "nosniff", "{heard:.300}");
    let problem: Value = serde_json::from_str(body).unwrap();
    let code = problem["code"].as_str().unwrap().to_owned();
    assert_eq!(problem["type"], format!("/problems/{code}"));
    (problem["status"].as_u64().and_then(|status| status.try_into().ok()).unwrap(), code)
}

fn asked(server: &Server, said: &str) -> Vec<u16> {
    statuses(&Raw::ask(server, said.as_bytes()))
}

#[tokio::test(flavor = "multi_thread")]
async fn long_and_many_headers_are_refused_and_cost_little() {
    let stage = Stage::embedded();
    let server = serve(&stage, &[]);
    let api = Api::new(server.url());
    others_are_served(&api).await;
    let get = |length| format!("GET /{} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n", "a".repeat(length));
    let head = |rest: &str| format!("GET /livez HTTP/1.1\r\nhost: localhost\r\n{rest}connection: close\r\n\r\n");
    for (what, said, wanted, code) in [
        ("a header of 1 MiB", head(&format!("x-long: {}\r\n", "x".repeat(1 << 20))), 431, "head-too-large"),
        ("a header of 70 kB", head(&format!("x-long: {}\r\n", "x".repeat(70_000))), 431, "head-too-large"),
        ("10,000 headers", head(&"x-one: 1\r\n".repeat(10_000)), 431, "head-too-large"),
        ("200 headers", head(&"x-one: 1\r\n".repeat(200)), 431, "head-too-large"),
        ("an address of 1 MiB", get(1 << 20), 431, "head-too-large"),
        ("an address of 70 kB", get(70_000), 431, "head-too-large"),
        ("a method of 100 kB", format!("{} / HTTP/1.1\r\nhost: a\r\n\r\n", "M".repeat(100_000)), 431, "head-too-large"),
        (
            "a method of 50 kB",
            format!("{} / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n", "M".repeat(50_000)),
            405,
            "method-not-allowed",
        ),
        (
            "no HTTP at all",
            "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}".to_owned() + &"z".repeat(600) + "\r\n\r\n",
            400,
            "malformed-request",
        ),
        ("another version", "GET / HTTP/2.0\r\nhost: localhost\r\n\r\n".to_owned(), 400, "malformed-request"),
        ("an address of 20 kB", get(20_000), 404, "not-found"),
        ("90 headers", head(&(0..90).map(|n| format!("x-{n}: 1\r\n")).collect::<String>()), 200, ""),
    ] {
        let heard = Raw::ask(&server, said.as_bytes());
        let found = statuses(&heard);
        if wanted == 200 {
            assert_eq!(found, [200], "{what}: {heard:.300}");
            continue;
        }
        let told = problem(&heard);
        assert_eq!((found.as_slice(), told), ([wanted].as_slice(), (wanted, code.to_owned())), "{what}: {heard:.300}");
    }
    others_are_served(&api).await;
    let (now, most) = memory(&server);
    measured(&format!("long and many headers: {now} MiB after, {most} MiB at most"));
    assert!(most < 400, "{most} MiB");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_old_version_is_served_and_its_line_closed() {
    let stage = Stage::embedded();
    let server = serve(&stage, &[]);
    let heard = Raw::ask(&server, b"GET /livez HTTP/1.0\r\nhost: localhost\r\n\r\n");
    assert_eq!(statuses(&heard), [200], "{heard}");
    assert_eq!(asked(&server, "GET /livez HTTP/1.0\r\n\r\n"), [403], "nobody knows which server is meant");
    assert_eq!(asked(&server, "GET /livez HTTP/1.1\r\nconnection: close\r\n\r\n"), [403]);
}

/// Each shape hides a second request behind the first, for a reader that measures the first one otherwise.
#[tokio::test(flavor = "multi_thread")]
async fn no_request_is_hidden_in_another() {
    let stage = Stage::embedded();
    let server = serve(&stage, &[]);
    let hidden = "GET /api/v1/cases?limit=1 HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let length = hidden.len();
    let post =
        |headers: &str, body: &str| format!("POST /api/v1/media HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n{body}");
    for (what, said) in [
        (
            "both lengths, chunked last",
            post(&format!("content-length: {length}\r\ntransfer-encoding: chunked\r\n"), &format!("0\r\n\r\n{hidden}")),
        ),
        (
            "both lengths, chunked first",
            post(
                &format!("transfer-encoding: chunked\r\ncontent-length: {}\r\n", length + 5),
                &format!("0\r\n\r\n{hidden}"),
            ),
        ),
        ("two lengths", post(&format!("content-length: 0\r\ncontent-length: {length}\r\n"), hidden)),
        ("a length with a sign", post("content-length: +0\r\n", hidden)),
        ("a list of lengths", post(&format!("content-length: 0, {length}\r\n"), hidden)),
        ("chunked that is none", post("transfer-encoding: xchunked\r\n", &format!("0\r\n\r\n{hidden}"))),
        ("chunked not last", post("transfer-encoding: chunked, identity\r\n", &format!("0\r\n\r\n{hidden}"))),
        ("a space before the colon", post(&format!("content-length : {length}\r\n"), hidden)),
        ("a folded line", post(&format!("x-a: b\r\n content-length: {length}\r\n"), hidden)),
        ("a bad chunk size", post("transfer-encoding: chunked\r\n", &format!("0x0\r\n\r\n{hidden}"))),
    ] {
        let heard = Raw::ask(&server, said.as_bytes());
        let found = statuses(&heard);
        assert!(found.first().is_none_or(|status| (400..600).contains(status)), "{what}: {found:?}");
        assert!(found.len() <= 1, "{what}: the hidden request was answered: {heard}");
    }
    // and what is well said on one line is two requests
    let twice =
        post("content-length: 1\r\n", "x") + "GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    assert_eq!(asked(&server, &twice), [415, 200]);
    // what is none is told so behind the answers to those before it
    let heard = Raw::ask(&server, b"GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\nnot a word of HTTP\r\n\r\n");
    assert_eq!(statuses(&heard), [200, 400], "{heard}");
    let last = heard.rfind("HTTP/1.1 400").unwrap();
    assert_eq!(problem(&heard[last..]), (400, "malformed-request".to_owned()), "{heard}");
}
