//! What comes in over HTTP and Kafka, and the records of the log.

use http::{HeaderMap, HeaderName, HeaderValue};
use muster_wire::bounds::{MAX_BATCH_ITEMS, MAX_REASON_BYTES};
use muster_wire::cloudevents::{Envelope, Event, KafkaOptions, OBSERVATION, read_http, read_kafka};
use muster_wire::observation::ObservationIn;
use muster_wire::report::{self, ReportIn};
use muster_wire::{WireError, record as log};
use serde_json::value::RawValue;

/// A refusal says where and why, in few words.
pub(crate) fn short(error: &WireError) {
    assert!(error.pointer.is_empty() || error.pointer.starts_with('/'), "{error:?}");
    assert!(error.pointer.len() <= MAX_REASON_BYTES, "{error:?}");
    assert!(!error.reason.is_empty() && error.reason.len() <= MAX_REASON_BYTES, "{error:?}");
}

/// Lines of headers, an empty line, a body.
pub(crate) fn message(data: &[u8]) -> (Vec<(&str, &[u8])>, &[u8]) {
    let (mut headers, mut rest) = (Vec::new(), data);
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let (line, after) = (&rest[..end], &rest[end + 1..]);
        rest = after;
        if line.is_empty() || headers.len() == 64 {
            break;
        }
        if let Some(colon) = line.iter().position(|byte| *byte == b':')
            && let Ok(name) = std::str::from_utf8(&line[..colon])
        {
            headers.push((name, line[colon + 1..].trim_ascii()));
        }
    }
    (headers, rest)
}

/// An event that was read is written and read again the same, whichever of the two it is.
fn again(envelope: &Envelope<'_>) {
    match ObservationIn::read(envelope) {
        Err(error) => short(&error),
        Ok(seen) => {
            let data = RawValue::from_string(seen.data()).unwrap();
            let event = Event::new(OBSERVATION, seen.source.as_str(), seen.id.as_str(), seen.seen.micros(), data);
            let text = serde_json::to_vec(&event).unwrap();
            let mut headers = HeaderMap::new();
            headers.insert("content-type", HeaderValue::from_static("application/cloudevents+json"));
            let read = read_http(&headers, &text).unwrap().items().remove(0).read.unwrap();
            assert_eq!(ObservationIn::read(&read).as_ref(), Ok(&seen));
        }
    }
    match ReportIn::from_event(envelope) {
        Err(error) => short(&error),
        Ok(report) => reported(&report),
    }
}

/// A report is written and read again the same.
pub(crate) fn reported(report: &ReportIn) {
    assert_eq!(ReportIn::read(report.json().as_bytes()).as_ref(), Ok(report));
    let twin = ReportIn { reporter: None, ..report.clone() };
    assert_eq!(twin.content(), report.content(), "the reporter is no part of what is said");
}

/// Those lines that a head of HTTP can hold.
pub(crate) fn head(lines: Vec<(&str, &[u8])>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value)) {
            headers.append(name, value);
        }
    }
    headers
}

pub(crate) fn http(data: &[u8]) {
    let (lines, body) = message(data);
    let headers = head(lines);
    match read_http(&headers, body) {
        Err(error) => short(&error),
        Ok(read) => {
            let (mut end, items) = (0, read.items());
            assert!(items.len() <= MAX_BATCH_ITEMS);
            for (index, item) in items.iter().enumerate() {
                assert!(item.index == index && item.bytes.start >= end && item.bytes.end <= body.len(), "{item:?}");
                end = item.bytes.end;
                match &item.read {
                    Ok(envelope) => again(envelope),
                    Err(error) => short(error),
                }
            }
        }
    }
}

pub(crate) fn kafka(data: &[u8]) {
    let (headers, body) = message(data);
    for confluent_prefix in [false, true] {
        match read_kafka(headers.iter().copied(), body, KafkaOptions { confluent_prefix }) {
            Ok(envelope) => again(&envelope),
            Err(error) => short(&error),
        }
    }
}

pub(crate) fn reports(data: &[u8]) {
    match report::reports(data) {
        Err(error) => short(&error),
        Ok(items) => {
            for item in items {
                match item.read {
                    Ok(report) => reported(&report),
                    Err(error) => short(&error),
                }
            }
        }
    }
}

pub(crate) fn record(data: &[u8]) {
    let (headers, payload) = message(data);
    // A space behind it is nothing to JSON, and keeps it from being read in the letters of our own writing.
    let spaced = [payload, b" "].concat();
    let read = log::decode(headers.iter().copied(), payload);
    assert_eq!(read.as_ref().ok(), log::decode(headers.iter().copied(), &spaced).as_ref().ok(), "two readers");
    match read {
        Err(error) => short(&error),
        Ok(read) => {
            let written = log::encode(&read);
            let headers = written.headers.iter().map(|(name, value)| (name.as_ref(), value.as_ref()));
            assert_eq!(log::decode(headers, &written.payload).as_ref(), Ok(&read));
            assert_eq!(log::key(&read).map(|key| bytes::Bytes::from(key.into_owned())), written.key);
        }
    }
}
