//! One observation goes all the way to a closed case: embedded, on Kafka and PostgreSQL, and over two processes.

use std::cell::Cell;

use muster_domain::case::{Case, CaseEvent};
use muster_tests::{Server, eventually};
use reqwest::Method;
use serde_json::{Value, json};

use super::foreign::Foreign;
use crate::api::{Answer, Api, PATIENCE, send};
use crate::records::{KIND, RULES, STREET, blocked, seen};
use crate::stage::{Stage, book};

/// How observations get in.
enum Door {
    Http(Api),
    Kafka(Foreign),
}

impl Door {
    async fn send(&self, events: &[Value]) {
        match self {
            Self::Http(api) => api.observe(events).await,
            Self::Kafka(foreign) => {
                for (at, event) in events.iter().enumerate() {
                    if at % 2 == 0 { foreign.structured(event).await } else { foreign.binary(event).await }
                }
            }
        }
    }
}

#[tokio::test]
async fn one_observation_becomes_a_closed_case_on_the_embedded_default() {
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), STREET).await;
    let server = stage.serve();
    let api = Api::new(server.url());
    walk(&api, &Door::Http(api.clone())).await;
}

#[tokio::test]
async fn one_observation_becomes_a_closed_case_on_kafka_and_postgresql() {
    let Some(stage) = Stage::kafka() else { return };
    stage.adopt(&book(RULES), STREET).await;
    let server = stage.serve();
    walk(&Api::new(server.url()), &Door::Kafka(Foreign::new(&stage))).await;
}

#[tokio::test]
async fn the_roles_may_be_spread_over_two_processes() {
    let Some(stage) = Stage::kafka() else { return };
    stage.adopt(&book(RULES), STREET).await;
    let front = Server::start(&mut stage.command(&["serve", "--roles", "admit,console"]));
    let back = Server::start(&mut stage.command(&["serve", "--roles", "watch,publish,tick"]));
    let api = Api::new(front.url());
    walk(&api, &Door::Http(api.clone())).await;
    let behind = Api::new(back.url());
    assert_eq!(behind.get("/livez").await.status, 200);
    assert_eq!(behind.get("/api/v1/cases").await.status, 404, "who has no console shows no cases");
    assert_eq!(
        behind.post("/api/v1/observations", "application/json", "{}").await.status,
        404,
        "nor takes anything in"
    );
}

/// Observation → case → seat asked → accepted, on scene, done by the field link → seen clear → closed.
async fn walk(api: &Api, door: &Door) {
    door.send(&blocked(1)).await;
    let case = the_case(api, |case| case["seats"][0]["state"] == "asked").await;
    let id = case["id"].as_str().unwrap();
    assert_eq!((&case["place"], &case["state"]), (&json!("lane-1"), &json!("dispatched")), "{case}");
    assert_eq!(case["seats"][0]["unit"], "enforcement");
    assert!(!case["seats"][0]["why"]["zh"].as_str().unwrap().is_empty(), "a seat says why this unit was asked");
    assert_eq!(case["episodes"][0]["reason"]["needed_us"], 2_000_000, "a case says why it is");

    let link = case["seats"][0]["link"].as_str().unwrap();
    let page = api.get(link).await;
    assert_eq!(page.status, 200);
    assert!(page.body.len() < 60 * 1024, "{} bytes", page.body.len());
    assert_eq!(now(api, id).await["version"], case["version"], "reading the field page changes nothing");

    let cookie = first_word(api, link).await;
    step(api, link, &cookie, "arrived", None).await;
    assert_eq!(now(api, id).await["state"], "on_scene");
    step(api, link, &cookie, "done", Some(PNG)).await;
    let case = now(api, id).await;
    assert_eq!((&case["state"], case["photos"].as_array().unwrap().len()), (&json!("handled"), 1), "{case}");
    look_at_the_photo(api, &case).await;

    let sent = Cell::new(0);
    let closed = eventually("the case to close", PATIENCE, async || {
        sent.set(sent.get() + 1);
        door.send(&[seen(1, &format!("clear-{}", sent.get()), 0, false)]).await;
        Some(now(api, id).await).filter(|case| case["state"] == "closed")
    });
    let closed = closed.await;
    assert_eq!(api.list("/api/v1/cases").await.len(), 1, "one incident, one case");
    replays(api, &closed).await;
}

