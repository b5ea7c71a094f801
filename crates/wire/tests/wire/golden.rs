//! Golden files: what each format is, and what each mistake is told. They change only when a format grows.
//!
//! Inputs are texts: headers, an empty line, a body. `⟦ef bb⟧` in a body stands for these bytes, `⟦5b*40⟧` for the byte
//! 5b forty times. `MUSTER_GOLDEN=write` writes the expected side afresh, to be read before it is kept.

use std::fs;
use std::path::{Path, PathBuf};

use http::{HeaderMap, HeaderName, HeaderValue};
use muster_wire::cloudevents::{Envelope, Item, KafkaOptions, read_http, read_kafka};
use muster_wire::fault::Fault;
use muster_wire::observation::ObservationIn;
use muster_wire::problem::Problem;
use muster_wire::receipt::{Parked, Receipt};
use muster_wire::report::{ReportIn, reports};
use muster_wire::{Code, WireError, case, catalogue, condition, record, rfc3339};
use serde_json::{Value, json};

use crate::round_trip::headers;
use crate::samples;
use crate::schemas::Schemas;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// Compares with the file, or writes it.
fn hold(path: &Path, found: &Value) {
    let found = format!("{found:#}\n");
    if std::env::var_os("MUSTER_GOLDEN").is_some_and(|wish| wish == "write") {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, &found).unwrap();
    }
    let there = fs::read_to_string(path).unwrap_or_default();
    assert!(there == found, "{}:\n--- there\n{there}\n--- found\n{found}", path.display());
}

/// The inputs of a folder: path, headers, body.
fn inputs(name: &str) -> Vec<(PathBuf, Vec<(String, String)>, Vec<u8>)> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder(name)).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    paths.sort();
    assert!(!paths.is_empty(), "{name} has no inputs");
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let (head, body) = text.split_once("\n\n").unwrap();
        let header = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned()));
        let headers = head.lines().map(|line| header(line).unwrap()).collect();
        (path, headers, bytes(body.strip_suffix('\n').unwrap_or(body)))
    };
    paths.into_iter().map(read).collect()
}

fn bytes(body: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (n, part) in body.split('⟦').enumerate() {
        let Some((code, rest)) = part.split_once('⟧').filter(|_| n > 0) else {
            bytes.extend(part.as_bytes());
            continue;
        };
        for byte in code.split(' ') {
            let (byte, times) = byte.split_once('*').unwrap_or((byte, "1"));
            bytes.extend(vec![u8::from_str_radix(byte, 16).unwrap(); times.parse().unwrap()]);
        }
        bytes.extend(rest.as_bytes());
    }
    bytes
}

fn refused(error: &WireError) -> Value {
    json!({ "refused": { "pointer": error.pointer, "reason": error.reason, "code": error.code.name() } })
}

fn observed(read: Result<Envelope<'_>, WireError>, schemas: &Schemas) -> Value {
    let read = read.and_then(|envelope| match &*envelope.kind {
        "muster.report.v1" => ReportIn::from_event(&envelope).map(|report| report_json(&report)),
        _ => ObservationIn::read(&envelope).map(|observation| {
            schemas.fits("observation", observation.data().as_bytes());
            json!({
                "source": observation.source.as_str(),
                "id": observation.id.as_str(),
                "seen": rfc3339(observation.seen.micros()),
                "data": serde_json::from_str::<Value>(&observation.data()).unwrap(),
            })
        }),
    });
    read.map_or_else(|error| refused(&error), |found| json!({ "accepted": found }))
}

fn report_json(report: &ReportIn) -> Value {
    serde_json::from_str(&report.json()).unwrap()
}

fn items<T>(items: Vec<Item<T>>, body: &[u8], mut show: impl FnMut(Result<T, WireError>) -> Value) -> Value {
    let mut shown = |item: Item<T>| {
        let mut value = show(item.read);
        value["index"] = item.index.into();
        if value.get("refused").is_some() && item.bytes.len() < 100 {
            value["bytes"] = String::from_utf8_lossy(&body[item.bytes]).into();
        }
        value
    };
    items.into_iter().map(&mut shown).collect()
}

