//! Bad input on each way in: a clear answer, parked with its reason or refused, and the service unharmed.

use muster_tests::eventually;
use reqwest::Method;
use serde_json::{Value, json};

use super::foreign::Foreign;
use crate::api::{Api, PATIENCE, send};
use crate::records::{RULES, STREET, ago, blocked, seen};
use crate::stage::{Stage, book};

const ONE: &str = "application/cloudevents+json";
const BATCH: &str = "application/cloudevents-batch+json";
const LINES: &str = "application/x-ndjson";
const JSON: &str = "application/json";

/// What is sent and what must come back: the status, and the code of the refusal or of what was parked.
struct Case {
    name: &'static str,
    kind: &'static str,
    body: Vec<u8>,
    status: u16,
    code: &'static str,
}

fn case(name: &'static str, kind: &'static str, body: impl Into<Vec<u8>>, status: u16, code: &'static str) -> Case {
    Case { name, kind, body: body.into(), status, code }
}

/// One event with one thing changed.
fn with(pointer: &str, value: Value) -> Vec<u8> {
    let mut event = seen(2, "bad", 0, true);
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    event.pointer_mut(parent).unwrap()[key] = value;
    event.to_string().into()
}

fn deep(depth: usize) -> Vec<u8> {
    let nest = format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    seen(2, "deep", 0, true).to_string().replace("true", &nest).into()
}

fn latin1() -> Vec<u8> {
    let text = seen(2, "latin", 0, true).to_string().replace("/gateways/test", "/gateways/caf\u{e9}");
    text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect()
}

fn observations() -> Vec<Case> {
    let doubled = seen(2, "doubled", 0, true).to_string().replace("\"values\":", "\"device\":\"cam-3\",\"values\":");
    let mut wide = seen(2, "wide", 0, true);
    wide["data"]["values"] =
        (0..65).map(|n| (format!("v{n}"), Value::from(n))).collect::<serde_json::Map<_, _>>().into();
    vec![
        // A single event is parked whole, whatever it is: 400 is for what does not even have items.
        case("nothing at all", ONE, "", 422, "malformed-json"),
        case("not JSON", ONE, "{\"specversion\":", 422, "malformed-json"),
        case("an empty batch", BATCH, "[]", 400, ""),
        case("another type of content", "text/xml", "<a/>", 415, ""),
        case("another character set", "application/cloudevents+json; charset=iso-8859-1", latin1(), 415, ""),
        case("bytes that are not UTF-8", ONE, latin1(), 422, "not-utf8"),
        case("too deep", ONE, deep(64), 422, "too-deep"),
        case("a million brackets", ONE, "[".repeat(1_000_000), 413, ""),
        case("a record of 300 KiB", ONE, with("/data/values/note", json!("x".repeat(300 << 10))), 413, ""),
        case("a batch of 9 MiB", BATCH, format!("[\"{}\"]", "x".repeat(9 << 20)), 413, ""),
        case("a number for a place", ONE, with("/data/place", json!(7)), 422, "wrong-type"),
        case("a text for a truth", ONE, with("/data/values/occupied", json!("yes")), 422, "wrong-type"),
        case("no device", ONE, with("/data/device", Value::Null), 422, ""),
        case("a device that nobody knows", ONE, with("/data/device", json!("cam-99")), 422, "unknown-device"),
        case("a place that it does not cover", ONE, with("/data/place", json!("lane-1")), 422, "place-not-covered"),
        case("a kind that nobody knows", ONE, with("/data/kind", json!("weather")), 422, "unknown-kind"),
        case("a value that nobody knows", ONE, with("/data/values/colour", json!("red")), 422, "unknown-value"),
        case("too many values", ONE, wide.to_string(), 422, ""),
        case("the same key twice", ONE, doubled, 422, "duplicate-key"),
        case("a time that is none", ONE, with("/time", json!("yesterday")), 422, "invalid-time"),
        case("a time without an offset", ONE, with("/time", json!("2026-11-24T08:00:00")), 422, "invalid-time"),
        case("another specversion", ONE, with("/specversion", json!("0.3")), 422, ""),
        case("another type of event", ONE, with("/type", json!("com.example.other")), 422, ""),
        case("a record that only Muster writes", ONE, with("/type", json!("muster.tick.v1")), 422, ""),
        case("nothing but bad lines", LINES, "{}\nnot json\n", 422, ""),
        // A time that can be read is never a reason to park (ENGINE §2).
        case("the far future", ONE, with("/time", json!("2099-01-01T00:00:00Z")), 202, ""),
        case("the distant past", ONE, with("/time", json!("1999-01-01T00:00:00Z")), 202, ""),
    ]
}

