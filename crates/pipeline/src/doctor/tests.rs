//! Judged by facts made up: a system that is well, on one machine and on Kafka, and what is found when something happens to it.

mod document;
mod found;
mod judged;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use muster_log::inspect::{Cluster, Day, Folder, Inspection, MadeAs, TopicFacts};
use muster_log::{Bounds, DiskSpace, LogSettings, Topic};
use muster_rules::config::Config;
use muster_rules::rulebook::RuleBook;
use muster_store::{CheckpointAt, DestinationRow, Identity, LeaseRow, OutboxPending, PartitionRow, StoreProfile};

use super::*;

const NOW: i64 = 1_795_509_974_000_000;
const SECOND: i64 = 1_000_000;
const RULES: &str = r#"
[[observation]]
kind = "occupancy"
reports = "every 10s"
made_by = "analytics"
values = { occupied = "bool" }

[[place_class]]
id = "fire_lane"
name = { zh = "消防车通道", en = "Fire lane" }
props = {}

[[rule]]
id = "lane"
version = 1
name = { zh = "消防通道占用", en = "Fire lane blocked" }
watches = "fire_lane"
sees = ["occupancy"]
combine = "any"
raise = { when = "occupied", for = "2s" }
clear = { when = "!occupied", for = "1s" }
blind = { after = "10m", case_after = "1h" }
kind = "fire.lane.blocked"
severity = 4
mode = "live"

[[rule.example]]
name = "two seconds are enough"
steps = [
  { at = "0s", see = { occupied = true } },
  { at = "4s", expect = "present", episodes = 1 },
]

[[rule.respond]]
after = "0s"
seats = [{ role = "lead", competence = "enforcement" }]
"#;

const CATALOGUE: &str = r#"{
    "format": "muster.catalogue.v1",
    "grid": [{ "id": "500103005", "name": "试验街道", "level": "street" }],
    "places": [{ "id": "lane-1", "class": "fire_lane", "name": "一号通道", "grid": "500103005" }],
    "devices": [{ "id": "cam-1", "kind": "camera", "name": "一号相机", "places": [{ "place": "lane-1" }] }],
    "units": [
        { "id": "u-1", "name": "执法队", "kind": "enforcement", "grids": ["500103005"], "competence": ["enforcement"] },
        { "id": "u-2", "name": "运维", "kind": "technical", "grids": [], "competence": ["technical"] },
        { "id": "u-3", "name": "综合协调岗", "kind": "coordination", "grids": [], "competence": ["coordination"] }
    ]
}"#;

const EMPTY: &str = r#"{ "format": "muster.catalogue.v1", "grid": [], "places": [], "devices": [], "units": [
        { "id": "u-1", "name": "一", "kind": "any", "grids": [], "competence": ["enforcement", "technical", "coordination"] }
    ] }"#;

fn config(rules: &str, catalogue: &str) -> Arc<Config> {
    let book = RuleBook::parse(&[("rules.toml".to_owned(), rules.to_owned())]).unwrap();
    Config::new(1, book, muster_wire::catalogue::read(catalogue).unwrap()).unwrap()
}

fn partition(number: u32) -> PartitionSeen {
    let row = PartitionRow {
        partition: number,
        owner: Some("one".to_owned()),
        epoch: 1,
        lease_until: NOW + 5 * SECOND,
        offset: 100,
    };
    PartitionSeen {
        row,
        bounds: Some(Bounds { start: 0, end: 101 }),
        oldest_unwatched: Some(NOW - SECOND),
        takeovers: vec![NOW - 3600 * SECOND],
        checkpoint: Some(CheckpointAt { partition: number, offset: 90, at: NOW - 30 * SECOND }),
        damaged: false,
        state: Some(7),
    }
}

fn lease(name: &str) -> LeaseRow {
    LeaseRow { name: name.to_owned(), owner: Some("one".to_owned()), epoch: 1, lease_until: NOW + 5 * SECOND }
}

