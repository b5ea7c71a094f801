//! A steady load: observations are sent when they are due, whatever became of those before, and an open stream of cases is
//! watched. The clock of an incident starts when the observation that shows it was due to be sent (open loop).

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use muster_domain::case::Happened;
use muster_pipeline::clock::Clock;
use muster_street::load::{Load, LoadSettings};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};

use super::scene::{HURRY, Scene};
use super::server::{self, Server};
use super::usage;
use crate::exit::Failure;
use crate::settings::Settings;

/// Requests a second at most: an observation waits for its request up to this much of a second.
const REQUESTS: u32 = 100;
/// Requests under way at once; beyond, the load waits for the server, and its clock runs.
const UNDER_WAY: usize = 256;
/// How long the last cases may take.
const PATIENCE: Duration = Duration::from_secs(10);
const BATCH: &str = "application/cloudevents-batch+json";
const MINUTE: i64 = 60_000_000;

/// One steady load.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Paced {
    /// Observations a second, as planned and as sent.
    rate: u32,
    sent_per_second: f64,
    seconds: u32,
    places: u32,
    /// Incidents that had to show on the stream, and did, and no other.
    incidents: usize,
    /// From due to be sent to the case on an open stream, in milliseconds.
    p50_ms: f64,
    p99_ms: f64,
    p999_ms: f64,
    worst_ms: f64,
    /// Processors that the server kept busy.
    cores: f64,
    /// What the server held in memory before it knew a place, and at the end, in MiB.
    resident_start_mib: f64,
    resident_mib: f64,
    /// From the start of the process to its address, with nothing to load, in milliseconds.
    start_ms: f64,
    /// Minute by minute, for what should be flat.
    minutes: Vec<Minute>,
}

/// One minute of a steady load.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Minute {
    /// Incidents that had to show in it.
    incidents: usize,
    p50_ms: f64,
    p99_ms: f64,
    /// What the server held in memory at its end, and its folder on disk, in MiB.
    resident_mib: f64,
    disk_mib: f64,
}

impl fmt::Display for Paced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rate, places, incidents, p50_ms, p99_ms, p999_ms, worst_ms, cores, resident_mib, start_ms, .. } =
            self;
        write!(
            f,
            "{rate} /s at {places} places: {incidents} incidents on the stream after p50 {p50_ms:.1} p99 {p99_ms:.1} p99.9 \
             {p999_ms:.1} worst {worst_ms:.1} ms; {cores:.2} cores, {resident_mib:.0} MiB; up in {start_ms:.0} ms"
        )
    }
}

/// When incidents showed, or had to, by place and in order; microseconds.
type Times = BTreeMap<String, Vec<i64>>;

pub(super) async fn run(settings: &Settings, rate: u32, seconds: u32) -> Result<Paced, Failure> {
    // Every place is heard once a second: less often, and how long one waits for the next word would be measured.
    let places = rate.min(15_000);
    let batch = rate.div_ceil(REQUESTS) as usize;
    let load = LoadSettings { rate, places, seconds, seed: 1, batch, hurry: HURRY };
    let load = Load::new(load).map_err(|error| Failure::usage(error.to_string()))?;
    let scene = Scene::set(settings, &format!("paced{rate}")).await?;
    let before = usage::children();
    let server = Server::start(&scene).await?;
    let (start_ms, resident_start_mib) = (server.start_ms, server.resident_mib());
    server.adopt(&load).await?;
    let start = Clock::real().micros() + 1_000_000;
    let seen = tokio::spawn(follow(server.url.clone(), start + i64::from(seconds) * 1_000_000));
    let looked = looks(server.id(), scene.folder().to_owned(), seconds / 60);
    let sent_per_second = send(&server.url, &load, start).await?;
    tokio::time::sleep(PATIENCE).await;
    let resident_mib = server.resident_mib();
    server.stop().await?;
    let seen = seen.await.map_err(|error| Failure::inside("the stream", &error))??;
    let looked = looked.await.map_err(|error| Failure::inside("looking at the server", &error))?;
    let cpu = usage::children().saturating_sub(before);
    let waits = waits(&load, start, &seen)?;
    scene.end().await?;
    let all = usage::sorted(waits.iter().map(|(_, wait)| *wait));
    let [p50_ms, p99_ms, p999_ms, worst_ms] = [0.5, 0.99, 0.999, 1.0].map(|share| usage::quantile(&all, share));
    Ok(Paced {
        rate,
        sent_per_second,
        seconds,
        places,
        incidents: waits.len(),
        p50_ms,
        p99_ms,
        p999_ms,
        worst_ms,
        cores: cpu.as_secs_f64() / (f64::from(seconds) + PATIENCE.as_secs_f64()),
        resident_start_mib,
        resident_mib,
        start_ms,
        minutes: minutes(&waits, &looked),
    })
}

/// Looks at the server's memory and folder at the end of each minute.
fn looks(id: u32, folder: std::path::PathBuf, minutes: u32) -> JoinHandle<Vec<(f64, f64)>> {
    tokio::spawn(async move {
        let mut seen = Vec::new();
        let mut minute = tokio::time::interval(Duration::from_secs(60));
        minute.tick().await;
        for _ in 0..minutes {
            minute.tick().await;
            seen.push((server::resident_mib(id), size_of(&folder) as f64 / f64::from(1 << 20)));
        }
        seen
    })
}

