//! Records as they are appended and as they are fetched, and their bounds.

use bytes::Bytes;

use crate::error::LogError;
use crate::headers::Headers;
use crate::topic::Topic;

/// Most bytes of one record: key, payload, header names and values together. Below Kafka's default
/// `message.max.bytes`, with room for its framing.
pub const MAX_RECORD_BYTES: usize = 960 * 1024;
/// Most bytes of all records of one append.
pub const MAX_APPEND_BYTES: usize = 32 * 1024 * 1024;
/// What is kept of the payload of a record that is larger.
pub(crate) const TORN_BYTES: usize = 4 * 1024;
/// Most headers of one appended record.
pub const MAX_HEADERS: usize = 256;
/// Most bytes of one header's name.
pub const MAX_HEADER_NAME_BYTES: usize = 256;

/// What one place in a partition holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Record {
    /// What the record is about; absent is not the same as empty.
    pub key: Option<Bytes>,
    /// The content. A Kafka tombstone reads as empty.
    pub payload: Bytes,
    /// Its headers.
    pub headers: Headers,
    /// The writer's own time, microseconds since 1970 UTC. Kafka keeps whole milliseconds (cut off).
    pub timestamp_us: i64,
}

/// One record on its way to a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Append {
    /// The topic; not a foreign one.
    pub topic: Topic,
    /// The partition, chosen by the caller.
    pub partition: u32,
    /// The record.
    pub record: Record,
}

/// One record with the number it has in its partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// Absolute offset in the partition.
    pub offset: u64,
    /// The record. Its bytes share one allocation with the whole batch: copy what is to be kept for long.
    pub record: Record,
    /// Why it is not whole, if it is not. Only others can have written such a record.
    pub torn: Option<Torn>,
}

/// Why a record is not what its writer wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Torn {
    /// It is larger than a record of this log may be; of its payload only the beginning is here.
    #[error("has {0} bytes, at most {MAX_RECORD_BYTES} are read")]
    TooLarge(usize),
    /// It lies in a batch that the client cannot unpack, and stands for all records before this offset.
    #[error("lies with all records before offset {0} in a batch that cannot be unpacked here")]
    Packed(u64),
}

/// What one call of a reader brings.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Batch {
    /// Records in order; empty when the wait passed.
    pub records: Vec<Fetched>,
    /// The absolute offset to go on from.
    pub next: u64,
    /// The end of the partition as last known: `end - next` is the lag.
    pub end: u64,
}

/// What is there of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The first offset still there.
    pub start: u64,
    /// The offset that the next record will get.
    pub end: u64,
}

impl Bounds {
    /// Whether nothing is there.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.start >= self.end
    }
}

impl Record {
    /// A record without key and headers.
    pub fn new(payload: impl Into<Bytes>, timestamp_us: i64) -> Record {
        Record { payload: payload.into(), timestamp_us, ..Record::default() }
    }

    /// The same record with a key.
    #[must_use]
    pub fn with_key(mut self, key: impl Into<Bytes>) -> Record {
        self.key = Some(key.into());
        self
    }

    /// The same record with one more header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl AsRef<[u8]>) -> Record {
        self.headers = self.headers.iter().chain([(name, value.as_ref())]).collect();
        self
    }

    /// The value of the first header of that name.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers.get(name)
    }

    /// Bytes of key, payload, header names and values.
    pub fn size(&self) -> usize {
        self.key.as_ref().map_or(0, Bytes::len) + self.payload.len() + self.headers.size()
    }

    /// Whether an append takes a header of this name: Kafka's client hands names around as C strings.
    #[must_use]
    pub fn takes_header(name: &str) -> bool {
        !name.is_empty() && name.len() <= MAX_HEADER_NAME_BYTES && !name.contains('\0')
    }

    fn check(&self, index: usize) -> Result<usize, LogError> {
        let size = self.size();
        if size > MAX_RECORD_BYTES {
            return Err(LogError::TooLarge { what: format!("record {index}"), size, limit: MAX_RECORD_BYTES });
        }
        let count = self.headers.len();
        if count > MAX_HEADERS {
            return Err(LogError::invalid(format!("record {index} has {count} headers, at most {MAX_HEADERS} fit")));
        }
        for (name, _) in &self.headers {
            if !Self::takes_header(name) {
                return Err(LogError::invalid(format!(
                    "record {index} has the header name {name:?}: 1 to {MAX_HEADER_NAME_BYTES} bytes without NUL fit"
                )));
            }
        }
        Ok(size)
    }
}

/// Checks a call before anything of it is written; the sum of the records' bytes.
pub(crate) fn check_batch(batch: &[Append], partitions: impl Fn(&Topic) -> u32) -> Result<usize, LogError> {
    let mut total = 0;
    for (index, append) in batch.iter().enumerate() {
        let Append { topic, partition, record } = append;
        if matches!(topic, Topic::Foreign(_)) {
            return Err(LogError::invalid(format!(
                "record {index} is for the foreign topic {topic}, which is only read"
            )));
        }
        let count = partitions(topic);
        if *partition >= count {
            return Err(LogError::invalid(format!(
                "record {index} is for partition {partition} of {topic}, which has {count}"
            )));
        }
        total += record.check(index)?;
    }
    if total > MAX_APPEND_BYTES {
        return Err(LogError::TooLarge {
            what: format!("a batch of {} records", batch.len()),
            size: total,
            limit: MAX_APPEND_BYTES,
        });
    }
    Ok(total)
}