/// A system on one machine that is well.
fn well() -> Facts {
    let made = MadeAs { generation: "g1".to_owned(), prefix: "muster".to_owned(), partitions: 2 };
    let folder = Folder {
        path: PathBuf::from("/srv/muster"),
        there: true,
        held: true,
        space: Some(DiskSpace { free: 50, total: 100 }),
        days: vec![Day { path: PathBuf::from("/srv/muster/log/2026-11-24.db"), trouble: None, made_as: Some(made) }],
        ..Folder::default()
    };
    let pinned = Identity {
        profile: "embedded".to_owned(),
        cluster: "embedded".to_owned(),
        topics: vec!["muster.observation.v1=g1".to_owned()],
        generation: "g1".to_owned(),
        partitions: 2,
    };
    Facts {
        setup: Setup { listens: vec!["127.0.0.1:8080".parse().unwrap()], store_connections: 8, ..Setup::default() },
        wanted: LogSettings { partitions: 2, ..LogSettings::default() },
        log: Ok(Inspection::Folder(folder)),
        own: true,
        store: StoreSeen::Open(StoreFacts {
            profile: StoreProfile::Sqlite,
            settings: BTreeMap::from([("journal_mode".to_owned(), "wal".to_owned())]),
            schema: None,
            apart: None,
            pinned: Some(pinned),
            damage: None,
        }),
        orphaned: false,
        config: Some(ConfigSeen { newest: Some(Ok(config(RULES, CATALOGUE))), ready: Some(1) }),
        work: Some(Work {
            partitions: vec![partition(0), partition(1)],
            leases: ["publish", "dispatch", "tick"].map(lease).to_vec(),
            destinations: vec![DestinationRow { name: "case".to_owned(), cursor: 7, ..DestinationRow::default() }],
            pending: Some(OutboxPending { count: 1, oldest: Some(NOW - SECOND) }),
            last_number: 8,
            ..Work::default()
        }),
        now: NOW,
        speed: 1.0,
    }
}

/// A topic with three copies that is well.
fn topic(of: &Topic) -> TopicFacts {
    TopicFacts {
        name: of.name("muster"),
        there: true,
        wanted: Some(2),
        id: "x7Yq".to_owned(),
        partitions: 2,
        copies: 3,
        min_insync: Some(2),
        retention_ms: Some(-1),
        max_message_bytes: Some(1_048_588),
        ..TopicFacts::default()
    }
}

/// The same on three brokers and PostgreSQL.
fn well_on_kafka() -> Facts {
    let topics = vec![topic(&Topic::Observation), topic(&Topic::Case)];
    let settings = [
        ("fsync", "on"),
        ("full_page_writes", "on"),
        ("synchronous_commit", "on"),
        ("standby", "off"),
        ("max_connections", "100"),
        ("superuser_reserved_connections", "3"),
        ("connections", "20"),
    ];
    let mut facts = well();
    facts.wanted.url = "kafka://one:9092,two:9092".to_owned();
    facts.log = Ok(Inspection::Cluster(Cluster { id: "c1".to_owned(), brokers: 3, topics }));
    let store = open(&mut facts);
    store.profile = StoreProfile::Postgres;
    store.settings = settings.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    store.pinned = Some(Identity {
        profile: "kafka".to_owned(),
        cluster: "c1".to_owned(),
        topics: vec!["muster.observation.v1=x7Yq".to_owned(), "muster.case.v1=x7Yq".to_owned()],
        generation: "x7Yq".to_owned(),
        partitions: 2,
    });
    facts
}

fn open(facts: &mut Facts) -> &mut StoreFacts {
    match &mut facts.store {
        StoreSeen::Open(store) => store,
        other => panic!("{other:?}"),
    }
}

fn folder(facts: &mut Facts) -> &mut Folder {
    match &mut facts.log {
        Ok(Inspection::Folder(folder)) => folder,
        other => panic!("{other:?}"),
    }
}

fn cluster(facts: &mut Facts) -> &mut Cluster {
    match &mut facts.log {
        Ok(Inspection::Cluster(cluster)) => cluster,
        other => panic!("{other:?}"),
    }
}

fn work(facts: &mut Facts) -> &mut Work {
    facts.work.as_mut().unwrap()
}

#[test]
fn a_well_system_has_no_findings() {
    assert_eq!(judge(&well()), []);
    assert_eq!(judge(&well_on_kafka()), []);
}
