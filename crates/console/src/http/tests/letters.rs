//! The page of dead letters and its forms: without scripts a person gets a page, with them the problem in words.

use axum::body::Body;
use muster_pipeline::desk::News;
use muster_store::NewDeadLetter;
use serde_json::json;

use super::bench::{Answer, Bench, NOW, ask};

/// An event of a camera that the catalogue does not have.
const STRANGER: &str = r#"{"specversion":"1.0","type":"muster.observation.v1","source":"/gateways/<b>","id":"1",
"time":"2026-11-24T08:46:00Z","data":{"device":"cam-9","kind":"occupancy","values":{"occupied":true}}}"#;

async fn park(bench: &Bench, offset: u64, code: &str, bytes: &str) {
    let letter = NewDeadLetter {
        topic: "intake.dlq".to_owned(),
        partition: 0,
        offset,
        original_topic: "http".to_owned(),
        original_partition: None,
        original_offset: None,
        key: None,
        bytes: bytes.into(),
        headers: json!([["content-type", "YXBwbGljYXRpb24vY2xvdWRldmVudHMranNvbg=="]]).to_string(),
        code: code.to_owned(),
        message: "/data/device: is not in the catalogue".to_owned(),
        fault: r#"{"pointer":"/data/device","fault":"not-in-catalogue"}"#.to_owned(),
        received: NOW - 60_000_000,
    };
    let mut tx = bench.desk.store.begin().await.unwrap();
    tx.dead_letters_put(&[letter]).await.unwrap();
    tx.commit().await.unwrap();
}

async fn post(bench: &Bench, path: &str, form: &str, accept: &str) -> Answer {
    let request =
        ask("POST", path).header("content-type", "application/x-www-form-urlencoded").header("accept", accept);
    bench.send(request.body(Body::from(form.to_owned())).unwrap()).await
}

#[tokio::test]
async fn a_letter_is_shown_with_reason_sender_and_bytes_side_by_side() {
    let bench = Bench::new().await;
    park(&bench, 0, "unknown-device", STRANGER).await;
    park(&bench, 1, "malformed-json", "{\u{0}").await;
    park(&bench, 2, "too-large", &"x".repeat(5_000)).await;
    park(&bench, 3, "invalid-value", r#"{"vault":"v-1"}"#).await;
    let page = bench.get("/dead-letters").await.text;
    let words = [
        "<b class=\"num\">4</b> 条还没有处理",
        "最早的 <time",
        "/data/device：不在目录里",
        "/gateways/&#60;b&#62;",
        "设备不在目录里",
    ];
    for words in words {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert_eq!(page.matches("<textarea").count(), 1, "only what is there as a whole, and text, is mended on the page");
    assert_eq!(page.matches("muster dlq replay ").count(), 3, "and where the others are mended is said");
    let english = bench.get("/dead-letters?lang=en&code=unknown-device").await.text;
    assert!(english.contains("Replay all of this reason") && english.contains("Mend and replay"), "{english}");
    assert_eq!(english.matches("<article").count(), 1);
    let none = bench.get("/dead-letters?code=too-deep").await.text;
    assert!(none.contains("这个原因的已经没有了") && !none.contains("没有死信"), "{none}");
}

#[tokio::test]
async fn forms_say_in_words_what_was_refused_and_nothing_is_lost() {
    let bench = Bench::new().await;
    for offset in 0..2 {
        park(&bench, offset, "unknown-device", STRANGER).await;
    }
    let id = bench.get("/api/v1/dead-letters").await.json()["items"][0]["id"].to_string();
    let replay = format!("/dead-letters/{id}/replay");
    let words = |answer: &Answer| (answer.problem(), answer.json()["words"]["zh"].as_str().unwrap().to_owned());
    let program = "application/problem+json";
    let (code, zh) = words(&post(&bench, &replay, "", program).await);
    assert!(code == "still-bad" && zh.starts_with("/data/device：不在目录里。") && zh.contains("仍留在死信里"), "{zh}");
    let page = post(&bench, &replay, "", "text/html").await;
    assert!(
        page.status == 422 && page.text.contains(&zh) && page.text.contains("href=\"/dead-letters\""),
        "{}",
        page.text
    );
    let (code, zh) = words(&post(&bench, "/dead-letters/replay", "code=unknown-device", program).await);
    assert_eq!((code.as_str(), zh.as_str()), ("still-bad", "重放了 0 条；2 条仍读不懂，还留在死信里。"));
    let (code, zh) = words(&post(&bench, &replay, "bytes=%7B", program).await);
    assert!(code == "still-bad" && zh.contains("第 1 字节处"), "what stands in its place is read: {zh}");

    let drop = format!("/dead-letters/{id}/drop");
    assert_eq!(words(&post(&bench, &drop, "reason=+", program).await).0, "needs-reason");
    let done = post(&bench, &drop, "reason=gone", program).await;
    assert_eq!((done.status, done.header("location")), (303, "/dead-letters"));
    let (code, zh) = words(&post(&bench, &drop, "reason=again", program).await);
    assert_eq!((code.as_str(), zh.as_str()), ("settled", "这一条死信已重放或已丢弃。"));
    assert_eq!(words(&post(&bench, "/dead-letters/999/replay", "", program).await).0, "not-found");
    let left = bench.get("/api/v1/dead-letters").await.json();
    assert_eq!(left["items"].as_array().unwrap().len(), 1, "the other one is still there");
}

#[tokio::test]
async fn what_becomes_of_a_letter_is_told_on_the_stream() {
    let bench = Bench::new().await;
    park(&bench, 0, "unknown-device", STRANGER).await;
    let id = bench.get("/api/v1/dead-letters").await.json()["items"][0]["id"].as_u64().unwrap();
    bench.desk.drop_letter(id, "网关坏了").await.unwrap();
    let lease = bench.desk.store.lease_acquire("publish", "test", 60_000_000, NOW).await.unwrap().unwrap();
    bench.desk.store.outbox_number(lease.epoch, 10).await.unwrap();
    let told = bench.desk.feed(0, 10).await.unwrap().unwrap();
    let News::Letters(news) = &told[0].what else { panic!("{told:?}") };
    assert_eq!((news.state.as_str(), news.letters), ("dropped", 1));
}
