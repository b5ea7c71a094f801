//! A client that sends in order and sends again until it is answered; it remembers what was acknowledged.

use std::collections::BTreeSet;
use std::time::Duration;

use muster_street::load::{Batch, Load};
use muster_tests::eventually;
use serde_json::json;
use tokio::sync::watch;

use crate::api::{Answer, Api};

/// What the server said it has: ids as they were sent.
#[derive(Debug, Default, Clone)]
pub(super) struct Acknowledged {
    pub(super) observations: BTreeSet<String>,
    pub(super) reports: BTreeSet<String>,
}

/// A load on its way, with some reports beside it.
pub(super) struct Sender {
    batches: Vec<Batch>,
    /// The first batch that is not acknowledged, and the number of its first observation.
    next: usize,
    number: u64,
    seed: u64,
    places: usize,
    /// Batches sent when a share was begun.
    due: usize,
    server: watch::Receiver<String>,
    /// Requests that were refused for the time being.
    pub(super) refused: u32,
}

/// How long a request may be refused or unanswered: longer than the longest outage and what follows it.
pub(super) const PATIENCE: Duration = Duration::from_secs(180);

/// Between two batches of a load that lasts as long as a fault does.
const PACE: Duration = Duration::from_millis(80);

/// The source of the reports.
pub(super) const REPORTS: &str = "chaos";

/// One report after so many batches.
const BATCHES_A_REPORT: usize = 3;

impl Sender {
    pub(super) fn new(load: &Load, start: i64, seed: u64, server: watch::Receiver<String>) -> Self {
        let places = load.catalogue().places.lines().count() - 1;
        Self { batches: load.batches(start).collect(), next: 0, number: 0, seed, places, due: 0, server, refused: 0 }
    }

    /// The next of so many equal shares; may be dropped at any instant.
    pub(super) async fn share(&mut self, shares: u32, sent: &mut Acknowledged) {
        self.due = (self.due + self.batches.len().div_ceil(shares as usize)).min(self.batches.len());
        self.until(self.due, sent).await;
        // The blow falls later then, on a server that is still at work.
        std::future::pending::<()>().await;
    }

    /// Whether the share is not acknowledged whole.
    pub(super) fn is_cut_short(&self) -> bool {
        self.next < self.due
    }

    /// The first batch that is not acknowledged, and the number of its first observation.
    pub(super) fn at(&self) -> (usize, u64) {
        (self.next, self.number)
    }

    /// Begins again at an earlier batch.
    pub(super) fn back_to(&mut self, (next, number): (usize, u64)) {
        (self.next, self.number) = (next, number);
    }

    /// All that is left.
    pub(super) async fn rest(&mut self, sent: &mut Acknowledged) {
        self.until(self.batches.len(), sent).await;
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
            deliver(&self.server, "/api/v1/observations", kind, &batch.body, &mut self.refused).await;
            for number in self.number..self.number + batch.observations {
                sent.observations.insert(format!("{}-{number}", self.seed));
            }
            let after = self.number + batch.observations;
            if self.next.is_multiple_of(BATCHES_A_REPORT) {
                let (id, report) = self.report();
                deliver(&self.server, "/api/v1/reports", "application/json", report.as_bytes(), &mut self.refused)
                    .await;
                sent.reports.insert(id);
            }
            // Both at once: the blow may fall at any await.
            (self.next, self.number) = (self.next + 1, after);
        }
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

/// Comes back when it is acknowledged, by whichever server is there by then; counts honest refusals.
pub(super) async fn deliver(server: &watch::Receiver<String>, path: &str, kind: &str, body: &[u8], refused: &mut u32) {
    let refused = std::cell::Cell::from_mut(refused);
    let again = async || {
        let url = server.borrow().clone();
        let request = Api::new(&url).request(reqwest::Method::POST, path).header("content-type", kind);
        let answer = crate::api::send(request.body(body.to_vec())).await.ok()?;
        if answer.status != 202 {
            honest(path, &answer);
            refused.set(refused.get() + 1);
            return None;
        }
        assert!(answer.json()["parked"].as_array().unwrap().is_empty(), "{}", answer.text());
        Some(())
    };
    eventually("an acknowledgement", PATIENCE, again).await;
}

/// What is refused for the time being says so, as a problem, and when to come again.
fn honest(path: &str, answer: &Answer) {
    assert!([429, 503].contains(&answer.status), "{path}: {}", answer.text());
    answer.problem();
    assert!(answer.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0), "{path}: {}", answer.text());
}