/// The first POST binds the link: to this device, and to a name.
async fn first_word(api: &Api, link: &str) -> String {
    let nameless = form(api, link, "", &[("command", "accept")], None).await;
    assert_eq!((nameless.status, nameless.problem().as_str()), (400, "needs-name"));
    let accepted = form(api, link, "", &[("command", "accept"), ("name", "张三")], None).await;
    assert_eq!(accepted.status, 303, "{}", accepted.text());
    let cookie = accepted.header("set-cookie").split(';').next().unwrap().to_owned();
    let stranger = form(api, link, "", &[("command", "arrived"), ("name", "李四")], None).await;
    assert_eq!((stranger.status, stranger.problem().as_str()), (403, "bound-elsewhere"));
    cookie
}

async fn step(api: &Api, link: &str, cookie: &str, command: &str, photo: Option<&[u8]>) {
    let answer = form(api, link, cookie, &[("command", command)], photo).await;
    assert_eq!(answer.status, 303, "{command}: {}", answer.text());
}

async fn look_at_the_photo(api: &Api, case: &Value) {
    let (id, case) = (case["photos"][0].as_str().unwrap(), case["id"].as_str().unwrap());
    let without = api.get(&format!("/api/v1/evidence/{id}")).await;
    assert_eq!((without.status, without.problem().as_str()), (403, "needs-reason"));
    let with = api.get(&format!("/api/v1/evidence/{id}?case={case}")).await;
    assert_eq!((with.status, with.header("content-type"), with.body.as_slice()), (200, "image/png", PNG));
}

/// The case of the lane, once it is as wanted.
pub(crate) async fn the_case(api: &Api, wanted: impl Fn(&Value) -> bool) -> Value {
    let path = format!("/api/v1/cases?kind={KIND}");
    eventually("the case", PATIENCE, async || api.list(&path).await.into_iter().find(&wanted)).await
}

pub(crate) async fn now(api: &Api, case: &str) -> Value {
    api.get(&format!("/api/v1/cases/{case}")).await.json()
}

/// The row that is shown equals the replay of its journal.
pub(crate) async fn replays(api: &Api, case: &Value) {
    let events = api.list(&format!("/api/v1/cases/{}/events", case["id"].as_str().unwrap())).await;
    let journal: Vec<CaseEvent> =
        events.iter().map(|event| muster_wire::case::read_event(&event.to_string()).unwrap()).collect();
    let replayed = Case::replay(&journal).unwrap();
    assert_eq!(muster_wire::case::read(&case.to_string()).unwrap(), replayed);
}

/// A form of the field page, as a browser sends it.
async fn form(api: &Api, link: &str, cookie: &str, fields: &[(&str, &str)], photo: Option<&[u8]>) -> Answer {
    const EDGE: &str = "edge-of-a-part";
    let mut body = Vec::new();
    for (name, value) in fields {
        let head = format!("--{EDGE}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(head.as_bytes());
    }
    if let Some(photo) = photo {
        let name = "Content-Disposition: form-data; name=\"photo\"; filename=\"after.png\"";
        body.extend_from_slice(format!("--{EDGE}\r\n{name}\r\nContent-Type: image/png\r\n\r\n").as_bytes());
        body.extend_from_slice(photo);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{EDGE}--\r\n").as_bytes());
    let kind = format!("multipart/form-data; boundary={EDGE}");
    let request = api.request(Method::POST, link).header("content-type", kind).header("cookie", cookie).body(body);
    send(request).await.unwrap()
}

/// One grey pixel.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0\x3a\x7e\x9b\x55\
    \0\0\0\x0aIDAT\x78\x9c\x63\x68\0\0\0\x82\0\x81\x77\xcd\x72\xb6\0\0\0\0IEND\xae\x42\x60\x82";
