//! A client that sends in order and sends again until it is answered; it remembers what was acknowledged.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use muster_street::load::{Batch, Load};
use muster_tests::eventually;
use serde_json::json;
use tokio::sync::watch;

use super::check::Commands;
use super::person::Person;
use super::trial::GATE_CAMERA;
use crate::api::{Answer, Api};

/// What the server said it has: ids as they were sent.
#[derive(Debug, Default, Clone)]
pub(super) struct Acknowledged {
    pub(super) observations: BTreeSet<String>,
    pub(super) reports: BTreeSet<String>,
    pub(super) commands: Commands,
}

/// A load on its way, with some reports beside it, and somebody who works on what was reported.
pub(super) struct Sender {
    batches: Vec<Batch>,
    /// The first batch that is not acknowledged, and the number of its first observation.
    next: usize,
    number: u64,
    seed: u64,
    places: usize,
    /// Batches sent when a share was begun.
    due: usize,
    /// How long the last share took that was sent whole.
    pub(super) took: Option<Duration>,
    server: watch::Receiver<String>,
    /// `None` where the servers show nothing and take no commands.
    pub(super) person: Option<Person>,
    pub(super) answers: Answers,
}

/// What became of requests, whoever made them. Cheap to clone; clones share it.
#[derive(Debug, Default, Clone)]
pub(super) struct Answers(Arc<Mutex<(u32, Duration)>>);

impl Answers {
    /// How many were refused for the time being.
    pub(super) fn refused(&self) -> u32 {
        self.0.lock().unwrap().0
    }

    /// How long the slowest was waited for, answered or not.
    pub(super) fn slowest(&self) -> Duration {
        self.0.lock().unwrap().1
    }

    pub(super) fn note(&self, refused: bool, took: Duration) {
        let mut so_far = self.0.lock().unwrap();
        *so_far = (so_far.0 + u32::from(refused), so_far.1.max(took));
    }
}

/// How long a request may be refused or unanswered: longer than the longest outage and what follows it.
pub(super) const PATIENCE: Duration = Duration::from_secs(180);

/// Between two batches of a load that lasts as long as a fault does.
const PACE: Duration = Duration::from_millis(80);

/// The source of the reports.
pub(super) const REPORTS: &str = "chaos";

/// One report after so many batches.
const BATCHES_A_REPORT: usize = 3;

/// The first command comes after so many batches, when there are reports to work on.
const UNREPORTED: usize = 4;

/// How long a command may keep the load waiting; longer, and it is given again beside what comes next.
const A_MOMENT: Duration = Duration::from_millis(200);

/// The camera of the gates speaks of itself after so many batches.
const BATCHES_A_GATE: usize = 10;

impl Sender {
    pub(super) fn new(load: &Load, start: i64, seed: u64, server: watch::Receiver<String>) -> Self {
        let places = load.catalogue().places.lines().count() - 1;
        let (batches, answers) = (load.batches(start).collect(), Answers::default());
        let person = Some(Person::new(server.clone(), answers.clone()));
        Self { batches, next: 0, number: 0, seed, places, due: 0, took: None, server, person, answers }
    }

    /// The next of so many equal shares; may be dropped at any instant.
    pub(super) async fn share(&mut self, shares: u32, sent: &mut Acknowledged) {
        self.due = (self.due + self.batches.len().div_ceil(shares as usize)).min(self.batches.len());
        let begun = Instant::now();
        self.until(self.due, sent).await;
        self.took = Some(begun.elapsed());
        // The blow falls later then, on a server that is still at work.
        std::future::pending::<()>().await;
    }

    /// Whether the share is not acknowledged whole.
    pub(super) fn is_cut_short(&self) -> bool {
        self.next < self.due
    }

    /// The first batch that is not acknowledged with the number of its first observation, and the first such command.
    pub(super) fn at(&self) -> (usize, u64, usize) {
        (self.next, self.number, self.person.as_ref().map_or(0, |person| person.next))
    }

    /// Begins again at an earlier batch.
    pub(super) fn back_to(&mut self, (next, number, command): (usize, u64, usize)) {
        (self.next, self.number) = (next, number);
        self.person.iter_mut().for_each(|person| person.next = command);
    }

    /// What is still missing of the shares that were begun.
    pub(super) async fn arrears(&mut self, sent: &mut Acknowledged) {
        self.until(self.due, sent).await;
        self.commands(sent).await;
    }

    /// All that is left.
    pub(super) async fn rest(&mut self, sent: &mut Acknowledged) {
        self.due = self.batches.len();
        self.arrears(sent).await;
    }

