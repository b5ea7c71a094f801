//! The structured form: one JSON object with attributes and data.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Attributes, Envelope};
use crate::error::{At, Code, WireError};
use crate::fault::Fault;
use crate::instant::Instant;
use crate::text::Text;
use crate::{read, scan};

/// What is read of a structured event. Anything else in it is an extension, and tolerated.
#[derive(Debug, Deserialize)]
struct Structured<'a> {
    #[serde(borrow)]
    specversion: Option<Text<'a>>,
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    source: Option<Text<'a>>,
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    time: Option<Text<'a>>,
    #[serde(borrow)]
    subject: Option<Text<'a>>,
    #[serde(borrow)]
    datacontenttype: Option<Text<'a>>,
    #[serde(borrow)]
    traceparent: Option<Text<'a>>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    data_base64: Option<serde::de::IgnoredAny>,
}

/// Reads one structured event.
pub(super) fn read(bytes: &[u8]) -> Result<Envelope<'_>, WireError> {
    let text = scan::check(bytes, "")?;
    let event: Structured<'_> = read::typed(text, &At::Root)?;
    if event.data_base64.is_some() {
        let reason = Fault::DataBase64;
        return Err(At::Root.key("data_base64").refuse(Code::UnsupportedData, reason));
    }
    let attributes = Attributes {
        specversion: event.specversion,
        id: event.id,
        source: event.source,
        kind: event.kind,
        time: event.time,
        subject: event.subject,
        datacontenttype: event.datacontenttype,
        traceparent: event.traceparent,
    };
    attributes.envelope(event.data.map(|raw| Cow::Borrowed(raw.get())))
}

/// A CloudEvent in structured form, as a sender writes it.
#[derive(Debug, Serialize)]
pub struct Event<'a, D> {
    specversion: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    source: &'a str,
    id: &'a str,
    time: Instant,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    datacontenttype: &'a str,
    data: D,
}

impl<'a, D> Event<'a, D> {
    /// An event with JSON data; `time` in microseconds since 1970 UTC.
    pub fn new(kind: &'a str, source: &'a str, id: &'a str, time: i64, data: D) -> Self {
        let datacontenttype = crate::media_type::JSON;
        Self { specversion: "1.0", kind, source, id, time: Instant(time), subject: None, datacontenttype, data }
    }

    /// The same event about a subject.
    #[must_use]
    pub fn about(mut self, subject: &'a str) -> Self {
        self.subject = Some(subject);
        self
    }
}
