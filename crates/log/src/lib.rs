//! The event log, embedded or Kafka: ordered bytes by partition, durable before they are acknowledged.
//!
//! A log holds topics, a topic holds partitions, a partition holds records numbered from 0 without gaps (Kafka may
//! leave gaps where a foreign writer used transactions). Who reads keeps the number to go on from: nothing here
//! remembers a reader. What a record means is no business of this crate; it alone names `rdkafka`.

mod arena;
mod embedded;
mod error;
mod headers;
mod identity;
pub mod inspect;
mod kafka;
mod record;
mod settings;
mod surroundings;
mod topic;

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

pub use crate::embedded::{FolderLock, copy_days};
pub use crate::error::{Cause, LogError};
pub use crate::headers::{Headers, HeadersIter};
pub use crate::identity::{LogIdentity, TopicIdentity};
pub use crate::kafka::{BareRecord, TopicWriter, bare_loop};
pub use crate::record::{
    Append, Batch, Bounds, Fetched, MAX_APPEND_BYTES, MAX_HEADER_NAME_BYTES, MAX_HEADERS, MAX_RECORD_BYTES, Record,
    Torn,
};
pub use crate::settings::{LogSettings, Profile};
pub use crate::surroundings::{Clock, DiskSpace, SpaceOf, Surroundings};
pub use crate::topic::{DlqOf, Topic};

/// Ordered bytes by partition, durable before they are acknowledged.
#[async_trait::async_trait]
pub trait EventLog: Send + Sync + Debug {
    /// What this log is: whoever keeps offsets beside it pins this, and refuses another.
    fn identity(&self) -> &LogIdentity;

    /// Number of partitions of a topic; 0 when this log has no such topic.
    fn partitions(&self, topic: &Topic) -> u32 {
        self.identity().of(topic).map_or(0, |topic| topic.partitions)
    }

    /// Appends records and answers with their offsets, in the order given, when *all* of them are durable.
    ///
    /// Order within one (topic, partition) is kept inside a call and over successive calls of one caller.
    /// The embedded log takes a call whole or not at all. Kafka does not: after an error some of the records may be
    /// there, so a repeat may double them, and readers must know a record by an id of its own.
    ///
    /// # Errors
    /// [`LogError::TooLarge`] and [`LogError::Invalid`] before anything is written; [`LogError::Full`] and
    /// [`LogError::Unavailable`] may heal.
    async fn append(&self, batch: Vec<Append>) -> Result<Vec<u64>, LogError>;

    /// A reader of one partition that begins with record number `from`, which may be the next one to be written.
    ///
    /// # Errors
    /// [`LogError::OutOfRange`] when `from` has been deleted already or lies beyond the end.
    async fn reader(&self, topic: &Topic, partition: u32, from: u64) -> Result<Box<dyn LogReader>, LogError>;

    /// The first offset still there and the offset the next record will get.
    async fn bounds(&self, topic: &Topic, partition: u32) -> Result<Bounds, LogError>;

    /// Whether an append could succeed now: reachable, not full, not closed. For readiness.
    async fn healthy(&self) -> Result<(), LogError>;

    /// The room on the disk that this log writes to; nothing where the disk is not ours or does not say.
    fn disk(&self) -> Option<DiskSpace> {
        None
    }

    /// Waits for what is on its way, then stops. Afterwards everything answers [`LogError::Closed`].
    async fn close(&self);
}

/// One reader of one partition. Dropping a call of [`next`](LogReader::next) half-way loses nothing.
#[async_trait::async_trait]
pub trait LogReader: Send + Debug {
    /// Returns as soon as at least one record is there, with all that are ready up to `max_records` and about
    /// `max_bytes` (always at least one), or an empty batch when `wait` has passed.
    ///
    /// # Errors
    /// After [`LogError::OutOfRange`] and [`LogError::Corrupt`] the reader is of no more use; after
    /// [`LogError::Unavailable`] the next call goes on where it was.
    async fn next(&mut self, max_records: usize, max_bytes: usize, wait: Duration) -> Result<Batch, LogError>;
}

/// Opens the log that the settings name, creating folder or topics where they are missing.
///
/// # Errors
/// [`LogError::Refused`] for settings that do not fit what is there, with what to do;
/// [`LogError::Unavailable`] when no broker answers.
pub async fn open(settings: &LogSettings) -> Result<Arc<dyn EventLog>, LogError> {
    open_in(settings, Surroundings::real()).await
}

/// As [`open`], with a clock and a disk of the caller's making.
///
/// # Errors
/// As [`open`].
pub async fn open_in(settings: &LogSettings, surroundings: Surroundings) -> Result<Arc<dyn EventLog>, LogError> {
    settings.check()?;
    match settings.profile()? {
        Profile::Embedded => Ok(Arc::new(embedded::EmbeddedLog::open(settings, surroundings).await?)),
        Profile::Kafka => Ok(Arc::new(kafka::KafkaLog::open(settings).await?)),
    }
}
