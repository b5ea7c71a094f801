//! Each finding, brought about by facts made up for it; and a system that is well has none.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use muster_log::inspect::{Cluster, Day, Folder, Inspection, MadeAs, TopicFacts, Unseen};
use muster_log::{Bounds, DiskSpace, LogError, LogSettings, Topic};
use muster_rules::config::Config;
use muster_rules::rulebook::RuleBook;
use muster_store::{
    CheckpointAt, DestinationRow, Identity, LeaseRow, OutboxPending, PartitionRow, Skipped, StoreError, StoreProfile,
};

use super::*;
use crate::watch::Trouble;

const NOW: i64 = 1_795_509_974_000_000;
const SECOND: i64 = 1_000_000;
/// The codes of what is found before there are facts to judge: the command's own, brought about by its own tests.
const OF_THE_COMMAND: [Code; 4] = [Code::UnknownSetting, Code::PairMismatch, Code::SettingsRefused, Code::ServerSilent];

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

fn set(facts: &mut Facts, name: &str, value: &str) {
    open(facts).settings.insert(name.to_owned(), value.to_owned());
}

fn catalogue(facts: &mut Facts, catalogue: &str) {
    facts.config.as_mut().unwrap().newest = Some(Ok(config(RULES, catalogue)));
}

fn rules(facts: &mut Facts, rules: &str) {
    facts.config.as_mut().unwrap().newest = Some(Ok(config(rules, CATALOGUE)));
}

fn on_disk(facts: &mut Facts, files: Result<&str, &str>) {
    let files = files.map(|text| vec![("/etc/rules/rules.toml".to_owned(), text.to_owned())]);
    let path = PathBuf::from("/etc/rules");
    facts.setup.rules = Some(RulesFolder { path, files: files.map_err(str::to_owned) });
}

fn tokens(facts: &mut Facts, trouble: Option<&str>, exposed: bool) {
    let (path, trouble) = (PathBuf::from("/etc/tokens.toml"), trouble.map(str::to_owned));
    facts.setup.tokens = Some(TokensFile { path, trouble, exposed });
}

fn log_error() -> LogError {
    LogError::Unavailable { what: "asking".to_owned(), retry_after: std::time::Duration::ZERO, source: None }
}

fn too_old(what: &'static str) -> StoreError {
    StoreError::TooOld { what, found: "1".to_owned(), needed: "2".to_owned(), hint: "wait" }
}

type Change = fn(&mut Facts);

