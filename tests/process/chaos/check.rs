//! The checker: from what was collected to what is wrong in it. It knows nothing of how anything was made.

mod commands;
mod rest;

use std::collections::{BTreeMap, BTreeSet};

use muster_domain::case::{Case, CaseEvent};
use muster_street::load::ExpectedIncident;

use super::stream::Heard;

pub(super) use commands::{Command, Commands, Fate};
pub(super) use rest::{Beliefs, Believed, Rest, Row, Sent};

/// Everything that is judged.
#[derive(Debug, Default, Clone)]
pub(super) struct Account {
    /// What must have happened, in absolute instants.
    pub(super) expected: Vec<ExpectedIncident>,
    /// Episodes that began and ended, by the stream.
    pub(super) began: Vec<(String, i64)>,
    pub(super) ended: Vec<(String, i64)>,
    /// The case that each acknowledged report became or joined.
    pub(super) reports: BTreeMap<String, String>,
    /// Every command that was acknowledged.
    pub(super) commands: Commands,
    /// Each case as it stands, with its journal.
    pub(super) cases: Vec<(Case, Vec<CaseEvent>)>,
    /// What the stream told of cases and of conditions since the beginning, and its numbers.
    pub(super) told: Vec<(CaseEvent, Case)>,
    pub(super) heard: Vec<Sent>,
    pub(super) numbers: Vec<u64>,
    pub(super) resynced: bool,
    /// A number of the stream, and the numbers that a reader heard who resumed after it.
    pub(super) resumed: Option<(u64, Vec<u64>)>,
    /// What a reader heard who followed from the first change on, over whatever was done to the servers.
    pub(super) followed: Option<Heard>,
    /// What only log and store can say, where nothing ran any more.
    pub(super) rest: Option<Rest>,
}

impl Account {
    /// Fails unless what must hold at any time holds.
    pub(super) fn sound(&self, when: &str) {
        let findings = self.at_any_time();
        assert!(findings.is_empty(), "{when}:\n  {}", findings.join("\n  "));
    }

    /// All that is wrong once everything has run dry.
    pub(super) fn findings(&self) -> Vec<String> {
        let mut wrong = self.at_any_time();
        self.episodes(&mut wrong);
        self.incidents(&mut wrong);
        self.reported(&mut wrong);
        commands::judge(&self.commands, &self.cases, &mut wrong);
        if let Some(rest) = &self.rest {
            rest.judge(&mut wrong);
            rest.told(&self.heard, &mut wrong);
            if let Some(heard) = &self.followed {
                rest.followed(heard, self.numbers.len(), &mut wrong);
            }
            self.complete("the topic of cases", &repeats_removed(&rest.cases), &mut wrong);
        }
        wrong
    }

    fn at_any_time(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut live = BTreeSet::new();
        for (case, journal) in &self.cases {
            let id = &case.id;
            match Case::replay(journal) {
                Ok(replayed) if replayed == *case => {}
                Ok(_) => wrong.push(format!("{id}: the row is not the replay of its journal")),
                Err(error) => wrong.push(format!("{id}: {error}")),
            }
            if case.state.is_live() && !live.insert((case.kind.to_string(), case.subject.key())) {
                wrong.push(format!("{id}: a second live case of {} at {}", case.kind, case.subject.key()));
            }
        }
        let ids: BTreeSet<_> = self.cases.iter().map(|(case, _)| case.id.as_str()).collect();
        if ids.len() != self.cases.len() {
            wrong.push("a case is listed twice".to_owned());
        }
        if self.resynced {
            wrong.push("the stream could not be followed from its beginning".to_owned());
        }
        if !self.numbers.windows(2).all(|pair| pair[0] < pair[1]) {
            wrong.push("the stream's numbers do not rise".to_owned());
        }
        if let Some((from, heard)) = &self.resumed {
            let rest: Vec<u64> = self.numbers.iter().copied().filter(|number| number > from).collect();
            if heard.get(..rest.len()) != Some(rest.as_slice()) {
                wrong.push(format!("a reader that resumes after {from} does not hear the rest, once and in order"));
            }
        }
        self.complete("the stream", &self.told, &mut wrong);
        wrong
    }