/// Bytes of all files of a folder.
fn size_of(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let size = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(found) if found.is_dir() => size_of(&entry.path()),
        Ok(found) => found.len(),
        Err(_) => 0,
    };
    entries.map(size).sum()
}

/// Of each incident, when it had to show after the start, and how long that took, in milliseconds: all that had to show
/// must have, and no other.
fn waits(load: &Load, start: i64, seen: &Times) -> Result<Vec<(i64, f64)>, Failure> {
    let mut wanted = Times::new();
    for incident in load.expected() {
        wanted.entry(incident.place).or_default().push(incident.shown);
    }
    let counted = |times: &Times| times.iter().map(|(place, times)| (place.clone(), times.len())).collect::<Vec<_>>();
    if counted(&wanted) != counted(seen) {
        let count = |times: &Times| times.values().map(Vec::len).sum::<usize>();
        let (wanted, seen) = (count(&wanted), count(seen));
        return Err(Failure::refused(format!("{wanted} incidents had to show on the stream, and {seen} did")));
    }
    let pairs = wanted.into_values().flatten().zip(seen.values().flatten());
    Ok(pairs.map(|(shown, seen)| (shown, (seen - start - shown) as f64 / 1000.0)).collect())
}

fn minutes(waits: &[(i64, f64)], looked: &[(f64, f64)]) -> Vec<Minute> {
    let minute = |(n, (resident_mib, disk_mib)): (i64, &(f64, f64))| {
        let within = waits.iter().filter(|(shown, _)| shown / MINUTE == n).map(|(_, wait)| *wait);
        let within = usage::sorted(within);
        let [p50_ms, p99_ms] = [0.5, 0.99].map(|share| usage::quantile(&within, share));
        Minute { incidents: within.len(), p50_ms, p99_ms, resident_mib: *resident_mib, disk_mib: *disk_mib }
    };
    (0..).zip(looked).map(minute).collect()
}

/// Sends each batch when its last observation is due. Gives what was really sent a second.
async fn send(url: &str, load: &Load, start: i64) -> Result<f64, Failure> {
    let (clock, client) = (Clock::real(), reqwest::Client::new());
    let room = Arc::new(Semaphore::new(UNDER_WAY));
    let mut under_way: JoinSet<Result<(), String>> = JoinSet::new();
    let url = format!("{url}/api/v1/observations");
    for batch in load.batches(start) {
        let ahead = batch.due - clock.micros();
        if ahead > 0 {
            tokio::time::sleep(Duration::from_micros(ahead.unsigned_abs())).await;
        }
        let Ok(seat) = Arc::clone(&room).acquire_owned().await else { break };
        let request = client.post(&url).header("content-type", BATCH).body(batch.body);
        under_way.spawn(async move {
            let answer = request.send().await.map_err(|error| error.to_string())?;
            drop(seat);
            let status = answer.status();
            if status == reqwest::StatusCode::ACCEPTED { Ok(()) } else { Err(format!("answered {status}")) }
        });
        while let Some(done) = under_way.try_join_next() {
            taken(done)?;
        }
    }
    let took = (clock.micros() - start) as f64 / 1e6;
    while let Some(done) = under_way.join_next().await {
        taken(done)?;
    }
    Ok(load.observations() as f64 / took)
}

fn taken(done: Result<Result<(), String>, tokio::task::JoinError>) -> Result<(), Failure> {
    match done {
        Ok(Ok(())) => Ok(()),
        Ok(Err(words)) => Err(Failure::refused(format!("the load was not taken: {words}"))),
        Err(error) => Err(Failure::inside("sending the load", &error)),
    }
}

/// Follows the stream until the server ends; when the episodes of each place showed, in microseconds since 1970. What begins
/// after the end of the load is of the silence that follows, and nobody's.
async fn follow(url: String, until: i64) -> Result<Times, Failure> {
    let failed = |error: reqwest::Error| Failure::outside("the stream cannot be followed", &error);
    let clock = Clock::real();
    let mut answer = reqwest::get(format!("{url}/api/v1/stream")).await.map_err(failed)?;
    let (mut seen, mut text) = (Times::new(), Vec::new());
    while let Ok(Some(chunk)) = answer.chunk().await {
        let now = clock.micros();
        text.extend_from_slice(&chunk);
        while let Some(end) = text.windows(2).position(|pair| pair == b"\n\n") {
            let event: Vec<u8> = text.drain(..end + 2).collect();
            if let Some(place) = begun(&String::from_utf8_lossy(&event), until) {
                seen.entry(place).or_default().push(now);
            }
        }
    }
    Ok(seen)
}

/// The place of the case to which an event of the stream adds an episode that began before the end.
fn begun(event: &str, until: i64) -> Option<String> {
    event.lines().find(|line| *line == "event: case")?;
    let data = event.lines().find_map(|line| line.strip_prefix("data: "))?;
    let (entry, case) = muster_wire::case::read_changed(data).ok()?;
    let Happened::EpisodeBegan(link) = entry.what else { return None };
    (link.began.micros() < until).then(|| case.subject.place().map(ToString::to_string))?
}
