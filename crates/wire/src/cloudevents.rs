//! CloudEvents 1.0 as they come over HTTP, Kafka and in files: structured, in batches, in lines and binary.

mod body;
mod headers;
mod structured;

use std::borrow::Cow;
use std::ops::Range;

use muster_domain::time::Seen;

pub use body::{HttpBody, KafkaOptions, lines, read_http, read_kafka};
pub use structured::Event;

use crate::error::{At, Code, WireError};
use crate::fault::Fault;
use crate::media_type::MediaType;
use crate::read;
use crate::text::Text;

/// The `type` of an observation.
pub const OBSERVATION: &str = "muster.observation.v1";
/// The `type` of a report.
pub const REPORT: &str = "muster.report.v1";

/// One CloudEvent: its attributes, and its data still as JSON text.
///
/// It borrows what it can from the bytes it was read from. The data is well-formed JSON within the bounds, checked once
/// and parsed by whoever knows its type. Extension attributes that are not named here are tolerated and dropped.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope<'a> {
    /// `id`, unique with its source.
    pub id: Cow<'a, str>,
    /// `source`.
    pub source: Cow<'a, str>,
    /// `type`, such as `muster.observation.v1`.
    pub kind: Cow<'a, str>,
    /// `time`: when it was seen.
    pub time: Option<Seen>,
    /// `subject`.
    pub subject: Option<Cow<'a, str>>,
    /// The extension `traceparent` (W3C trace context §3.2), where it has that shape.
    pub traceparent: Option<Cow<'a, str>>,
    /// The JSON text of `data`; `None` if the event has none.
    pub data: Option<Cow<'a, str>>,
}

impl Envelope<'_> {
    /// The data, which must be there.
    ///
    /// # Errors
    /// [`Code::MissingField`] if the event has none.
    pub fn data(&self) -> Result<&str, WireError> {
        self.data.as_deref().ok_or_else(|| At::Root.key("data").refuse(Code::MissingField, Fault::Missing))
    }
}

/// One item of what was sent: where its bytes lie, and the event or why it cannot be read.
#[derive(Debug, Clone, PartialEq)]
pub struct Item<T> {
    /// Its number in what was sent, from 0; empty lines do not count.
    pub index: usize,
    /// Its bytes in what was sent: what a dead letter keeps.
    pub bytes: Range<usize>,
    /// What it says, or why it cannot be read.
    pub read: Result<T, WireError>,
}

/// The attributes of an event as found, before they are checked.
#[derive(Debug, Default)]
struct Attributes<'a> {
    specversion: Option<Text<'a>>,
    id: Option<Text<'a>>,
    source: Option<Text<'a>>,
    kind: Option<Text<'a>>,
    time: Option<Text<'a>>,
    subject: Option<Text<'a>>,
    datacontenttype: Option<Text<'a>>,
    traceparent: Option<Text<'a>>,
}

impl<'a> Attributes<'a> {
    /// Checks the attributes and puts the data to them.
    fn envelope(self, data: Option<Cow<'a, str>>) -> Result<Envelope<'a>, WireError> {
        let needed = |value: Option<Text<'a>>, name: &'static str| match value {
            Some(text) if text.is_empty() => Err(At::Root.key(name).refuse(Code::InvalidValue, Fault::Empty)),
            Some(text) => Ok(text.0),
            None => Err(At::Root.key(name).refuse(Code::MissingField, Fault::Missing)),
        };
        if needed(self.specversion, "specversion")? != "1.0" {
            let reason = Fault::OtherVersion;
            return Err(At::Root.key("specversion").refuse(Code::UnsupportedVersion, reason));
        }
        let (id, source) = (needed(self.id, "id")?, needed(self.source, "source")?);
        let kind = needed(self.kind, "type")?;
        let time = self.time.map(|text| read::time(&text, At::Root.key("time"))).transpose()?;
        if let Some(text) = self.datacontenttype
            && data.is_some()
            && !MediaType::parse(&text)?.is_json()
        {
            let reason = Fault::DataNotJson;
            return Err(At::Root.key("datacontenttype").refuse(Code::UnsupportedData, reason));
        }
        Ok(Envelope {
            id,
            source,
            kind,
            time: time.map(Seen::from_micros),
            subject: self.subject.map(|text| text.0),
            traceparent: self.traceparent.filter(|text| is_traceparent(text)).map(|text| text.0),
            data,
        })
    }
}

/// Whether it is 55 characters of hexadecimal digits in four groups: it ends in our logs, so nothing else may.
fn is_traceparent(text: &str) -> bool {
    text.len() == 55
        && text.bytes().enumerate().all(|(at, byte)| match at {
            2 | 35 | 52 => byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
}