    /// Every change of every case once, in order, with the case that comes of it.
    fn complete(&self, by: &str, changes: &[(CaseEvent, Case)], wrong: &mut Vec<String>) {
        let mut journals: BTreeMap<&str, Vec<CaseEvent>> = BTreeMap::new();
        for (event, after) in changes {
            let journal = journals.entry(after.id.as_str()).or_default();
            journal.push(event.clone());
            match Case::replay(journal) {
                Ok(replayed) if replayed == *after => {}
                Ok(_) => wrong.push(format!("{by}: {} is not what its changes come to", after.id)),
                Err(error) => wrong.push(format!("{by}: {}: {error}", after.id)),
            }
        }
        for (case, journal) in &self.cases {
            let told = journals.get(case.id.as_str()).map_or(&[][..], Vec::as_slice);
            if told.get(..journal.len()) != Some(journal.as_slice()) {
                wrong.push(format!("{by}: {}: {} of {} changes, or others", case.id, told.len(), journal.len()));
            }
        }
    }

    /// The episodes are those of the plan, at its instants.
    fn episodes(&self, wrong: &mut Vec<String>) {
        let begins = self.expected.iter().map(|incident| (incident.place.clone(), incident.begins));
        let ends = self.expected.iter().filter_map(|incident| Some((incident.place.clone(), incident.ends?)));
        compare("began", begins.collect(), &self.began, wrong);
        compare("ended", ends.collect(), &self.ended, wrong);
    }

    /// An episode in a case is one of the plan, in one case only; one that stands has its case.
    fn incidents(&self, wrong: &mut Vec<String>) {
        let mut carried: BTreeMap<(String, i64), &Case> = BTreeMap::new();
        for (case, _) in &self.cases {
            let Some(place) = case.subject.place() else { continue };
            for link in &case.episodes {
                let episode = (place.to_string(), link.began.micros());
                if !self.expected.iter().any(|incident| (&incident.place, incident.begins) == (&episode.0, episode.1)) {
                    wrong.push(format!("{}: an episode at {} that nobody planned", case.id, episode.0));
                }
                if let Some(other) = carried.insert(episode, case) {
                    wrong.push(format!("{} and {} carry the same episode", case.id, other.id));
                }
            }
        }
        for incident in self.expected.iter().filter(|incident| incident.ends.is_none()) {
            let case = carried.get(&(incident.place.clone(), incident.begins));
            if !case.is_some_and(|case| case.state.is_live()) {
                let what = case
                    .map_or_else(|| "is no case".to_owned(), |case| format!("its case {} is no live case", case.id));
                wrong.push(format!("{}: stands since {} and {what}", incident.place, incident.begins));
            }
        }
    }

    /// A report is in exactly one case, the one it was told.
    fn reported(&self, wrong: &mut Vec<String>) {
        let mut held: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (case, _) in &self.cases {
            for report in &case.reports {
                held.entry(report.id.as_str()).or_default().push(case.id.as_str());
            }
        }
        for (report, told) in &self.reports {
            let cases = held.remove(report.as_str()).unwrap_or_default();
            if cases != [told.as_str()] {
                wrong.push(format!("report {report} was told {told} and is in {cases:?}"));
            }
        }
        wrong.extend(held.keys().map(|report| format!("report {report} was never acknowledged, and is in a case")));
    }
}

fn compare(what: &str, mut wanted: Vec<(String, i64)>, found: &[(String, i64)], wrong: &mut Vec<String>) {
    wanted.sort();
    let mut found = found.to_vec();
    found.sort();
    for pair in found.windows(2).filter(|pair| pair[0] == pair[1]) {
        wrong.push(format!("{}: {what} twice at {}", pair[0].0, pair[0].1));
    }
    let (wanted, found): (BTreeSet<_>, BTreeSet<_>) = (wanted.into_iter().collect(), found.into_iter().collect());
    wrong.extend(wanted.difference(&found).map(|(place, at)| format!("{place}: never {what} at {at}")));
    wrong.extend(found.difference(&wanted).map(|(place, at)| format!("{place}: {what} at {at}, against the plan")));
}

/// The first of every change: sending is at least once.
fn repeats_removed(changes: &[(CaseEvent, Case)]) -> Vec<(CaseEvent, Case)> {
    let mut known = BTreeSet::new();
    changes.iter().filter(|(event, case)| known.insert((case.id.to_string(), event.version))).cloned().collect()
}

#[cfg(test)]
pub(super) mod tests;
