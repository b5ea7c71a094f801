//! Requests that never get done: heads and bodies a byte at a time.

use std::time::Duration;

use super::{Raw, memory, others_are_served, serve};
use crate::api::Api;
use crate::stage::Stage;

/// What the settings say below, and as much again for a machine that has other things to do.
const SOON: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_never_ends_is_cut_off_and_others_are_served() {
    let stage = Stage::embedded();
    let server = serve(&stage, &[("MUSTER_HTTP__HEADER_TIMEOUT", "1s")]);
    let api = Api::new(server.url());
    let endless =
        || b"GET /livez HTTP/1.1\r\nhost: localhost\r\n".iter().copied().chain(b"x-a: b\r\n".iter().copied().cycle());
    let snails: Vec<_> = (0..40).map(|_| Raw::open(&server)).collect();
    let snails: Vec<_> =
        snails.into_iter().map(|raw| tokio::task::spawn_blocking(move || raw.drip(endless()))).collect();
    others_are_served(&api).await;
    for snail in snails {
        let (took, heard) = snail.await.unwrap();
        assert!(took < SOON, "cut off after {took:?}: {heard}");
        assert!(!heard.contains(" 200 "), "{heard}");
    }
    others_are_served(&api).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_on_which_nothing_is_asked_is_hung_up() {
    let stage = Stage::embedded();
    let server = serve(&stage, &[("MUSTER_HTTP__HEADER_TIMEOUT", "1s")]);
    let silent = Raw::open(&server);
    let mut idle = Raw::open(&server);
    assert!(idle.say(b"GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n"));
    let heard = tokio::task::spawn_blocking(move || {
        let mut silent = silent;
        (silent.rest(), idle.rest())
    });
    let (silent, idle) = tokio::time::timeout(SOON, heard).await.unwrap().unwrap();
    assert_eq!(silent, "");
    assert!(idle.starts_with("HTTP/1.1 200 OK"), "{idle}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_never_ends_is_refused_and_others_are_served() {
    let stage = Stage::embedded();
    let server = serve(&stage, &[("MUSTER_HTTP__BODY_TIMEOUT", "1s")]);
    let api = Api::new(server.url());
    let paths = ["/api/v1/observations", "/api/v1/reports", "/api/v1/media", "/api/v1/catalogue/places", "/f/x"];
    let mut snails = Vec::new();
    for path in paths.iter().cycle().take(40) {
        let kind = if path.starts_with("/f/") { "multipart/form-data; boundary=x" } else { "application/json" };
        let head =
            format!("POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: {kind}\r\ncontent-length: 99999\r\n\r\n");
        let mut raw = Raw::open(&server);
        assert!(raw.say(head.as_bytes()));
        snails.push((path, tokio::task::spawn_blocking(move || raw.drip(std::iter::repeat(b' ')))));
    }
    others_are_served(&api).await;
    for (path, snail) in snails {
        let (took, heard) = snail.await.unwrap();
        assert!(took < SOON, "{path} was cut off after {took:?}: {heard}");
        // by a link that is none nothing is waited for
        let wanted = if path.starts_with("/f/") { ["HTTP/1.1 404"; 2] } else { ["HTTP/1.1 408", "HTTP/1.1 415"] };
        let refused = wanted.iter().any(|wanted| heard.starts_with(wanted));
        assert!(refused && heard.contains("application/problem+json"), "{path}: {heard}");
        assert!(heard.contains("content-security-policy"), "{path}: {heard}");
    }
    others_are_served(&api).await;
    assert!(memory(&server).1 < 400, "{:?} MiB", memory(&server));
}
