//! One load on one stage, from its catalogue to the account of what came of it; what is done to it meanwhile is the test's.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use muster_street::MICROS;
use muster_street::load::{ExpectedIncident, Load, LoadCatalogue, LoadSettings};
use muster_tests::{Server, eventually};
use serde_json::json;
use tokio::sync::watch;

use super::account;
use super::check::{Account, Fate, Rest};
use super::rest::Log;
use super::sender::{self, Acknowledged, Answers, PATIENCE, REPORTS, Sender};
use super::stream::Reader;
use super::{PLACES, RULES, serve};
use crate::api::Api;
use crate::stage::{CatalogueFiles, PARTITIONS, Stage, book};

/// A load on its way.
pub(super) struct Trial<'a> {
    pub(super) stage: &'a Stage,
    load: Load,
    start: i64,
    seed: u64,
    server: watch::Sender<String>,
    log: Log,
    pub(super) sent: Acknowledged,
    pub(super) sender: Sender,
    reader: Reader,
    probe: Probe,
}

/// A camera that says now and then that it cannot see. Its gates are of several partitions, each of which calls the camera
/// blind by itself.
pub(super) const GATE_CAMERA: &str = "gate-camera";
const GATES: u32 = 4;

/// The catalogue of a load with gates, and with a loudspeaker at every lane.
fn catalogue(load: &Load) -> LoadCatalogue {
    let mut files = load.catalogue();
    let at_once = |places: Vec<String>| places.join(";");
    let lanes: Vec<String> =
        files.places.lines().skip(1).filter_map(|line| line.split(',').next().map(str::to_owned)).collect();
    let gates: Vec<String> = (0..GATES).map(|gate| format!("gate-{gate}")).collect();
    for gate in &gates {
        files.places += &format!("{gate},gate,Gate,load,106.5,29.5,wgs84,,,,\n");
    }
    files.devices += &format!("{GATE_CAMERA},camera,Gates,{},,,,\n", at_once(gates));
    files.devices += &format!("speaker,loudspeaker,Speaker,{},,,,\n", at_once(lanes));
    files
}

/// How far everything was that was sent.
pub(super) struct Standing {
    at: (usize, u64, usize),
    sent: Acknowledged,
    reports: BTreeSet<String>,
}

impl<'a> Trial<'a> {
    /// Puts rules and catalogue in place and plans so many seconds of evidence, all of them past.
    pub(super) async fn begin(stage: &'a Stage, seconds: u32, seed: u64) -> Self {
        Self::of(stage, LoadSettings { rate: PLACES / 5, places: PLACES, seconds, seed, batch: 60, hurry: 1 }).await
    }

    /// As [`begin`](Self::begin), with a load of another size.
    pub(super) async fn of(stage: &'a Stage, settings: LoadSettings) -> Self {
        let LoadSettings { seconds, seed, .. } = settings;
        let load = Load::new(settings).unwrap();
        let start = (jiff::Timestamp::now().as_microsecond() / MICROS - i64::from(seconds) - 60) * MICROS;
        let files = catalogue(&load);
        let files =
            CatalogueFiles { grid: &files.grid, places: &files.places, devices: &files.devices, units: &files.units };
        stage.adopt(&book(RULES), files).await;
        let server = watch::Sender::new(String::new());
        let sender = Sender::new(&load, start, seed, server.subscribe());
        let probe = Probe { server: server.subscribe(), known: Arc::default(), answers: sender.answers.clone() };
        let (log, sent, reader) = (Log::default(), Acknowledged::default(), Reader::follow(server.subscribe()));
        Self { stage, load, start, seed, server, log, sent, sender, reader, probe }
    }

    /// Starts a server and sends to it from now on.
    pub(super) fn serve(&self) -> Server {
        let server = serve(self.stage);
        self.turn_to(&server);
        server
    }

    /// Sends to this server from now on.
    pub(super) fn turn_to(&self, server: &Server) {
        self.server.send_replace(server.url().to_owned());
    }

    /// Sends steadily until the fault is over.
    pub(super) async fn while_sending<T>(&mut self, fault: impl AsyncFnOnce(Probe) -> T) -> T {
        let probe = self.probe.clone();
        tokio::select! {
            over = fault(probe) => over,
            () = self.sender.steadily(&mut self.sent) => unreachable!("it waits at its end"),
        }
    }

    /// How far everything is that was sent.
    pub(super) fn standing(&self) -> Standing {
        let reports = self.probe.known.lock().unwrap().clone();
        Standing { at: self.sender.at(), sent: self.sent.clone(), reports }
    }

    /// Forgets what was acknowledged since, and sends it again.
    pub(super) fn back_to(&mut self, standing: Standing) {
        self.sender.back_to(standing.at);
        self.sent = standing.sent;
        *self.probe.known.lock().unwrap() = standing.reports;
    }

    /// The store has been replaced by an older one, which may not know of commands since; the log knows of none.
    pub(super) fn may_have_forgotten(&mut self, since: &Standing) {
        for (words, command) in &mut self.sent.commands {
            if !since.sent.commands.contains_key(words) && command.fate == Fate::Done {
                command.fate = Fate::MaybeForgotten;
            }
        }
    }

    /// Sends all that is left, as fast as it is taken.
    pub(super) async fn send_the_rest(&mut self) {
        self.sender.rest(&mut self.sent).await;
    }

    /// Fails if something acknowledged is not in the log; no server runs.
    pub(super) async fn nothing_is_lost(&mut self, when: &str) {
        self.log.read_on(self.stage).await;
        let lost = self.log.lacks(&self.sent);
        assert!(lost.is_empty(), "{when}: acknowledged, and not in the log: {lost:?}");
    }

