//! From the dead-letter topics into the store, where people look at them: each letter once, by its position.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use muster_log::{DlqOf, EventLog, Fetched, Topic};
use muster_store::{NewDeadLetter, Store};
use tokio_util::sync::CancellationToken;

use crate::metrics::Metrics;
use crate::park::header;
use crate::{PipelineError, late};

/// The dead-letter topics that people look at.
const TOPICS: [Topic; 2] = [Topic::DeadLetter(DlqOf::Intake), Topic::DeadLetter(DlqOf::Observation)];

/// How many dead letters, and about how many bytes of them, are copied at once.
const MOST: usize = 500;
const MOST_BYTES: usize = 4 << 20;

/// Copies dead letters into the store until told to stop.
pub async fn run(log: Arc<dyn EventLog>, store: Store, metrics: Metrics, stop: CancellationToken) {
    let mut tasks = Vec::new();
    for topic in TOPICS {
        let (log, store, metrics, stop) = (Arc::clone(&log), store.clone(), metrics.clone(), stop.clone());
        tasks.push(tokio::spawn(async move {
            while !stop.is_cancelled() {
                if let Err(error) = follow(&log, &store, &metrics, &topic, &stop).await {
                    tracing::warn!(%topic, error = %crate::chain(&error), "dead letters wait");
                    tokio::select! { () = stop.cancelled() => break, () = tokio::time::sleep(error.retry_after()) => {} }
                }
            }
        }));
    }
    for task in tasks {
        if let Err(error) = task.await {
            tracing::error!(%error, "copying dead letters ended badly");
        }
    }
}

/// Copies the dead letters that are there now, for whoever looks at them while no process follows.
///
/// # Errors
/// [`PipelineError`] if the log cannot be read or the store cannot be written.
pub async fn catch_up(log: &Arc<dyn EventLog>, store: &Store, metrics: &Metrics) -> Result<(), PipelineError> {
    for topic in TOPICS {
        let (name, bounds) = (topic.to_string(), log.bounds(&topic, 0).await?);
        let mut at = late::read_on(metrics, &topic, 0, store.dead_letters_end(&name).await?, bounds.start);
        if at >= bounds.end {
            continue;
        }
        let mut reader = log.reader(&topic, 0, at).await?;
        while at < bounds.end {
            let batch = reader.next(MOST, MOST_BYTES, Duration::from_secs(5)).await?;
            at = batch.next;
            put(store, &name, batch.records).await?;
        }
    }
    Ok(())
}

async fn put(store: &Store, topic: &str, found: Vec<Fetched>) -> Result<(), PipelineError> {
    let rows: Vec<NewDeadLetter> = found.into_iter().map(|found| row(topic, found)).collect();
    store.dead_letters_put(&rows).await?;
    Ok(())
}

async fn follow(
    log: &Arc<dyn EventLog>,
    store: &Store,
    metrics: &Metrics,
    topic: &Topic,
    stop: &CancellationToken,
) -> Result<(), PipelineError> {
    let name = topic.to_string();
    let start = log.bounds(topic, 0).await?.start;
    let from = late::read_on(metrics, topic, 0, store.dead_letters_end(&name).await?, start);
    let mut reader = log.reader(topic, 0, from).await?;
    while !stop.is_cancelled() {
        let batch = tokio::select! {
            () = stop.cancelled() => break,
            batch = reader.next(MOST, MOST_BYTES, Duration::from_secs(5)) => batch?,
        };
        if !batch.records.is_empty() {
            put(store, &name, batch.records).await?;
        }
    }
    Ok(())
}

fn row(topic: &str, found: Fetched) -> NewDeadLetter {
    let text = |name: &str| found.record.header(name).map(|value| String::from_utf8_lossy(value).into_owned());
    let number = |name: &str| text(name).and_then(|value| value.parse::<i64>().ok());
    let encode = |value: &[u8]| base64::prelude::BASE64_STANDARD.encode(value);
    let headers: Vec<(String, String)> = found
        .record
        .headers
        .iter()
        .filter(|(name, _)| !name.starts_with("dlq."))
        .map(|(name, value)| (name.to_string(), encode(value)))
        .collect();
    NewDeadLetter {
        topic: topic.to_owned(),
        partition: 0,
        offset: found.offset,
        original_topic: text(header::TOPIC).unwrap_or_default(),
        original_partition: number(header::PARTITION),
        original_offset: number(header::OFFSET),
        key: found.record.key.as_ref().map(|key| key.to_vec()),
        bytes: found.record.payload.to_vec(),
        headers: serde_json::to_string(&headers).unwrap_or_default(),
        code: text(header::CODE).unwrap_or_else(|| "unknown".to_owned()),
        message: text(header::MESSAGE).unwrap_or_default(),
        fault: text(header::FAULT).unwrap_or_default(),
        received: found.record.timestamp_us,
    }
}
