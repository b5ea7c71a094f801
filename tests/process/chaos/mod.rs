//! kill -9 at random instants under load: what was acknowledged is watched, and every incident is one case.
//!
//! The load's incidents are known before the first observation is sent (`muster_street::load`). Its evidence carries
//! times of the past, so that hours of it go through in seconds; the instants at which conditions change come from
//! that evidence alone, whatever is killed when.

mod account;
mod check;
mod faults;
mod person;
mod rest;
mod sender;
mod stream;
mod trial;

use std::time::{Duration, Instant};

use muster_tests::Server;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::api::Api;
use crate::stage::Stage;
use trial::Trial;

/// As the fire lane of `deploy/rules`, but a blind camera is nobody's case: here all evidence is old. That of the gates is
/// of now, and they are blind whenever their camera says so.
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

[[place_class]]
id = "gate"
name = { zh = "道闸", en = "Gate" }
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
after = "0s"
warn = { zh = "请立即驶离。", en = "Move your vehicle now." }

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

[[rule]]
id = "gate"
version = 1
name = { zh = "道闸被挡", en = "Gate blocked" }
watches = "gate"
sees = ["occupancy"]
combine = "any"
raise = { when = "occupied", for = "3m" }
clear = { when = "!occupied", for = "30s" }
blind = { after = "20s", case_after = "1s" }
kind = "gate.blocked"
severity = 2
mode = "live"
limits = { accept = "15m", arrive = "30m", close = "2h" }
why = { zh = "被占用，已 {held}，限 {needed}", en = "Occupied for {held} (limit {needed})" }

[[rule.example]]
name = "two minutes are not enough"
steps = [
  { from = "0s", to = "2m", every = "10s", see = { occupied = true } },
  { at = "2m", expect = "suspected", episodes = 0 },
]
"#;

/// Seconds of evidence that go through in one round, and the lanes that they are of.
const SECONDS: u32 = 150;
const PLACES: u32 = 60;

/// How often the process is killed in a round before everything is done and proved to be: in every second one again, before
/// it has got over the first.
fn blows(round: u32) -> u32 {
    1 + u32::from(round.is_multiple_of(2))
}

/// One kill of so many, at least, comes while sending.
const FAIR: u32 = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_by_killing_the_embedded_process() {
    // A round is short, so its instant is drawn from less than a second.
    assault(&Stage::embedded(), rounds(20), Duration::from_millis(700)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_by_killing_the_process_on_kafka_and_postgresql() {
    let Some(stage) = Stage::kafka() else { return };
    assault(&stage, rounds(8), Duration::from_secs(1)).await;
}

fn rounds(least: u32) -> u32 {
    std::env::var("MUSTER_CHAOS_ROUNDS").map_or(least, |rounds| rounds.parse().unwrap())
}

fn seed() -> u64 {
    std::env::var("MUSTER_CHAOS_SEED").map_or(141, |seed| seed.parse().unwrap())
}

/// Starts, loads and kills, so many rounds; after each, everything is done and proved to be.
async fn assault(stage: &Stage, rounds: u32, most: Duration) {
    let (seed, begun) = (seed(), Instant::now());
    let mut trial = Trial::begin(stage, SECONDS * rounds, seed).await;
    let mut chance = StdRng::seed_from_u64(seed);
    let all = (1..=rounds).map(blows).sum();
    let (mut blow, mut cut_short, mut at_start, mut proving) = (0, 0, 0, Duration::ZERO);
    for round in 1..=rounds {
        for again in 0..blows(round) {
            let server = trial.serve();
            if again > 0 {
                account::standing(&Api::new(server.url())).await.sound(&format!("seed {seed}, after kill {blow}"));
            }
            blow += 1;
            // However fast the machine is, more of the blows fall while sending than after.
            let usual = trial.sender.took.map_or(most, |took| (took * 3 / 2).min(most));
            let last = usual.mul_f64(chance.random());
            // Until its share is sent, or until the blow: whatever was not answered by then is sent again.
            let _ = tokio::time::timeout(last, trial.sender.share(all, &mut trial.sent)).await;
            server.kill();
            cut_short += u32::from(trial.sender.is_cut_short());
            trial.nothing_is_lost(&format!("seed {seed}, kill {blow}")).await;
        }
        if round % 4 == 1 {
            // It has only just begun to take up what the one before left.
            serve(stage).kill();
            at_start += 1;
        }
        if round < rounds {
            let (server, proved) = (trial.serve(), Instant::now());
            trial.settle(vec![server], |account| account).await;
            proving += proved.elapsed();
        }
    }
    // Otherwise it was never cut off in the middle of its work.
    assert!(cut_short * FAIR >= all, "only {cut_short} of {all} kills came while sending");
    let server = trial.serve();
    let told = trial.end(vec![server]).await;
    account::say(&format!(
        "chaos: seed {seed}, {rounds} rounds, {all} kills, {cut_short} of them while sending, and {at_start} at the start; \
         {told}; {:.0} s, {:.1} s of a round until all was done and proved",
        begun.elapsed().as_secs_f64(),
        proving.as_secs_f64() / f64::from(rounds.max(2) - 1),
    ));
}

fn serve(stage: &Stage) -> Server {
    serve_as(stage, &[])
}

/// A server with these roles alone, or with all.
fn serve_as(stage: &Stage, roles: &[&str]) -> Server {
    let roles = roles.iter().flat_map(|roles| ["--roles", roles]);
    let arguments: Vec<&str> = std::iter::once("serve").chain(roles).collect();
    // The load is of the past: nothing of it may count as late.
    Server::start(stage.command(&arguments).env("MUSTER_INTAKE__LATE_AFTER", "30d").env("RUST_LOG", "warn"))
}
