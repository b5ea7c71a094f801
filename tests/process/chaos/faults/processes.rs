//! Several processes on the same partitions: joining, leaving, killed, and one that sleeps longer than its lease and wakes.

use std::time::Duration;

use muster_tests::{Brokers, Server, database, eventually, lasts};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

use super::super::account;
use super::super::sender::PATIENCE;
use super::super::trial::Trial;
use super::super::{serve, serve_as};
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

/// The processes of a street that is run as the handbook says: one that is spoken to, and two that watch.
const ROLES: [&str; 3] = ["admit,console", "watch,publish,tick", "watch,publish,tick"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_of_separate_roles_are_killed_one_after_another_on_three_brokers() {
    let (Some(brokers), Some(database)) = (Brokers::start(3, None), database()) else { return };
    let stage = Stage::on(brokers.bootstrap().to_owned(), database);
    let mut trial = Trial::begin(&stage, SECONDS, 23).await;
    let mut chance = StdRng::seed_from_u64(23);
    let mut processes = ROLES.map(|roles| Some(serve_as(&stage, &[roles])));
    trial.turn_to(processes[0].as_ref().unwrap());
    let mut after = vec![trial.while_sending(async |probe| probe.works().await).await];
    for round in 0..2 {
        let mut order = [0, 1, 2];
        order.shuffle(&mut chance);
        for which in order {
            let blow = Duration::from_secs(1).mul_f64(chance.random());
            trial.while_sending(async |_| lasts(blow).await).await;
            processes[which].take().unwrap().kill();
            processes[which] = Some(serve_as(&stage, &[ROLES[which]]));
            trial.turn_to(processes[0].as_ref().unwrap());
            after.push(trial.while_sending(async |probe| probe.works().await).await);
        }
        let broker = chance.random_range(1..=3);
        let again = async |probe: super::super::trial::Probe| {
            brokers.kill(broker);
            let killed = probe.works().await;
            brokers.start_again(broker);
            [killed, probe.works().await]
        };
        after.extend(trial.while_sending(again).await);
        let front = processes[0].as_ref().unwrap();
        account::standing(&Api::new(front.url())).await.sound(&format!("round {round} of separate roles"));
    }
    let told = trial.end(processes.into_iter().flatten().collect()).await;
    tell("separate roles on three brokers: each process killed in turn, and a broker", &after, &told);
}