    /// When the last was seen of what is acknowledged; after all of it, everything was.
    pub(super) fn seen(&self) -> i64 {
        let last = self.next.checked_sub(1).map_or(i64::MIN, |last| self.batches[last].due);
        if self.next < self.batches.len() { last } else { i64::MAX }
    }

    /// One batch after another, without haste; may be dropped at any instant.
    pub(super) async fn steadily(&mut self, sent: &mut Acknowledged) {
        let mut pace = tokio::time::interval(PACE);
        pace.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while self.next < self.batches.len() {
            pace.tick().await;
            self.until(self.next + 1, sent).await;
        }
        std::future::pending::<()>().await;
    }

    async fn until(&mut self, due: usize, sent: &mut Acknowledged) {
        while self.next < due {
            let batch = &self.batches[self.next];
            let kind = "application/cloudevents-batch+json";
            deliver(&self.server, "/api/v1/observations", kind, &batch.body, &self.answers).await;
            for number in self.number..self.number + batch.observations {
                sent.observations.insert(format!("{}-{number}", self.seed));
            }
            let after = self.number + batch.observations;
            if self.next.is_multiple_of(BATCHES_A_GATE) {
                deliver(&self.server, "/api/v1/observations", kind, self.gates().as_bytes(), &self.answers).await;
            }
            if self.next.is_multiple_of(BATCHES_A_REPORT) {
                let (id, report) = self.report();
                deliver(&self.server, "/api/v1/reports", "application/json", report.as_bytes(), &self.answers).await;
                sent.reports.insert(id);
            }
            // Both at once: the blow may fall at any await.
            (self.next, self.number) = (self.next + 1, after);
            // Sources do not wait for people.
            let _ = tokio::time::timeout(A_MOMENT, self.commands(sent)).await;
        }
    }

    /// What is to be said of what was reported so far.
    async fn commands(&mut self, sent: &mut Acknowledged) {
        if let Some(person) = &mut self.person {
            person.up_to(self.next.saturating_sub(UNREPORTED), sent).await;
        }
    }

    /// What the camera of the gates sees now: too dark, and well again.
    fn gates(&self) -> String {
        let number = self.next / BATCHES_A_GATE;
        let event = json!({
            "specversion": "1.0", "type": "muster.observation.v1", "source": "/gateways/gates",
            "id": format!("g-{number}"), "time": jiff::Timestamp::now().to_string(),
            "datacontenttype": "application/json",
            "data": { "device": GATE_CAMERA, "kind": "occupancy", "values": { "occupied": false },
                "health": { "dark": number.is_multiple_of(2) } },
        });
        json!([event]).to_string()
    }

    /// Every fifth report is of a lane that a camera watches as well; the others are of no place and cases of their own.
    fn report(&self) -> (String, String) {
        let number = self.next / BATCHES_A_REPORT;
        let id = format!("r-{number}");
        let report = if number.is_multiple_of(5) {
            let place = format!("load-{}", number * 7 % self.places);
            json!({ "source": REPORTS, "id": id, "kind": "fire.lane.blocked", "text": "有车", "place": place })
        } else {
            json!({ "source": REPORTS, "id": id, "kind": "street.litter", "text": "垃圾" })
        };
        (id, report.to_string())
    }
}

/// Comes back when it is acknowledged, by whichever server is there by then; a refusal must be honest.
pub(super) async fn deliver(server: &watch::Receiver<String>, path: &str, kind: &str, body: &[u8], answers: &Answers) {
    let again = async || {
        let (url, asked) = (server.borrow().clone(), Instant::now());
        let request = Api::new(&url).request(reqwest::Method::POST, path).header("content-type", kind);
        let answer = crate::api::send(request.body(body.to_vec())).await;
        answers.note(answer.as_ref().is_ok_and(|answer| answer.status != 202), asked.elapsed());
        let answer = answer.ok()?;
        if answer.status != 202 {
            honest(path, &answer);
            return None;
        }
        assert!(answer.json()["parked"].as_array().unwrap().is_empty(), "{}", answer.text());
        Some(())
    };
    eventually("an acknowledgement", PATIENCE, again).await;
}

/// What is refused for the time being says so, as a problem, and when to come again.
pub(super) fn honest(path: &str, answer: &Answer) {
    assert!([429, 503].contains(&answer.status), "{path}: {}", answer.text());
    answer.problem();
    assert!(answer.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0), "{path}: {}", answer.text());
}
