//! The log on Apache Kafka.

mod bare;
mod client;
mod consumer;
mod inspect;
mod native;
mod outsider;
mod packed;
mod producer;
mod reader;
mod sameness;
mod topics;

use std::sync::Arc;
use std::time::Duration;

use rdkafka::error::KafkaError;
use rdkafka::producer::Producer as _;
use rdkafka::types::RDKafkaErrorCode as Code;
use tokio::sync::{Mutex, watch};
use tokio::time::Instant;

pub use self::bare::{BareRecord, bare_loop};
use self::client::{Settings, blocking, trouble};
use self::consumer::Consumers;
pub(crate) use self::inspect::inspect;
pub use self::outsider::TopicWriter;
use self::producer::Producer;
use self::reader::KafkaReader;
use self::sameness::Sameness;
use crate::error::LogError;
use crate::identity::{LogIdentity, TopicIdentity};
use crate::record::{Append, Bounds, check_batch};
use crate::settings::LogSettings;
use crate::topic::Topic;
use crate::{EventLog, LogReader};

/// How long one question to the brokers may take.
const ANSWER: Duration = Duration::from_secs(5);
/// How long to wait before a partition without a leader is asked again.
const ASK_AGAIN: Duration = Duration::from_millis(50);
/// How long closing waits for records on their way.
const FLUSH: Duration = Duration::from_secs(30);

/// The log on Apache Kafka.
#[derive(Debug)]
pub(crate) struct KafkaLog {
    identity: LogIdentity,
    producer: Arc<Producer>,
    consumers: Consumers,
    sameness: Arc<Sameness>,
    closed: watch::Sender<bool>,
    /// One question about health at a time: while brokers are away each takes a thread for seconds.
    asking: Mutex<()>,
}

impl KafkaLog {
    pub(crate) async fn open(settings: &LogSettings) -> Result<KafkaLog, LogError> {
        let clients = Settings::new(settings)?;
        let producer = Arc::new(Producer::new(&clients, settings)?);
        let identity = topics::prepare(&clients, producer.current(), settings).await?;
        let (sameness, closed) = (Sameness::new(&identity), watch::Sender::new(false));
        tokio::spawn(Arc::clone(&sameness).watch(Arc::clone(&producer), closed.subscribe()));
        let (consumers, asking) = (Consumers::new(&clients), Mutex::new(()));
        Ok(KafkaLog { identity, producer, consumers, sameness, closed, asking })
    }

    fn topic(&self, topic: &Topic, partition: u32) -> Result<&TopicIdentity, LogError> {
        if *self.closed.borrow() {
            return Err(LogError::Closed);
        }
        self.sameness.known()?;
        match self.identity.of(topic) {
            Some(identity) if partition < identity.partitions => Ok(identity),
            Some(_) => Err(LogError::invalid(format!("{topic} has no partition {partition}"))),
            None => Err(LogError::refused(
                format!("the topic {topic} is not one that this log reads"),
                "add it to log.foreign_topics",
            )),
        }
    }
}

#[async_trait::async_trait]
impl EventLog for KafkaLog {
    fn identity(&self) -> &LogIdentity {
        &self.identity
    }

    async fn append(&self, batch: Vec<Append>) -> Result<Vec<u64>, LogError> {
        check_batch(&batch, |topic| self.partitions(topic))?;
        if *self.closed.borrow() {
            return Err(LogError::Closed);
        }
        self.sameness.known()?;
        let offsets = self.producer.append(&batch, &self.identity).await?;
        // What brokers took that were wiped meanwhile is in no log of ours: it is not acknowledged.
        self.sameness.since_trouble(self.producer.current()).await?;
        Ok(offsets)
    }

    async fn reader(&self, topic: &Topic, partition: u32, from: u64) -> Result<Box<dyn LogReader>, LogError> {
        let identity = self.topic(topic, partition)?;
        let Bounds { start, end } = self.bounds(topic, partition).await?;
        if !(start..=end).contains(&from) {
            return Err(LogError::OutOfRange { topic: topic.clone(), partition, wanted: from, start, end });
        }
        let subscription = self.consumers.subscribe(&identity.name, partition, from)?;
        let producer = self.producer.current();
        Ok(Box::new(KafkaReader::new(subscription, topic.clone(), from, end, producer, self.closed.subscribe())))
    }

    async fn bounds(&self, topic: &Topic, partition: u32) -> Result<Bounds, LogError> {
        let name = self.topic(topic, partition)?.name.clone();
        bounds(self.producer.current(), name, partition).await
    }

    async fn healthy(&self) -> Result<(), LogError> {
        let name = self.topic(&Topic::Observation, 0)?.name.clone();
        let _asking = self.asking.try_lock().map_err(|_| LogError::unavailable("the brokers have not answered yet"))?;
        self.sameness.since_trouble(self.producer.current()).await?;
        let producer = self.producer.current();
        blocking(move || {
            let metadata = producer.client().fetch_metadata(Some(&name), ANSWER);
            let metadata = metadata.map_err(|error| trouble("asking the brokers for the topics", error))?;
            let partitions = metadata.topics().iter().flat_map(|topic| topic.partitions());
            match partitions.filter(|partition| partition.leader() < 0).count() {
                0 => Ok(()),
                without => Err(LogError::unavailable(format!("{without} partitions of {name} have no leader"))),
            }
        })
        .await
    }

    async fn close(&self) {
        self.closed.send_replace(true);
        let producer = self.producer.current();
        let flushed =
            blocking(move || producer.flush(FLUSH).map_err(|error| trouble("sending what waits", error))).await;
        if let Err(error) = flushed {
            tracing::warn!(%error, "records were on their way when the log was closed; their callers are told");
        }
        self.consumers.stop();
    }
}

/// Asks the leader of a partition for its bounds. A partition that was just made, or whose leader just moved, is asked
/// again for a while: its new leader may not know yet that it leads.
async fn bounds(producer: Arc<producer::Sender>, name: String, partition: u32) -> Result<Bounds, LogError> {
    let deadline = Instant::now() + ANSWER;
    loop {
        let (asked, of) = (Arc::clone(&producer), name.clone());
        let answer =
            blocking(move || Ok(asked.client().fetch_watermarks(&of, client::number(partition), ANSWER))).await?;
        match answer {
            Ok((start, end)) => {
                return Ok(Bounds { start: u64::try_from(start).unwrap_or(0), end: u64::try_from(end).unwrap_or(0) });
            }
            Err(error) if leaderless(&error) && Instant::now() < deadline => tokio::time::sleep(ASK_AGAIN).await,
            Err(error) => {
                return Err(trouble(&format!("asking for the bounds of {name} partition {partition}"), error));
            }
        }
    }
}

/// Whether nobody knows yet who leads.
fn leaderless(error: &KafkaError) -> bool {
    let waiting = [Code::NotLeaderForPartition, Code::LeaderNotAvailable];
    error.rdkafka_error_code().is_some_and(|code| waiting.contains(&code))
}
