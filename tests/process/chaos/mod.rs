//! kill -9 at random instants under load: what was acknowledged is watched, and every incident is one case.
//!
//! The load's incidents are known before the first observation is sent (`muster_street::load`). Its evidence carries
//! times of the past, so that hours of it go through in seconds; the instants at which conditions change come from
//! that evidence alone, whatever is killed when.

mod account;
mod check;
mod sender;

use std::time::{Duration, Instant};

use muster_street::MICROS;
use muster_street::load::{Load, LoadSettings};
use muster_tests::Server;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::sync::watch;

use crate::api::Api;
use crate::stage::{CatalogueFiles, Stage, book};
use account::Log;
use sender::{Acknowledged, Sender};

/// As the fire lane of `deploy/rules`, but a blind camera is nobody's case: here all evidence is old.
const RULES: &str = r#"
[[observation]]
kind = "occupancy"
reports = "every 10s"
made_by = "analytics"
values = { occupied = "bool", vehicles = "int" }

[[place_class]]
id = "fire_lane"
name = { zh = "消防车通道", en = "Fire lane" }
props = {}

[[case_kind]]
kind = "street.litter"
name = { zh = "暴露垃圾", en = "Litter" }
severity = 1
limits = { accept = "15m", arrive = "1h", close = "4h" }
seats = [{ role = "lead", competence = "property" }]

[[rule]]
id = "lane"
version = 1
name = { zh = "消防通道占用", en = "Fire lane blocked" }
watches = "fire_lane"
sees = ["occupancy"]
combine = "any"
raise = { when = "occupied", for = "3m" }
clear = { when = "!occupied", for = "30s" }
blind = { after = "30s", case_after = "30d" }
tolerate = "15s"
reopen_within = "30m"
rearm = "30m"
kind = "fire.lane.blocked"
severity = 4
mode = "live"
limits = { accept = "15m", arrive = "30m", close = "2h" }
why = { zh = "被占用，已 {held}，限 {needed}", en = "Occupied for {held} (limit {needed})" }

[[rule.respond]]
after = "2m"
seats = [{ role = "lead", competence = "enforcement" }]

[[rule.example]]
name = "three minutes"
steps = [
  { from = "0s", to = "4m", every = "10s", see = { occupied = true } },
  { at = "2m59s", expect = "suspected", episodes = 0 },
  { at = "3m", expect = "present", episodes = 1 },
]
"#;

/// Seconds of evidence that go through in one round, and the lanes that they are of.
const SECONDS: u32 = 150;
const PLACES: u32 = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_by_killing_the_embedded_process() {
    // A round is short, so its instant is drawn from less than a second.
    assault(&Stage::embedded(), rounds(20), 700).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_by_killing_the_process_on_kafka_and_postgresql() {
    let Some(stage) = Stage::kafka() else { return };
    assault(&stage, rounds(5), 3_000).await;
}

fn rounds(least: u32) -> u32 {
    std::env::var("MUSTER_CHAOS_ROUNDS").map_or(least, |rounds| rounds.parse().unwrap())
}

fn seed() -> u64 {
    std::env::var("MUSTER_CHAOS_SEED").map_or(141, |seed| seed.parse().unwrap())
}

/// Starts, loads and kills, so many times; then lets everything be done and proves that it was.
async fn assault(stage: &Stage, rounds: u32, most_millis: u64) {
    let (seed, begun) = (seed(), Instant::now());
    let seconds = SECONDS * rounds;
    let load =
        Load::new(LoadSettings { rate: PLACES / 5, places: PLACES, seconds, seed, batch: 60, hurry: 1 }).unwrap();
    let start = (jiff::Timestamp::now().as_microsecond() / MICROS - i64::from(seconds) - 60) * MICROS;
    let files = load.catalogue();
    let files =
        CatalogueFiles { grid: &files.grid, places: &files.places, devices: &files.devices, units: &files.units };
    stage.adopt(&book(RULES), files).await;

    let mut chance = StdRng::seed_from_u64(seed);
    let (where_now, server) = watch::channel(String::new());
    let mut log = Log::default();
    let mut sent = Acknowledged::default();
    let mut sender = Sender::new(&load, start, seed, server);
    let (mut cut_short, mut at_start) = (0, 0);
    for round in 1..=rounds {
        if round % 4 == 2 {
            // It has only just begun to take up what the one before left.
            serve(stage).kill();
            at_start += 1;
        }
        let server = serve(stage);
        where_now.send_replace(server.url().to_owned());
        if round > 1 {
            account::standing(&Api::new(server.url())).await.sound(&format!("seed {seed}, after kill {}", round - 1));
        }
        let last = Duration::from_micros(chance.random_range(0..most_millis * 1_000));
        // Until its share is sent, or until the blow: whatever was not answered by then is sent again.
        let _ = tokio::time::timeout(last, sender.share(rounds, &mut sent)).await;
        server.kill();
        cut_short += u32::from(sender.is_cut_short());
        log.read_on(stage).await;
        let lost = log.lacks(&sent);
        assert!(lost.is_empty(), "seed {seed}, kill {round}: acknowledged, and not in the log: {lost:?}");
    }
    let server = serve(stage);
    where_now.send_replace(server.url().to_owned());
    sender.rest(&mut sent).await;
    let api = Api::new(server.url());
    let account = account::settled(&api, &load, start, &sent).await;
    let cases = account.cases.len();
    let ended = server.terminate();
    assert!(ended.success(), "{ended}");
    log.read_on(stage).await;
    let findings = account.with(stage, &log, &sent).await.findings();
    assert!(findings.is_empty(), "seed {seed}:\n  {}", findings.join("\n  "));
    account::say(&format!(
        "chaos: seed {seed}, {rounds} kills, {cut_short} of them while sending, and {at_start} at the start; \
         {} observations and {} reports acknowledged, {} incidents known before, {cases} cases; 0 lost, 0 doubled; {:.0} s",
        sent.observations.len(),
        sent.reports.len(),
        load.expected().len(),
        begun.elapsed().as_secs_f64(),
    ));
}

fn serve(stage: &Stage) -> Server {
    // The load is of the past: nothing of it may count as late.
    Server::start(stage.command(&["serve"]).env("MUSTER_INTAKE__LATE_AFTER", "30d").env("RUST_LOG", "warn"))
}
