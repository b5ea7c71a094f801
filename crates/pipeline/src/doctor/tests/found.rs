//! Each finding, brought about by what happens to a system that is well.

use std::collections::BTreeSet;

use muster_log::LogError;
use muster_log::inspect::Unseen;
use muster_store::{Skipped, StoreError};

use super::*;
use crate::watch::Trouble;

/// The codes of what is found before there are facts to judge: the command's own, brought about by its own tests.
const OF_THE_COMMAND: [Code; 4] = [Code::UnknownSetting, Code::PairMismatch, Code::SettingsRefused, Code::ServerSilent];

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
