//! Several processes on the same partitions: joining, leaving, killed, and one that sleeps longer than its lease and wakes.

use std::time::Duration;

use muster_tests::{Server, eventually, lasts};

use super::super::account;
use super::super::sender::PATIENCE;
use super::super::serve;
use super::super::trial::Trial;
use super::{SECONDS, full, tell};
use crate::api::Api;
use crate::stage::{PARTITIONS, Stage};

/// How many partitions each of them reads, by its own metrics.
async fn held(servers: &[&Server]) -> Vec<usize> {
    let mut held = Vec::new();
    for server in servers {
        let metrics = Api::new(server.url()).get("/metrics").await.text();
        held.push(metrics.lines().filter(|line| line.starts_with("muster_log_lag_records")).count());
    }
    held
}

/// Waits until all partitions are held, none of them by more than its share.
async fn shared_by(servers: &[&Server]) {
    let fair = (PARTITIONS as usize).div_ceil(servers.len());
    let shared = async || {
        let held = held(servers).await;
        (held.iter().sum::<usize>() == PARTITIONS as usize && held.iter().all(|held| *held <= fair)).then_some(())
    };
    eventually("the partitions to be shared out", PATIENCE, shared).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_may_join_and_leave() {
    let Some(stage) = Stage::kafka() else { return };
    let mut trial = Trial::begin(&stage, SECONDS, 7).await;
    let first = trial.serve();
    let (after, last) = trial
        .while_sending(async |probe| {
            let mut after = vec![probe.works().await];
            let (second, third) = (serve(&stage), serve(&stage));
            shared_by(&[&first, &second, &third]).await;
            after.push(probe.works().await);
            let fourth = serve(&stage);
            shared_by(&[&first, &second, &third, &fourth]).await;
            after.push(probe.works().await);
            assert!(second.terminate().success());
            after.push(probe.works().await);
            third.kill();
            after.push(probe.works().await);
            shared_by(&[&first, &fourth]).await;
            (after, fourth)
        })
        .await;
    // The one that was there from the beginning goes as well.
    trial.turn_to(&last);
    first.kill();
    let after = [after, vec![trial.while_sending(async |probe| probe.works().await).await]].concat();
    account::standing(&Api::new(last.url())).await.sound("processes came and went");
    tell("processes join, leave and are killed", &after, &trial.end(vec![last]).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_may_sleep_longer_than_its_lease() {
    let Some(stage) = Stage::kafka() else { return };
    let mut trial = Trial::begin(&stage, SECONDS, 8).await;
    let sleeper = trial.serve();
    let awake = serve(&stage);
    let after = trial
        .while_sending(async |probe| {
            shared_by(&[&sleeper, &awake]).await;
            probe.works().await
        })
        .await;
    // What the sleeper had of the load is sent again to the other one, which takes its partitions over.
    trial.turn_to(&awake);
    sleeper.signal("STOP");
    let (gone, woken) = trial
        .while_sending(async |probe| {
            let gone = probe.works().await;
            lasts(Duration::from_secs(if full() { 60 } else { 13 })).await;
            sleeper.signal("CONT");
            let woken = probe.works().await;
            shared_by(&[&sleeper, &awake]).await;
            (gone, woken)
        })
        .await;
    account::standing(&Api::new(awake.url())).await.sound("a process slept");
    tell("SIGSTOP longer than the lease, SIGCONT", &[after, gone, woken], &trial.end(vec![awake, sleeper]).await);
}
