//! Too much of everything: connections, bodies, lines.

use std::io::Write;
use std::time::Duration;

use muster_tests::{Server, eventually};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::{Raw, measured, memory, others_are_served, serve};
use crate::api::{Api, PATIENCE};
use crate::stage::Stage;

/// As many as were asked for, or as this machine lets a process open.
fn connections() -> usize {
    const WANTED: u64 = 10_000;
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }).unwrap();
    let may = limit.maximum.unwrap_or(u64::MAX).saturating_sub(1_000).min(WANTED);
    if may < WANTED {
        measured(&format!("only {may} of {WANTED} connections: a process may open no more files here"));
    }
    usize::try_from(may).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_connections_at_once_leave_room_for_others() {
    let stage = Stage::embedded();
    let server = serve(&stage, &[("MUSTER_HTTP__HEADER_TIMEOUT", "60s")]);
    let api = Api::new(server.url());
    others_are_served(&api).await;
    let (before, _) = memory(&server);
    let (mut held, wanted) = (Vec::new(), connections());
    for _ in 0..wanted {
        let mut raw = Raw::open(&server);
        raw.say(b"GET /livez HTTP/1.1\r\nhost: localhost\r\nx-half");
        held.push(raw);
    }
    others_are_served(&api).await;
    let (now, _) = memory(&server);
    measured(&format!("{wanted} connections with half a head: {before} MiB before, {now} MiB with them"));
    assert!(now - before < 400, "{before} MiB before, {now} MiB with {wanted} connections");
    // every one of them is there and can still be answered
    for raw in held.iter_mut().step_by(500) {
        assert!(raw.say(b": 1\r\nconnection: close\r\n\r\n"));
        assert!(raw.rest().starts_with("HTTP/1.1 200"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_finds_no_place_is_told_so() {
    let stage = Stage::embedded();
    let server = serve(&stage, &[("MUSTER_HTTP__MAX_CONNECTIONS", "3")]);
    let mut held: Vec<_> = (0..3).map(|_| Raw::open(&server)).collect();
    let full = || {
        let told = Raw::open(&server).rest();
        told.starts_with("HTTP/1.1 503").then_some(told)
    };
    let told = muster_tests::until("the refusal of the fourth", PATIENCE, full);
    let (head, body) = told.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("application/problem+json") && head.contains("retry-after: 2"), "{told}");
    assert_eq!(serde_json::from_str::<serde_json::Value>(body).unwrap()["code"], "full", "{told}");
    held.clear();
    let api = Api::new(server.url());
    let served = async || send_if(&api).await;
    eventually("a place that was left", PATIENCE, served).await;
}

async fn send_if(api: &Api) -> Option<()> {
    let answer = crate::api::send(api.request(reqwest::Method::GET, "/livez")).await.ok()?;
    (answer.status == 200).then_some(())
}

/// Sends a gigabyte in chunks for as long as it is taken; how much that was, and what was answered.
fn pour(server: &Server, path: &str, kind: &str) -> (usize, String) {
    let mut raw = Raw::open(server);
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: {kind}\r\ntransfer-encoding: chunked\r\n\r\n"
    );
    assert!(raw.say(head.as_bytes()));
    let mut chunk = b"10000\r\n".to_vec();
    chunk.extend(vec![b' '; 0x1_0000]);
    chunk.extend_from_slice(b"\r\n");
    let mut poured = 0;
    while poured < 1 << 30 && raw.0.write_all(&chunk).is_ok() {
        poured += 0x1_0000;
    }
    (poured, raw.rest())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gigabyte_is_refused_early_at_every_door() {
    let stage = Stage::embedded();
    let server = serve(&stage, &[]);
    let api = Api::new(server.url());
    others_are_served(&api).await;
    for (path, kind) in [
        ("/api/v1/observations", "application/x-ndjson"),
        ("/api/v1/reports", "application/json"),
        ("/api/v1/media", "image/jpeg"),
        ("/api/v1/cases/case_1/commands", "application/json"),
        ("/api/v1/dead-letters/1/replay", "application/octet-stream"),
        ("/api/v1/catalogue/places", "text/csv"),
        ("/cases/case_1/commands", "application/x-www-form-urlencoded"),
        ("/nowhere", "text/plain"),
    ] {
        let (poured, answer) = pour(&server, path, kind);
        assert!(poured < 200 << 20, "{path} took {} MiB: {answer:.200}", poured >> 20);
        // a line that was cut while it was still being written on may lose the answer
        let refused =
            ["", "HTTP/1.1 413", "HTTP/1.1 404", "HTTP/1.1 400"].iter().any(|wanted| answer.starts_with(wanted));
        assert!(refused && !answer.starts_with("HTTP/1.1 2"), "{path}: {answer:.300}");
        others_are_served(&api).await;
    }
    let (now, most) = memory(&server);
    measured(&format!("a gigabyte at eight doors: {now} MiB after, {most} MiB at most"));
    assert!(most < 600, "{most} MiB at most");
}

#[tokio::test(flavor = "multi_thread")]
async fn packed_bodies_are_refused_unread() {
    let stage = Stage::embedded();
    let server = serve(&stage, &[]);
    for coding in ["gzip", "deflate", "br", "zstd", "gzip, gzip", "x-unknown"] {
        let head = format!(
            "POST /api/v1/observations HTTP/1.1\r\nhost: localhost\r\ncontent-encoding: {coding}\r\n\
             content-type: application/json\r\ncontent-length: 3\r\nconnection: close\r\n\r\n\x1f\u{1}x"
        );
        let answer = Raw::ask(&server, head.as_bytes());
        assert!(answer.starts_with("HTTP/1.1 415") && answer.contains("unsupported-encoding"), "{coding}: {answer}");
    }
    assert!(memory(&server).1 < 400);
    assert!(server.terminate().success());
}

/// Whatever is said in a hurry on one line is answered in order.
#[tokio::test(flavor = "multi_thread")]
async fn a_line_of_many_requests_is_answered_in_order() {
    let stage = Stage::embedded();
    let server = serve(&stage, &[]);
    let mut raw = Raw::open(&server);
    let mut all = b"GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(200);
    all.extend_from_slice(b"GET /nowhere HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    assert!(raw.say(&all));
    let heard = tokio::time::timeout(Duration::from_secs(60), tokio::task::spawn_blocking(move || raw.rest()));
    let heard = heard.await.unwrap().unwrap();
    assert_eq!((heard.matches("HTTP/1.1 200").count(), heard.matches("HTTP/1.1 404").count()), (200, 1));
    assert!(heard.rfind("HTTP/1.1 404") > heard.rfind("HTTP/1.1 200"));
}
