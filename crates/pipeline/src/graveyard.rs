//! From the dead-letter topics into the store, where people look at them: each letter once, by its position.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use muster_log::{Batch, DlqOf, EventLog, Fetched, Topic};
use muster_store::{DeadLetterState, NewDeadLetter, Store};
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::metrics::Metrics;
use crate::park::header;
use crate::{PipelineError, late, outbox};

/// The dead-letter topics that people look at.
const TOPICS: [Topic; 2] = [Topic::DeadLetter(DlqOf::Intake), Topic::DeadLetter(DlqOf::Observation)];

/// How many dead letters, and about how many bytes of them, are copied at once.
const MOST: usize = 500;
const MOST_BYTES: usize = 4 << 20;

/// Copies dead letters, and tells open screens of them.
#[derive(Debug, Clone)]
pub struct Graveyard {
    /// Where they lie.
    pub log: Arc<dyn EventLog>,
    /// Where people look at them.
    pub store: Store,
    /// The counters.
    pub metrics: Metrics,
    /// The clock.
    pub clock: Clock,
}

impl Graveyard {
    /// Copies dead letters into the store until told to stop.
    pub async fn run(self, stop: CancellationToken) {
        let mut tasks = Vec::new();
        for topic in TOPICS {
            let (graveyard, stop) = (self.clone(), stop.clone());
            tasks.push(tokio::spawn(async move {
                while !stop.is_cancelled() {
                    if let Err(error) = graveyard.follow(&topic, &stop).await {
                        tracing::warn!(%topic, error = %crate::chain(&error), "dead letters wait");
                        let pause = tokio::time::sleep(error.retry_after());
                        tokio::select! { () = stop.cancelled() => break, () = pause => {} }
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
    pub async fn catch_up(&self) -> Result<(), PipelineError> {
        for topic in TOPICS {
            let bounds = self.log.bounds(&topic, 0).await?;
            let mut at = self.next(&topic, bounds.start).await?;
            if at >= bounds.end {
                continue;
            }
            let mut reader = self.log.reader(&topic, 0, at).await?;
            while at < bounds.end {
                let batch = reader.next(MOST, MOST_BYTES, Duration::from_secs(5)).await?;
                at = batch.next;
                self.put(&topic, batch).await?;
            }
        }
        Ok(())
    }

    /// Where copying goes on.
    async fn next(&self, topic: &Topic, start: u64) -> Result<u64, PipelineError> {
        late::take_on(&self.store, &self.metrics, (topic, 0), start).await
    }

    /// Copies what no process has copied yet, and writes down that it is: the copy goes once it is settled, the letter may lie
    /// in the log for longer.
    async fn put(&self, topic: &Topic, batch: Batch) -> Result<(), PipelineError> {
        let (name, source) = (topic.to_string(), late::source(topic, 0));
        let mut tx = self.store.begin().await?;
        let from = tx.source_hold(&source).await?.unwrap_or_default();
        let found = batch.records.into_iter().filter(|found| found.offset >= from);
        let rows: Vec<NewDeadLetter> = found.map(|found| row(&name, found)).collect();
        let new = tx.dead_letters_put(&rows).await?;
        tx.source_move(&source, from, batch.next.max(from)).await?;
        if new > 0 {
            tx.outbox_push(&[outbox::letters(DeadLetterState::Open, new, self.clock.micros())?]).await?;
        }
        Ok(tx.commit().await?)
    }

    async fn follow(&self, topic: &Topic, stop: &CancellationToken) -> Result<(), PipelineError> {
        let start = self.log.bounds(topic, 0).await?.start;
        let from = self.next(topic, start).await?;
        let mut reader = self.log.reader(topic, 0, from).await?;
        while !stop.is_cancelled() {
            let batch = tokio::select! {
                () = stop.cancelled() => break,
                batch = reader.next(MOST, MOST_BYTES, Duration::from_secs(5)) => batch?,
            };
            if !batch.records.is_empty() {
                self.put(topic, batch).await?;
            }
        }
        Ok(())
    }
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