fn reports() -> Vec<Case> {
    let report = |change: fn(&mut Value)| {
        let mut report = json!({ "source": "141", "id": "r-bad", "kind": "street.litter", "text": "垃圾" });
        change(&mut report);
        report.to_string()
    };
    let deep =
        format!("{{\"source\":\"141\",\"id\":\"d\",\"kind\":\"a.b\",\"x\":{}{}}}", "[".repeat(64), "]".repeat(64));
    vec![
        case("not JSON", JSON, "{", 422, "malformed-json"),
        case("another type of content", "text/plain", "{}", 415, ""),
        case("nothing in it", JSON, "{}", 422, ""),
        case("an empty array", JSON, "[]", 400, "empty"),
        case("no id", JSON, report(|report| report["id"] = Value::Null), 422, ""),
        case("a number for a kind", JSON, report(|report| report["kind"] = json!(4)), 422, "wrong-type"),
        case("a severity beyond the scale", JSON, report(|report| report["severity"] = json!(9)), 422, ""),
        case(
            "off the Earth",
            JSON,
            report(|report| report["location"] = json!({ "lon": 200, "lat": 95, "crs": "wgs84" })),
            422,
            "",
        ),
        case(
            "an unknown crs",
            JSON,
            report(|report| report["location"] = json!({ "lon": 1, "lat": 1, "crs": "mars" })),
            422,
            "",
        ),
        case(
            "a place that nobody knows",
            JSON,
            report(|report| report["place"] = json!("lane-99")),
            422,
            "unknown-place",
        ),
        case("too deep", JSON, deep, 422, ""),
        case("a NUL that is no JSON", JSON, "{\"text\":\"\0\"}", 422, "null-character"),
        case("a NUL in words", JSON, report(|report| report["text"] = json!("a\0b")), 422, "null-character"),
        case("bytes that are no text", JSON, b"{\"text\":\"\xff\0\"}".to_vec(), 422, "not-utf8"),
        case("too long", JSON, format!("\"{}\"", "x".repeat(9 << 20)), 413, ""),
    ]
}

#[tokio::test]
async fn bad_input_over_http_is_answered_in_words_and_harms_nothing() {
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), STREET).await;
    let server = stage.serve();
    let api = Api::new(server.url());
    let mut wrong = Vec::new();
    let mut parked = 0;
    for (path, cases) in [("/api/v1/observations", observations()), ("/api/v1/reports", reports())] {
        for case in cases {
            let request = api.request(Method::POST, path).header("content-type", case.kind).body(case.body.clone());
            let answer = match send(request).await {
                Ok(answer) => answer,
                Err(error) => {
                    wrong.push(format!("{path}: {}: no answer: {error:?}", case.name));
                    continue;
                }
            };
            let problem = if answer.status >= 400 { answer.problem() } else { String::new() };
            let letters = answer.json()["parked"].as_array().cloned().unwrap_or_default();
            let reasoned = letters.iter().all(|letter| !letter["reason"].as_str().unwrap_or_default().is_empty());
            let codes: Vec<&str> = letters.iter().filter_map(|letter| letter["code"].as_str()).collect();
            let known = case.code.is_empty() || codes.contains(&case.code) || problem == case.code;
            if answer.status != case.status || !reasoned || !known {
                wrong.push(format!(
                    "{path}: {}: wanted {} {}, got {}",
                    case.name,
                    case.status,
                    case.code,
                    answer.text()
                ));
            }
            parked += letters.len();
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    let letters = async || Some(api.list("/api/v1/dead-letters").await.len()).filter(|kept| *kept == parked);
    eventually("every parked item among the dead letters", PATIENCE, letters).await;
    unharmed(&api).await;
}

#[tokio::test]
async fn whoever_sends_too_much_hears_so_before_the_connection_ends() {
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), STREET).await;
    let server = stage.serve();
    let api = Api::new(server.url());
    let long = |mebibytes: usize| vec![b'x'; mebibytes << 20];
    for (path, body) in [
        ("/api/v1/media", long(40)),
        ("/api/v1/cases/none/commands", long(30)),
        ("/api/v1/observations", long(40)),
        ("/f/none", long(40)),
    ] {
        let request = api.request(Method::POST, path).header("content-type", JSON).body(body);
        let answer = send(request).await.unwrap_or_else(|error| panic!("{path}: no answer: {error:?}"));
        assert!([413, 404, 400].contains(&answer.status), "{path}: {} {}", answer.status, answer.text());
    }
    unharmed(&api).await;
}

