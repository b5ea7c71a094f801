//! Control records of an owner: takeovers and ticks, written by partition number and without a key.

use std::sync::Arc;

use muster_domain::record::LogRecord;
use muster_log::{Append, EventLog, Record, Topic};

use crate::PipelineError;
use crate::clock::Clock;
use crate::docs;

/// Appends one control record to one partition of the observation topic.
pub(crate) async fn control(
    log: &Arc<dyn EventLog>,
    clock: &Clock,
    partition: u32,
    record: &LogRecord,
) -> Result<u64, PipelineError> {
    let offsets = log.append(vec![append(clock, partition, record)]).await?;
    offsets.first().copied().ok_or(PipelineError::Broken("the log gave no offset for a control record"))
}

/// One control record on its way to a partition by number, without a key.
#[must_use]
pub fn append(clock: &Clock, partition: u32, record: &LogRecord) -> Append {
    let record = Record { key: None, ..docs::encode(record, clock.micros()) };
    Append { topic: Topic::Observation, partition, record }
}
