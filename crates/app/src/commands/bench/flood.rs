//! A flood: all observations lie in the log already, and the watch takes them to committed cases as fast as it can.
//!
//! In one round the same records go through four hands: admit, which puts them there; a bare loop, which reads and decodes
//! them, once the three fields that a rule needs and once all of it, as the watch does; and the watch with its
//! transactions. The cases that come of it are known beforehand, or nothing counts.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use muster_domain::id::AdapterName;
use muster_domain::record::LogRecord;
use muster_domain::time::Span;
use muster_log::{BareRecord, Bounds, Fetched, Headers, HeadersIter, Topic, bare_loop};
use muster_pipeline::admit::{Sender, Sent};
use muster_pipeline::clock::Clock;
use muster_pipeline::watch::append_control;
use muster_street::load::{Load, LoadSettings};
use muster_wire::cloudevents::read_http;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::scene::{self, Scene};
use super::usage::{self, Cost};
use crate::exit::Failure;
use crate::serve::parts::{self, Parts};
use crate::serve::run;
use crate::settings::Settings;

/// Observations in one second of the load's own time.
const RATE: u32 = 1_000;
const PLACES: u32 = 4_000;
const BATCH: usize = 2_000;
/// Between two ticks of the watch that is measured.
const TICK: Duration = Duration::from_millis(50);
/// How long cases may be missing after the last record was read.
const PATIENCE: Duration = Duration::from_secs(30);

/// One round.
#[derive(Debug, Serialize)]
pub(super) struct Flood {
    observations: u64,
    /// Records in the log, ticks included.
    records: u64,
    /// Incidents that had to become cases, and did.
    incidents: u64,
    /// From bytes as a gateway sends them to the log's acknowledgement, one batch after another.
    pub(super) admit: Cost,
    /// Reading and decoding three fields, on one thread.
    pub(super) bare: Cost,
    /// Reading and decoding with the watch's own decoder, on one thread.
    pub(super) decoded: Cost,
    /// From the log to committed cases.
    pub(super) watch: Cost,
}

impl Flood {
    /// The watch's records a second over those of the bare loop.
    pub(super) fn ratio(&self) -> f64 {
        self.watch.per_second / self.bare.per_second
    }

    /// The same over those of the loop with the same decoder.
    pub(super) fn ratio_decoded(&self) -> f64 {
        self.watch.per_second / self.decoded.per_second
    }
}

impl fmt::Display for Flood {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { incidents, admit, bare, decoded, watch, .. } = self;
        write!(
            f,
            "admit {:.0} /s ({:.2} µs), bare loop {:.0} /s ({:.2} µs), with the same decoder {:.0} /s ({:.2} µs), watch {:.0} /s ({:.2} µs) to {incidents} incidents in cases",
            admit.per_second,
            admit.cpu_micros,
            bare.per_second,
            bare.cpu_micros,
            decoded.per_second,
            decoded.cpu_micros,
            watch.per_second,
            watch.cpu_micros
        )
    }
}

pub(super) async fn run(settings: &Settings, observations: u32, round: u32) -> Result<Flood, Failure> {
    let seconds = observations.div_ceil(RATE);
    let load = LoadSettings { rate: RATE, places: PLACES, seconds, seed: u64::from(round), batch: BATCH, hurry: 1 };
    let load = Load::new(load).map_err(|error| Failure::usage(error.to_string()))?;
    let scene = Scene::set(settings, &format!("flood{round}")).await?;
    let admit = fill(&scene.settings, &load).await?;
    let parts = Parts::open(&scene.settings, Clock::real()).await?;
    parts.adopt(None, None).await?;
    let bounds = bounds(&parts).await?;
    let records: u64 = bounds.iter().map(|bounds| bounds.end - bounds.start).sum();
    let bare = loop_of(&scene.settings, &parts, &bounds, Decoder::Three).await?;
    let decoded = loop_of(&scene.settings, &parts, &bounds, Decoder::Ours).await?;
    let watch = watch(&scene.settings, &parts, load.observations()).await?;
    let incidents = load.expected().len() as u64;
    all_there(&parts, incidents).await?;
    parts.log.close().await;
    parts.store.close().await;
    scene.end().await?;
    Ok(Flood { observations: load.observations(), records, incidents, admit, bare, decoded, watch })
}

