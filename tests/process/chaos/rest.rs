//! What log and store say when nothing runs: read whole, and the watch done again from the first record.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use muster_domain::case::{Case, CaseEvent};
use muster_domain::condition::State;
use muster_domain::record::LogRecord;
use muster_domain::time::Seen;
use muster_log::{EventLog, Fetched, Record, Topic};
use muster_pipeline::configs::Configs;
use muster_rules::watch::Engine;
use muster_store::{CaseFilter, PartitionRow, Store};
use muster_street::load::LOAD_SOURCE;

use super::check::{Beliefs, Believed, Rest, Row, Sent};
use super::sender::{Acknowledged, REPORTS};
use crate::stage::{PARTITIONS, Stage};

/// What the observation topic holds, read on from where the last reading ended.
#[derive(Debug, Default)]
pub(super) struct Log {
    at: BTreeMap<u32, u64>,
    /// Ids of observations of the load, and of reports.
    observations: BTreeSet<String>,
    reports: BTreeSet<String>,
    /// Where the last of them lies, by partition.
    last: BTreeMap<u32, u64>,
    /// Effects of which it says what became of them, by their destination.
    carried_out: Vec<(&'static str, String)>,
}

impl Log {
    /// Reads what has come since, while no server runs.
    pub(super) async fn read_on(&mut self, stage: &Stage) {
        let (log, store) = stage.open().await;
        for partition in 0..PARTITIONS {
            let from = self.at.get(&partition).copied().unwrap_or(0);
            let end = log.bounds(&Topic::Observation, partition).await.unwrap().end;
            let (observations, reports, last) = (&mut self.observations, &mut self.reports, &mut self.last);
            let effects = &mut self.carried_out;
            let note = |found: Fetched| {
                effects.extend(carried_out(&found.record));
                let ids = match text(&found.record, "ce_source").as_str() {
                    LOAD_SOURCE => &mut *observations,
                    REPORTS => &mut *reports,
                    _ => return,
                };
                ids.insert(text(&found.record, "ce_id"));
                last.insert(partition, found.offset);
            };
            let at = each(&*log, &Topic::Observation, partition, from..end, note).await;
            self.at.insert(partition, at);
        }
        log.close().await;
        store.close().await;
    }

    /// What was acknowledged and is not there.
    pub(super) fn lacks(&self, sent: &Acknowledged) -> Vec<String> {
        let observations = sent.observations.difference(&self.observations);
        observations.chain(sent.reports.difference(&self.reports)).cloned().collect()
    }

    /// Everything that log and store say, while no server runs.
    pub(super) async fn rest(&self, stage: &Stage, sent: &Acknowledged) -> Rest {
        let (log, store) = stage.open().await;
        let rest = Rest { lost: self.lacks(sent), ..self.said_by(&*log, &store).await };
        log.close().await;
        store.close().await;
        rest
    }

