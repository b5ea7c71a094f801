//! A person at the desk who takes cases through their life, and says everything again that was not answered.

use std::time::Instant;

use muster_tests::eventually;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::check::{Command, Fate};
use super::sender::{Acknowledged, Answers, PATIENCE, REPORTS, honest};
use crate::api::{Api, send};

/// What is done with a case, one after the other, until it is closed.
const LIFE: [&str; 5] = ["note", "accept", "arrived", "done", "post_check"];

/// Who gives commands, of whatever was reported before.
pub(super) struct Person {
    server: watch::Receiver<String>,
    answers: Answers,
    /// The first command that was not answered.
    pub(super) next: usize,
    /// What was begun: a repeat is the same to the letter.
    order: Option<Order>,
}

/// A command as it is sent.
struct Order {
    key: String,
    command: Command,
    body: String,
}

impl Person {
    pub(super) fn new(server: watch::Receiver<String>, answers: Answers) -> Self {
        Self { server, answers, next: 0, order: None }
    }

    /// Gives so many commands altogether, each until it is answered; may be dropped at any instant.
    pub(super) async fn up_to(&mut self, due: usize, sent: &mut Acknowledged) {
        while self.next < due {
            self.gives(self.next, sent).await;
            self.next += 1;
        }
    }

    async fn gives(&mut self, number: usize, sent: &mut Acknowledged) {
        // The words are what it is known by in the journal.
        let key = format!("c-{number}");
        if self.order.as_ref().is_none_or(|order| order.key != key) {
            self.order = Some(self.composed(number, key).await);
        }
        if let Some(order) = &self.order {
            let fate = self.answered(order).await;
            sent.commands.insert(order.key.clone(), Command { fate, ..order.command.clone() });
        }
    }

    async fn composed(&self, number: usize, key: String) -> Order {
        let (what, nth) = (LIFE[number % LIFE.len()], number / LIFE.len());
        // Every fifth report is of a lane, whose end the watch sees.
        let report = format!("/api/v1/reports/{REPORTS}/r-{}", nth + nth / 4 + 1);
        let case = async || self.shown(&report).await?["case"].as_str().map(str::to_owned);
        let case = eventually("the case of a report", PATIENCE, case).await;
        let path = format!("/api/v1/cases/{case}");
        let asked = async || {
            let seat = self.shown(&path).await?["seats"].get(0)?.clone();
            (seat["state"] != "wanted").then(|| seat["id"].clone())
        };
        let mut body = json!({ "command": what, "reason": key });
        match what {
            "note" => {}
            "post_check" => body["ok"] = true.into(),
            _ => body["seat"] = eventually("a unit to be asked", PATIENCE, asked).await,
        }
        Order { key, command: Command { case, what, fate: Fate::Done }, body: body.to_string() }
    }

    async fn shown(&self, path: &str) -> Option<Value> {
        let url = self.server.borrow().clone();
        let answer = send(Api::new(&url).request(Method::GET, path)).await.ok()?;
        (answer.status == 200).then(|| answer.json())
    }

    async fn answered(&self, order: &Order) -> Fate {
        let path = format!("/api/v1/cases/{}/commands", order.command.case);
        let again = async || {
            let (url, asked) = (self.server.borrow().clone(), Instant::now());
            let request = Api::new(&url).request(Method::POST, &path).header("idempotency-key", &order.key);
            let request = request.header("content-type", "application/json");
            let answer = send(request.body(order.body.clone())).await;
            self.answers.note(answer.as_ref().is_ok_and(|answer| answer.status == 503), asked.elapsed());
            let answer = answer.ok()?;
            match answer.status {
                200 => return Some(Fate::Done),
                409 if answer.json()["allowed"].is_array() => return Some(Fate::Refused),
                // A store of yesterday has yet to hear of the case again.
                404 => {}
                _ => honest(&path, &answer),
            }
            None
        };
        eventually("an answer to a command", PATIENCE, again).await
    }
}
