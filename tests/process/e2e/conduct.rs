//! How the API behaves towards clients that repeat, race, come late and lose their line.

use muster_tests::eventually;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use std::time::Duration;

use super::way::{now, replays, the_case};
use crate::api::{Answer, Api, PATIENCE, send};
use crate::records::{RULES, STREET, blocked, seen};
use crate::stage::{Stage, book};

/// A server with one case whose seat has been asked.
async fn with_a_case() -> (Stage, muster_tests::Server, Api, Value) {
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), STREET).await;
    let server = stage.serve();
    let api = Api::new(server.url());
    api.observe(&blocked(1)).await;
    let case = the_case(&api, |case| case["seats"][0]["state"] == "asked").await;
    (stage, server, api, case)
}

fn id(case: &Value) -> &str {
    case["id"].as_str().unwrap()
}

fn accept(case: &Value) -> Value {
    json!({ "command": "accept", "seat": case["seats"][0]["id"] })
}

async fn keyed(api: &Api, case: &str, key: &str, command: &Value) -> Answer {
    let request = api.request(Method::POST, &format!("/api/v1/cases/{case}/commands"));
    let request = request.header("content-type", "application/json").header("idempotency-key", key);
    send(request.body(command.to_string())).await.unwrap()
}

#[tokio::test]
async fn a_command_that_is_repeated_is_carried_out_once() {
    let (_stage, _server, api, case) = with_a_case().await;
    let first = keyed(&api, id(&case), "k-1", &accept(&case)).await;
    let again = keyed(&api, id(&case), "k-1", &accept(&case)).await;
    assert_eq!((first.status, again.status), (200, 200), "{}", again.text());
    assert_eq!(first.json()["version"], again.json()["version"], "the same answer as before");
    assert_eq!(first.header("etag"), again.header("etag"), "to its tag");
    let other = keyed(&api, id(&case), "k-1", &json!({ "command": "note", "reason": "别的" })).await;
    assert_eq!((other.status, other.problem().as_str()), (422, "key-reused"));
    let without = api.order(id(&case), &accept(&case)).await;
    assert_eq!(without.json()["version"], first.json()["version"], "who has accepted has accepted: {}", without.text());
    let second = api
        .order(id(&case), &json!({ "command": "return", "seat": case["seats"][0]["id"], "reason": "不归我们管" }))
        .await;
    assert_eq!(second.status, 200, "{}", second.text());
    let late = api.order(id(&case), &accept(&case)).await;
    assert_eq!(late.status, 409, "who has returned it cannot accept it: {}", late.text());
}

#[tokio::test]
async fn of_many_repeats_at_once_one_is_carried_out_and_all_are_told_the_same() {
    let (_stage, _server, api, case) = with_a_case().await;
    let note = json!({ "command": "note", "reason": "只说一次" });
    let all: Vec<_> = (0..8)
        .map(|_| {
            let (api, case, note) = (api.clone(), id(&case).to_owned(), note.clone());
            tokio::spawn(async move { keyed(&api, &case, "k-2", &note).await })
        })
        .collect();
    let mut told = Vec::new();
    for one in all {
        let answer = one.await.unwrap();
        told.push((answer.status, answer.text()));
    }
    told.dedup();
    assert_eq!((told.len(), told[0].0), (1, 200), "{told:?}");
    let journal = api.list(&format!("/api/v1/cases/{}/events", id(&case))).await;
    assert_eq!(journal.iter().filter(|entry| entry["reason"] == "只说一次").count(), 1, "{journal:?}");
    let early = json!({ "command": "post_check", "ok": true });
    let refused = keyed(&api, id(&case), "k-3", &early).await;
    assert_eq!((refused.status, refused.problem().as_str()), (409, "not-handled"));
    let done = json!({ "command": "done", "seat": case["seats"][0]["id"] });
    assert_eq!(api.order(id(&case), &done).await.status, 200);
    let again = keyed(&api, id(&case), "k-3", &early).await;
    assert_eq!((again.status, again.text()), (409, refused.text()), "a repeat is not asked anew");
}

