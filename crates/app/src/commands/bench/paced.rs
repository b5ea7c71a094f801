//! A steady load: observations are sent when they are due, whatever became of those before, and an open stream of cases is
//! watched. The clock of an incident starts when the observation that shows it was due to be sent (open loop).

use std::collections::HashMap;
use std::fmt;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use muster_pipeline::clock::Clock;
use muster_street::load::{Load, LoadSettings};
use serde::Serialize;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::scene::{self, HURRY, Scene};
use super::usage;
use crate::exit::Failure;
use crate::settings::Settings;

/// Requests a second at most: an observation waits for its request up to this much of a second.
const REQUESTS: u32 = 100;
/// Requests under way at once; beyond, the load waits for the server, and its clock runs.
const UNDER_WAY: usize = 256;
/// How long the last cases may take.
const PATIENCE: Duration = Duration::from_secs(10);
const CATALOGUE_BATCH: &str = "application/cloudevents-batch+json";

/// One steady load.
#[derive(Debug, Serialize)]
pub(super) struct Paced {
    /// Observations a second, as planned and as sent.
    rate: u32,
    sent_per_second: f64,
    places: u32,
    /// Incidents that had to show on the stream, and did.
    incidents: usize,
    /// From due to be sent to the case on an open stream, in milliseconds.
    p50_ms: f64,
    p99_ms: f64,
    p999_ms: f64,
    worst_ms: f64,
    /// Processors that the server kept busy.
    cores: f64,
    /// What the server held in memory at the end, in MiB.
    resident_mib: f64,
    /// From the start of the process to its address, with nothing to load, in milliseconds.
    start_ms: f64,
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

pub(super) async fn run(settings: &Settings, rate: u32, seconds: u32) -> Result<Paced, Failure> {
    // Every place is heard once a second: less often, and how long one waits for the next word would be measured.
    let places = rate.min(15_000);
    let batch = rate.div_ceil(REQUESTS) as usize;
    let load = LoadSettings { rate, places, seconds, seed: 1, batch, hurry: HURRY };
    let load = Load::new(load).map_err(|error| Failure::usage(error.to_string()))?;
    let scene = Scene::set(settings, &format!("paced{rate}")).await?;
    let before = usage::children();
    let server = Server::start(&scene).await?;
    server.adopt(&load).await?;
    let start = Clock::real().micros() + 1_000_000;
    let seen = tokio::spawn(follow(server.url.clone()));
    let sent_per_second = send(&server.url, &load, start).await?;
    let expected = load.expected();
    let wanted = expected.len();
    tokio::time::sleep(PATIENCE).await;
    let resident_mib = server.resident_mib();
    let start_ms = server.start_ms;
    server.stop().await?;
    let seen = seen.await.map_err(|error| Failure::inside("the stream", &error))??;
    let cpu = usage::children().saturating_sub(before);
    let mut firsts: HashMap<&str, i64> = HashMap::new();
    for incident in &expected {
        let first = firsts.entry(&incident.place).or_insert(incident.shown);
        *first = incident.shown.min(*first);
    }
    let waits = usage::sorted(
        firsts.iter().filter_map(|(place, shown)| Some((seen.get(*place)? - start - shown) as f64 / 1000.0)),
    );
    if waits.len() != firsts.len() {
        let (missing, all) = (firsts.len() - waits.len(), firsts.len());
        return Err(Failure::refused(format!("of {all} places with an incident {missing} showed none on the stream")));
    }
    scene.end().await?;
    let [p50_ms, p99_ms, p999_ms, worst_ms] = [0.5, 0.99, 0.999, 1.0].map(|share| usage::quantile(&waits, share));
    let cores = cpu.as_secs_f64() / (f64::from(seconds) + PATIENCE.as_secs_f64());
    Ok(Paced {
        rate,
        sent_per_second,
        places,
        incidents: wanted,
        p50_ms,
        p99_ms,
        p999_ms,
        worst_ms,
        cores,
        resident_mib,
        start_ms,
    })
}

/// This program as a server, in a process of its own.
struct Server {
    child: Child,
    url: String,
    start_ms: f64,
}

impl Server {
    async fn start(scene: &Scene) -> Result<Self, Failure> {
        let outside = |error: std::io::Error| Failure::outside("cannot start the server to be measured", &error);
        let rules = scene.folder().join("rules");
        std::fs::create_dir_all(&rules).map_err(outside)?;
        for (name, text) in scene::rules(true) {
            let name = name.rsplit('/').next().unwrap_or(&name).to_owned();
            std::fs::write(rules.join(name), text).map_err(outside)?;
        }
        let settings = &scene.settings;
        let program = std::env::current_exe().map_err(outside)?;
        let begun = std::time::Instant::now();
        let mut child = Command::new(program)
            .arg("serve")
            .env("MUSTER_DATA_DIR", scene.folder())
            .env("MUSTER_HTTP__LISTEN", "127.0.0.1:0")
            .env("MUSTER_RULES__DIR", &rules)
            .env("MUSTER_LOG__URL", &settings.log.url)
            .env("MUSTER_LOG__TOPIC_PREFIX", &settings.log.topic_prefix)
            .env("MUSTER_LOG__PARTITIONS", settings.log.partitions.to_string())
            .env("MUSTER_STORE__URL", &settings.store.url)
            .env("RUST_LOG", "error")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(outside)?;
        let out = child.stdout.take().ok_or_else(|| Failure::absent("the server to be measured says nothing"))?;
        let mut lines = BufReader::new(out).lines();
        while let Some(line) = lines.next_line().await.map_err(outside)? {
            if let Some(at) = line.find("http://") {
                let url = line[at..].trim().trim_end_matches('/').to_owned();
                let start_ms = begun.elapsed().as_secs_f64() * 1000.0;
                return Ok(Self { child, url, start_ms });
            }
        }
        Err(Failure::absent("the server to be measured ended at once"))
    }