    /// Waits until all that was taken in is watched, and all that came of it sent.
    pub(super) async fn watched(&self, api: &Api) {
        account::run_dry(std::slice::from_ref(api)).await;
    }

    /// What must have happened, in absolute instants.
    pub(super) fn expected(&self) -> impl Iterator<Item = ExpectedIncident> {
        account::expected(&self.load, self.start)
    }

    /// Sends what is left, lets everything be done, ends the servers and proves that it was done; gives a line of words.
    pub(super) async fn end(self, servers: Vec<Server>) -> String {
        self.end_with(servers, |account| account).await
    }

    /// As [`end`](Self::end), after the account was adapted to what this fault may rightly do.
    pub(super) async fn end_with(mut self, servers: Vec<Server>, adapt: impl FnOnce(Account) -> Account) -> String {
        self.sender.rest(&mut self.sent).await;
        let cases = self.settle(servers, adapt).await;
        format!(
            "{} observations, {} reports and {} commands acknowledged, {} refused for a while, {} incidents known before, \
             {cases} cases; 0 lost, 0 doubled",
            self.sent.observations.len(),
            self.sent.reports.len(),
            self.sent.commands.len(),
            self.sender.answers.refused(),
            self.load.expected().len(),
        )
    }

    /// Sends what is due of the shares begun, lets everything be done, ends the servers and proves that it was done; gives
    /// the number of cases.
    pub(super) async fn settle(&mut self, servers: Vec<Server>, adapt: impl FnOnce(Account) -> Account) -> usize {
        self.sender.arrears(&mut self.sent).await;
        self.sent.reports.extend(self.probe.known.lock().unwrap().iter().cloned());
        let apis: Vec<Api> = servers.iter().map(|server| Api::new(server.url())).collect();
        let plan: Vec<ExpectedIncident> = self.expected().collect();
        let mut account = account::settled(&apis, &plan, self.sender.seen(), &self.sent).await;
        account.followed = Some(self.reader.up_to(account.numbers.last().copied().unwrap_or(0)).await);
        for server in servers {
            let ended = server.terminate();
            assert!(ended.success(), "{ended}");
        }
        account.rest = Some(self.rest().await);
        // What came about while they ended, such as a place gone blind, is sent at the next start.
        for _ in 0..3 {
            if account.rest.as_ref().is_some_and(|rest| rest.pending > 0) {
                let server = serve(self.stage);
                account::run_dry(&[Api::new(server.url())]).await;
                assert!(server.terminate().success());
                account.rest = Some(self.rest().await);
            }
        }
        let cases = account.cases.len();
        let findings = adapt(account).findings();
        assert!(findings.is_empty(), "seed {}:\n  {}", self.seed, findings.join("\n  "));
        cases
    }

    /// What log and store say; no server runs.
    pub(super) async fn rest(&mut self) -> Rest {
        self.log.read_on(self.stage).await;
        self.log.rest(self.stage, &self.sent).await
    }
}

/// Finds out when work goes on: intake, watch, commit and answer.
#[derive(Debug, Clone)]
pub(super) struct Probe {
    server: watch::Receiver<String>,
    /// Its reports that were acknowledged: the checker holds them to account as well.
    known: Arc<Mutex<BTreeSet<String>>>,
    /// What became of all requests of the trial.
    pub(super) answers: Answers,
}

impl Probe {
    /// How long it takes until a report that is made now has its case, in every partition.
    pub(super) async fn works(&self) -> Duration {
        let begun = Instant::now();
        let round = self.known.lock().unwrap().len();
        let ids: Vec<String> =
            (0..PARTITIONS).map(|partition| format!("probe-{}", round + partition as usize)).collect();
        for (partition, id) in (0..).zip(&ids) {
            let place =
                (0..PLACES).map(|n| format!("load-{n}")).find(|place| partition_of(place) == partition).unwrap();
            let report =
                json!({ "source": REPORTS, "id": id, "kind": "street.litter", "text": "垃圾", "place": place });
            let body = report.to_string();
            sender::deliver(&self.server, "/api/v1/reports", "application/json", body.as_bytes(), &self.answers).await;
            self.known.lock().unwrap().insert(id.clone());
        }
        for id in ids {
            let path = format!("/api/v1/reports/{REPORTS}/{id}");
            let case = async || {
                let url = self.server.borrow().clone();
                let asked = Api::new(&url).request(reqwest::Method::GET, &path);
                let answer = crate::api::send(asked).await.ok()?;
                (answer.status == 200 && answer.json()["case"].is_string()).then_some(())
            };
            eventually("the report's case", PATIENCE, case).await;
        }
        begun.elapsed()
    }

    /// The status of `/readyz` and what it says.
    pub(super) async fn readiness(&self) -> Option<(u16, String)> {
        let url = self.server.borrow().clone();
        let answer = crate::api::send(Api::new(&url).request(reqwest::Method::GET, "/readyz")).await.ok()?;
        Some((answer.status, answer.text()))
    }

    /// Waits until the process says that it is not ready.
    pub(super) async fn is_not_ready(&self) -> String {
        let no = async || self.readiness().await.filter(|(status, _)| *status == 503).map(|(_, words)| words);
        eventually("the process to say that it is not ready", PATIENCE, no).await
    }
}

fn partition_of(place: &str) -> u32 {
    muster_domain::partition::partition(place, PARTITIONS)
}
