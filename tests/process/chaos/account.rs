//! What there is to be judged while servers run: read from outside, by the API and the stream.

use std::collections::BTreeMap;
use std::time::Duration;

use muster_domain::case::CaseEvent;
use muster_street::load::{ExpectedIncident, Load};
use muster_tests::eventually;

use super::check::{Account, Sent};
use super::sender::{self, Acknowledged, REPORTS};
use super::stream::{Message, Stream};
use crate::api::{Api, PATIENCE};
use crate::stage::PARTITIONS;

/// How long the stream may be silent while it has something to tell: a database that vanishes on a question is given up
/// after 15 s.
const SILENCE: Duration = Duration::from_secs(30);

/// Cases with their journals, and what the stream has told of them since the beginning.
pub(super) async fn standing(api: &Api) -> Account {
    collected(api, Account::default()).await
}

/// The same, beside what was acknowledged.
async fn collected(api: &Api, mut account: Account) -> Account {
    for shown in api.list("/api/v1/cases").await {
        let events = api.list(&format!("/api/v1/cases/{}/events", shown["id"].as_str().unwrap())).await;
        let journal: Vec<CaseEvent> =
            events.iter().map(|event| muster_wire::case::read_event(&event.to_string()).unwrap()).collect();
        let case = muster_wire::case::read(&shown.to_string()).unwrap();
        // It may have gone on between the two questions.
        let until = journal.iter().take_while(|event| event.version <= case.version).count();
        account.cases.push((case, journal[..until].to_vec()));
    }
    listen(api, &mut account).await;
    account
}

/// Follows the stream from its beginning until it has told as much as the cases show.
async fn listen(api: &Api, account: &mut Account) {
    let mut behind: BTreeMap<String, u64> =
        account.cases.iter().map(|(case, _)| (case.id.to_string(), case.version)).collect();
    let mut stream = Stream::behind(api, 0).await.expect("a stream");
    loop {
        let wait = if behind.is_empty() { Duration::from_millis(700) } else { SILENCE };
        // What it has not told by then is a finding, and not ours to wait for.
        let Ok(message) = tokio::time::timeout(wait, stream.next()).await else { return };
        hear(&message.expect("the stream does not end"), account, &mut behind);
    }
}

/// Follows the stream once more from its middle, as a reader does whose line was cut there.
async fn resume(api: &Api, account: &mut Account) {
    let (Some(&from), Some(&last)) = (account.numbers.get(account.numbers.len() / 2), account.numbers.last()) else {
        return;
    };
    let (mut stream, mut heard) = (Stream::behind(api, from).await.expect("a stream"), Vec::new());
    while heard.last().is_none_or(|heard| *heard < last) && from < last {
        let Ok(message) = tokio::time::timeout(SILENCE, stream.next()).await else { break };
        heard.extend(message.expect("the stream does not end").number);
    }
    account.resumed = Some((from, heard));
}

/// Notes one message of the stream.
fn hear(message: &Message, account: &mut Account, behind: &mut BTreeMap<String, u64>) {
    let Message { event, number, data } = message;
    account.numbers.extend(*number);
    match event.as_str() {
        "case" => {
            let (event, case) = muster_wire::case::read_changed(data).unwrap();
            if behind.get(case.id.as_str()).is_some_and(|version| *version <= event.version) {
                behind.remove(case.id.as_str());
            }
            account.told.push((event, case));
        }
        "condition" => moved(data, number.expect("what changed has a number"), account),
        "resync" => account.resynced = true,
        _ => {}
    }
}

/// A change of a condition; begins and ends of episodes of the load's lanes beside.
fn moved(body: &str, number: u64, account: &mut Account) {
    let change: serde_json::Value = serde_json::from_str(body).unwrap();
    let subject = change["subject"].as_str().unwrap().to_owned();
    account.heard.push(Sent { number, subject, body: body.to_owned() });
    let moved = &change["change"]["moved"];
    let (Some(place), Some(at)) = (change["place"].as_str(), moved["at"].as_str()) else { return };
    let at = muster_wire::micros(at).unwrap();
    match (moved["from"].as_str(), moved["to"].as_str()) {
        (Some("suspected"), Some("present")) => account.began.push((place.to_owned(), at)),
        (Some("easing"), Some("clear")) => account.ended.push((place.to_owned(), at)),
        _ => {}
    }
}

