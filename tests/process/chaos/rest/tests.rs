//! What is read of log and store shows what is broken there: a load comes to its end, then one thing is broken at a time.

use muster_log::Append;
use muster_store::{ConditionMoved, ConditionRow, OutboxRow};

use super::super::trial::Trial;
use super::*;

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

/// Some condition that is clear.
async fn a_row(stage: &Stage) -> ConditionRow {
    let (log, store) = stage.open().await;
    let row = store.conditions_of_partition(0).await.unwrap().into_iter().find(|row| row.state == "clear").unwrap();
    log.close().await;
    store.close().await;
    row
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
async fn pass_over(store: &Store, subject: &str) {
    let (destination, ordering_key) = ("condition".to_owned(), subject.to_owned());
    let row = OutboxRow { destination, ordering_key, effect: None, body: "{}".to_owned(), created: 0, not_after: None };
    let mut tx = store.begin().await.unwrap();
    tx.outbox_push(&[row]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store.outbox_pending().await.unwrap().count, 1);
    let grant = store.lease_acquire("publish", "by hand", 1, 1).await.unwrap().unwrap();
    let last = store.outbox_number(grant.epoch, 10).await.unwrap().last.unwrap();
    let at = store.destination("condition").await.unwrap().cursor;
    store.destination_advance("condition", at, last, 1).await.unwrap();
}

/// Appends the first record of a source in a topic's first partition once more, maybe under another id.
async fn again(log: &dyn EventLog, topic: Topic, source: &str, id: Option<&str>) {
    let records = all(log, &topic).await;
    let mut record = records.into_iter().find(|record| text(record, "ce_source") == source).unwrap();
    for (_, value) in record.headers.iter_mut().filter(|(name, _)| name == "ce_id") {
        *value = id.map_or_else(|| value.clone(), |id| id.as_bytes().to_vec().into());
    }
    log.append(vec![Append { topic, partition: 0, record }]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_broken_in_log_or_store_is_found() {
    let stage = Stage::embedded();
    let mut trial = Trial::begin(&stage, 400, 22).await;
    let server = trial.serve();
    trial.send_the_rest().await;
    trial.settle(vec![server], |account| account).await;
    assert_eq!(found(&mut trial).await, "");

    trial.sent.observations.insert("22-nobody".to_owned());
    assert!(found(&mut trial).await.contains("22-nobody was acknowledged and is lost"));
    trial.sent.observations.remove("22-nobody");

    let row = a_row(&stage).await;
    by_hand(&stage, async |_, store| believe(store, row.clone(), "easing").await).await;
    assert!(found(&mut trial).await.contains(&format!("ENGINE §11: lane at {}", row.subject)));
    by_hand(&stage, async |_, store| believe(store, row.clone(), &row.state).await).await;
    by_hand(&stage, async |log, _| again(log, Topic::Condition, "/muster", None).await).await;
    assert_eq!(found(&mut trial).await, "", "put right, and a repeat is none");

    by_hand(&stage, async |log, _| again(log, Topic::Condition, "/muster", Some("1000000")).await).await;
    assert!(found(&mut trial).await.contains("the topic of conditions: "), "nobody decided it");
    by_hand(&stage, async |_, store| pass_over(store, "place:nowhere").await).await;
    assert!(found(&mut trial).await.contains("the topic of conditions: place:nowhere: 0 of 1 changes"));

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
