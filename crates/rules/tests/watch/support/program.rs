//! The two programs that read a log: the slow reference, and the engine.

use std::collections::BTreeMap;
use std::sync::Arc;

use muster_domain::condition::Change;
use muster_domain::record::LogRecord;
use muster_rules::config::Config;
use muster_rules::reference::Reference;
use muster_rules::watch::Engine;

use super::log::GENERATION;

pub(crate) type Configs = BTreeMap<u64, Arc<Config>>;
/// Reads a log and says what changed at each record.
pub(crate) type Program = fn(&[(u64, LogRecord)], &Configs) -> Vec<Vec<Change>>;

pub(crate) fn reference(records: &[(u64, LogRecord)], configs: &Configs) -> Vec<Vec<Change>> {
    let mut reference = Reference::new(GENERATION, 0, 1);
    let read = |(offset, record): &(u64, LogRecord)| {
        reference.apply(*offset, record, &mut |version| configs.get(&version).cloned())
    };
    records.iter().map(read).collect()
}

pub(crate) fn engine(records: &[(u64, LogRecord)], configs: &Configs) -> Vec<Vec<Change>> {
    let mut engine = Engine::new(GENERATION, 0, 1);
    records.iter().map(|(offset, record)| read(&mut engine, *offset, record, configs)).collect()
}

/// What the engine says to one record.
pub(crate) fn read(engine: &mut Engine, offset: u64, record: &LogRecord, configs: &Configs) -> Vec<Change> {
    let mut changes = Vec::new();
    engine.apply(offset, record, &mut |version| configs.get(&version).cloned(), &mut changes).unwrap();
    changes
}