/// What must have happened, in absolute instants.
pub(super) fn expected(load: &Load, start: i64) -> impl Iterator<Item = ExpectedIncident> {
    load.expected().into_iter().map(move |incident| ExpectedIncident {
        begins: start + incident.begins,
        shown: start + incident.shown,
        ends: incident.ends.map(|ends| start + ends),
        ..incident
    })
}

/// How far a look reaches beyond the last evidence, `blind.after` of the rule, and how far apart two of one lane are.
const AHEAD: i64 = 30_000_000;
const APART: i64 = 5_000_000;

/// Of what the plan has, what must have happened by evidence up to an instant; what a look may have found already counts
/// where it was found.
fn so_far(plan: &[ExpectedIncident], until: i64, account: &Account) -> Vec<ExpectedIncident> {
    let due = |place: &str, at: i64, found: &[(String, i64)]| {
        let early =
            at <= until.saturating_add(AHEAD) && found.iter().any(|found| (found.0.as_str(), found.1) == (place, at));
        at <= until.saturating_sub(APART) || early
    };
    let begun = plan.iter().filter(|incident| due(&incident.place, incident.begins, &account.began));
    let with_end = |incident: &ExpectedIncident| {
        let ends = incident.ends.filter(|ends| due(&incident.place, *ends, &account.ended));
        ExpectedIncident { ends, ..incident.clone() }
    };
    begun.map(with_end).collect()
}

/// Waits until all that was taken in is watched, and all that came of it sent.
pub(super) async fn run_dry(apis: &[Api]) {
    let quiet = async || {
        let (mut lags, mut still) = (0, true);
        for api in apis {
            let metrics = api.get("/metrics").await.text();
            lags += metrics.lines().filter(|line| line.starts_with("muster_log_lag_records")).count();
            let gauges = ["muster_log_lag_records", "muster_outbox_pending"];
            let mut lines = metrics.lines().filter(|line| gauges.iter().any(|gauge| line.starts_with(gauge)));
            still &= lines.all(|line| line.ends_with(" 0"));
        }
        (still && lags as u32 == PARTITIONS).then_some(())
    };
    eventually("log and outbox to run dry", sender::PATIENCE, quiet).await;
}

/// Waits until everything that must come of evidence up to an instant has come, and gives the account; what is still wrong
/// then is a finding.
///
/// Several servers may share the partitions; the first is asked for everything else.
pub(super) async fn settled(apis: &[Api], plan: &[ExpectedIncident], until: i64, sent: &Acknowledged) -> Account {
    let api = &apis[0];
    run_dry(apis).await;
    let mut reports = BTreeMap::new();
    for id in &sent.reports {
        let path = format!("/api/v1/reports/{REPORTS}/{id}");
        let case = async || api.get(&path).await.json()["case"].as_str().map(str::to_owned);
        reports.insert(id.clone(), eventually("a report's case", PATIENCE, case).await);
    }
    let last = std::cell::RefCell::new(None);
    let whole = async || {
        let said = Account { reports: reports.clone(), commands: sent.commands.clone(), ..Account::default() };
        let mut account = collected(api, said).await;
        account.expected = so_far(plan, until, &account);
        resume(api, &mut account).await;
        let done = account.findings().is_empty();
        last.replace(Some(account));
        done.then_some(())
    };
    // A begin that old evidence brought opens its case with the next tick, which may be waited for after a clock was ahead.
    let _ = tokio::time::timeout(Duration::from_secs(45), eventually("all to be well", PATIENCE, whole)).await;
    last.into_inner().unwrap()
}

/// Says a line past the test harness, which swallows what a passing test prints.
pub(super) fn say(line: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "{line}");
}

#[cfg(test)]
mod tests;
