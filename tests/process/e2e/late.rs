//! Records that are deleted before anybody reads them: said, counted, found by the doctor; and what comes next is watched.

use std::sync::Arc;
use std::time::Duration;

use muster_log::{Append, LogSettings, Record, Surroundings, Topic};
use muster_tests::{Server, eventually};
use rdkafka::admin::AdminOptions;
use rdkafka::{Offset, TopicPartitionList};
use serde_json::Value;

use super::foreign::Foreign;
use super::restart::is_left_to_a_person;
use super::way::the_case;
use crate::api::{Api, PATIENCE};
use crate::records::{RULES, STREET, blocked};
use crate::stage::{PARTITIONS, Stage, book};

#[tokio::test]
async fn days_that_retention_took_unread_are_missed_loudly() {
    let stage = Stage::embedded();
    begun(&stage).await;
    unread(&stage).await;
    let (real, day) = (Surroundings::real(), Duration::from_secs(24 * 3600));
    let (clock, later) = (Arc::clone(&real.clock), 4 * day.as_micros() as i64);
    let surroundings = Surroundings { clock: Arc::new(move || clock() + later), ..real };
    let settings = LogSettings {
        data_dir: stage.folder().to_path_buf(),
        partitions: PARTITIONS,
        retention: day,
        ..LogSettings::default()
    };
    // A record of the fifth day ends the first, and takes it away.
    let log = muster_log::open_in(&settings, surroundings).await.unwrap();
    log.append(vec![to(&Topic::Condition, 0)]).await.unwrap();
    log.close().await;
    let server = goes_on(&stage, &["observation.v1"]).await;
    assert!(server.terminate().success());
}

#[tokio::test]
async fn records_that_kafka_deleted_unread_are_missed_loudly() {
    let Some(stage) = Stage::kafka() else { return };
    let foreign = Foreign::new(&stage);
    let server = begun(&stage).await;
    let api = Api::new(server.url());
    foreign.structured(&blocked(3)[0]).await;
    let taken = async || told(&api, "muster_observations_total{outcome=\"accepted\",source=\"kafka\"}").await;
    eventually("what lies in the intake topic to be taken in", PATIENCE, async || taken().await.filter(|n| *n > 0.0))
        .await;
    assert!(server.terminate().success());
    unread(&stage).await;
    foreign.structured(&blocked(3)[1]).await;
    let mut gone = TopicPartitionList::new();
    for topic in [stage.topic("observation.v1"), stage.intake()] {
        for partition in 0..PARTITIONS as i32 {
            gone.add_partition_offset(&topic, partition, Offset::End).unwrap();
        }
    }
    stage.admin().delete_records(&gone, &AdminOptions::new()).await.unwrap();
    let server = goes_on(&stage, &["observation.v1", "intake.v1"]).await;
    assert!(server.terminate().success());
}

/// A stage on which one lane has its case, and the server that made it.
async fn begun(stage: &Stage) -> Server {
    stage.adopt(&book(RULES), STREET).await;
    let server = stage.serve();
    let api = Api::new(server.url());
    api.observe(&blocked(1)).await;
    the_case(&api, |case| case["seats"][0]["state"] == "asked").await;
    server
}

/// A record of no meaning in every partition: that it is missed is all that matters.
async fn unread(stage: &Stage) {
    let (log, store) = stage.open().await;
    log.append((0..PARTITIONS).map(|partition| to(&Topic::Observation, partition)).collect()).await.unwrap();
    log.close().await;
    store.close().await;
}

fn to(topic: &Topic, partition: u32) -> Append {
    Append { topic: topic.clone(), partition, record: Record::new("unread", 1) }
}

/// The doctor tells it before the next start and after it; then the next lane is watched as ever.
async fn goes_on(stage: &Stage, topics: &[&str]) -> Server {
    let before = finding(&mut stage.command(&["doctor", "--json"]));
    assert!(before.contains("partition 0: the log begins at"), "{before}");
    let server = stage.serve();
    let api = Api::new(server.url());
    for topic in topics {
        let counted = format!("muster_log_begins_late_total{{topic=\"{topic}\"}}");
        eventually(&counted, PATIENCE, async || told(&api, &counted).await.filter(|times| *times > 0.0)).await;
    }
    assert!(server.words().contains("the log begins too late: records are gone unread"), "{}", server.words());
    api.observe(&blocked(2)).await;
    the_case(&api, |case| case["place"] == "lane-2").await;
    let cases = api.list("/api/v1/cases").await;
    assert!(cases.len() == 2 && cases.iter().all(|case| case["state"] != "closed"), "{cases:?}");
    is_left_to_a_person(&api, cases.iter().find(|case| case["place"] == "lane-1").unwrap()).await;
    let after = finding(stage.command(&["doctor", "--json"]).args(["--url", server.url()]));
    for topic in topics {
        assert!(after.contains(&format!("{topic}: ")) && after.contains("since this process started"), "{after}");
    }
    server
}

/// What a metric stands at.
async fn told(api: &Api, series: &str) -> Option<f64> {
    let metrics = api.get("/metrics").await.text();
    metrics.lines().find_map(|line| line.strip_prefix(series)?.trim().parse().ok())
}

/// All that the finding concerns.
fn finding(doctor: &mut std::process::Command) -> String {
    let out = doctor.output().unwrap().stdout;
    let lines = String::from_utf8(out).unwrap();
    let findings = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let found = findings.into_iter().find(|finding| finding["code"] == "log-begins-late");
    let details = found.unwrap_or_else(|| panic!("no finding: {lines}"))["details"].clone();
    details.as_array().unwrap().iter().map(|detail| detail["en"].as_str().unwrap()).collect::<Vec<_>>().join("\n")
}
