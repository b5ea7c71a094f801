//! Writing to a topic as any other program may: nothing is made, nothing is pinned, the topic must be there.

use rdkafka::producer::Producer as _;

use super::client::{Settings, blocking, trouble};
use super::producer::Producer;
use super::{FLUSH, topics};
use crate::error::LogError;
use crate::identity::{LogIdentity, TopicIdentity};
use crate::record::{Append, Record, check_batch};
use crate::settings::{LogSettings, Profile};
use crate::topic::Topic;

/// Writes to one topic of a Kafka cluster, as whoever feeds the intake topic does.
#[derive(Debug)]
pub struct TopicWriter {
    producer: Producer,
    /// One topic, which passes for the intake topic whatever its name is.
    identity: LogIdentity,
    partitions: u32,
    next: std::sync::atomic::AtomicU32,
}

impl TopicWriter {
    /// Finds the topic: the one that is named, else the intake topic of the settings' prefix.
    ///
    /// # Errors
    /// [`LogError::Unavailable`] when no broker answers, [`LogError::Refused`] when there is no such topic.
    pub async fn open(settings: &LogSettings, topic: Option<&str>) -> Result<TopicWriter, LogError> {
        let clients = Settings::new(settings)?;
        let producer = Producer::new(&clients, settings)?;
        let name = topic.map_or_else(|| Topic::Intake.name(&settings.topic_prefix), str::to_owned);
        let partitions = topics::partitions_of(&producer.current(), &name).await?.ok_or_else(|| {
            LogError::refused(
                format!("there is no topic {name} at {}", settings.url),
                "start `muster serve` once, which makes it, or name another by --topic",
            )
        })?;
        let found = TopicIdentity { topic: Topic::Intake, name, generation: String::new(), partitions };
        let identity = LogIdentity { profile: Profile::Kafka, cluster: String::new(), topics: vec![found] };
        Ok(TopicWriter { producer, identity, partitions, next: std::sync::atomic::AtomicU32::new(0) })
    }

    /// The topic's name.
    #[must_use]
    pub fn topic(&self) -> &str {
        self.identity.of(&Topic::Intake).map_or("", |topic| topic.name.as_str())
    }

    /// Writes records and comes back when all of them are durable. Those of one key stay in order.
    ///
    /// # Errors
    /// As [`EventLog::append`](crate::EventLog::append).
    pub async fn write(&self, records: Vec<Record>) -> Result<(), LogError> {
        let append = |record: Record| {
            let partition = match &record.key {
                Some(key) => hashed(key) % self.partitions,
                None => self.next.fetch_add(1, std::sync::atomic::Ordering::Relaxed) % self.partitions,
            };
            Append { topic: Topic::Intake, partition, record }
        };
        let batch: Vec<Append> = records.into_iter().map(append).collect();
        check_batch(&batch, |_| self.partitions)?;
        self.producer.append(&batch, &self.identity).await.map(drop)
    }

    /// Waits for what is on its way.
    pub async fn close(&self) {
        let producer = self.producer.current();
        let flushed = blocking(move || producer.flush(FLUSH).map_err(|error| trouble("sending what waits", error)));
        if let Err(error) = flushed.await {
            tracing::warn!(%error, "records were on their way when the writer was closed; their callers are told");
        }
    }
}

/// FNV-1a: any spread will do, if it is always the same.
fn hashed(key: &[u8]) -> u32 {
    key.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}
