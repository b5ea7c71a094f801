//! What a process stands on goes away and comes back: the broker, the database, one broker of three.

use std::time::Duration;

use muster_tests::{Brokers, Database, Postgres, database, eventually, lasts};

use super::super::account;
use super::super::sender::PATIENCE;
use super::super::serve_as;
use super::super::trial::{Probe, Trial};
use super::{SECONDS, outage, tell};
use crate::api::Api;
use crate::stage::Stage;

/// Kafka and PostgreSQL of this test alone.
fn ground(brokers: u32) -> Option<(Brokers, Postgres)> {
    Some((Brokers::start(brokers, None)?, Postgres::start()?))
}

/// Does it to a process under load, and proves what came of it.
async fn survives(
    name: &str,
    seed: u64,
    brokers: &Brokers,
    postgres: &Postgres,
    fault: impl AsyncFn(Probe) -> Duration,
) {
    let stage = Stage::on(brokers.bootstrap().to_owned(), Database::on(postgres.url()));
    let mut trial = Trial::begin(&stage, SECONDS, seed).await;
    let server = trial.serve();
    let after = trial
        .while_sending(async |probe| {
            probe.works().await;
            fault(probe).await
        })
        .await;
    assert!(trial.sender.answers.refused() > 0, "{name}: nobody was told to come again");
    account::standing(&Api::new(server.url())).await.sound(name);
    let told = trial.end(vec![server]).await;
    tell(name, &[after], &told);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_broker_or_the_database_may_be_gone_for_a_while() {
    let Some((brokers, postgres)) = ground(1) else { return };
    let (kafka, database) = (&brokers, &postgres);
    survives("broker gone", 1, kafka, database, async |probe| {
        kafka.kill(1);
        probe.is_not_ready().await;
        lasts(outage()).await;
        kafka.start_again(1);
        probe.works().await
    })
    .await;
    survives("database gone", 2, kafka, database, async |probe| {
        database.kill();
        probe.is_not_ready().await;
        lasts(outage()).await;
        database.start_again();
        probe.works().await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_starts_while_one_of_three_brokers_is_gone() {
    let (Some(brokers), Some(database)) = (Brokers::start(3, None), database()) else { return };
    let stage = Stage::on(brokers.bootstrap().to_owned(), database);
    assert!(stage.serve().terminate().success());
    brokers.kill(2);
    // For nine seconds the two that are left still name the third to one client in three, as the controller.
    for _ in 0..8 {
        assert!(serve_as(&stage, &["console"]).terminate().success());
    }
}

/// The number of the broker that leads the first partition of the observations.
fn leader(brokers: &Brokers, topic: &str) -> u32 {
    let told = brokers.tool(&["topics", "--bootstrap-server", "$BOOTSTRAP", "--describe", "--topic", topic]);
    let line = told.lines().find(|line| line.contains("Partition: 0")).unwrap();
    let (_, rest) = line.split_once("Leader: ").unwrap();
    rest.split_whitespace().next().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_three_brokers_may_be_killed_and_leaders_may_move() {
    let (Some(brokers), Some(database)) = (Brokers::start(3, None), database()) else { return };
    let stage = Stage::on(brokers.bootstrap().to_owned(), database);
    let topic = format!("{}.observation.v1", stage.prefix());
    let mut trial = Trial::begin(&stage, SECONDS, 9).await;
    let server = trial.serve();
    let after = trial
        .while_sending(async |probe| {
            probe.works().await;
            let leads = leader(&brokers, &topic);
            brokers.kill(leads);
            let killed = probe.works().await;
            assert_ne!(leader(&brokers, &topic), leads);
            brokers.start_again(leads);
            let back = probe.works().await;
            // The one that came back is the preferred leader: it leads again.
            let elect = ["org.apache.kafka.tools.LeaderElectionCommand", "--bootstrap-server", "$BOOTSTRAP"];
            let moved = async || {
                let told =
                    brokers.tool(&[&elect[..], &["--election-type", "PREFERRED", "--all-topic-partitions"]].concat());
                (leader(&brokers, &topic) == leads).then_some(told)
            };
            eventually("the preferred leader to lead again", PATIENCE, moved).await;
            vec![killed, back, probe.works().await]
        })
        .await;
    account::standing(&Api::new(server.url())).await.sound("a broker was killed");
    let told = trial.end(vec![server]).await;
    tell("one of three brokers killed mid-load, back, leaders moved", &after, &told);
}