#[test]
fn observations_over_http() {
    let schemas = Schemas::new();
    for (path, headers, body) in inputs("http") {
        let mut map = HeaderMap::new();
        for (name, value) in &headers {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            map.append(name, HeaderValue::from_bytes(&bytes(value)).unwrap());
        }
        let found = match read_http(&map, &body) {
            Err(error) => {
                let mut found = refused(&error);
                found["status"] = error.code.http_status().into();
                found
            }
            Ok(read) => items(read.items(), &body, |read| observed(read, &schemas)),
        };
        // What a sender was told is right must be right by the schema too; tolerance goes further than the schema.
        let is_structured = headers.iter().any(|(_, value)| value.starts_with("application/cloudevents+json"));
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if is_structured && found[0].get("accepted").is_some() && !name.starts_with("tolerated") {
            let format = if name.contains("report") { "report-event" } else { "observation-event" };
            assert!(schemas.is_fit(format, &body), "{name} does not fit its schema");
        }
        hold(&path.with_extension("json"), &found);
    }
}

#[test]
fn observations_over_kafka() {
    let schemas = Schemas::new();
    for (path, headers, body) in inputs("kafka") {
        let options = KafkaOptions { confluent_prefix: path.to_str().unwrap().contains("confluent") };
        let headers: Vec<(String, Vec<u8>)> = headers.into_iter().map(|(name, value)| (name, bytes(&value))).collect();
        let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
        hold(&path.with_extension("json"), &observed(read_kafka(headers, &body, options), &schemas));
    }
}

#[test]
fn reports_as_json() {
    let schemas = Schemas::new();
    for (path, _, body) in inputs("report") {
        let found = reports(&body).map(|read| {
            items(read, &body, |read| match read {
                Ok(report) => {
                    schemas.fits("report", report.json().as_bytes());
                    assert!(schemas.is_fit("report", &body) || body.starts_with(b"["), "{}", path.display());
                    json!({ "accepted": report_json(&report) })
                }
                Err(error) => refused(&error),
            })
        });
        hold(&path.with_extension("json"), &found.unwrap_or_else(|error| refused(&error)));
    }
}

#[test]
fn the_observation_topic() {
    for (name, record) in samples::records() {
        let encoded = record::encode(&record);
        let head: serde_json::Map<String, Value> = encoded
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value).into()))
            .collect();
        let key = encoded.key.as_ref().map(|key| String::from_utf8_lossy(key));
        let payload: Value = serde_json::from_slice(&encoded.payload).unwrap();
        let path = folder("record").join(format!("{name}.json"));
        hold(&path, &json!({ "key": key, "headers": head, "payload": payload }));

        // The file alone must give the record, whatever is written today.
        let file: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let head: Vec<(&str, &[u8])> = file["headers"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(k, v)| (k.as_str(), v.as_str().unwrap().as_bytes()))
            .collect();
        assert_eq!(record::decode(head, file["payload"].to_string().as_bytes()), Ok(record.clone()));
        assert_eq!(record::decode(headers(&encoded), &encoded.payload), Ok(record));
    }
}

#[test]
fn what_we_publish_and_keep() {
    let parsed = |text: &str| -> Value { serde_json::from_str(text).unwrap() };
    let file = |path: &Path| fs::read_to_string(path).unwrap();
    for (name, change) in samples::changes() {
        let path = folder("condition").join(format!("{name}.json"));
        hold(&path, &parsed(&condition::write(&change)));
        assert_eq!(condition::read(&file(&path)), Ok(change));
    }
    let (events, whole) = samples::journal();
    for event in &events {
        let path = folder("case").join(format!("event-{}.json", event.version));
        hold(&path, &parsed(&case::write_event(event)));
        assert_eq!(case::read_event(&file(&path)).as_ref(), Ok(event));
    }
    let path = folder("case").join("case.json");
    hold(&path, &parsed(&case::write(&whole)));
    assert_eq!(case::read(&file(&path)), Ok(whole));
    let path = folder("catalogue").join("street.json");
    hold(&path, &parsed(&catalogue::write(&samples::catalogue())));
    assert_eq!(catalogue::read(&file(&path)), Ok(samples::catalogue()));
}

#[test]
fn what_we_answer() {
    let schemas = Schemas::new();
    let error = WireError::new(Code::UnsupportedCharset, "/datacontenttype", Fault::OtherCharset);
    let words = muster_domain::text::Words::new("案件已结束", "the case has ended");
    let refusal = Problem::new(409, "case-ended").detail("the case has ended").words(words).allowed(["reopen", "note"]);
    let receipt = Receipt { accepted: 2, duplicates: 1, parked: vec![Parked::new(3, &error)] };
    for (name, format, answer) in [
        ("unsupported-charset", "problem", Problem::from(&error).json()),
        ("case-ended", "problem", refusal.json()),
        ("receipt", "receipt", serde_json::to_string(&receipt).unwrap()),
    ] {
        schemas.fits(format, answer.as_bytes());
        hold(&folder("answer").join(format!("{name}.json")), &serde_json::from_str(&answer).unwrap());
    }
}
