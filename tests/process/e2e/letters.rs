//! Dead letters: seen with their reason and bytes, mended and taken again, or dropped with a reason.

use base64::Engine as _;
use muster_tests::eventually;
use serde_json::{Value, json};

use super::way::the_case;
use crate::api::{Api, PATIENCE};
use crate::records::{RULES, STREET, blocked};
use crate::stage::{Stage, book};

const ONE: &str = "application/cloudevents+json";

async fn letters(api: &Api, count: usize) -> Vec<Value> {
    let listed = async || Some(api.list("/api/v1/dead-letters").await).filter(|letters| letters.len() == count);
    eventually("the dead letters", PATIENCE, listed).await
}

#[tokio::test]
async fn a_dead_letter_is_shown_mended_taken_again_or_dropped() {
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), STREET).await;
    let server = stage.serve();
    let api = Api::new(server.url());
    let events = blocked(1);
    for event in &events {
        // The gateway speaks of a camera that the catalogue does not have.
        let wrong = event.to_string().replace("cam-1", "cam-1-typo");
        assert_eq!(api.post("/api/v1/observations", ONE, wrong).await.status, 422);
    }
    let mut listed = letters(&api, 3).await;
    listed.sort_by_key(|letter| letter["id"].as_u64());
    for (letter, event) in listed.iter().zip(&events) {
        assert_eq!((&letter["code"], &letter["state"]), (&json!("unknown-device"), &json!("open")), "{letter}");
        let path = format!("/api/v1/dead-letters/{}", letter["id"]);
        let shown = api.get(&path).await.json();
        let bytes = base64::prelude::BASE64_STANDARD.decode(shown["bytes_base64"].as_str().unwrap()).unwrap();
        let original = event.to_string().replace("cam-1", "cam-1-typo");
        assert_eq!(String::from_utf8(bytes).unwrap(), original, "the very bytes that came");
        let unmended = api.post(&format!("{path}/replay"), ONE, "").await;
        assert_eq!((unmended.status, unmended.problem().as_str()), (422, "still-bad"));
        let mended = api.post(&format!("{path}/replay"), ONE, event.to_string()).await;
        assert_eq!((mended.status, &mended.json()["accepted"]), (200, &json!(1)), "{}", mended.text());
        let twice = api.post(&format!("{path}/replay"), ONE, event.to_string()).await;
        assert_eq!((twice.status, twice.problem().as_str()), (409, "settled"));
    }
    the_case(&api, |case| case["place"] == "lane-1").await;
    assert_eq!(letters(&api, 0).await.len(), 0, "what was dealt with is not listed as open");
}

#[tokio::test]
async fn a_dead_letter_is_dropped_with_a_reason_only() {
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), STREET).await;
    let server = stage.serve();
    let api = Api::new(server.url());
    assert_eq!(api.post("/api/v1/observations", ONE, "not json").await.status, 422);
    let letter = letters(&api, 1).await.remove(0);
    assert_eq!(letter["message"], "at byte 0: a value was expected", "there is no field to name");
    let path = format!("/api/v1/dead-letters/{}/drop", letter["id"]);
    let silent = api.post(&path, "application/json", "{}").await;
    assert_eq!((silent.status, silent.problem().as_str()), (400, "needs-reason"));
    assert_eq!(api.post(&path, "application/json", r#"{"reason":"网关坏了"}"#).await.status, 204);
    letters(&api, 0).await;
    let dropped = api.list("/api/v1/dead-letters?state=dropped").await;
    assert_eq!((dropped.len(), &dropped[0]["note"]), (1, &json!("网关坏了")), "{dropped:?}");
    assert_eq!(api.get("/api/v1/dead-letters/999999").await.status, 404);
}

#[tokio::test]
async fn a_report_that_cannot_be_read_keeps_its_reporter_out_of_the_dead_letters() {
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), STREET).await;
    let server = stage.serve();
    let api = Api::new(server.url());
    let mut report = json!({
        "source": "141", "id": "r-1", "kind": "street.litter", "text": "垃圾", "severity": 9,
        "reporter": { "name": "MARK-张三", "phone": "MARK-139" },
    });
    assert_eq!(api.post("/api/v1/reports", "application/json", report.to_string()).await.status, 422);
    let letter = letters(&api, 1).await.remove(0);
    let path = format!("/api/v1/dead-letters/{}", letter["id"]);
    let shown = api.get(&path).await;
    assert!(!shown.text().contains("MARK"), "personal data in a dead letter: {}", shown.text());
    report["severity"] = json!(2);
    let mended = api.post(&format!("{path}/replay"), "application/json", report.to_string()).await;
    assert_eq!((mended.status, &mended.json()["accepted"]), (200, &json!(1)), "{}", mended.text());
}
