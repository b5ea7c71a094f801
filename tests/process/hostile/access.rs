//! Tokens that are wrong, over, taken away or another's; and what every answer tells a browser.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use muster_tests::eventually;
use reqwest::Method;
use serde_json::json;

use super::serve;
use crate::api::{Answer, Api, PATIENCE, send};
use crate::records::{RULES, STREET, blocked, seen};
use crate::stage::{Stage, book};

/// A tokens file of names, roles and whatever else; each token's word is its name.
fn write(path: &Path, tokens: &[(&str, &str, &str)]) {
    let mut text = String::new();
    for (name, role, more) in tokens {
        let hash = super::hash(name);
        let _ = writeln!(text, "[[token]]\nname = \"{name}\"\nrole = \"{role}\"\nhash = \"{hash}\"\n{more}\n");
    }
    // as an editor does: a new file in place of the old
    let new = path.with_extension("new");
    std::fs::write(&new, text).unwrap();
    std::fs::rename(new, path).unwrap();
}

async fn with(api: &Api, word: &str, method: Method, path: &str, body: &str) -> Answer {
    let request = api.request(method, path).bearer_auth(word).header("content-type", "application/cloudevents+json");
    send(request.body(body.to_owned())).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_lets_in_whom_it_names_until_it_is_over_or_taken_away() {
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), STREET).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.toml");
    let at = |seconds: i64| Timestamp::now().checked_add(SignedDuration::from_secs(seconds)).unwrap();
    let (over, soon) = (format!("expires = \"{}\"", at(-60)), format!("expires = \"{}\"", at(3_600)));
    let source = "sources = [\"/gateways/own\"]";
    let all = [
        ("operator", "operator", ""),
        ("reader", "reader", &*soon),
        ("over", "operator", &*over),
        ("gate", "source", source),
    ];
    write(&path, &all);
    let server = serve(&stage, &[("MUSTER_AUTH__TOKENS_FILE", path.to_str().unwrap())]);
    let api = Api::new(server.url());
    let get = async |word: &str| with(&api, word, Method::GET, "/api/v1/cases", "").await;
    assert_eq!((get("operator").await.status, get("reader").await.status), (200, 200));
    for (word, status, code) in [
        ("over", 401, "expired-token"),
        ("wrong", 401, "no-token"),
        ("", 401, "no-token"),
        ("operator ", 200, ""),
        ("Operator", 401, "no-token"),
        ("gate", 403, "not-yours"),
    ] {
        let answer = get(word).await;
        assert_eq!(answer.status, status, "{word}: {}", answer.text());
        if status != 200 {
            assert_eq!(answer.problem(), code, "{word}");
        }
        assert_eq!(answer.header("www-authenticate").is_empty(), status != 401, "{word}");
    }
    // a source speaks for itself alone
    for (from, status) in [("/gateways/own", 202), ("/gateways/other", 422)] {
        let mut event = seen(1, from, 0, false);
        event["source"] = json!(from);
        let sent = with(&api, "gate", Method::POST, "/api/v1/observations", &event.to_string()).await;
        assert_eq!(sent.status, status, "{from}: {}", sent.text());
    }
    let refused = with(&api, "reader", Method::POST, "/api/v1/observations", "{}").await;
    assert_eq!(refused.problem(), "not-yours");
    // what is taken out of the file lets nobody in, and ends what it opened
    let stream = api.request(Method::GET, "/api/v1/stream").bearer_auth("reader").timeout(Duration::from_secs(120));
    let mut stream = stream.send().await.unwrap();
    write(&path, &[all[0]]);
    let gone = async || (get("reader").await.status == 401).then_some(());
    eventually("the token that was taken away to be refused", PATIENCE, gone).await;
    let ended = async { while stream.chunk().await.is_ok_and(|chunk| chunk.is_some()) {} };
    tokio::time::timeout(PATIENCE, ended).await.expect("the stream of a token that was taken away ends");
    assert_eq!(get("operator").await.status, 200);
    std::fs::write(&path, "[[token]").unwrap();
    let said = || server.words().contains("cannot be read; the former tokens hold").then_some(());
    eventually("the word of a file that is broken", PATIENCE, async || {
        assert_eq!(get("operator").await.status, 200);
        said()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_tells_browsers_what_they_may_do_with_it() {
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), STREET).await;
    let server = serve(&stage, &[]);
    let api = Api::new(server.url());
    api.observe(&blocked(1)).await;
    let asked = async || {
        let case = api.list("/api/v1/cases").await.into_iter().next()?;
        Some((format!("/cases/{}", case["id"].as_str()?), case["seats"][0]["link"].as_str()?.to_owned()))
    };
    let (case, link) = eventually("the case and the link of its seat", PATIENCE, asked).await;
    let host = |host: &str| api.request(Method::GET, "/").header("host", host).header("accept", "text/html");
    let mut answers = vec![
        ("foreign host", send(host("evil.example")).await.unwrap()),
        ("packed", send(api.request(Method::POST, "/api/v1/media").header("content-encoding", "gzip")).await.unwrap()),
        (
            "foreign form",
            send(api.request(Method::POST, "/cases/x/commands").header("sec-fetch-site", "cross-site")).await.unwrap(),
        ),
    ];
    for page in ["/", "/cases", &case, "/conditions", "/dead-letters", "/system", &link] {
        let answer = send(api.request(Method::GET, page).header("accept", "text/html")).await.unwrap();
        assert_eq!((answer.status, answer.header("content-type")), (200, "text/html; charset=utf-8"), "{page}");
        answers.push((page, answer));
    }
    for path in [
        "/cases/none",
        "/f/none",
        "/fragment/board",
        "/nowhere",
        "/assets/none",
        "/f/worker.js",
        "/api/v1/cases",
        "/api/v1/cases?limit=x",
        "/api/v1/cases/none",
        "/livez",
        "/readyz",
        "/metrics",
        "/openapi.json",
        "/asyncapi.json",
    ] {
        for accept in ["text/html", "*/*"] {
            answers.push((path, send(api.request(Method::GET, path).header("accept", accept)).await.unwrap()));
        }
        answers.push((path, send(api.request(Method::DELETE, path)).await.unwrap()));
    }
    // a stream has no end, so its head alone
    let stream = api.request(Method::GET, "/api/v1/stream").send().await.unwrap();
    let (status, headers) = (stream.status().as_u16(), stream.headers().clone());
    answers.push(("/api/v1/stream", Answer { status, headers, body: Vec::new() }));
    for (path, answer) in answers {
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("default-src 'self'") && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
        assert!(!answer.header("cache-control").is_empty(), "{path}");
        let refused = answer.status >= 400;
        let html = answer.header("content-type").starts_with("text/html");
        assert!(
            !refused || html || answer.header("content-type") == "application/problem+json",
            "{path}: {}",
            answer.text()
        );
    }
}