/// Puts the whole load into the log by way of admit, each observation at the time at which it is seen, with a tick a second
/// as an owner would have written.
async fn fill(settings: &Settings, load: &Load) -> Result<Cost, Failure> {
    let now = Clock::real().micros();
    let seconds = i64::try_from(load.observations() / u64::from(RATE)).unwrap_or(i64::MAX);
    let start = (now / 1_000_000 - seconds) * 1_000_000;
    let clock = Clock::held(start);
    let parts = Parts::open(settings, clock.clone()).await?;
    parts.adopt(Some(scene::rules(false)), Some(scene::catalogue(load)?)).await?;
    let partitions = parts.log.partitions(&Topic::Observation);
    let control = |record: &LogRecord| (0..partitions).map(|n| append_control(&clock, n, record)).collect::<Vec<_>>();
    let takeover = LogRecord::Takeover { epoch: 0, owner: "bench".to_owned() };
    parts.log.append(control(&takeover)).await.map_err(|error| Failure::log(&error))?;
    let adapter = AdapterName::parse("http").map_err(|error| Failure::inside("adapter", &error))?;
    let sender = Sender { adapter, name: "bench".to_owned(), may: None };
    let mut headers = HeaderMap::new();
    headers.insert("content-type", http::HeaderValue::from_static("application/cloudevents-batch+json"));
    let mut cost: Option<usage::Begun> = None;
    let mut ticked = start;
    for batch in load.batches(start) {
        clock.advance(Span::from_micros((batch.due - clock.micros()).max(0)));
        while ticked + 1_000_000 <= clock.micros() {
            ticked += 1_000_000;
            let tick = LogRecord::Tick { epoch: 0, at: muster_domain::time::LogTime::from_micros(ticked) };
            parts.log.append(control(&tick)).await.map_err(|error| Failure::log(&error))?;
        }
        let begun = cost.get_or_insert_with(usage::begin);
        let body = Bytes::from(batch.body);
        let items = read_http(&headers, &body).map_err(|error| Failure::inside("a batch of the load", &error))?.items();
        let sent = Sent { sender: &sender, body: &body, headers: Headers::default(), origin: None };
        let admitted = parts.admit.events(sent, items).await;
        let admitted = admitted.map_err(|error| Failure::outside("admit did not take the load", &error))?;
        if admitted.accepted as u64 != batch.observations {
            return Err(Failure::refused(format!("admit took {} of {}", admitted.accepted, batch.observations)));
        }
        let _ = begun;
    }
    let cost = cost.unwrap_or_else(usage::begin).over(load.observations());
    parts.log.close().await;
    parts.store.close().await;
    Ok(cost)
}

async fn bounds(parts: &Parts) -> Result<Vec<Bounds>, Failure> {
    let mut bounds = Vec::new();
    for partition in 0..parts.log.partitions(&Topic::Observation) {
        bounds.push(parts.log.bounds(&Topic::Observation, partition).await.map_err(|error| Failure::log(&error))?);
    }
    Ok(bounds)
}

/// The fields that a rule needs, as a loop written by hand would take them from a record.
#[derive(Deserialize)]
struct Needed<'a> {
    place: &'a str,
    kind: &'a str,
    values: NeededValues,
}

#[derive(Deserialize)]
struct NeededValues {
    occupied: bool,
}

/// What a bare loop makes of a record.
#[derive(Debug, Clone, Copy)]
enum Decoder {
    /// The three fields.
    Three,
    /// All of it, as the watch does.
    Ours,
}

