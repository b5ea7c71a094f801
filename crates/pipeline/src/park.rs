//! Parking: what cannot be read goes to the dead letters with its bytes and the reason, and is never lost.

use bytes::Bytes;
use muster_log::{Append, Fetched, Headers, MAX_RECORD_BYTES, Record, Topic};
use muster_wire::fault::Kept;

use crate::PipelineError;
use crate::watch::{Fault, Watch};

/// Room in a dead letter for what is said about it.
const SAID_BYTES: usize = 16 * 1024;
/// The most that is kept of its key, and of its headers together; the rest of the room is for its bytes.
const MAX_KEY_BYTES: usize = 16 * 1024;
const MAX_HEADERS: usize = 64;
const MAX_HEADERS_BYTES: usize = 64 * 1024;
const MAX_BYTES: usize = MAX_RECORD_BYTES - MAX_HEADERS_BYTES - MAX_KEY_BYTES - SAID_BYTES;

/// Something that is parked.
#[derive(Debug, Clone)]
pub struct Parked {
    /// The topic whose dead letters take it.
    pub topic: Topic,
    /// Its original key.
    pub key: Option<Bytes>,
    /// Its original bytes; for a report, a vault reference in their place.
    pub payload: Bytes,
    /// Its original headers.
    pub headers: Headers,
    /// Where it came from, when it came by a log: partition and offset.
    pub position: Option<(u32, u64)>,
    /// When it came in, microseconds since 1970.
    pub received: i64,
    /// A stable code.
    pub code: String,
    /// The reason in words, with the field.
    pub message: String,
    /// The same for people, in their own language.
    pub said: Kept,
}

/// Header names of a dead letter (INTERFACE §5).
pub mod header {
    /// The topic it was refused from.
    pub const TOPIC: &str = "dlq.original.topic";
    /// Its partition there.
    pub const PARTITION: &str = "dlq.original.partition";
    /// Its offset there.
    pub const OFFSET: &str = "dlq.original.offset";
    /// Its time there, milliseconds since 1970.
    pub const TIMESTAMP: &str = "dlq.original.timestamp";
    /// A stable code.
    pub const CODE: &str = "dlq.error.code";
    /// The reason in words.
    pub const MESSAGE: &str = "dlq.error.message";
    /// The reason as the fault's name and what it speaks of, in JSON.
    pub const FAULT: &str = "dlq.error.fault";
}

impl Parked {
    /// The record that parks it. Whatever it was, the log takes it: what is too much of it is cut off, since a reader of
    /// a topic would try again for ever, and a sender be told to. Its reason says how large it was.
    #[must_use]
    pub fn append(self, topic_name: &str) -> Append {
        let mut room = MAX_HEADERS_BYTES;
        let fits = |(name, value): &(&str, &[u8])| {
            let left = room.checked_sub(name.len() + value.len());
            let fits = left.is_some() && Record::takes_header(name) && !name.starts_with("dlq.");
            room = left.filter(|_| fits).unwrap_or(room);
            fits
        };
        let mut said = vec![(header::TOPIC, topic_name.to_owned())];
        if let Some((partition, offset)) = self.position {
            said.extend([(header::PARTITION, partition.to_string()), (header::OFFSET, offset.to_string())]);
        }
        said.push((header::TIMESTAMP, (self.received / 1000).to_string()));
        said.extend([(header::CODE, self.code), (header::MESSAGE, self.message), (header::FAULT, self.said.json())]);
        let said = said.iter().map(|(name, value)| (*name, value.as_bytes()));
        let headers = self.headers.iter().filter(fits).take(MAX_HEADERS).chain(said).collect();
        let cut = |bytes: Bytes, most: usize| bytes.slice(..bytes.len().min(most));
        let (key, payload) = (self.key.map(|key| cut(key, MAX_KEY_BYTES)), cut(self.payload, MAX_BYTES));
        let record = Record { key, payload, headers, timestamp_us: self.received };
        Append { topic: self.topic.dead_letters(), partition: 0, record }
    }
}

/// Parks a record of the observation topic that the watch could not take.
pub(crate) async fn faulted(watch: &Watch, partition: u32, found: Fetched, fault: &Fault) -> Result<(), PipelineError> {
    let name = watch.log.identity().of(&Topic::Observation).map(|topic| topic.name.clone()).unwrap_or_default();
    let parked = Parked {
        topic: Topic::Observation,
        key: found.record.key,
        payload: found.record.payload,
        headers: found.record.headers,
        position: Some((partition, found.offset)),
        received: found.record.timestamp_us,
        code: "fault".to_owned(),
        message: fault.what().chars().take(300).collect(),
        said: fault.said(),
    };
    watch.log.append(vec![parked.append(&name)]).await?;
    watch.metrics.dead_letters.with_label_values(&[&Topic::Observation.to_string(), "fault"]).inc();
    Ok(())
}

#[cfg(test)]
mod tests {
    use muster_log::{MAX_HEADER_NAME_BYTES, MAX_HEADERS};
    use muster_wire::fault;

    use super::*;

    fn parked(payload: usize, key: usize, headers: Headers) -> Record {
        let parked = Parked {
            topic: Topic::Intake,
            key: Some(vec![1; key].into()),
            payload: vec![2; payload].into(),
            headers,
            position: Some((0, u64::MAX)),
            received: 0,
            code: "too-large".to_owned(),
            message: "灯".repeat(300),
            said: fault::Fault::RecordTooLarge.with(&[("size", &payload), ("most", &1)]).kept(&"/x".repeat(150)),
        };
        parked.append("muster.intake.v1").record
    }

    #[test]
    fn whatever_is_parked_the_log_takes() {
        let many = (0..400).map(|n| (format!("name-{n}"), vec![3; 2_000])).collect();
        let record = parked(8 << 20, 1 << 20, many);
        assert!(record.size() <= MAX_RECORD_BYTES && record.headers.len() <= MAX_HEADERS, "{} bytes", record.size());
        assert!(record.payload.len() > 800 << 10, "what fits is kept: {}", record.payload.len());
        let names = ["", "nul\0", "dlq.error.code", &"x".repeat(MAX_HEADER_NAME_BYTES + 1), "content-type"];
        let odd = names.into_iter().map(|name| (name, "v")).collect();
        let record = parked(1, 1, odd);
        let own: Vec<_> = record.headers.iter().map(|(name, _)| name).filter(|n| !n.starts_with("dlq.")).collect();
        assert_eq!((own, record.payload.len()), (vec!["content-type"], 1));
    }
}
