//! A log and a store that are not of the same time, or not of the same log at all.

use std::collections::{BTreeMap, BTreeSet};

use muster_tests::{Brokers, Postgres, Server, database};

use super::super::account;
use super::super::check::Account;
use super::super::trial::Trial;
use super::{SECONDS, tell};
use crate::api::Api;
use crate::stage::Stage;

/// What the store has forgotten was published all the same: of each change only what was published last counts, and what
/// only the forgotten time knew does not.
pub(super) fn as_published_last(mut account: Account) -> Account {
    // Numbers that a reader knows have been given again.
    account.followed = None;
    let Some(rest) = &mut account.rest else { return account };
    let (mut cases, mut conditions) = (BTreeMap::new(), BTreeMap::new());
    for (event, case) in rest.cases.drain(..) {
        cases.insert((case.id.to_string(), event.version), (event, case));
    }
    let known =
        |id: &str, version| account.cases.iter().any(|(case, _)| case.id.as_str() == id && version <= case.version);
    rest.cases = cases.into_iter().filter(|((id, version), _)| known(id, *version)).map(|(_, told)| told).collect();
    for sent in rest.conditions.drain(..) {
        conditions.insert((sent.number, sent.subject.clone()), sent);
    }
    let due: BTreeSet<_> = rest.due("condition").into_iter().map(|due| (due.number, due.subject)).collect();
    rest.conditions = conditions.into_iter().filter(|(of, _)| due.contains(of)).map(|(_, sent)| sent).collect();
    account
}

