//! Any bytes on any way in are answered: no panic, and a refusal that is short and names its field.

use http::{HeaderMap, HeaderValue};
use muster_wire::cloudevents::{Envelope, KafkaOptions, lines, read_http, read_kafka};
use muster_wire::observation::ObservationIn;
use muster_wire::report::{ReportIn, Reporter, reports};
use muster_wire::{Code, WireError, backup, bounds, case, catalogue, condition, geometry, record};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

const CONTENT_TYPES: [&str; 5] = [
    "application/cloudevents+json",
    "application/cloudevents-batch+json",
    "application/x-ndjson",
    "application/json",
    "application/cloudevents+avro",
];

/// Bytes that are nothing, and texts that are nearly something.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\",
        "\n",
        "null",
        "true",
        "-1",
        "1e999",
        "NaN",
        "\"id\":",
        "\"source\":",
        "\"specversion\":\"1.0\"",
        "\"type\":\"muster.observation.v1\"",
        "\"time\":\"2026-11-23T08:00:00+08:00\"",
        "\"data\":{",
        "\"device\":\"cam-1\"",
        "\"kind\":\"persons\"",
        "\"values\":{",
        "\"\\ud800\"",
        "\"\\u0000\"",
        "\"x\"",
        "\u{feff}",
        "点",
    ]);
    prop_oneof![
        vec(any::<u8>(), 0..120),
        vec(piece, 0..40).prop_map(|pieces| pieces.concat().into_bytes()),
        Just(b"[".repeat(5_000)),
    ]
}

fn answered(result: Result<Envelope<'_>, WireError>) {
    match result {
        Ok(envelope) => {
            for refusal in [ObservationIn::read(&envelope).err(), ReportIn::from_event(&envelope).err()] {
                refusal.iter().for_each(short);
            }
        }
        Err(error) => short(&error),
    }
}

fn short(error: &WireError) {
    assert!(error.pointer.is_empty() || error.pointer.starts_with('/'), "{error:?}");
    assert!(error.pointer.len() <= bounds::MAX_REASON_BYTES, "{error:?}");
    assert!(!error.reason.is_empty() && error.reason.len() <= bounds::MAX_REASON_BYTES, "{error:?}");
}

proptest! {
    #[test]
    fn http_bodies_are_answered(body in bytes(), content_type in select(&CONTENT_TYPES[..]), id in vec(32_u8..=255, 0..9)) {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static(content_type));
        if let (false, Ok(value)) = (id.is_empty(), HeaderValue::from_bytes(&id)) {
            headers.insert("ce-specversion", HeaderValue::from_static("1.0"));
            headers.insert("ce-id", value);
        }
        match read_http(&headers, &body) {
            Err(error) => short(&error),
            Ok(found) => for item in found.items() {
                prop_assert!(item.bytes.end <= body.len());
                answered(item.read);
            },
        }
        if let Ok(items) = lines(&body) {
            items.into_iter().for_each(|item| answered(item.read));
        }
    }

    #[test]
    fn kafka_records_are_answered(body in bytes(), value in vec(any::<u8>(), 0..20), name in "(ce_|CE_)?[a-z点]{0,8}") {
        let headers = [(name.as_str(), &value[..]), ("ce_id", b"1"), ("content-type", &value[..])];
        for headers in [&headers[..], &headers[..2], &[]] {
            answered(read_kafka(headers.iter().copied(), &body, KafkaOptions { confluent_prefix: true }));
        }
    }

    #[test]
    fn records_of_the_log_are_answered(body in bytes(), which in select(&record::TYPES[..]), time in "\\PC{0,20}") {
        let headers = [("ce_type", which.as_bytes()), ("ce_id", b"1"), ("ce_source", b"s"), ("ce_time", time.as_bytes())];
        if let Err(error) = record::decode(headers, &body) {
            short(&error);
        }
    }

    #[test]
    fn documents_are_answered(body in bytes()) {
        if let Ok(items) = reports(&body) {
            items.iter().filter_map(|item| item.read.as_ref().err()).for_each(short);
        }
        let _ = geometry::read_geojson(&body);
        let text = String::from_utf8_lossy(&body);
        let _ = (case::read(&text), case::read_event(&text), case::read_changed(&text), condition::read(&text));
        let _ = (catalogue::read(&text), Reporter::read(&text));
        let _ = backup::read(&body);
    }
}

#[test]
fn personal_data_is_in_no_refusal_and_no_debug_output() {
    let secret = "13800138000";
    for body in [
        format!(r#"{{"source":"141","kind":"k","reporter":{{"phone":{secret}}}}}"#),
        format!(r#"{{"source":"141","kind":"k","reporter":"{secret}"}}"#),
        format!(r#"{{"source":"141","kind":"k","reporter":{{"name":"{}"}}}}"#, secret.repeat(30)),
        format!(r#"{{"source":"141","kind":"k","severity":"{secret}"}}"#),
        format!(r#"{{"source":"141","kind":"k","occurred_at":"{secret}"}}"#),
        format!(r#"{{"source":"141","kind":"k","location":{{"lon":0,"lat":0,"crs":"{secret}"}}}}"#),
    ] {
        let error = ReportIn::read(body.as_bytes()).unwrap_err();
        assert!(!format!("{error:?}").contains(secret), "{error:?}");
    }
    let whole = format!(r#"{{"source":"141","kind":"k","reporter":{{"name":"王","phone":"{secret}"}}}}"#);
    let report = ReportIn::read(whole.as_bytes()).unwrap();
    assert!(!format!("{report:?}").contains(secret));
    assert!(!String::from_utf8(report.content()).unwrap().contains(secret));
    let reporter = report.reporter.unwrap();
    assert_eq!(Reporter::read(&reporter.json()), Ok(reporter));
}

#[test]
fn a_header_that_is_no_text_is_named_as_any_field() {
    let headers = [("ce_type", &b"muster.tick.v1"[..]), ("ce_id", &b"\xff"[..])];
    let error = record::decode(headers, b"{}").unwrap_err();
    assert_eq!((error.pointer.as_str(), error.code), ("/id", Code::NotUtf8));
}
