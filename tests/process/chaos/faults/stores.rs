//! A log and a store that are not of the same time, or not of the same log at all.

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
    let Some(published) = account.published.take() else { return account };
    let mut last = std::collections::BTreeMap::new();
    for (event, case) in published {
        last.insert((case.id.to_string(), event.version), (event, case));
    }
    let known =
        |id: &str, version| account.cases.iter().any(|(case, _)| case.id.as_str() == id && version <= case.version);
    account.published =
        Some(last.into_iter().filter(|((id, version), _)| known(id, *version)).map(|(_, told)| told).collect());
    account
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_restored_from_yesterday_catches_up_with_the_living_log() {
    let Some(stage) = Stage::kafka() else { return };
    let mut trial = Trial::begin(&stage, SECONDS, 10).await;
    let server = trial.serve();
    trial.while_sending(async |probe| probe.works().await).await;
    assert!(server.terminate().success());
    stage.database().keep_copy();
    let server = trial.serve();
    trial
        .while_sending(async |probe| {
            for _ in 0..10 {
                probe.works().await;
            }
        })
        .await;
    server.kill();
    stage.database().restore_copy();
    let server = trial.serve();
    let after = trial.while_sending(async |probe| probe.works().await).await;
    account::standing(&Api::new(server.url())).await.sound("the store is of yesterday");
    let told = trial.end_with(vec![server], as_published_last).await;
    tell("store restored from yesterday under a living log", &[after], &told);
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
    let published = account.published.as_mut().unwrap();
    let forgotten = published[6].clone();
    published.insert(2, forgotten);
    let mut gap = account.clone();
    assert_eq!(as_published_last(account).findings().join("\n"), "");
    gap.published.as_mut().unwrap().retain(|(event, _)| event.version != 5);
    assert!(as_published_last(gap).findings().join("\n").contains("the topic of cases"));
}