    /// What a log and a store say together.
    pub(super) async fn said_by(&self, log: &dyn EventLog, store: &Store) -> Rest {
        let mut rest = Rest {
            pending: store.outbox_pending().await.unwrap().count,
            outbox: outbox(store).await,
            journals: journals(store).await,
            carried_out: self.carried_out.clone(),
            cases: all(log, &Topic::Case).await.iter().map(case).collect(),
            conditions: all(log, &Topic::Condition).await.iter().map(condition).collect(),
            ..Rest::default()
        };
        let configs = Configs::new(store.clone());
        for version in store.config_versions().await.unwrap() {
            configs.load(version).await.unwrap();
        }
        let (mut written_by, mut replays) = (BTreeMap::new(), Vec::new());
        for row in store.partitions().await.unwrap() {
            let PartitionRow { partition, offset, .. } = row;
            let end = log.bounds(&Topic::Observation, partition).await.unwrap().end;
            let last = self.last.get(&partition).copied();
            if last.is_some_and(|last| offset <= last) || end < offset {
                rest.unwatched.push(format!("partition {partition}: {last:?} of {end}, and committed {offset}"));
            }
            for (condition, believed) in rows(store, partition).await {
                written_by.insert(condition.clone(), partition);
                rest.believed.insert(condition, believed);
            }
            replays.push((partition, replay(log, store, &configs, (partition, offset.min(end))).await));
        }
        // Of a device or an adapter several partitions write one row, and it is as the last of them left it.
        for (partition, replay) in replays {
            let own = |condition: &String| written_by.get(condition).is_none_or(|by| *by == partition);
            rest.replayed.extend(replay.into_iter().filter(|(condition, _)| own(condition)));
        }
        rest
    }
}

/// The watch of a partition done again: from its first record and without a checkpoint, up to what is committed.
async fn replay(log: &dyn EventLog, store: &Store, configs: &Configs, (partition, to): (u32, u64)) -> Beliefs {
    let topic = log.identity().of(&Topic::Observation).unwrap();
    let mut engine = Engine::new(&topic.generation, partition, topic.partitions);
    let skips = store.skips(partition).await.unwrap();
    let apply = |found: Fetched| {
        if !skips.contains(&found.offset) {
            let mut lookup = |version| configs.get(version);
            engine.apply(found.offset, &record(&found.record), &mut lookup, &mut Vec::new()).unwrap();
        }
    };
    each(log, &Topic::Observation, partition, 0..to, apply).await;
    let believed = engine.conditions().map(|view| {
        let (since, episode) = (view.since.map(Seen::micros), view.episode.map(ToString::to_string));
        let believed = Believed { state: view.state, since, blind: view.blind, episode };
        (name(view.key.rule.as_str(), &view.key.subject.key()), believed)
    });
    believed.filter(|(_, believed)| was_heard_of(believed)).collect()
}

/// What the rows say that a partition wrote last.
async fn rows(store: &Store, partition: u32) -> Beliefs {
    let rows = store.conditions_of_partition(partition).await.unwrap().into_iter();
    let believed = rows.map(|row| {
        let state = State::parse(&row.state).unwrap();
        let since = (state != State::Unknown).then_some(row.since);
        let believed = Believed { state, since, blind: row.blind, episode: row.episode };
        (name(&row.rule, &row.subject), believed)
    });
    believed.filter(|(_, believed)| was_heard_of(believed)).collect()
}

fn name(rule: &str, subject: &str) -> String {
    format!("{rule} at {subject}")
}

fn was_heard_of(believed: &Believed) -> bool {
    believed.state != State::Unknown || believed.blind
}

/// Where rows of the outbox go.
const DESTINATIONS: [&str; 6] = ["case", "condition", "act", "ladder", "notice", "letter"];

/// The whole outbox, in the order of its numbers.
async fn outbox(store: &Store) -> Vec<Row> {
    let mut found = Vec::new();
    for destination in DESTINATIONS {
        let mut last = 0;
        loop {
            let rows = store.outbox_after(destination, last, 5_000).await.unwrap();
            let Some(row) = rows.last() else { break };
            last = row.publish_no;
            found.extend(rows.into_iter().map(|row| Row {
                destination,
                effect: row.effect,
                sent: Sent { number: row.publish_no, subject: row.ordering_key, body: row.body },
            }));
        }
    }
    found.sort_by_key(|row| row.sent.number);
    found
}

/// Every case with its journal.
async fn journals(store: &Store) -> Vec<(String, Vec<CaseEvent>)> {
    let (mut found, mut cursor) = (Vec::new(), None);
    loop {
        let page = store.cases(&CaseFilter::default(), 500, cursor.as_deref()).await.unwrap();
        for case in page.items {
            let entries = store.journal(&case.id, 0, u32::MAX).await.unwrap();
            let entries = entries.iter().map(|row| muster_wire::case::read_event(&row.doc).unwrap());
            found.push((case.id, entries.collect()));
        }
        cursor = page.next;
        if cursor.is_none() {
            return found;
        }
    }
}

/// What became of an effect, where a record says so.
fn carried_out(found: &Record) -> Option<(&'static str, String)> {
    match text(found, "ce_type").as_str() {
        "muster.outcome.v1" | "muster.act.v1" => {}
        _ => return None,
    }
    match record(found) {
        LogRecord::Outcome(outcome) => Some(("ladder", outcome.effect.to_string())),
        LogRecord::Act(act) => Some(("act", act.id.to_string())),
        _ => None,
    }
}

fn condition(record: &Record) -> Sent {
    let (number, subject) = (text(record, "ce_id").parse().unwrap(), text(record, "ce_subject"));
    Sent { number, subject, body: String::from_utf8(record.payload.to_vec()).unwrap() }
}

fn case(record: &Record) -> (CaseEvent, Case) {
    muster_wire::case::read_changed(std::str::from_utf8(&record.payload).unwrap()).unwrap()
}

fn record(record: &Record) -> LogRecord {
    muster_wire::record::decode(&record.headers, &record.payload).unwrap()
}

fn text(record: &Record, header: &str) -> String {
    record.header(header).map(|value| String::from_utf8_lossy(value).into_owned()).unwrap_or_default()
}

/// Everything that a topic holds, one partition after another.
async fn all(log: &dyn EventLog, topic: &Topic) -> Vec<Record> {
    let mut records = Vec::new();
    for partition in 0..log.partitions(topic) {
        let bounds = log.bounds(topic, partition).await.unwrap();
        each(log, topic, partition, bounds.start..bounds.end, |found| records.push(found.record)).await;
    }
    records
}

/// Reads a stretch of a partition record by record, and says where it ended.
async fn each(
    log: &dyn EventLog,
    topic: &Topic,
    partition: u32,
    stretch: std::ops::Range<u64>,
    mut with: impl FnMut(Fetched),
) -> u64 {
    let mut reader = log.reader(topic, partition, stretch.start).await.unwrap();
    let mut at = stretch.start;
    while at < stretch.end {
        let batch = reader.next(5_000, 8 << 20, Duration::from_secs(5)).await.unwrap();
        batch.records.into_iter().filter(|found| found.offset < stretch.end).for_each(&mut with);
        at = batch.next;
    }
    at
}

#[cfg(test)]
mod tests;
