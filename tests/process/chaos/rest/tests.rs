//! What is read of log and store shows what is broken there: a load comes to its end, then one thing is broken at a time.

use muster_log::Append;
use muster_store::{ConditionMoved, ConditionRow, OutboxRow};

use super::super::sender::PATIENCE;
use super::super::trial::{GATE_CAMERA, Trial};
use super::*;
use crate::api::Api;

/// What is wrong by log and store.
async fn found(trial: &mut Trial<'_>) -> String {
    words(&trial.rest().await)
}

fn words(rest: &Rest) -> String {
    let mut wrong = Vec::new();
    rest.judge(&mut wrong);
    wrong.join("\n")
}

/// Does something by hand to log and store.
async fn by_hand(stage: &Stage, what: impl AsyncFnOnce(&dyn EventLog, &Store)) {
    let (log, store) = stage.open().await;
    what(&*log, &store).await;
    log.close().await;
    store.close().await;
}

/// Some condition of which this is so.
async fn a_row(stage: &Stage, such: impl Fn(&ConditionRow) -> bool) -> ConditionRow {
    let (log, store) = stage.open().await;
    let mut found = None;
    for partition in 0..PARTITIONS {
        found = found.or(store.conditions_of_partition(partition).await.unwrap().into_iter().find(&such));
    }
    log.close().await;
    store.close().await;
    found.unwrap()
}

/// Waits until the camera of the gates is a condition of its own.
async fn a_device_is_blind(api: &Api) {
    let blind = async || {
        let blind = api.list("/api/v1/conditions?rule=muster.device.blind&state=present").await;
        blind.iter().any(|condition| condition["subject"] == format!("device:{GATE_CAMERA}")).then_some(())
    };
    muster_tests::eventually("the camera of the gates to be blind", PATIENCE, blind).await;
}

/// Writes a row over its own, in another state.
async fn believe(store: &Store, row: ConditionRow, state: &str) {
    let held = store.partition(row.partition).await.unwrap().unwrap();
    let mut tx = store.begin().await.unwrap();
    tx.move_offset(row.partition, held.epoch, held.offset, held.offset).await.unwrap();
    let ConditionRow { id, rule, subject, place, since, episode, rule_version, kind, severity, grid, doc, .. } = row;
    let (state, doc) = (state.to_owned(), doc.unwrap());
    let moved =
        ConditionMoved { id, rule, subject, place, state, since, episode, rule_version, kind, severity, grid, doc };
    tx.conditions_move(&[moved]).await.unwrap();
    tx.commit().await.unwrap();
}

/// A change that was committed, and counts as sent without having been.
async fn pass_over(store: &Store, to: &str, subject: &str, effect: Option<&str>) {
    let (destination, ordering_key, effect) = (to.to_owned(), subject.to_owned(), effect.map(str::to_owned));
    let row = OutboxRow { destination, ordering_key, effect, body: "{}".to_owned(), created: 0, not_after: None };
    let mut tx = store.begin().await.unwrap();
    tx.outbox_push(&[row]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store.outbox_pending().await.unwrap().count, 1);
    let grant = store.lease_acquire("publish", "by hand", 1, 1).await.unwrap().unwrap();
    let last = store.outbox_number(grant.epoch, 10).await.unwrap().last.unwrap();
    let at = store.destination(to).await.unwrap().cursor;
    store.destination_advance(to, at, last, 1).await.unwrap();
}

/// Appends the first record of a source in a topic's first partition once more, maybe under another id.
async fn again(log: &dyn EventLog, topic: Topic, source: &str, id: Option<&str>) {
    let records = all(log, &topic).await;
    let mut record = records.into_iter().find(|record| text(record, "ce_source") == source).unwrap();
    if let Some(id) = id {
        let other = |(name, value)| (name, if name == "ce_id" { id.as_bytes() } else { value });
        record.headers = record.headers.iter().map(other).collect();
    }
    log.append(vec![Append { topic, partition: 0, record }]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_broken_in_log_or_store_is_found() {
    let stage = Stage::embedded();
    // As long as leaves the camera of the gates in the dark.
    let mut trial = Trial::begin(&stage, 350, 22).await;
    let server = trial.serve();
    trial.send_the_rest().await;
    a_device_is_blind(&Api::new(server.url())).await;
    trial.settle(vec![server], |account| account).await;
    assert_eq!(found(&mut trial).await, "");

    trial.sent.observations.insert("22-nobody".to_owned());
    assert!(found(&mut trial).await.contains("22-nobody was acknowledged and is lost"));
    trial.sent.observations.remove("22-nobody");

    let device = a_row(&stage, |row| row.subject == format!("device:{GATE_CAMERA}")).await;
    by_hand(&stage, async |_, store| believe(store, device.clone(), "clear").await).await;
    assert!(found(&mut trial).await.contains(&format!("ENGINE §11: muster.device.blind at {}", device.subject)));
    by_hand(&stage, async |_, store| believe(store, device.clone(), &device.state).await).await;

    let row = a_row(&stage, |row| row.state == "clear" && row.place.is_some()).await;
    by_hand(&stage, async |_, store| believe(store, row.clone(), "easing").await).await;
    assert!(found(&mut trial).await.contains(&format!("ENGINE §11: lane at {}", row.subject)));
    by_hand(&stage, async |_, store| believe(store, row.clone(), &row.state).await).await;
    by_hand(&stage, async |log, _| again(log, Topic::Condition, "/muster", None).await).await;
    assert_eq!(found(&mut trial).await, "", "put right, and a repeat is none");

    by_hand(&stage, async |log, _| again(log, Topic::Condition, "/muster", Some("1000000")).await).await;
    assert!(found(&mut trial).await.contains("the topic of conditions: "), "nobody decided it");
    by_hand(&stage, async |_, store| pass_over(store, "condition", "place:nowhere", None).await).await;
    assert!(found(&mut trial).await.contains("the topic of conditions: place:nowhere: 0 of 1 changes"));

    let rest = trial.rest().await;
    assert!(!rest.due("ladder").is_empty() && !rest.due("notice").is_empty(), "the load calls for both");
    by_hand(&stage, async |_, store| pass_over(store, "ladder", "case_1", Some("fx-1")).await).await;
    let called = found(&mut trial).await;
    assert!(called.contains("ladder of case_1: the journals ask None"), "nobody asked for it: {called}");
    assert!(called.contains("ladder of case_1: the outbox has Some([\"fx-1\"]), the log has None"), "{called}");

    by_hand(&stage, async |log, _| again(log, Topic::Observation, LOAD_SOURCE, None).await).await;
    assert!(found(&mut trial).await.contains("not watched: partition 0"));
    by_hand(&stage, async |_, store| store.skip_put(1, 0, "by hand", 0).await.unwrap()).await;
    assert!(trial.rest().await.believed.len() > trial.rest().await.replayed.len(), "skipped in a replay as well");

    let other = Stage::embedded();
    let ((log, _), (_, store)) = (other.open().await, stage.open().await);
    let nothing = Log::default().said_by(&*log, &store).await;
    assert!(nothing.cases.is_empty() && nothing.replayed.is_empty());
    for part in ["the topic of conditions", "not watched: partition 3", "ENGINE §11"] {
        assert!(words(&nothing).contains(part), "{part}: {}", words(&nothing));
    }
    log.close().await;
    store.close().await;
}