/// What happens to a well system on one machine, and what is then found.
const ON_ONE_MACHINE: &[(Code, Change)] = &[
    (Code::ListensWithoutTokens, |facts| facts.setup.listens.push("0.0.0.0:80".parse().unwrap())),
    (Code::TokensUnusable, |facts| tokens(facts, Some("no such file"), false)),
    (Code::TokensExposed, |facts| tokens(facts, None, true)),
    (Code::DataFolderMissing, |facts| *folder(facts) = Folder::default()),
    (Code::DataFolderUnwritable, |facts| folder(facts).unwritable = Some("read-only".to_owned())),
    (Code::DataFolderUnwritable, |facts| facts.store = StoreSeen::Barred("/srv/muster/muster.db: denied".to_owned())),
    (Code::DataFolderLocked, |facts| facts.own = false),
    (Code::RestoreUnfinished, |facts| folder(facts).restoring = true),
    (Code::DiskFull, |facts| folder(facts).space = Some(DiskSpace { free: 4, total: 100 })),
    (Code::DiskNearlyFull, |facts| folder(facts).space = Some(DiskSpace { free: 9, total: 100 })),
    (Code::DayUnreadable, |facts| folder(facts).days[0].trouble = Some("no database".to_owned())),
    (Code::LogMadeOtherwise, |facts| facts.wanted.partitions = 4),
    (Code::LogMadeOtherwise, |facts| facts.wanted.topic_prefix = "other".to_owned()),
    (Code::LogSettingsRefused, |facts| facts.log = Err(Unseen::Settings(log_error()))),
    (Code::LogReplaced, |facts| open(facts).pinned.as_mut().unwrap().generation = "g0".to_owned()),
    (Code::LogReplaced, |facts| {
        facts.own = false;
        folder(facts).days.clear();
    }),
    (Code::LogBehind, |facts| work(facts).partitions[1].bounds = Some(Bounds { start: 0, end: 99 })),
    (Code::LogBeginsLate, |facts| work(facts).partitions[1].bounds = Some(Bounds { start: 101, end: 101 })),
    (Code::LogBeginsLate, |facts| {
        work(facts).followed = vec![Followed { topic: "intake.v1".to_owned(), partition: 1, next: 7, start: 9 }];
    }),
    (Code::LogBeginsLate, |facts| work(facts).began_late = BTreeMap::from([("intake.v1".to_owned(), 1)])),
    (Code::StoreMissing, |facts| facts.store = StoreSeen::NoFile(PathBuf::from("/srv/muster/muster.db"))),
    (Code::StoreLost, |facts| facts.orphaned = true),
    (Code::StoreDamaged, |facts| open(facts).damage = Some("page 7".to_owned())),
    (Code::StoreRefused, |facts| facts.store = StoreSeen::Closed(StoreError::Refused("no".to_owned()))),
    (Code::StoreDamaged, |facts| {
        facts.store = StoreSeen::Closed(StoreError::Corrupt { operation: "connect", what: "pages".to_owned() });
    }),
    (Code::SchemaOlder, |facts| open(facts).schema = Some(too_old("the database's schema"))),
    (Code::SchemaNewer, |facts| open(facts).schema = Some(StoreError::Newer { found: 9, known: 2 })),
    (Code::SqliteOld, |facts| facts.store = StoreSeen::Closed(too_old("SQLite"))),
    (Code::NotWal, |facts| set(facts, "journal_mode", "delete")),
    (Code::NotWal, |facts| facts.store = StoreSeen::Closed(StoreError::NotWal { what: "disk I/O error".to_owned() })),
    (Code::NoRuleBook, |facts| facts.config.as_mut().unwrap().newest = None),
    (Code::ConfigNotReady, |facts| facts.config.as_mut().unwrap().ready = None),
    (Code::AdoptedUnreadable, |facts| facts.config.as_mut().unwrap().newest = Some(Err("rules.toml:1:1".to_owned()))),
    (Code::RulesFolderUnreadable, |facts| on_disk(facts, Err("no such folder"))),
    (Code::RuleBookRefused, |facts| on_disk(facts, Ok("[[rule]]\nid = 7\n"))),
    (Code::RuleBookDiffers, |facts| on_disk(facts, Ok(&RULES.replace("2s", "3s")))),
    (Code::RulesNotLive, |facts| rules(facts, &RULES.replace("\"live\"", "\"shadow\""))),
    (Code::KindWithoutRoute, |facts| rules(facts, RULES.split("[[rule.respond]]").next().unwrap())),
    (Code::CatalogueEmpty, |facts| catalogue(facts, EMPTY)),
    (Code::PlaceWithoutDevice, |facts| catalogue(facts, &CATALOGUE.replace("\"camera\"", "\"recorder\""))),
    (Code::PlaceOfUnknownClass, |facts| catalogue(facts, &CATALOGUE.replace("fire_lane", "fountain"))),
    (Code::DeviceWithoutPlace, |facts| {
        catalogue(facts, &CATALOGUE.replace("\"places\": [{ \"place\": \"lane-1\" }]", "\"places\": []"));
    }),
    (Code::CatalogueDangling, |facts| {
        catalogue(
            facts,
            &CATALOGUE.replace("{ \"place\": \"lane-1\" }", "{ \"place\": \"lane-1\" }, { \"place\": \"x\" }"),
        );
    }),
    (Code::CompetenceWithoutUnit, |facts| catalogue(facts, &CATALOGUE.replace("[\"technical\"]", "[\"other\"]"))),
    (Code::PlaceWithoutUnit, |facts| {
        catalogue(facts, &CATALOGUE.replace("\"grids\": [\"500103005\"]", "\"grids\": [\"500103006\"]"));
    }),
    (Code::NoCoordination, |facts| catalogue(facts, &CATALOGUE.replace("[\"coordination\"]", "[\"other\"]"))),
    (Code::UnitWithoutCompetence, |facts| catalogue(facts, &CATALOGUE.replace("[\"technical\"]", "[]"))),
    (Code::WatchFailing, |facts| {
        work(facts).partitions.iter_mut().for_each(|seen| seen.row.lease_until = NOW);
        let failing = |partition| Trouble { partition, times: 7, error: "malformed".to_owned() };
        work(facts).failing = vec![failing(0), failing(1)];
    }),
    (Code::NothingWatches, |facts| work(facts).partitions.iter_mut().for_each(|seen| seen.row.lease_until = NOW)),
    (Code::NothingWatches, |facts| {
        folder(facts).held = false;
        facts.own = false;
    }),
    (Code::PartitionNotHeld, |facts| work(facts).partitions[0].row.owner = None),
    (Code::LeaseFight, |facts| {
        work(facts).partitions[0].takeovers = (0..4).map(|n| NOW - n * 3 * SECOND).collect();
    }),
    (Code::RoleMissing, |facts| work(facts).leases.retain(|lease| lease.name != "tick")),
    (Code::WatchLags, |facts| work(facts).partitions[0].oldest_unwatched = Some(NOW - 31 * SECOND)),
    (Code::CheckpointOld, |facts| {
        work(facts).partitions[0].checkpoint.as_mut().unwrap().at = NOW - 601 * SECOND;
    }),
    (Code::CheckpointDamaged, |facts| work(facts).partitions[0].damaged = true),
    (Code::RecordsSkipped, |facts| work(facts).skipped = vec![Skipped { partition: 0, records: 2, last: 9 }]),
    (Code::OutboxStuck, |facts| {
        let destination = &mut work(facts).destinations[0];
        (destination.attempts, destination.last_error) = (3, Some("it is full".to_owned()));
    }),
    (Code::OutboxWaits, |facts| {
        work(facts).pending = Some(OutboxPending { count: 1, oldest: Some(NOW - 61 * SECOND) })
    }),
    (Code::DeadLettersOpen, |facts| {
        work(facts).letters = BTreeMap::from([("unknown-device".to_owned(), 3)]);
        work(facts).oldest_letter = Some(NOW - 60 * SECOND);
    }),
    (Code::ClockSet, |facts| work(facts).off_the_machines = Some(-3600.0)),
    (Code::AdapterSilent, |facts| work(facts).silent_adapters = vec![plain("http").into()]),
    (Code::PlacesBlind, |facts| work(facts).blind_places = vec![plain("lane-1").into()]),
    (Code::DevicesBlind, |facts| work(facts).blind_devices = vec![plain("cam-1").into()]),
    (Code::SeatsUnfilled, |facts| work(facts).unfilled = vec![plain("enforcement: 1").into()]),
    (Code::ClocksOverdue, |facts| work(facts).overdue = vec![plain("fire.lane.blocked: 1").into()]),
];