#[tokio::test]
async fn a_refusal_says_in_two_languages_why_and_what_is_allowed() {
    let (_stage, _server, api, case) = with_a_case().await;
    let refused = api.order(id(&case), &json!({ "command": "post_check", "ok": true })).await;
    assert_eq!(refused.status, 409, "{}", refused.text());
    assert!(!refused.problem().is_empty());
    let problem = refused.json();
    assert!(problem["words"]["zh"].is_string() && problem["words"]["en"].is_string(), "{problem}");
    let allowed: Vec<&str> = problem["allowed"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(allowed.contains(&"accept") && !allowed.contains(&"post_check"), "{allowed:?}");
    assert_eq!(now(&api, id(&case)).await["version"], case["version"], "what is refused changes nothing");
    for (bad, status) in [(json!({}), 400), (json!({ "command": "dance" }), 400), (json!({ "command": "accept" }), 400)]
    {
        assert_eq!(api.order(id(&case), &bad).await.status, status, "{bad}");
    }
    let nowhere = api.order("case_00000000000000000000000000000000", &accept(&case)).await;
    assert_eq!((nowhere.status, nowhere.problem().as_str()), (404, "not-found"));
}

#[tokio::test]
async fn versions_are_tags_and_may_be_made_a_condition() {
    let (_stage, _server, api, case) = with_a_case().await;
    let path = format!("/api/v1/cases/{}", id(&case));
    let tag = api.get(&path).await.header("etag").to_owned();
    assert_eq!(tag, format!("\"{}\"", case["version"]));
    let same = send(api.request(Method::GET, &path).header("if-none-match", &tag)).await.unwrap();
    assert_eq!((same.status, same.body.len()), (304, 0));
    let order = |tag: String| {
        let request = api.request(Method::POST, &format!("{path}/commands")).header("if-match", tag);
        let request = request.header("content-type", "application/json");
        send(request.body(accept(&case).to_string()))
    };
    let stale = order("\"1\"".to_owned()).await.unwrap();
    assert_eq!((stale.status, stale.problem().as_str()), (412, "precondition-failed"));
    let fresh = order(tag.clone()).await.unwrap();
    assert_eq!(fresh.status, 200, "{}", fresh.text());
    assert_ne!(fresh.header("etag"), tag);
    let elsewhere = json!({ "command": "acknowledge", "expects": { "state": "handled" } });
    assert_eq!(api.order(id(&case), &elsewhere).await.status, 412);
}

#[tokio::test]
async fn a_fact_is_taken_even_when_its_case_has_ended() {
    let (_stage, _server, api, case) = with_a_case().await;
    let seat = &case["seats"][0]["id"];
    let ended = api.order(id(&case), &json!({ "command": "verdict", "verdict": "false", "reason": "演习" })).await;
    assert_eq!(ended.status, 200, "{}", ended.text());
    assert_ne!(ended.json()["state"], "dispatched");
    for fact in ["arrived", "done", "note"] {
        let late = api.order(id(&case), &json!({ "command": fact, "seat": seat, "reason": "迟到的" })).await;
        assert_eq!(late.status, 200, "{fact}: {}", late.text());
    }
    let decision = api.order(id(&case), &accept(&case)).await;
    assert_eq!(decision.status, 409, "a decision on it comes too late: {}", decision.text());
    replays(&api, &now(&api, id(&case)).await).await;
}

#[tokio::test]
async fn a_report_is_one_case_however_often_it_is_sent() {
    let (_stage, _server, api, case) = with_a_case().await;
    let report = |id: &str, place: Option<&str>, text: &str| {
        json!({ "source": "141", "id": id, "kind": "fire.lane.blocked", "text": text, "place": place }).to_string()
    };
    let sent = async |body: String| api.post("/api/v1/reports", "application/json", body).await.json();
    let case_of = async |id: &str| {
        let path = format!("/api/v1/reports/141/{id}");
        let settled = async || Some(api.get(&path).await.json()).filter(|report| report["state"] == "case");
        eventually("the report's case", PATIENCE, settled).await["case"].clone()
    };
    assert_eq!(sent(report("r-1", Some("lane-1"), "有车")).await["accepted"], 1);
    assert_eq!(case_of("r-1").await, case["id"], "it is of the lane that a case stands for");
    assert_eq!(sent(report("r-1", Some("lane-1"), "有车")).await["duplicates"], 1);
    assert_eq!(sent(report("r-2", None, "说不清在哪里")).await["accepted"], 1);
    assert_ne!(case_of("r-2").await, case["id"], "what has no place is merged with nothing");
    assert_eq!(sent(report("r-2", None, "就在门口")).await["accepted"], 1, "other words are an amendment");
    assert_eq!(api.get("/api/v1/reports/141/r-9").await.status, 404);
    let cases = api.list("/api/v1/cases").await;
    assert_eq!(cases.len(), 2, "{cases:?}");
    let nameless = json!({ "source": "141", "kind": "street.litter", "text": "垃圾" }).to_string();
    let keyed = || {
        let request = api.request(Method::POST, "/api/v1/reports").header("idempotency-key", "key-7");
        send(request.header("content-type", "application/json").body(nameless.clone()))
    };
    assert_eq!(keyed().await.unwrap().json()["accepted"], 1);
    case_of("key-7").await;
    assert_eq!(keyed().await.unwrap().json()["duplicates"], 1);
}

#[tokio::test]
async fn an_open_screen_misses_nothing_over_a_cut_and_a_restart() {
    let (stage, server, api, case) = with_a_case().await;
    let mut stream = follow(&api, None).await;
    api.order(id(&case), &json!({ "command": "note", "reason": "一" })).await;
    let noted = case["version"].as_u64().unwrap() + 1;
    // What the case was before may still be on its way to this screen.
    let first = loop {
        let told = stream.numbered().await;
        if told.data["case"]["version"] == noted {
            assert_eq!((told.name.as_str(), &told.data["case"]["id"]), ("case", &case["id"]), "{}", told.data);
            break told.number.unwrap();
        }
    };
    drop(stream);
    api.order(id(&case), &json!({ "command": "note", "reason": "二" })).await;
    api.observe(&[seen(2, "meanwhile", 0, false)]).await;
    assert!(server.terminate().success());
    let server = stage.serve();
    let api = Api::new(server.url());
    let mut stream = follow(&api, Some(first)).await;
    let (mut numbers, mut names, mut versions) = (vec![first], Vec::new(), Vec::new());
    while !(names.contains(&"condition".to_owned()) && versions.len() == 1) {
        let told = stream.numbered().await;
        numbers.extend(told.number);
        versions.extend(told.data["case"]["version"].as_u64());
        names.push(told.name);
    }
    assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{numbers:?}");
    assert_eq!(versions, [noted + 1]);
}

/// An open stream, with what has come of messages that are not whole yet.
struct Stream {
    response: Response,
    rest: String,
}

/// One message of a stream.
struct Told {
    number: Option<u64>,
    name: String,
    data: Value,
}

async fn follow(api: &Api, last: Option<u64>) -> Stream {
    let request = api.request(Method::GET, "/api/v1/stream");
    let request = last.into_iter().fold(request, |request, last| request.header("last-event-id", last.to_string()));
    Stream { response: request.send().await.unwrap(), rest: String::new() }
}

impl Stream {
    async fn next(&mut self) -> Told {
        loop {
            while let Some((text, rest)) = self.rest.split_once("\n\n") {
                let field = |name| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
                let told = field("event:").map(|name| Told {
                    number: field("id:").and_then(|number| number.parse().ok()),
                    name: name.to_owned(),
                    data: serde_json::from_str(field("data:").unwrap()).unwrap(),
                });
                self.rest = rest.to_owned();
                if let Some(told) = told {
                    return told;
                }
            }
            let chunk = tokio::time::timeout(Duration::from_secs(20), self.response.chunk()).await.expect("a message");
            self.rest.push_str(std::str::from_utf8(&chunk.unwrap().unwrap()).unwrap());
        }
    }

    /// The next message that a screen can go on from.
    async fn numbered(&mut self) -> Told {
        loop {
            let told = self.next().await;
            if told.number.is_some() {
                return told;
            }
        }
    }
}

#[tokio::test]
async fn a_seat_is_told_beside_its_case() {
    let (_stage, _server, api, case) = with_a_case().await;
    let mut stream = follow(&api, None).await;
    assert_eq!(api.order(id(&case), &accept(&case)).await.status, 200);
    // The seat comes before its case, so that a cut between the two loses neither.
    let mut seat = None;
    loop {
        let told = stream.next().await;
        match told.name.as_str() {
            "seat" => {
                assert_eq!(told.number, None, "only the case has a number to go on from");
                seat = Some(told.data);
            }
            "case" if told.data["case"]["seats"][0]["state"] == "accepted" => break,
            _ => {}
        }
    }
    let seat = seat.expect("what the seat is now");
    assert_eq!((&seat["case"], &seat["seat"]["state"]), (&case["id"], &json!("accepted")), "{seat}");
}

#[tokio::test]
async fn a_seat_that_has_changed_meanwhile_takes_no_decision_and_every_fact() {
    let (_stage, _server, api, case) = with_a_case().await;
    let (seen, seat) = (case["version"].clone(), case["seats"][0]["id"].clone());
    let noted = api.order(id(&case), &json!({ "command": "note", "reason": "别的事" })).await;
    assert_eq!(noted.status, 200, "{}", noted.text());
    let expects = json!({ "seat_version": seen });
    let still = json!({ "command": "accept", "seat": seat, "expects": expects });
    assert_eq!(api.order(id(&case), &still).await.status, 200, "a note changes no seat");
    let stale = json!({ "command": "return", "seat": seat, "reason": "不归我们管", "expects": expects });
    let refused = api.order(id(&case), &stale).await;
    assert_eq!((refused.status, refused.problem().as_str()), (412, "precondition-failed"));
    let fact = json!({ "command": "arrived", "seat": seat, "expects": expects });
    assert_eq!(api.order(id(&case), &fact).await.status, 200, "what has happened has happened");
    let seatless = json!({ "command": "acknowledge", "expects": expects });
    assert_eq!(api.order(id(&case), &seatless).await.status, 400, "nobody knows which seat is meant");
}