/// A store goes back to an older one while the log goes on, and with it everything that was decided meanwhile.
async fn goes_back(name: &str, seed: u64, stage: &Stage, keep: impl FnOnce(), restore: impl FnOnce()) {
    let mut trial = Trial::begin(stage, SECONDS, seed).await;
    let server = trial.serve();
    trial.while_sending(async |probe| probe.works().await).await;
    assert!(server.terminate().success());
    let kept = trial.standing();
    keep();
    // Two owners, so that the log knows a later one than the next of the store that comes back.
    for _ in 0..2 {
        let server = trial.serve();
        trial
            .while_sending(async |probe| {
                for _ in 0..3 {
                    probe.works().await;
                }
            })
            .await;
        server.kill();
    }
    restore();
    trial.may_have_forgotten(&kept);
    let server = trial.serve();
    let after = trial.while_sending(async |probe| probe.works().await).await;
    account::standing(&Api::new(server.url())).await.sound("the store is of yesterday");
    let told = trial.end_with(vec![server], as_published_last).await;
    tell(&format!("store restored from yesterday under a living log ({name})"), &[after], &told);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_restored_from_yesterday_catches_up_with_the_living_log() {
    let Some(stage) = Stage::kafka() else { return };
    let (keep, restore) = (|| stage.database().keep_copy(), || stage.database().restore_copy());
    goes_back("Kafka and PostgreSQL", 10, &stage, keep, restore).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_database_file_catches_up_with_the_living_embedded_log() {
    let stage = Stage::embedded();
    let [file, journal, shared, kept] =
        ["muster.db", "muster.db-wal", "muster.db-shm", "yesterday.db"].map(|name| stage.folder().join(name));
    let keep = || {
        assert!(!journal.exists(), "the file is not all there is");
        std::fs::copy(&file, &kept).unwrap();
    };
    let restore = || {
        // What the killed process had not moved into its file yet belongs to that file alone.
        std::fs::remove_file(&journal).unwrap();
        std::fs::remove_file(&shared).unwrap();
        std::fs::rename(&kept, &file).unwrap();
    };
    goes_back("embedded", 21, &stage, keep, restore).await;
}

/// What `muster serve` says when it will not start.
fn refused(stage: &Stage, with: &[(&str, &str)]) -> String {
    let output = stage.command(&["serve"]).envs(with.iter().copied()).output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{words}");
    words
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_wiped_under_a_living_store_is_refused() {
    let (Some(brokers), Some(postgres)) = (Brokers::start(1, None), Postgres::start()) else { return };
    let stage = Stage::on(brokers.bootstrap().to_owned(), muster_tests::Database::on(postgres.url()));
    let mut trial = Trial::begin(&stage, 150, 11).await;
    let server = trial.serve();
    trial.while_sending(async |probe| probe.works().await).await;
    // Under the running process and under one that comes after it.
    brokers.wipe();
    let words = refused(&stage, &[]);
    for part in ["this store belongs to another log", "cluster was", "store.url at an empty store", "muster migrate"] {
        assert!(words.contains(part), "{part}: {words}");
    }
    let why = muster_tests::eventually("the running process to say so", super::super::sender::PATIENCE, async || {
        let answer = Api::new(server.url()).get("/readyz").await;
        (answer.status == 503 && answer.text().contains("the brokers hold another log now")).then(|| answer.text())
    });
    why.await;
    let refusal =
        Api::new(server.url()).post("/api/v1/observations", "application/cloudevents-batch+json", one()).await;
    assert_eq!(refusal.status, 503, "what goes into another log is never watched: {}", refusal.text());
    drop(server);
    tell("Kafka wiped under a living store", &[], "refused with what to do, by the running process and by a new one");
}

/// One observation that any server of the load would take.
fn one() -> Vec<u8> {
    br#"[{"specversion":"1.0","type":"muster.observation.v1","source":"/gateways/load","id":"after","time":"2026-01-01T00:00:00Z",
    "datacontenttype":"application/json","data":{"device":"load-cam-1","place":"load-1","kind":"occupancy","values":{"occupied":true}}}]"#
        .to_vec()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_with_another_number_of_partitions_is_refused() {
    let (Some(brokers), Some(database)) = (Brokers::start(1, None), database()) else { return };
    let stage = Stage::on(brokers.bootstrap().to_owned(), database);
    let mut trial = Trial::begin(&stage, 150, 12).await;
    let server: Server = trial.serve();
    trial.while_sending(async |probe| probe.works().await).await;
    assert!(server.terminate().success());
    let words = refused(&stage, &[("MUSTER_LOG__PARTITIONS", "8")]);
    assert!(words.contains("has 4 partitions, not 8") && words.contains("set log.partitions to 4"), "{words}");
    let topic = format!("{}.observation.v1", stage.prefix());
    let alter = ["topics", "--bootstrap-server", "$BOOTSTRAP", "--alter", "--topic", &topic, "--partitions", "6"];
    let _ = brokers.tool(&alter);
    let words = refused(&stage, &[]);
    assert!(words.contains("has 6 partitions, not 4"), "{words}");
    let words = refused(&stage, &[("MUSTER_LOG__PARTITIONS", "6")]);
    assert!(words.contains("partitions"), "{words}");
    tell("a topic with another number of partitions", &[], "refused with what to do");
}

#[test]
fn what_was_published_in_a_forgotten_time_counts_for_nothing_and_a_gap_is_still_found() {
    let mut account = super::super::check::tests::in_order();
    let rest = account.rest.as_mut().unwrap();
    let forgotten = rest.cases[6].clone();
    rest.cases.insert(2, forgotten);
    let (mut other, mut beyond) = (rest.conditions[1].clone(), rest.conditions[1].clone());
    other.body.push(' ');
    beyond.number += 100;
    rest.conditions.splice(0..0, [other, beyond]);
    let mut gap = account.clone();
    assert_eq!(as_published_last(account).findings().join("\n"), "");
    let rest = gap.rest.as_mut().unwrap();
    rest.cases.retain(|(event, _)| event.version != 5);
    let first = rest.conditions[0].number;
    rest.conditions.retain(|sent| sent.number != first);
    let words = as_published_last(gap).findings().join("\n");
    assert!(words.contains("the topic of cases") && words.contains("the topic of conditions"), "{words}");
}
