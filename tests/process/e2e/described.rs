//! The real program is what it describes: its routes, the shapes of its answers, its metrics, and how it stops.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use jsonschema::Validator;
use muster_tests::{eventually, need};
use reqwest::Method;
use serde_json::{Value, json};

use super::way::the_case;
use crate::api::{Api, PATIENCE, send};
use crate::records::{RULES, STREET, blocked, seen};
use crate::stage::{Stage, book};

/// The metrics that outsiders rely on (INTERFACE §6) and that an ordinary case brings forth.
const METRICS: [&str; 17] = [
    "muster_observations_total{",
    "muster_dead_letters_total{",
    "muster_log_lag_records{",
    "muster_log_lag_seconds{",
    "muster_admit_seconds_count",
    "muster_observation_to_case_seconds_count",
    "muster_conditions{",
    "muster_blind_places{",
    "muster_cases_open{",
    "muster_cases_total{",
    "muster_stage_seconds_count{",
    "muster_seats_unfilled{",
    "muster_clocks_overdue{",
    "muster_outbox_pending",
    "muster_outbox_oldest_seconds",
    "muster_store_seconds_count{operation=\"commit\"}",
    "muster_build_info{",
];

/// The description, and validators made of it.
struct Described(Value);

impl Described {
    /// Every method and path.
    fn routes(&self) -> Vec<(Method, String, &Value)> {
        let mut routes = Vec::new();
        for (path, methods) in self.0["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                routes.push((method.to_uppercase().parse().unwrap(), path.clone(), operation));
            }
        }
        routes
    }

    /// What an operation says of an answer.
    fn answer(&self, operation: &Value, status: u16) -> Option<Value> {
        let answer = operation["responses"].get(status.to_string())?;
        let known = answer.get("$ref").and_then(Value::as_str).map(|to| self.0.pointer(&to[1..]).unwrap());
        Some(known.unwrap_or(answer).clone())
    }

    fn validator(&self, schema: &Value) -> Validator {
        let mut schema = schema.clone();
        schema["components"] = self.0["components"].clone();
        jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
    }
}