    async fn adopt(&self, load: &Load) -> Result<(), Failure> {
        let catalogue = load.catalogue();
        for (kind, text) in scene::files(&catalogue) {
            let request = reqwest::Client::new()
                .post(format!("{}/api/v1/catalogue/{}", self.url, kind.name()))
                .header("content-type", "text/csv")
                .body(text.to_owned());
            let answer = request.send().await.map_err(|error| Failure::outside("the catalogue", &error))?;
            if !answer.status().is_success() {
                let words = answer.text().await.unwrap_or_default();
                return Err(Failure::refused(format!("the catalogue of the load is refused: {words}")));
            }
        }
        Ok(())
    }

    fn resident_mib(&self) -> f64 {
        let id = self.child.id().unwrap_or_default();
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
        line.trim().split(' ').next().and_then(|number| number.parse::<f64>().ok()).unwrap_or_default() / 1024.0
    }

    /// Asks it to end, and waits: the time that it took counts once it has been waited for.
    async fn stop(mut self) -> Result<(), Failure> {
        let id = self.child.id().map(|id| id.to_string()).unwrap_or_default();
        let asked = Command::new("kill").args(["-TERM", &id]).status().await;
        asked.map_err(|error| Failure::outside("cannot end the server that was measured", &error))?;
        let ended = self.child.wait().await;
        ended.map(|_| ()).map_err(|error| Failure::outside("the server that was measured", &error))
    }
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
        let request = client.post(&url).header("content-type", CATALOGUE_BATCH).body(batch.body);
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

/// Follows the stream until the server ends; when the first case of each place showed, in microseconds since 1970.
async fn follow(url: String) -> Result<HashMap<String, i64>, Failure> {
    let failed = |error: reqwest::Error| Failure::outside("the stream cannot be followed", &error);
    let clock = Clock::real();
    let mut answer = reqwest::get(format!("{url}/api/v1/stream")).await.map_err(failed)?;
    let (mut seen, mut text) = (HashMap::new(), Vec::new());
    while let Ok(Some(chunk)) = answer.chunk().await {
        let now = clock.micros();
        text.extend_from_slice(&chunk);
        while let Some(end) = text.windows(2).position(|pair| pair == b"\n\n") {
            let event: Vec<u8> = text.drain(..end + 2).collect();
            if let Some(place) = filed(&String::from_utf8_lossy(&event)) {
                seen.entry(place).or_insert(now);
            }
        }
    }
    Ok(seen)
}

/// The place of the case that an event tells of.
fn filed(event: &str) -> Option<String> {
    event.lines().find(|line| *line == "event: case")?;
    let data = event.lines().find_map(|line| line.strip_prefix("data: "))?;
    let told: serde_json::Value = serde_json::from_str(data).ok()?;
    let place = told.pointer("/case/place").or_else(|| told.pointer("/case/subject"))?;
    Some(place.as_str()?.trim_start_matches("place:").to_owned())
}
