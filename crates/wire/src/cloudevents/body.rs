//! Which form a body or a record has, and its events one by one.

use std::borrow::Cow;

use http::HeaderMap;
use http::header::CONTENT_TYPE;

use super::headers::{self, Encoding};
use super::{Envelope, Item, structured};
use crate::bounds::MAX_RECORD_BYTES;
use crate::error::{Code, WireError};
use crate::fault::Fault;
use crate::media_type::{self, CLOUDEVENT, CLOUDEVENTS_BATCH, LINES, MediaType};
use crate::split;

/// What one HTTP request holds.
#[derive(Debug, Clone, PartialEq)]
pub enum HttpBody<'a> {
    /// One event, structured or binary.
    One(Item<Envelope<'a>>),
    /// Several, in a batch or in lines.
    Many(Vec<Item<Envelope<'a>>>),
}

impl<'a> HttpBody<'a> {
    /// The items, whichever form they came in.
    #[must_use]
    pub fn items(self) -> Vec<Item<Envelope<'a>>> {
        match self {
            Self::One(item) => vec![item],
            Self::Many(items) => items,
        }
    }
}

/// Reads the CloudEvents of one HTTP request (HTTP binding 1.0.2, and lines of structured events).
///
/// # Errors
/// [`WireError`] if the request as a whole is not acceptable: its content type, its charset, its size, or a batch that
/// is no array. A single event that cannot be read is an item with its refusal, like those of a batch.
pub fn read_http<'a>(headers: &'a HeaderMap, body: &'a [u8]) -> Result<HttpBody<'a>, WireError> {
    let is_binary = headers.contains_key("ce-specversion");
    let content_type = match headers.get(CONTENT_TYPE) {
        None => None,
        Some(value) => {
            Some(value.to_str().map_err(|_| media_type::refuse(Code::UnsupportedMediaType, Fault::NoContentType))?)
        }
    };
    let media_type = content_type.map(MediaType::parse).transpose()?;
    match media_type.as_ref().map(MediaType::essence) {
        Some(CLOUDEVENT) => one(body, structured::read),
        Some(CLOUDEVENTS_BATCH) => many(body, split::array(body)?),
        Some(LINES) => many(body, split::lines(body)?),
        Some(other) if other.starts_with("application/cloudevents") => {
            let reason = Fault::OtherEventFormat.with(&[("wanted", &format!("{CLOUDEVENT} or {CLOUDEVENTS_BATCH}"))]);
            Err(media_type::refuse(Code::UnsupportedMediaType, reason))
        }
        _ if is_binary => one(body, |body| {
            let attributes = headers.iter().filter_map(|(name, value)| {
                Some((Cow::Borrowed(name.as_str().strip_prefix("ce-")?), value.as_bytes()))
            });
            headers::read(attributes, content_type, body, Encoding::Http)
        }),
        _ => {
            let reason = Fault::NoEvent.with(&[("wanted", &format!("{CLOUDEVENT}, {CLOUDEVENTS_BATCH}, {LINES}"))]);
            Err(media_type::refuse(Code::NotACloudEvent, reason))
        }
    }
}

/// Reads lines with one structured event each, such as a file.
///
/// # Errors
/// [`WireError`] if there is more than a batch may have.
pub fn lines(body: &[u8]) -> Result<Vec<Item<Envelope<'_>>>, WireError> {
    Ok(items(body, split::lines(body)?))
}

/// What an intake topic of Kafka was agreed to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KafkaOptions {
    /// Payloads may begin with the five bytes of a schema registry (0x00 and a schema id), which are passed over.
    pub confluent_prefix: bool,
}

/// Reads the CloudEvent of one Kafka record, structured or binary (Kafka binding 1.0.2). Headers as found, in order.
///
/// # Errors
/// [`WireError`] if it is no CloudEvent or cannot be read.
pub fn read_kafka<'a>(
    headers: impl Iterator<Item = (&'a str, &'a [u8])> + Clone,
    payload: &'a [u8],
    options: KafkaOptions,
) -> Result<Envelope<'a>, WireError> {
    let payload = match payload {
        // JSON never begins with 0x00.
        [0, _, _, _, _, rest @ ..] if options.confluent_prefix => rest,
        payload => payload,
    };
    let content_type = match headers.clone().find(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
        None => None,
        Some((_, value)) => Some(
            std::str::from_utf8(value)
                .map_err(|_| media_type::refuse(Code::UnsupportedMediaType, Fault::NoContentType))?,
        ),
    };
    let media_type = content_type.map(MediaType::parse).transpose()?;
    if let Some(media_type) = media_type.filter(MediaType::is_cloudevents) {
        if media_type.essence() == CLOUDEVENT {
            return structured::read(payload);
        }
        let reason = Fault::OneEventARecord.with(&[("wanted", &CLOUDEVENT)]);
        return Err(media_type::refuse(Code::UnsupportedMediaType, reason));
    }
    let attributes = headers.filter_map(|(name, value)| {
        let (prefix, attribute) = name.split_at_checked(3)?;
        prefix.eq_ignore_ascii_case("ce_").then(|| {
            let is_lower = !attribute.bytes().any(|byte| byte.is_ascii_uppercase());
            (if is_lower { Cow::Borrowed(attribute) } else { Cow::Owned(attribute.to_ascii_lowercase()) }, value)
        })
    });
    if attributes.clone().next().is_none() {
        let reason = Fault::NoEventRecord.with(&[("wanted", &CLOUDEVENT)]);
        return Err(WireError::new(Code::NotACloudEvent, "", reason));
    }
    headers::read(attributes, content_type, payload, Encoding::Kafka)
}

fn one<'a>(
    body: &'a [u8],
    read: impl FnOnce(&'a [u8]) -> Result<Envelope<'a>, WireError>,
) -> Result<HttpBody<'a>, WireError> {
    if body.len() > MAX_RECORD_BYTES {
        let reason = Fault::EventTooLarge.with(&[("size", &body.len()), ("most", &MAX_RECORD_BYTES)]);
        return Err(WireError::new(Code::TooLarge, "", reason));
    }
    Ok(HttpBody::One(Item { index: 0, bytes: 0..body.len(), read: read(body) }))
}

fn many(body: &[u8], ranges: Vec<std::ops::Range<usize>>) -> Result<HttpBody<'_>, WireError> {
    Ok(HttpBody::Many(items(body, ranges)))
}

fn items(body: &[u8], ranges: Vec<std::ops::Range<usize>>) -> Vec<Item<Envelope<'_>>> {
    let numbered = ranges.into_iter().enumerate();
    numbered.map(|(index, bytes)| Item { index, bytes: bytes.clone(), read: structured::read(&body[bytes]) }).collect()
}
