//! Nobody watches for a while, and everything that was taken in meanwhile waits.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use muster_street::load::LoadSettings;
use muster_tests::{eventually, lasts};

use super::super::sender::PATIENCE;
use super::super::serve_as;
use super::super::trial::Trial;
use super::{full, tell};
use crate::api::Api;
use crate::stage::Stage;

/// Seconds of evidence in the backlog.
const SECONDS: u32 = 1_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backlog_is_caught_up_with_and_calls_nobody_for_what_is_over() {
    let Some(stage) = Stage::kafka() else { return };
    let rate = if full() { 1_000 } else { 100 };
    let load = LoadSettings { rate, places: rate * 5, seconds: SECONDS, seed: 15, batch: 500, hurry: 1 };
    let mut trial = Trial::of(&stage, load).await;
    // So that there is a time before the outage: some ticks.
    let server = super::super::serve(&stage);
    let ticked =
        async || Api::new(server.url()).get("/metrics").await.text().contains("muster_log_lag_records").then_some(());
    eventually("the partitions to be watched", PATIENCE, ticked).await;
    lasts(Duration::from_secs(3)).await;
    server.kill();
    let admit = serve_as(&stage, &["admit"]);
    trial.turn_to(&admit);
    trial.sender.person = None;
    let begun = Instant::now();
    trial.send_the_rest().await;
    // Longer than the ten seconds from which on it is an outage of our own.
    lasts(Duration::from_secs(15).saturating_sub(begun.elapsed())).await;
    assert!(admit.terminate().success());

    let server = trial.serve();
    let begun = Instant::now();
    let after = trial.while_sending(async |probe| probe.works().await).await;
    let api = Api::new(server.url());
    trial.watched(&api).await;
    let caught_up = begun.elapsed();
    let standing: BTreeSet<(String, i64)> =
        trial.expected().filter(|one| one.ends.is_none()).map(|one| (one.place, one.begins)).collect();
    for case in api.list("/api/v1/cases").await {
        let case = muster_wire::case::read(&case.to_string()).unwrap();
        let Some(place) = case.subject.place() else { continue };
        for episode in &case.episodes {
            assert!(
                standing.contains(&(place.to_string(), episode.began.micros())),
                "somebody was called for what was over: {case:?}"
            );
        }
    }
    let marked = api.get("/metrics").await.text();
    assert!(marked.lines().any(|line| line.starts_with("muster_outages_total{")), "nobody marks the outage: {marked}");
    assert!(server.words().contains("nobody watched this partition"), "{}", server.words());
    let told = trial.end(vec![server]).await;
    tell(
        &format!("backlog of {} after an outage, caught up with in {:.1} s", rate * SECONDS, caught_up.as_secs_f64()),
        &[after],
        &told,
    );
}
