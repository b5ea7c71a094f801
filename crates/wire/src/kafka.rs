//! A record as a log takes it: CloudEvents in binary mode (Kafka binding 1.0.2).

use std::borrow::Cow;

use bytes::Bytes;

use crate::media_type;

/// The `source` of everything that Muster says by itself.
pub(crate) const OURS: &str = "/muster";

/// A record as a log takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    /// What it is about; control records have none.
    pub key: Option<Bytes>,
    /// CloudEvents attributes as `ce_` headers, and the content type.
    pub headers: Vec<(Cow<'static, str>, Bytes)>,
    /// The data as JSON.
    pub payload: Bytes,
}

/// What a record is made of before it becomes headers.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    pub(crate) kind: &'static str,
    pub(crate) source: &'a str,
    pub(crate) id: Cow<'a, str>,
    pub(crate) time: Option<i64>,
    pub(crate) subject: Option<&'a str>,
    pub(crate) payload: Vec<u8>,
}

impl<'a> Draft<'a> {
    /// A record that Muster says by itself, without time and subject.
    pub(crate) fn ours(kind: &'static str, id: impl Into<Cow<'a, str>>, payload: Vec<u8>) -> Self {
        Self { kind, source: OURS, id: id.into(), time: None, subject: None, payload }
    }

    /// The record under its key.
    pub(crate) fn encoded(self, key: Option<&str>) -> Encoded {
        let text = |text: &str| Bytes::copy_from_slice(text.as_bytes());
        let mut headers = Vec::with_capacity(8);
        headers.push((Cow::Borrowed("ce_specversion"), Bytes::from_static(b"1.0")));
        headers.push((Cow::Borrowed("ce_type"), Bytes::from_static(self.kind.as_bytes())));
        headers.push((Cow::Borrowed("ce_source"), text(self.source)));
        headers.push((Cow::Borrowed("ce_id"), text(&self.id)));
        if let Some(time) = self.time {
            headers.push((Cow::Borrowed("ce_time"), Bytes::from(crate::rfc3339(time))));
        }
        if let Some(subject) = self.subject {
            headers.push((Cow::Borrowed("ce_subject"), text(subject)));
        }
        headers.push((Cow::Borrowed("content-type"), Bytes::from_static(media_type::JSON.as_bytes())));
        Encoded { key: key.map(text), headers, payload: Bytes::from(self.payload) }
    }
}