#[tokio::test]
async fn what_is_readable_of_a_batch_is_taken_and_the_rest_parked_with_its_place() {
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), STREET).await;
    let server = stage.serve();
    let api = Api::new(server.url());
    let lines =
        [seen(2, "a", 0, true).to_string(), "not json".to_owned(), seen(3, "b", 0, true).to_string()].join("\n");
    let answer = api.post("/api/v1/observations", LINES, lines).await;
    let receipt = answer.json();
    assert_eq!((answer.status, &receipt["accepted"]), (202, &json!(2)), "{receipt}");
    assert_eq!(
        (receipt["parked"].as_array().unwrap().len(), &receipt["parked"][0]["index"]),
        (1, &json!(1)),
        "{receipt}"
    );
    let again = api.post("/api/v1/observations", ONE, seen(2, "a", 0, true).to_string()).await;
    let sum = again.json()["accepted"].as_u64().unwrap() + again.json()["duplicates"].as_u64().unwrap();
    assert_eq!(sum, 1, "a repeat is answered as one record, whichever way it is counted: {}", again.text());
}

#[tokio::test]
async fn bad_records_on_the_intake_topic_are_parked_and_hold_nothing_up() {
    let Some(stage) = Stage::kafka() else { return };
    stage.adopt(&book(RULES), STREET).await;
    let server = stage.serve();
    let (api, foreign) = (Api::new(server.url()), Foreign::new(&stage));
    let bad: Vec<Vec<u8>> = observations()
        .into_iter()
        .filter(|case| case.status == 422 && case.kind == ONE)
        .map(|case| case.body)
        .collect();
    for body in &bad {
        foreign.send(&[("content-type", ONE)], body).await;
    }
    foreign.send(&[], b"\xff\xfe no headers, no text").await;
    foreign.send(&[("content-type", ONE)], b"").await;
    foreign
        .send(&[("ce_type", "muster.tick.v1"), ("ce_id", "1"), ("ce_source", "x"), ("ce_specversion", "1.0")], b"{}")
        .await;
    let wanted = bad.len() + 3;
    let letters = async || Some(api.list("/api/v1/dead-letters").await).filter(|kept| kept.len() >= wanted);
    let letters = eventually("the dead letters", PATIENCE, letters).await;
    assert_eq!(letters.len(), wanted);
    assert!(letters.iter().all(|letter| letter["original_topic"] == stage.intake()), "{letters:?}");
    for event in blocked(1) {
        foreign.structured(&event).await;
    }
    super::way::the_case(&api, |case| case["place"] == "lane-1").await;
}

/// Ready as before, and the straight way still goes.
async fn unharmed(api: &Api) {
    assert_eq!(api.get("/readyz").await.status, 200);
    let report = json!({ "source": "141", "id": format!("good-{}", ago(0)), "kind": "street.litter", "text": "垃圾" });
    assert_eq!(api.post("/api/v1/reports", JSON, report.to_string()).await.status, 202);
    api.observe(&blocked(1)).await;
    super::way::the_case(api, |case| case["place"] == "lane-1").await;
}