/// The same on three brokers and PostgreSQL.
const ON_KAFKA: &[(Code, Change)] = &[
    (Code::BrokerUnreachable, |facts| facts.log = Err(Unseen::Silent(log_error()))),
    (Code::BrokerDenies, |facts| facts.log = Err(Unseen::Denied(log_error()))),
    (Code::TopicMissing, |facts| cluster(facts).topics[1].there = false),
    (Code::PartitionsDiffer, |facts| cluster(facts).topics[0].partitions = 3),
    (Code::FewCopies, |facts| cluster(facts).topics[0].copies = 2),
    (Code::SingleCopy, |facts| {
        cluster(facts).brokers = 1;
        cluster(facts).topics.iter_mut().for_each(|topic| (topic.copies, topic.min_insync) = (1, Some(1)));
    }),
    (Code::MinInsyncLow, |facts| cluster(facts).topics[0].min_insync = Some(1)),
    (Code::MinInsyncHigh, |facts| cluster(facts).topics[0].min_insync = Some(3)),
    (Code::RetentionShort, |facts| cluster(facts).topics[0].retention_ms = Some(1000)),
    (Code::TopicCompacted, |facts| cluster(facts).topics[0].compacted = true),
    (Code::MessageSizeSmall, |facts| cluster(facts).topics[0].max_message_bytes = Some(100_000)),
    (Code::PartitionsLeaderless, |facts| cluster(facts).topics[0].leaderless = vec![1]),
    (Code::PartitionsLagging, |facts| cluster(facts).topics[0].lagging = vec![1]),
    (Code::LogReplaced, |facts| cluster(facts).id = "c2".to_owned()),
    (Code::LogReplaced, |facts| cluster(facts).topics[1].id = "other".to_owned()),
    (Code::LogReplaced, |facts| facts.wanted.topic_prefix = "other".to_owned()),
    (Code::StoreUnreachable, |facts| {
        facts.store = StoreSeen::Closed(StoreError::Unavailable { operation: "connect", source: "gone".into() });
    }),
    (Code::StoreDenies, |facts| facts.store = StoreSeen::Closed(StoreError::Denied { what: "no".to_owned() })),
    (Code::DatabaseMissing, |facts| facts.store = StoreSeen::Closed(StoreError::NoDatabase { what: "no".to_owned() })),
    (Code::PostgresOld, |facts| facts.store = StoreSeen::Closed(too_old("PostgreSQL"))),
    (Code::Standby, |facts| set(facts, "standby", "on")),
    (Code::FsyncOff, |facts| set(facts, "fsync", "off")),
    (Code::SynchronousCommitOff, |facts| set(facts, "synchronous_commit", "off")),
    (Code::FewConnections, |facts| set(facts, "connections", "92")),
    (Code::ClockApart, |facts| open(facts).apart = Some(3600.0)),
];

#[test]
fn a_well_system_has_no_findings() {
    assert_eq!(judge(&well()), []);
    assert_eq!(judge(&well_on_kafka()), []);
}

