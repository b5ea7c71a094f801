//! The network between a process and what it stands on: reset, cut in one direction, gone without a word, and losing the
//! answer to a commit.

use std::time::{Duration, Instant};

use muster_tests::{Brokers, Lost, Passage, Proxy, database, lasts, need};

use super::super::account;
use super::super::trial::{Probe, Trial};
use super::{SECONDS, outage, tell};
use crate::api::Api;
use crate::stage::Stage;

/// Whoever asks is answered by then: intake waits for the log for 10 s.
const AT_LATEST: Duration = Duration::from_secs(12);

/// Cuts answers, then requests, then resets; how long work took to go on each time, and how many requests were refused
/// during each cut.
async fn cut(probe: &Probe, proxy: &Proxy) -> (Vec<Duration>, Vec<u32>) {
    let (mut after, mut refused) = (Vec::new(), Vec::new());
    for passage in [Passage::NoAnswers, Passage::NoRequests] {
        let before = probe.answers.refused();
        proxy.set(passage);
        let heals = async {
            lasts(outage()).await;
            refused.push(probe.answers.refused() - before);
            proxy.set(Passage::Open);
        };
        // It is asked for all the while, and not only by the load, which may be over.
        let (worked, ()) = tokio::join!(probe.works(), heals);
        after.push(worked.saturating_sub(outage()));
    }
    for _ in 0..5 {
        proxy.reset();
        after.push(probe.works().await);
    }
    (after, refused)
}

/// A process under load on a stage whose network something is done to.
async fn survives(name: &str, seed: u64, stage: Stage, fault: impl AsyncFn(&Probe) -> Vec<Duration>) {
    let mut trial = Trial::begin(&stage, SECONDS, seed).await;
    let server = trial.serve();
    let after = trial
        .while_sending(async |probe| {
            probe.works().await;
            fault(&probe).await
        })
        .await;
    account::standing(&Api::new(server.url())).await.sound(name);
    tell(name, &after, &trial.end(vec![server]).await);
}

/// A stage that reaches PostgreSQL by a proxy.
async fn beside_postgres() -> Option<(Stage, Proxy)> {
    let (kafka, database) = (need("MUSTER_TEST_KAFKA", "Apache Kafka"), database());
    let database = database?;
    let proxy = Proxy::before(&database.address()).await.unwrap();
    Some((Stage::on(kafka?, database).by_way_of(&proxy.address()), proxy))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_line_to_the_database_may_be_cut_and_reset() {
    let Some((stage, proxy)) = beside_postgres().await else { return };
    survives("database: answers cut, requests cut, five resets", 3, stage, async |probe| cut(probe, &proxy).await.0)
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_may_vanish_without_a_word() {
    let Some((stage, proxy)) = beside_postgres().await else { return };
    survives("database: connections go silent for good", 4, stage, async |probe| {
        proxy.strand();
        vec![probe.works().await]
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_answer_to_a_commit_may_be_lost() {
    let Some((stage, proxy)) = beside_postgres().await else { return };
    survives("database: 60 commits lose their answer, half of them done", 5, stage, async |probe| {
        let mut after = Vec::new();
        for how in [Lost::Done, Lost::Undone].into_iter().cycle().take(12) {
            let (begun, lost) = (Instant::now(), proxy.commits_lost());
            proxy.lose_commits(5, how);
            while proxy.commits_lost() < lost + 5 {
                lasts(Duration::from_millis(50)).await;
                assert!(begun.elapsed() < Duration::from_secs(120), "nobody commits any more");
            }
            after.push(probe.works().await);
        }
        after
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_line_to_the_broker_may_be_cut_and_reset() {
    let Some(database) = database() else { return };
    let proxy = Proxy::listen().await.unwrap();
    let (_, port) = proxy.address().rsplit_once(':').map(|(host, port)| (host.to_owned(), port.to_owned())).unwrap();
    let Some(brokers) = Brokers::start(1, Some(&port)) else { return };
    proxy.lead_to(brokers.bootstrap());
    let stage = Stage::on(proxy.address(), database);
    survives("broker: answers cut, requests cut, five resets", 6, stage, async |probe| {
        let (after, refused) = cut(probe, &proxy).await;
        assert!(refused.iter().all(|refused| *refused > 0), "nobody was told to come again: {refused:?}");
        let slowest = probe.answers.slowest();
        assert!(slowest < AT_LATEST, "somebody waited {slowest:?} for an answer");
        after
    })
    .await;
}
