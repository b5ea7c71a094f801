//! Another system's own topic is a source: read by a mapping, parked where that fails, moved on only when durable.

use muster_tests::{Server, eventually};
use rdkafka::admin::{NewTopic, TopicReplication};
use serde_json::{Value, json};

use super::foreign::Foreign;
use crate::api::{Api, PATIENCE};
use crate::records::{RULES, STREET};
use crate::stage::{Stage, book};

const MAPPING: &str = r#"
version = 1
source = "141"
id = { column = "eventNo" }
kind = { column = "type.code", prefix = "city.", codes = { "0301" = "fire.lane.blocked" } }
occurred_at = { column = "reportTime", format = "%Y-%m-%d %H:%M:%S", time_zone = "Asia/Shanghai" }
location = { lon = "position.lng", lat = "position.lat", crs = "gcj02" }
text = { columns = ["title", "content"], join = "：" }
severity = { value = 3 }
"#;

fn event(number: u32) -> Value {
    json!({
        "eventNo": format!("SQS-{number}"), "type": { "code": "0301" }, "reportTime": "2026-11-23 08:00:00",
        "title": "占道", "content": "货车堵住通道", "position": { "lng": 106.55 + f64::from(number), "lat": 29.56 },
    })
}

#[tokio::test]
async fn another_systems_topic_is_read_by_its_mapping() {
    let Some(stage) = Stage::kafka() else { return };
    let topic = format!("{}.141", stage.intake());
    stage.make_topics(&[NewTopic::new(&topic, 2, TopicReplication::Fixed(1))]).await;
    let folder = tempfile::tempdir().unwrap();
    let mapping = folder.path().join("141.toml");
    std::fs::write(&mapping, MAPPING).unwrap();
    let start = || {
        let setting = format!("{topic}={}", mapping.display());
        Server::start(stage.command(&["serve"]).env("MUSTER_INTAKE__TOPICS", setting))
    };
    // The store is bound to the log before the topic of others is named for the first time.
    stage.adopt(&book(RULES), STREET).await;
    let server = start();
    let api = Api::new(server.url());
    let foreign = Foreign::to(&stage, &topic);
    let mut bad = event(3);
    bad["reportTime"] = json!("gestern");
    for record in [event(1), event(2), event(1), bad.clone()] {
        foreign.send(&[], record.to_string().as_bytes()).await;
    }
    cases(&api, 2).await;
    let letters = async || api.list("/api/v1/dead-letters").await.pop();
    let letter = eventually("the dead letter", PATIENCE, letters).await;
    let message = letter["message"].as_str().unwrap();
    assert!(message.starts_with("/reportTime: ") && letter["original_topic"] == topic.as_str(), "{letter}");
    let path = format!("/api/v1/dead-letters/{}/replay", letter["id"]);
    let unmended = api.post(&path, "application/json", "").await;
    assert_eq!((unmended.status, unmended.problem().as_str()), (422, "still-bad"));
    let mended = api.post(&path, "application/json", event(3).to_string()).await;
    assert_eq!((mended.status, &mended.json()["accepted"]), (200, &json!(1)), "{}", mended.text());
    cases(&api, 3).await;

    server.kill();
    let server = start();
    let api = Api::new(server.url());
    foreign.send(&[], event(4).to_string().as_bytes()).await;
    let cases = cases(&api, 4).await;
    assert!(cases.iter().all(|case| case["kind"] == "fire.lane.blocked"), "{cases:?}");
    assert!(api.list("/api/v1/dead-letters").await.is_empty(), "nothing is parked a second time");
}

/// Waits until there are so many cases, each of one report.
async fn cases(api: &Api, many: usize) -> Vec<Value> {
    let there = async || Some(api.list("/api/v1/cases").await).filter(|cases| cases.len() == many);
    eventually("the cases", PATIENCE, there).await
}

#[tokio::test]
async fn topics_of_ours_are_made_with_eight_partitions() {
    let Some(stage) = Stage::kafka() else { return };
    let _server = Server::start(stage.command(&["serve"]).env_remove("MUSTER_LOG__PARTITIONS"));
    let admin = stage.admin();
    for stem in ["intake.v1", "observation.v1", "condition.v1", "case.v1"] {
        let told = admin.inner().fetch_metadata(Some(&stage.topic(stem)), PATIENCE).unwrap();
        assert_eq!(told.topics()[0].partitions().len(), 8, "{stem}");
    }
}

#[test]
fn a_mapping_that_cannot_be_used_is_a_wrong_setting() {
    let stage = Stage::embedded();
    for setting in ["city.141", "city.141=/nowhere/141.toml"] {
        let output = stage.command(&["serve"]).env("MUSTER_INTAKE__TOPICS", setting).output().unwrap();
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{words}");
        assert!(words.contains("intake.topics") && words.contains("city.141"), "{words}");
    }
}
