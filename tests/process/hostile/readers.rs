//! Open screens that read nothing: they cost little, are let go, and keep nobody else from the news.

use std::collections::BTreeSet;
use std::time::Duration;

use muster_tests::{Server, eventually, until};
use reqwest::Method;
use serde_json::json;

use super::{Raw, measured, memory, others_are_served, serve};
use crate::api::{Api, PATIENCE};
use crate::records::{RULES, STREET, blocked};
use crate::stage::{Stage, book};

const READERS: usize = 200;

/// Open sockets of a server.
fn sockets(server: &Server) -> usize {
    let files = std::fs::read_dir(format!("/proc/{}/fd", server.id())).unwrap().flatten();
    let links: Vec<_> = files.filter_map(|file| std::fs::read_link(file.path()).ok()).collect();
    links.iter().filter(|link| link.to_string_lossy().starts_with("socket:")).collect::<BTreeSet<_>>().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_that_never_read_cost_little_and_are_let_go() {
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), STREET).await;
    let server = serve(&stage, &[("MUSTER_HTTP__STALL_TIMEOUT", "2s")]);
    let api = Api::new(server.url());
    api.observe(&blocked(1)).await;
    let found = async || api.list("/api/v1/cases").await.into_iter().next();
    let case = eventually("the case", PATIENCE, found).await["id"].as_str().unwrap().to_owned();
    let note = json!({ "command": "note", "reason": "灯".repeat(1_000) });
    for _ in 0..300 {
        assert_eq!(api.order(&case, &note).await.status, 200);
    }
    let mut good = api.request(Method::GET, "/api/v1/stream").timeout(Duration::from_secs(300)).send().await.unwrap();
    let (before, quiet) = (memory(&server).0, sockets(&server));
    let mut readers: Vec<_> = (0..READERS).map(|_| Raw::open(&server)).collect();
    for reader in &mut readers {
        // from the first news on: more than the line between holds
        assert!(reader.say(b"GET /api/v1/stream HTTP/1.1\r\nhost: localhost\r\nlast-event-id: 0\r\n\r\n"));
    }
    until("the readers to be there", PATIENCE, || (sockets(&server) >= quiet + READERS).then_some(()));
    others_are_served(&api).await;
    assert_eq!(api.order(&case, &json!({ "command": "note", "reason": "听得见吗" })).await.status, 200);
    let mut heard = String::new();
    while !heard.contains("听得见吗") {
        let chunk = tokio::time::timeout(PATIENCE, good.chunk()).await.expect("the news").unwrap().unwrap();
        heard.push_str(&String::from_utf8_lossy(&chunk));
    }
    until("the readers to be let go", PATIENCE, || (sockets(&server) <= quiet + 2).then_some(()));
    let (now, most) = memory(&server);
    measured(&format!("{READERS} streams that nobody reads: {before} MiB before, {most} MiB at most, {now} MiB after"));
    assert!(most < before + 250, "{before} MiB before, {most} MiB at most");
    drop(readers);
    others_are_served(&api).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_are_no_more_than_may_be() {
    let stage = Stage::embedded();
    let server = serve(&stage, &[("MUSTER_HTTP__MAX_STREAMS", "2")]);
    let api = Api::new(server.url());
    let open = async || api.request(Method::GET, "/api/v1/stream").send().await.unwrap();
    let held = (open().await, open().await);
    assert_eq!((held.0.status(), held.1.status()), (200.try_into().unwrap(), 200.try_into().unwrap()));
    let third = api.get("/api/v1/stream").await;
    assert_eq!((third.status, third.problem().as_str()), (503, "too-many-streams"));
    drop(held);
    eventually("a place that was left", PATIENCE, async || (open().await.status() == 200).then_some(())).await;
}
