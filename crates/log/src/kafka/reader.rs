//! One reader of one partition: waits for one record, then takes all that are ready without waiting.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaErrorCode as Code;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::client::trouble;
use super::consumer::Subscription;
use super::native::Message;
use super::packed;
use super::producer::Sender;
use crate::LogReader;
use crate::arena::Arena;
use crate::error::LogError;
use crate::record::{Batch, Bounds, MAX_RECORD_BYTES, TORN_BYTES, Torn};
use crate::topic::Topic;

/// The client has been known to forget to say that a queue is filled: nobody relies on being told for longer.
const WATCHDOG: Duration = Duration::from_millis(250);
/// The longest wait: more would overflow the clock, and nobody waits longer without asking again.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3600);
/// What is taken from the client at once: enough that the call costs nothing beside the records.
const HANDFUL: usize = 256;

/// One reader of one partition.
pub(super) struct KafkaReader {
    subscription: Subscription,
    topic: Topic,
    next: u64,
    end: u64,
    /// Taken from the client and not handed out yet.
    taken: VecDeque<Message>,
    /// Found while draining behind records that had to be handed out first.
    error: Option<KafkaError>,
    producer: Arc<Sender>,
    closed: watch::Receiver<bool>,
}

impl KafkaReader {
    pub(super) fn new(
        subscription: Subscription,
        topic: Topic,
        next: u64,
        end: u64,
        producer: Arc<Sender>,
        closed: watch::Receiver<bool>,
    ) -> KafkaReader {
        KafkaReader { subscription, topic, next, end, taken: VecDeque::new(), error: None, producer, closed }
    }

    /// Takes what is ready without waiting.
    fn drain(&mut self, max_records: usize, max_bytes: usize) -> Arena {
        let mut arena = Arena::default();
        while self.error.is_none() && arena.len() < max_records.max(1) && arena.bytes() < max_bytes.max(1) {
            if self.taken.is_empty() {
                self.taken.extend(self.subscription.ready(HANDFUL));
            }
            let Some(message) = self.taken.pop_front() else { break };
            let offset = message.offset();
            match message.error() {
                Some(code) => self.error = Some(KafkaError::MessageConsumption(code.into())),
                None if offset < self.next => {}
                None => {
                    take(&mut arena, offset, &message);
                    self.next = offset + 1;
                }
            }
        }
        arena
    }

    /// Passes over a batch that cannot be unpacked: one record without content stands for all of it.
    async fn pass_over(&mut self) -> Result<Batch, LogError> {
        // They come again after the search.
        self.taken.clear();
        let (from, known) = (self.next, self.subscription.known_end().unwrap_or(self.end));
        let end = packed::end_of_batch(&self.subscription, from, known).await?;
        let mut arena = Arena::default();
        if end > from {
            let (topic, partition) = (&self.subscription.place.0, self.subscription.place.1);
            tracing::error!(topic, partition, from, end, "a batch cannot be unpacked and is passed over");
            arena.push(from, 0, None, &[]);
            arena.tear(Torn::Packed(end));
        }
        self.next = end;
        Ok(self.batch(arena))
    }

    fn batch(&mut self, arena: Arena) -> Batch {
        self.end = self.subscription.known_end().unwrap_or(self.end).max(self.next);
        Batch { records: arena.finish(), next: self.next, end: self.end }
    }

    async fn failed(&mut self, error: KafkaError) -> LogError {
        let (name, partition) = (self.subscription.place.0.clone(), self.subscription.place.1.unsigned_abs());
        let lost = [Code::AutoOffsetReset, Code::OffsetOutOfRange];
        if !error.rdkafka_error_code().is_some_and(|code| lost.contains(&code)) {
            return trouble(&format!("reading {name} partition {partition}"), error);
        }
        match super::bounds(Arc::clone(&self.producer), name, partition).await {
            Ok(Bounds { start, end }) => {
                LogError::OutOfRange { topic: self.topic.clone(), partition, wanted: self.next, start, end }
            }
            Err(error) => error,
        }
    }
}

#[async_trait::async_trait]
impl LogReader for KafkaReader {
    async fn next(&mut self, max_records: usize, max_bytes: usize, wait: Duration) -> Result<Batch, LogError> {
        let deadline = Instant::now() + wait.min(LONGEST_WAIT);
        let mut told = true;
        loop {
            if *self.closed.borrow() {
                return Err(LogError::Closed);
            }
            if self.subscription.broken() {
                return Err(LogError::corrupt(format!("the Kafka client mixed up {}", self.subscription.place.0)));
            }
            let arena = self.drain(max_records, max_bytes);
            if arena.len() > 0 {
                if !told {
                    tracing::debug!(topic = self.subscription.place.0, "the watchdog found records nobody told of");
                }
                return Ok(self.batch(arena));
            }
            if self.error.as_ref().is_some_and(packed::is_packed) {
                // The error stays until it is done: a call that is dropped half-way is made good by the next.
                let passed = self.pass_over().await?;
                self.error = None;
                return Ok(passed);
            }
            if let Some(error) = self.error.take() {
                return Err(self.failed(error).await);
            }
            let now = Instant::now();
            if now >= deadline {
                return Ok(self.batch(arena));
            }
            let filled = self.subscription.filled.notified();
            told = tokio::select! {
                woken = timeout_at(deadline.min(now + WATCHDOG), filled) => woken.is_ok(),
                _ = self.closed.changed() => true,
            };
        }
    }
}

/// Copies a message. One that is larger than a record may be can only be somebody else's, unpacked from little: it is not
/// held twice.
fn take(arena: &mut Arena, offset: u64, message: &Message) {
    let timestamp_us = message.timestamp_ms().saturating_mul(1000);
    let (key, payload) = (message.key(), message.payload().unwrap_or_default());
    let mut size = key.map_or(0, <[u8]>::len) + payload.len();
    if size > MAX_RECORD_BYTES {
        arena.push(offset, timestamp_us, None, &payload[..payload.len().min(TORN_BYTES)]);
    } else {
        arena.push(offset, timestamp_us, key, payload);
        message.each_header(|name, value| {
            size += name.len() + value.len();
            if size <= MAX_RECORD_BYTES {
                arena.push_header(name, value);
            }
        });
    }
    if size > MAX_RECORD_BYTES {
        arena.tear(Torn::TooLarge(size));
    }
}

impl std::fmt::Debug for KafkaReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KafkaReader")
            .field("subscription", &self.subscription)
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}
