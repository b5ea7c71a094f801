//! What one observation costs in each stage, without IO: read as it comes, written for the log, read again, watched.
//!
//! Beside them stands what anybody would have to do: the same record decoded into the fields a rule needs.

#![expect(clippy::unwrap_used, reason = "a measurement that cannot be set up ends here")]

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use http::HeaderMap;
use muster_domain::catalogue::Catalogue;
use muster_domain::condition::Change;
use muster_domain::id::AdapterName;
use muster_domain::record::{LogRecord, Observation};
use muster_domain::time::{LogTime, Received};
use muster_rules::config::Config;
use muster_rules::rulebook::RuleBook;
use muster_rules::watch::Engine;
use muster_sources::catalogue::{Kind, read_into};
use muster_sources::table::{Encoding, Table};
use muster_street::load::{Load, LoadSettings};
use muster_wire::cloudevents::read_http;
use muster_wire::observation::ObservationIn;
use serde::Deserialize;

/// Times begin here: 2026-11-24T00:00:00Z.
const START: i64 = 1_795_478_400_000_000;
const RATE: u32 = 1_000;
const BATCH: usize = 500;

struct World {
    bodies: Vec<Vec<u8>>,
    records: Vec<LogRecord>,
    encoded: Vec<muster_wire::Encoded>,
    config: Arc<Config>,
}

fn world() -> World {
    let load =
        Load::new(LoadSettings { rate: RATE, places: 14_000, seconds: 120, seed: 1, batch: BATCH, hurry: 1 }).unwrap();
    let mut catalogue = Catalogue::default();
    let files = load.catalogue();
    for (kind, text) in [
        (Kind::Grid, &files.grid),
        (Kind::Units, &files.units),
        (Kind::Places, &files.places),
        (Kind::Devices, &files.devices),
    ] {
        let table = Table::read(kind.name(), text.as_bytes(), Encoding::Utf8).unwrap();
        read_into(&mut catalogue, kind, &table, false).unwrap();
    }
    let rules = RuleBook::parse(&rules()).unwrap();
    let config = Config::new(1, rules, catalogue).unwrap();
    let bodies: Vec<Vec<u8>> = load.batches(START).map(|batch| batch.body).collect();
    let mut records =
        vec![LogRecord::Config { version: 1 }, LogRecord::Takeover { epoch: 1, owner: "bench".to_owned() }];
    for (n, body) in bodies.iter().enumerate() {
        if n % 2 == 0 {
            records.push(LogRecord::Tick { epoch: 1, at: LogTime::from_micros(START + n as i64 * 500_000) });
        }
        records.extend(read(body).into_iter().map(admitted).map(LogRecord::Observation));
    }
    let encoded = records.iter().map(muster_wire::record::encode).collect();
    World { bodies, records, encoded, config }
}

fn rules() -> Vec<(String, String)> {
    let folder = muster_tests::root().join("deploy/rules");
    let mut paths: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.display().to_string(), std::fs::read_to_string(&path).unwrap())).collect()
}

fn read(body: &[u8]) -> Vec<ObservationIn> {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", "application/cloudevents-batch+json".parse().unwrap());
    let items = read_http(&headers, body).unwrap().items();
    items.into_iter().map(|item| ObservationIn::read(&item.read.unwrap()).unwrap()).collect()
}

fn admitted(said: ObservationIn) -> Observation {
    Observation {
        source: said.source,
        id: said.id,
        adapter: AdapterName::parse("http").unwrap(),
        device: said.device,
        place: said.place.unwrap(),
        kind: said.kind,
        values: said.values,
        confidence: said.confidence,
        health: said.health,
        evidence: said.evidence,
        seen: said.seen,
        received: Received::from_micros(said.seen.micros() + 2_000),
        skewed: false,
        late: false,
        config: 1,
    }
}

fn decode(encoded: &muster_wire::Encoded) -> LogRecord {
    let headers = encoded.headers.iter().map(|(name, value)| (name.as_ref(), value.as_ref()));
    muster_wire::record::decode(headers, &encoded.payload).unwrap()
}

/// The fields of a record that the fire-lane rule needs.
#[derive(Deserialize)]
struct Bare<'a> {
    device: &'a str,
    place: &'a str,
    kind: &'a str,
    #[serde(borrow)]
    values: BareValues<'a>,
}

#[derive(Deserialize)]
struct BareValues<'a> {
    #[serde(default)]
    occupied: bool,
    #[serde(default, borrow)]
    note: Option<&'a str>,
}

fn stages(criterion: &mut Criterion) {
    let world = world();
    let count = world.records.len() as u64;
    let mut group = criterion.benchmark_group("stages");
    group.throughput(Throughput::Elements(count)).sample_size(10);
    group.bench_function("read what sources send", |bench| {
        bench.iter(|| world.bodies.iter().map(|body| read(black_box(body)).len()).sum::<usize>());
    });
    group.bench_function("write for the log", |bench| {
        bench.iter(|| {
            world.records.iter().map(|record| muster_wire::record::encode(record).payload.len()).sum::<usize>()
        });
    });
    group.bench_function("bare decode", |bench| {
        bench.iter(|| {
            let mut seen = 0;
            for encoded in &world.encoded {
                if let Ok(bare) = serde_json::from_slice::<Bare<'_>>(black_box(&encoded.payload)) {
                    seen += bare.device.len() + bare.place.len() + bare.kind.len() + usize::from(bare.values.occupied);
                    seen += bare.values.note.map_or(0, str::len);
                }
            }
            seen
        });
    });
    group.bench_function("read from the log", |bench| {
        bench.iter(|| {
            world.encoded.iter().filter(|one| matches!(decode(black_box(one)), LogRecord::Observation(_))).count()
        });
    });
    group.bench_function("watch", |bench| {
        bench.iter_batched(
            || Engine::new("bench", 0, 1),
            |mut engine| {
                let mut changes = Vec::new();
                let config = &world.config;
                for (offset, record) in (0..).zip(&world.records) {
                    engine.apply(offset, record, &mut |_| Some(Arc::clone(config)), &mut changes).unwrap();
                }
                (engine, changes)
            },
            BatchSize::PerIteration,
        );
    });
    group.bench_function("read from the log and watch", |bench| {
        bench.iter_batched(|| Engine::new("bench", 0, 1), |engine| watched(&world, engine), BatchSize::PerIteration);
    });
    group.finish();
}

/// All that a record costs from its bytes to what it changes, and to its end.
#[inline(never)]
fn watched(world: &World, mut engine: Engine) -> (Engine, Vec<Change>) {
    let mut changes = Vec::new();
    for (offset, encoded) in (0..).zip(&world.encoded) {
        let record = decode(black_box(encoded));
        engine.apply(offset, &record, &mut |_| Some(Arc::clone(&world.config)), &mut changes).unwrap();
    }
    (engine, changes)
}

criterion_group!(benches, stages);
criterion_main!(benches);