#[tokio::test]
async fn every_route_answers_as_it_is_described() {
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), STREET).await;
    let server = stage.serve();
    let api = Api::new(server.url());
    api.observe(&blocked(1)).await;
    let case = the_case(&api, |case| case["seats"][0]["state"] == "asked").await;
    api.post("/api/v1/observations", "application/cloudevents+json", "{").await;
    let letter = async || api.list("/api/v1/dead-letters").await.into_iter().next();
    let letter = eventually("the dead letter", PATIENCE, letter).await;
    let conditions = api.list("/api/v1/conditions").await;
    let described = Described(api.get("/openapi.json").await.json());
    let mut wrong = Vec::new();
    for (method, path, operation) in described.routes() {
        let id = match path.split('/').nth(3).unwrap_or_default() {
            "cases" => case["id"].as_str().unwrap().to_owned(),
            "conditions" => conditions[0]["id"].as_str().unwrap().to_owned(),
            "dead-letters" => letter["id"].to_string(),
            _ => "none".to_owned(),
        };
        let mut answer =
            api.request(method.clone(), &path.replace("{source}", "141").replace("{id}", &id)).send().await.unwrap();
        let (status, kind) = (answer.status().as_u16(), answer.headers()["content-type"].to_str().unwrap().to_owned());
        let Some(known) = described.answer(operation, status) else {
            wrong.push(format!("{method} {path}: {status} is not described"));
            continue;
        };
        let essence = kind.split(';').next().unwrap_or_default();
        let Some(content) = known["content"].get(essence) else {
            wrong.push(format!("{method} {path}: {status} as {kind} is not described"));
            continue;
        };
        if essence == "text/event-stream" {
            continue;
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.unwrap() {
            body.extend(chunk);
        }
        if essence.ends_with("json") {
            let body: Value = serde_json::from_slice(&body).unwrap();
            if let Err(error) = described.validator(&content["schema"]).validate(&body) {
                wrong.push(format!("{method} {path}: {status}: at {}: {error}: {body}", error.instance_path()));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[tokio::test]
async fn metrics_have_a_listener_of_their_own_and_say_all_that_is_promised() {
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), STREET).await;
    let mut command = stage.command(&["serve"]);
    let server = muster_tests::Server::start(command.env("MUSTER_HTTP__METRICS_LISTEN", "127.0.0.1:0"));
    let api = Api::new(server.url());
    assert_eq!(api.get("/metrics").await.problem(), "not-found");
    let logged = async || {
        let words = server.words();
        let (_, rest) = words.split_once("metrics at ")?;
        rest.split_once("/metrics").map(|(url, _)| url.to_owned())
    };
    let metrics = Api::new(&eventually("the address of the metrics", PATIENCE, logged).await);
    assert_eq!(metrics.get("/api/v1/cases").await.problem(), "not-found");

    api.post("/api/v1/observations", "application/cloudevents+json", "{").await;
    api.observe(&blocked(1)).await;
    let case = the_case(&api, |case| case["seats"][0]["state"] == "asked").await;
    let verdict = json!({ "command": "verdict", "verdict": "false", "reason": "演习" });
    assert_eq!(api.order(case["id"].as_str().unwrap(), &verdict).await.status, 200);
    api.observe(&blocked(2)).await;
    the_case(&api, |case| case["place"] == "lane-2").await;
    let missing = async || {
        let text = String::from_utf8(metrics.get("/metrics").await.body).unwrap();
        let missing = METRICS.into_iter().filter(|name| !text.lines().any(|line| line.starts_with(name)));
        Some(missing.collect::<Vec<_>>()).filter(Vec::is_empty)
    };
    eventually("every metric", PATIENCE, missing).await;
    let Some(promtool) = need("MUSTER_TEST_PROMTOOL", "promtool") else { return };
    let text = metrics.get("/metrics").await.body;
    assert_eq!(lint(&promtool, &text), "", "{}", String::from_utf8_lossy(&text));
    assert_ne!(lint(&promtool, b"cases_opened 1\n"), "", "a metric without a help is found");
}

/// What Prometheus' own tool has to say of metrics.
fn lint(promtool: &str, text: &[u8]) -> String {
    let mut command = Command::new(promtool);
    command.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // it reads to the end before it says anything
    child.stdin.take().unwrap().write_all(text).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert_eq!(output.status.success(), said.is_empty(), "{}: {said}", output.status);
    said
}

#[tokio::test]
async fn a_stop_does_not_wait_for_open_screens() {
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), STREET).await;
    let server = stage.serve();
    let api = Api::new(server.url());
    let stream = send_open(&api).await;
    api.observe(&[seen(1, "one", 0, false)]).await;
    let asked = Instant::now();
    assert_eq!(server.terminate().code(), Some(0));
    assert!(asked.elapsed() < Duration::from_secs(15), "it waited {:?} for a screen", asked.elapsed());
    drop(stream);
}

async fn send_open(api: &Api) -> reqwest::Response {
    let stream = api.request(Method::GET, "/api/v1/stream").send().await.unwrap();
    assert_eq!(stream.status(), 200);
    stream
}

#[tokio::test]
async fn readiness_says_no_before_the_door_closes() {
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), STREET).await;
    let mut command = stage.command(&["serve"]);
    let server = muster_tests::Server::start(command.env("MUSTER_HTTP__LINGER", "10s"));
    let api = Api::new(server.url());
    assert_eq!(api.get("/readyz").await.status, 200);
    let ended = std::thread::spawn(move || server.terminate());
    let not_ready =
        async || Some(send(api.request(Method::GET, "/readyz")).await.ok()?).filter(|answer| answer.status == 503);
    let answer = eventually("readiness to say no", PATIENCE, not_ready).await;
    assert!(answer.text().contains("stopping"), "{}", answer.text());
    assert_eq!(ended.join().unwrap().code(), Some(0));
}
