//! Log and store are a pair: the store keeps the offsets of one log, and what it has is of use with that one alone.

use std::sync::Arc;

use muster_log::{EventLog, LogError, Topic};
use muster_store::{Identity, Store, StoreError};

/// Binds the store to the log at the first call; later it must be the same.
///
/// # Errors
/// [`StoreError::Refused`] if the store belongs to another log, with what to do.
pub async fn pin(log: &Arc<dyn EventLog>, store: &Store) -> Result<(), StoreError> {
    let identity = log.identity();
    let named = |foreign: bool| {
        let topics = identity.topics.iter().filter(move |topic| matches!(topic.topic, Topic::Foreign(_)) == foreign);
        topics.map(|topic| format!("{}={}", topic.name, topic.generation)).collect::<Vec<_>>()
    };
    let observation = identity.of(&Topic::Observation);
    let found = Identity {
        profile: format!("{:?}", identity.profile).to_lowercase(),
        cluster: identity.cluster.clone(),
        topics: named(false),
        generation: observation.map(|topic| topic.generation.clone()).unwrap_or_default(),
        partitions: observation.map_or(0, |topic| topic.partitions),
    };
    store.pin_identity(&found).await?;
    match named(true) {
        foreign if foreign.is_empty() => Ok(()),
        foreign => store.pin_foreign(&foreign).await,
    }
}

/// Whether the log is in use: its observation topic, which nobody else writes, holds records. Nobody writes there before a
/// store is bound to the log.
///
/// # Errors
/// [`LogError`] if the log does not say.
pub async fn is_used(log: &Arc<dyn EventLog>) -> Result<bool, LogError> {
    for partition in 0..log.partitions(&Topic::Observation) {
        if !log.bounds(&Topic::Observation, partition).await?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}
