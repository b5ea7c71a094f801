//! The observation topic, version 1: what Muster alone writes for itself to read, as CloudEvents in binary mode.
//!
//! Attributes stand in `ce_` headers and are not repeated in the data: `ce_id` and `ce_source` name the record, `ce_time`
//! is its main time (when it was seen, what a tick says, when it was decided), `ce_subject` is its place.

mod control;
mod intake;
mod plain;

use std::borrow::Cow;

use muster_domain::record::LogRecord;

pub(crate) use control::{ActV1, ConfigV1, IntakeV1, OutcomeV1, TakeoverV1, TickV1};
pub(crate) use intake::{ObservationRecordV1, ReportRecordV1};

use crate::error::{At, Code, WireError};
use crate::fault::Fault;
use crate::kafka::Encoded;
use crate::read;

/// Every `type` on the topic, in the order of ENGINE §1.
pub const TYPES: [&str; 8] = [
    crate::cloudevents::OBSERVATION,
    crate::cloudevents::REPORT,
    control::TICK,
    control::TAKEOVER,
    control::CONFIG,
    control::INTAKE,
    control::ACT,
    control::OUTCOME,
];

/// Writes a record of the observation topic.
#[must_use]
pub fn encode(record: &LogRecord) -> Encoded {
    let draft = match record {
        LogRecord::Observation(observation) => intake::observation(observation),
        LogRecord::Report(report) => intake::report(report),
        LogRecord::Tick { epoch, at } => control::tick(*epoch, *at),
        LogRecord::Takeover { epoch, owner } => control::takeover(*epoch, owner),
        LogRecord::Config { version } => control::config(*version),
        LogRecord::Intake { adapter, at } => control::intake(adapter, *at),
        LogRecord::Act(act) => control::act(act),
        LogRecord::Outcome(outcome) => control::outcome(outcome),
    };
    draft.encoded(key(record).as_deref())
}

/// The key of a record, which also decides its partition; control records have none and go to a partition by number.
#[must_use]
pub fn key(record: &LogRecord) -> Option<Cow<'_, str>> {
    match record {
        LogRecord::Observation(observation) => Some(Cow::Borrowed(observation.place.as_str())),
        LogRecord::Report(report) => Some(match &report.place {
            Some(place) => Cow::Borrowed(place.as_str()),
            None => Cow::Owned(format!("{}/{}", report.source, report.id)),
        }),
        _ => None,
    }
}

/// Reads a record of the observation topic.
///
/// It trusts the topic to be written by us alone, so it asks for types and not for bounds; no bytes make it panic, and
/// fields it does not know are passed over.
///
/// # Errors
/// [`WireError`] if it is no record of ours. The same record would fail again.
pub fn decode<'a>(
    headers: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    payload: &'a [u8],
) -> Result<LogRecord, WireError> {
    let mut head = Head::default();
    for (name, value) in headers {
        let Some(attribute) = name.strip_prefix("ce_") else { continue };
        let slot = match attribute {
            "type" => &mut head.kind,
            "source" => &mut head.source,
            "id" => &mut head.id,
            "time" => &mut head.time,
            _ => continue,
        };
        let refuse = |_| At::Root.key(attribute).refuse(Code::NotUtf8, Fault::NotUtf8);
        let text = std::str::from_utf8(value).map_err(refuse)?;
        *slot = Some(text);
    }
    let data = std::str::from_utf8(payload)
        .map_err(|error| DATA.refuse(Code::NotUtf8, Fault::ByteNotUtf8.with(&[("at", &error.valid_up_to())])))?;
    match needed(head.kind, "type")? {
        crate::cloudevents::OBSERVATION => intake::read_observation(&head, data).map(LogRecord::Observation),
        crate::cloudevents::REPORT => intake::read_report(&head, data).map(LogRecord::Report),
        control::TICK => control::read_tick(&head, data),
        control::TAKEOVER => control::read_takeover(data),
        control::CONFIG => control::read_config(data),
        control::INTAKE => control::read_intake(&head, data),
        control::ACT => control::read_act(&head, data),
        control::OUTCOME => control::read_outcome(&head, data),
        _ => Err(At::Root.key("type").refuse(Code::UnknownType, Fault::NoRecordType)),
    }
}

/// The attributes that are read again.
#[derive(Debug, Default)]
struct Head<'a> {
    kind: Option<&'a str>,
    source: Option<&'a str>,
    id: Option<&'a str>,
    time: Option<&'a str>,
}

impl Head<'_> {
    /// The record's main time.
    fn time(&self) -> Result<i64, WireError> {
        read::time(needed(self.time, "time")?, At::Root.key("time"))
    }
}

const DATA: At<'static> = At::Key(&At::Root, "data");

fn needed<'a>(value: Option<&'a str>, name: &str) -> Result<&'a str, WireError> {
    value.ok_or_else(|| At::Root.key(name).refuse(Code::MissingField, Fault::Missing))
}
