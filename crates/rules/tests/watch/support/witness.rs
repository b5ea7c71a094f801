//! What can be seen of coverage without computing it: whether a place was heard of near an instant at all.

use muster_domain::condition::ConditionKey;
use muster_domain::record::{Health, LogRecord};
use muster_domain::time::Seen;

use super::log::Log;

/// Whether some healthy record of a source of the condition, read by record `number`, lies at most `blind.after`
/// before the instant: without one no source can cover it.
pub(crate) fn heard_near(log: &Log, number: usize, key: &ConditionKey, at: Seen) -> bool {
    let rules = log.configs.values().filter_map(|config| config.rule(&key.rule));
    let after = rules.filter_map(|rule| rule.blind).map(|blind| blind.after).max().unwrap_or_default();
    log.records[..=number.min(log.records.len() - 1)].iter().any(|(_, record)| match record {
        LogRecord::Observation(said) => {
            Some(&said.place) == key.subject.place()
                && said.health.is_none_or(Health::healthy)
                && said.seen <= at
                && at <= said.seen.plus(after)
        }
        _ => false,
    })
}
