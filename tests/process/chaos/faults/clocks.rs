//! Clocks that are wrong or jump: the process's own, by a small library that lies to the real program about the time.

use std::process::Command;
use std::time::Duration;

use muster_tests::{Server, eventually, lasts};

use super::super::account;
use super::super::sender::PATIENCE;
use super::super::trial::Trial;
use super::{SECONDS, tell};
use crate::api::Api;
use crate::lies;
use crate::stage::{PARTITIONS, Stage};

/// A server whose wall clock is so many seconds off the true one, read from a file afresh each time; time that only counts
/// goes on truly.
fn lied_to(stage: &Stage, seconds: i64) -> Command {
    set(stage, seconds);
    let mut command = stage.command(&["serve"]);
    lies::tell(&mut command, lies::OF_THE_TIME, stage.folder());
    command.env("LIE_FILE", stage.folder().join("offset"));
    command.env("MUSTER_INTAKE__LATE_AFTER", "30d").env("RUST_LOG", "warn");
    command
}

/// Replaced in one step: nobody reads half of it.
fn set(stage: &Stage, seconds: i64) {
    let next = stage.folder().join("offset.next");
    std::fs::write(&next, seconds.to_string()).unwrap();
    std::fs::rename(next, stage.folder().join("offset")).unwrap();
}

const HOUR: i64 = 3_600;

/// Waits until every partition has been ticked, while nothing else is sent.
async fn ticked(server: &Server) {
    let ends = async || {
        let system = Api::new(server.url()).get("/api/v1/system").await.json();
        let partitions = system["partitions"].as_array().unwrap();
        partitions.iter().map(|partition| partition["end"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    let sent = ends().await;
    let further = async || ends().await.iter().zip(&sent).all(|(now, sent)| now > sent).then_some(());
    eventually("every partition to be ticked", PATIENCE, further).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_an_hour_off_the_databases_holds_nothing() {
    let Some(stage) = Stage::kafka() else { return };
    let mut trial = Trial::begin(&stage, SECONDS, 13).await;
    for offset in [HOUR, -HOUR] {
        let server = Server::start(&mut lied_to(&stage, offset));
        let said = async || {
            let answer = Api::new(server.url()).get("/readyz").await;
            (answer.status == 503 && answer.text().contains("clock")).then_some(())
        };
        eventually("the process to say that its clock is wrong", PATIENCE, said).await;
        // Calls would have expired before they were made, and deadlines would have lapsed late or not at all.
        for work in ["the outbox waits", "seats wait to be filled", "deadlines wait", "the topic waits"] {
            let kept_from = |line: &str| line.contains(work) && line.contains("clock");
            let said = async || server.words().lines().any(kept_from).then_some(());
            eventually(&format!("it to say that {work}"), PATIENCE, said).await;
        }
        let held = stage.database().query("select name from lease where owner is not null").unwrap();
        assert_eq!(held, "", "it holds leases");
        let held = async || Api::new(server.url()).get("/metrics").await.text().contains("muster_log_lag_records{");
        assert!(!held().await, "it holds a partition");
        set(&stage, 0);
        if offset < 0 {
            // Put right, it goes on by itself, and catches up with the hour.
            eventually("a partition to be held", PATIENCE, async || held().await.then_some(())).await;
            let ready = async || (Api::new(server.url()).get("/readyz").await.status == 200).then_some(());
            eventually("the process to be ready", PATIENCE, ready).await;
        } else {
            lasts(Duration::from_secs(5)).await;
            assert!(!held().await, "its time would have to go back");
            let why = Api::new(server.url()).get("/readyz").await.text();
            assert!(why.contains("+3") && why.contains("must be started again"), "{why}");
        }
        assert!(server.terminate().success());
    }
    // With a right clock at its start, steps do not concern it: it counts on from there.
    let server = Server::start(&mut lied_to(&stage, 0));
    trial.turn_to(&server);
    let after = trial
        .while_sending(async |probe| {
            let mut after = vec![probe.works().await];
            for offset in [HOUR, -HOUR, 0] {
                set(&stage, offset);
                after.push(probe.works().await);
            }
            after
        })
        .await;
    account::standing(&Api::new(server.url())).await.sound("the clock jumped");
    tell("clock an hour off: holds nothing; clock jumps", &after, &trial.end(vec![server]).await);
}

/// An embedded process has no other clock to compare its own with: what it reads at its start holds, and it counts on from there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_embedded_process_goes_on_whatever_its_clock_says() {
    let stage = Stage::embedded();
    let mut trial = Trial::begin(&stage, SECONDS, 20).await;
    let mut after = Vec::new();
    let ahead = Some("nobody watched this partition");
    for (at_start, says) in [(0, None), (HOUR, ahead), (0, Some("the clock is behind the log"))] {
        let server = Server::start(&mut lied_to(&stage, at_start));
        trial.turn_to(&server);
        after.extend(
            trial
                .while_sending(async |probe| {
                    let mut after = vec![probe.works().await];
                    for offset in [HOUR, -HOUR, at_start] {
                        set(&stage, offset);
                        after.push(probe.works().await);
                    }
                    after
                })
                .await,
        );
        account::standing(&Api::new(server.url())).await.sound("the clock jumped");
        if let Some(says) = says {
            let every = async || (server.words().matches(says).count() == PARTITIONS as usize).then_some(());
            eventually("every partition to say so", PATIENCE, every).await;
        }
        // Only where there was a tick is there a time that the next one is ahead of.
        ticked(&server).await;
        assert!(server.terminate().success());
    }
    // As late as the log: nothing has to wait an hour to become a case.
    let server = Server::start(&mut lied_to(&stage, HOUR));
    trial.turn_to(&server);
    tell("embedded, clock an hour ahead and right again, jumps", &after, &trial.end(vec![server]).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_embedded_process_whose_clock_was_ahead_goes_on() {
    let stage = Stage::embedded();
    let mut trial = Trial::begin(&stage, SECONDS, 14).await;
    let server = Server::start(&mut lied_to(&stage, AHEAD));
    trial.turn_to(&server);
    let ahead = trial
        .while_sending(async |probe| {
            let ahead = probe.works().await;
            // Some ticks of that time, committed.
            lasts(Duration::from_secs(5)).await;
            ahead
        })
        .await;
    server.kill();
    // The log is ahead of this clock now: nothing runs out until it is there, and reports become cases all the same.
    let server = trial.serve();
    let back = trial.while_sending(async |probe| probe.works().await).await;
    account::standing(&Api::new(server.url())).await.sound("the clock was ahead");
    assert!(server.words().contains("the clock is behind the log"), "{}", server.words());
    tell("embedded, clock ahead of the time, then right again", &[ahead, back], &trial.end(vec![server]).await);
}

/// Seconds: short enough to see that everything is as it must be once the time has come.
const AHEAD: i64 = 20;
