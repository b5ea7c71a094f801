//! Parking: what cannot be read goes to the dead letters with its bytes and the reason, and is never lost.

use bytes::Bytes;
use muster_log::{Append, Fetched, HeaderName, Record, Topic};
use muster_wire::fault::Kept;

use crate::PipelineError;
use crate::watch::{Fault, Watch};

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
    pub headers: Vec<(HeaderName, Bytes)>,
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
    /// The record that parks it.
    #[must_use]
    pub fn append(self, topic_name: &str) -> Append {
        let mut headers = self.headers;
        headers.retain(|(name, _)| !name.starts_with("dlq."));
        headers.truncate(64);
        let mut say = |name: &'static str, value: String| headers.push((name.into(), Bytes::from(value)));
        say(header::TOPIC, topic_name.to_owned());
        if let Some((partition, offset)) = self.position {
            say(header::PARTITION, partition.to_string());
            say(header::OFFSET, offset.to_string());
        }
        say(header::TIMESTAMP, (self.received / 1000).to_string());
        say(header::CODE, self.code);
        say(header::MESSAGE, self.message);
        say(header::FAULT, self.said.json());
        let record = Record { key: self.key, payload: self.payload, headers, timestamp_us: self.received };
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
    watch.metrics.dead_letters.with_label_values(&["observation", "fault"]).inc();
    Ok(())
}