impl Decoder {
    fn read<'a>(self, payload: &'a [u8], headers: impl FnOnce() -> HeadersIter<'a>) -> usize {
        match self {
            Decoder::Three => {
                let Ok(needed) = serde_json::from_slice::<Needed<'_>>(payload) else { return 0 };
                needed.place.len() + needed.kind.len() + usize::from(needed.values.occupied)
            }
            Decoder::Ours => usize::from(std::hint::black_box(muster_wire::record::decode(headers(), payload)).is_ok()),
        }
    }
}

async fn loop_of(settings: &Settings, parts: &Parts, bounds: &[Bounds], decoder: Decoder) -> Result<Cost, Failure> {
    let records = bounds.iter().map(|bounds| bounds.end - bounds.start).sum();
    let topic = parts.log.identity().of(&Topic::Observation).map(|topic| topic.name.clone()).unwrap_or_default();
    let begun = usage::begin();
    if settings.log.url == "embedded" {
        for (partition, bounds) in (0..).zip(bounds) {
            let reader = parts.log.reader(&Topic::Observation, partition, bounds.start).await;
            let mut reader = reader.map_err(|error| Failure::log(&error))?;
            let mut next = bounds.start;
            while next < bounds.end {
                let batch = reader.next(10_000, 4 << 20, Duration::from_secs(1)).await;
                let batch = batch.map_err(|error| Failure::log(&error))?;
                next = batch.next;
                let read = |one: &Fetched| decoder.read(&one.record.payload, || one.record.headers.iter());
                std::hint::black_box(batch.records.iter().map(read).sum::<usize>());
            }
        }
    } else {
        let (settings, bounds) = (parts::log_settings(settings, &parts.foreign), bounds.to_vec());
        let loops = tokio::task::spawn_blocking(move || {
            let mut sum = 0;
            let each = |mut record: BareRecord<'_>| sum += decoder.read(record.payload(), || record.headers());
            bare_loop(&settings, &topic, &bounds, each).map(|_| std::hint::black_box(sum))
        });
        let read = loops.await.map_err(|error| Failure::inside("the bare loop", &error))?;
        read.map_err(|error| Failure::log(&error))?;
    }
    Ok(begun.over(records))
}

/// Starts the watch, and waits until every partition is read, watched and committed to its end.
async fn watch(settings: &Settings, parts: &Parts, observations: u64) -> Result<Cost, Failure> {
    let mut watch = run::watch_of(parts, settings);
    // Who has nothing to read any more says so after a tick at the latest.
    watch.settings.tick = TICK;
    let stop = CancellationToken::new();
    let begun = usage::begin();
    let watching = tokio::spawn(watch.run(stop.clone()));
    for partition in 0..parts.log.partitions(&Topic::Observation) {
        let label = partition.to_string();
        let (lag, poll) = (&parts.metrics.log_lag_records, &parts.metrics.log_last_poll_seconds);
        let (lag, poll) = (lag.with_label_values(&[&label]), poll.with_label_values(&[&label]));
        // No lag is said when the last batch is fetched; when the next is asked for, that one is committed.
        let mut fetched = None;
        while fetched.is_none_or(|at: f64| poll.get() <= at) {
            if poll.get() > 0.0 && lag.get() == 0 && fetched.is_none() {
                fetched = Some(poll.get());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    let cost = begun.over(observations);
    stop.cancel();
    watching.await.map_err(|error| Failure::inside("the watch", &error))?;
    Ok(cost)
}

/// Every incident that had to come lies in a case, and no other: no figure counts otherwise.
async fn all_there(parts: &Parts, wanted: u64) -> Result<(), Failure> {
    let until = Instant::now() + PATIENCE;
    loop {
        let counts = parts.store.episodes_of_kind("fire.lane.blocked").await.map_err(|error| Failure::store(&error))?;
        if counts == wanted {
            return Ok(());
        }
        if Instant::now() > until {
            return Err(Failure::refused(format!("{wanted} incidents had to become cases, and {counts} did")));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
