//! Records that the watch cannot take: parked with their bytes, skipped in every replay, loudly, and the rest goes on.

use base64::Engine as _;
use muster_log::{Append, Record, Topic};
use muster_tests::{Server, eventually};
use serde_json::Value;

use super::super::account;
use super::super::sender::PATIENCE;
use super::super::trial::Trial;
use super::{SECONDS, tell};
use crate::api::Api;
use crate::stage::Stage;

/// One that is none of ours, and one of ours that is torn; each with the words that somebody reads of it.
const BAD: [(&str, &str, &str); 2] = [
    ("muster.rumour.v1", "{\"heard\":\"点兵\"}", "/type"),
    ("muster.observation.v1", "{\"device\":\"load-cam-1\",\"pla", "/data"),
];

/// Writes them behind what nobody has watched yet, each into a partition of its own.
async fn write(stage: &Stage) {
    let (log, store) = stage.open().await;
    for (partition, (kind, payload, _)) in (0..).zip(BAD) {
        let headers = [("ce_type", kind), ("ce_source", "/nowhere"), ("ce_id", "1")];
        let record =
            Record { key: None, payload: payload.into(), headers: headers.into_iter().collect(), timestamp_us: 1 };
        log.append(vec![Append { topic: Topic::Observation, partition, record }]).await.unwrap();
    }
    log.close().await;
    store.close().await;
}

/// How many records this process has parked, by its own metrics.
async fn parked(api: &Api) -> u64 {
    let metrics = api.get("/metrics").await.text();
    let of = "muster_dead_letters_total{code=\"fault\",topic=\"observation.v1\"} ";
    metrics.lines().find_map(|line| line.strip_prefix(of)?.parse().ok()).unwrap_or(0)
}

/// The dead letters, with the bytes that were parked.
async fn letters(api: &Api) -> Vec<(Value, Vec<u8>)> {
    let mut found = Vec::new();
    for letter in api.list("/api/v1/dead-letters").await {
        let whole = api.get(&format!("/api/v1/dead-letters/{}", letter["id"])).await.json();
        found.push((letter, base64::prelude::BASE64_STANDARD.decode(whole["bytes_base64"].as_str().unwrap()).unwrap()));
    }
    found
}

/// All that is to be heard of them.
async fn is_told(server: &Server) {
    let api = Api::new(server.url());
    eventually("the records to be parked", PATIENCE, async || (parked(&api).await == 2).then_some(())).await;
    assert_eq!(server.words().matches("a record is parked: it cannot be watched").count(), 2, "{}", server.words());
    let both = async || Some(letters(&api).await).filter(|letters| letters.len() == 2);
    let letters = eventually("both dead letters", PATIENCE, both).await;
    for (_, payload, field) in BAD {
        let (letter, _) = letters.iter().find(|(_, bytes)| bytes == payload.as_bytes()).expect("its very bytes");
        assert_eq!(letter["code"], "fault", "{letter}");
        assert!(letter.to_string().contains(field), "{letter}");
    }
    let found = api.get("/api/v1/doctor").await.json();
    for code in ["records-skipped", "dead-letters-open"] {
        assert!(found["findings"].as_array().unwrap().iter().any(|finding| finding["code"] == code), "{code}: {found}");
    }
}

async fn are_parked_and_skipped(name: &str, stage: &Stage, seed: u64) {
    let mut trial = Trial::begin(stage, SECONDS, seed).await;
    let server = trial.serve();
    let before = trial.while_sending(async |probe| probe.works().await).await;
    server.kill();
    write(stage).await;
    let server = trial.serve();
    let after = trial
        .while_sending(async |probe| {
            let after = probe.works().await;
            is_told(&server).await;
            after
        })
        .await;
    // Whoever comes next reads them again, from the checkpoint of the first, and says nothing more of them.
    server.kill();
    let server = trial.serve();
    let again = trial.while_sending(async |probe| probe.works().await).await;
    let api = Api::new(server.url());
    account::standing(&api).await.sound("records were parked");
    assert_eq!((parked(&api).await, letters(&api).await.len()), (0, 2), "{}", server.words());
    let skipped = api.get("/api/v1/doctor").await.json();
    assert!(skipped.to_string().contains("records-skipped"), "{skipped}");
    let told = trial.end(vec![server]).await;
    tell(&format!("records that cannot be watched ({name})"), &[before, after, again], &told);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_that_cannot_be_watched_are_parked_and_skipped_embedded() {
    are_parked_and_skipped("embedded", &Stage::embedded(), 24).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_that_cannot_be_watched_are_parked_and_skipped_on_kafka_and_postgresql() {
    let Some(stage) = Stage::kafka() else { return };
    are_parked_and_skipped("Kafka and PostgreSQL", &stage, 25).await;
}
