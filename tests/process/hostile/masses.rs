//! Too much of everything: connections and lines.

use std::time::Duration;

use muster_tests::{eventually, skipped};
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
        skipped(&format!("a process that may open 11,000 files; with {may} connections it was tried all the same"));
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