#[test]
fn every_finding_is_found_where_it_is_so() {
    let mut found: BTreeSet<Code> = OF_THE_COMMAND.into();
    for (well, rows) in [(well as fn() -> Facts, ON_ONE_MACHINE), (well_on_kafka, ON_KAFKA)] {
        for (code, change) in rows {
            let mut facts = well();
            change(&mut facts);
            let codes: Vec<Code> = judge(&facts).iter().map(|finding| finding.code).collect();
            assert!(codes.contains(code), "{code:?} is not among {codes:?}");
            assert!(codes.len() <= 3, "{code:?} drags others along: {codes:?}");
            found.insert(*code);
        }
    }
    let missed: Vec<&Code> = Code::ALL.iter().filter(|code| !found.contains(code)).collect();
    assert!(missed.is_empty(), "nothing brings these about: {missed:?}");
}

#[test]
fn what_is_said_names_the_thing_and_the_command() {
    let mut facts = well_on_kafka();
    cluster(&mut facts).topics[0].retention_ms = Some(1000);
    let finding = &judge(&facts)[0];
    assert_eq!(finding.details[0].words().en, "muster.observation.v1: retention.ms=1000 < 604800000");
    let command = "kafka-configs.sh --bootstrap-server one:9092 --alter --topic muster.observation.v1 \
                   --add-config retention.ms=604800000";
    assert_eq!(finding.run, [command]);
}

#[test]
fn a_fast_world_is_not_late() {
    let mut facts = well();
    facts.speed = 60.0;
    work(&mut facts).partitions[0].oldest_unwatched = Some(NOW - 40 * SECOND);
    work(&mut facts).partitions[0].checkpoint.as_mut().unwrap().at = NOW - 3600 * SECOND;
    assert_eq!(judge(&facts), []);
}

#[test]
fn a_restart_is_no_fight_and_one_long_ago_is_over() {
    let mut facts = well();
    work(&mut facts).partitions[0].takeovers = (0..3).map(|n| NOW - n * SECOND).collect();
    assert_eq!(judge(&facts), []);
    work(&mut facts).partitions[0].takeovers = (0..9).map(|n| NOW - 400 * SECOND - n * SECOND).collect();
    assert_eq!(judge(&facts), []);
}

#[test]
fn a_glance_recalls_what_a_close_look_found_as_long_as_it_is_so() {
    let mut close = well();
    let Ok(Inspection::Folder(folder)) = &mut close.log else { panic!("no folder") };
    folder.days[0].trouble = Some("it is no database".to_owned());
    work(&mut close).partitions[0].damaged = true;
    work(&mut close).partitions[1].takeovers = (0..4).map(|n| NOW - n * SECOND).collect();
    let look = CloseLook::of(&close);
    let glance = || {
        let mut facts = well();
        let Ok(Inspection::Folder(folder)) = &mut facts.log else { panic!("no folder") };
        folder.days.clear();
        work(&mut facts).partitions.iter_mut().for_each(|seen| seen.takeovers.clear());
        facts
    };
    let codes = |mut facts: Facts| {
        look.recall(&mut facts);
        judge(&facts).into_iter().map(|finding| finding.code).collect::<Vec<_>>()
    };
    assert_eq!(judge(&glance()), [], "a glance sees nothing of it");
    assert_eq!(look.at(), NOW);
    assert_eq!(codes(glance()), [Code::DayUnreadable, Code::LeaseFight, Code::CheckpointDamaged]);
    let mut later = glance();
    later.now += 6 * 60 * SECOND;
    work(&mut later).partitions[0].checkpoint.as_mut().unwrap().offset += 1;
    let later = codes(later);
    assert!(later.contains(&Code::DayUnreadable), "{later:?}");
    assert!(!later.contains(&Code::LeaseFight) && !later.contains(&Code::CheckpointDamaged), "{later:?}");
}

/// The table of `docs/doctor.md`.
fn table() -> String {
    let row = |code: &Code| {
        let (name, severity, cause, next) = (code.name(), code.severity().name(), code.cause(), code.next());
        format!("| `{name}` | {severity} | {}<br>{} | {}<br>{} |\n", cause.en, cause.zh, next.en, next.zh)
    };
    let mut table = String::new();
    let mut area = None;
    for code in Code::ALL {
        if area != Some(code.area()) {
            area = Some(code.area());
            table.push_str(&format!(
                "\n## {}\n\n| code | severity | cause | next |\n|---|---|---|---|\n",
                code.area().name()
            ));
        }
        table.push_str(&row(code));
    }
    table
}

#[test]
fn the_document_has_every_code_and_no_other() {
    const DOCUMENT: &str = include_str!("../../../../docs/doctor.md");
    let (_, found) = DOCUMENT.split_once("<!-- the table -->\n").unwrap_or_default();
    assert!(found == table(), "docs/doctor.md must end, behind its mark, with this:\n{}", table());
}
