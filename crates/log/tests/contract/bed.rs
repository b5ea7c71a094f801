//! A log to test on: of which kind, where it is, and short words for what every case does.

use std::sync::Arc;
use std::time::Duration;

use muster_log::{Append, EventLog, Fetched, LogReader, LogSettings, Record, Topic};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use tempfile::TempDir;

/// Partitions of every topic in these tests.
pub(crate) const PARTITIONS: u32 = 4;
/// Bounds a failure; nothing waits this long when all is well.
pub(crate) const LONG: Duration = Duration::from_secs(30);

/// Where the log of one test is.
pub(crate) struct Bed {
    folder: TempDir,
    url: String,
    prefix: String,
    mock: Option<MockCluster<'static, DefaultProducerContext>>,
}

impl Bed {
    pub(crate) fn embedded() -> Bed {
        Bed::new("embedded".to_owned(), None)
    }

    /// The mock cluster makes no topics by request: it gets them before.
    pub(crate) fn mock() -> Bed {
        Bed::mock_of(1)
    }

    /// A mock cluster of several brokers; each topic has one copy.
    pub(crate) fn mock_of(brokers: i32) -> Bed {
        let mock = MockCluster::new(brokers).unwrap();
        let bed = Bed::new(format!("kafka://{}", mock.bootstrap_servers()), Some(mock));
        for topic in Topic::OWN {
            let partitions = if matches!(topic, Topic::DeadLetter(_)) { 1 } else { PARTITIONS };
            bed.mock_cluster().create_topic(&topic.name(&bed.prefix), i32::try_from(partitions).unwrap(), 1).unwrap();
        }
        bed
    }

    /// `None` where no Kafka runs for the tests: the test is then counted as skipped.
    pub(crate) fn real() -> Option<Bed> {
        let brokers = muster_tests::need("MUSTER_TEST_KAFKA", "Apache Kafka")?;
        Some(Bed::new(format!("kafka://{brokers}"), None))
    }

    fn new(url: String, mock: Option<MockCluster<'static, DefaultProducerContext>>) -> Bed {
        let prefix = format!("test-{:016x}", rand::random::<u64>());
        Bed { folder: tempfile::tempdir().unwrap(), url, prefix, mock }
    }

    pub(crate) fn mock_cluster(&self) -> &MockCluster<'static, DefaultProducerContext> {
        self.mock.as_ref().unwrap()
    }

    pub(crate) fn settings(&self) -> LogSettings {
        LogSettings {
            url: self.url.clone(),
            topic_prefix: self.prefix.clone(),
            partitions: PARTITIONS,
            data_dir: self.folder.path().to_owned(),
            free_disk_floor_percent: 0,
            // The mock cluster has no controller to ask.
            topic_ids: self.mock.is_none(),
            ..LogSettings::default()
        }
    }

    pub(crate) async fn open(&self) -> Arc<dyn EventLog> {
        muster_log::open(&self.settings()).await.unwrap()
    }
}

/// A record to be appended to the observations.
pub(crate) fn at(partition: u32, payload: impl Into<Vec<u8>>) -> Append {
    Append { topic: Topic::Observation, partition, record: Record::new(payload.into(), 1_795_478_400_123_000) }
}

/// Appends payloads to one partition of the observations; their offsets.
pub(crate) async fn append(log: &Arc<dyn EventLog>, partition: u32, payloads: &[&str]) -> Vec<u64> {
    log.append(payloads.iter().map(|payload| at(partition, *payload)).collect()).await.unwrap()
}

/// Reads until there are so many records.
pub(crate) async fn read(reader: &mut Box<dyn LogReader>, count: usize) -> Vec<Fetched> {
    let mut records = Vec::new();
    while records.len() < count {
        let batch = reader.next(count - records.len(), 64 * 1024 * 1024, LONG).await.unwrap();
        assert!(!batch.records.is_empty(), "{} of {count} records came", records.len());
        assert_eq!(batch.next, batch.records.last().unwrap().offset + 1);
        assert!(batch.end >= batch.next, "the end {} is not before {}", batch.end, batch.next);
        records.extend(batch.records);
    }
    records
}

/// Everything of one partition.
pub(crate) async fn read_all(log: &Arc<dyn EventLog>, topic: &Topic, partition: u32) -> Vec<Fetched> {
    let bounds = log.bounds(topic, partition).await.unwrap();
    let mut reader = log.reader(topic, partition, bounds.start).await.unwrap();
    read(&mut reader, usize::try_from(bounds.end - bounds.start).unwrap()).await
}

/// The payloads as text.
pub(crate) fn texts(records: &[Fetched]) -> Vec<String> {
    records.iter().map(|fetched| String::from_utf8_lossy(&fetched.record.payload).into_owned()).collect()
}
