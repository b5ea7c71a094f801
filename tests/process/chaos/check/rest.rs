//! What is judged of log and store once nothing runs: nothing lost, all of it watched and sent, and every belief what
//! a replay of the log comes to.

use std::collections::{BTreeMap, BTreeSet};

use muster_domain::case::{Case, CaseEvent, Happened, ReturnedBy};
use muster_domain::condition::State;
use muster_domain::id::EffectId;
use serde_json::Value;

use crate::chaos::stream::Heard;

/// What only log and store can say.
#[derive(Debug, Default, Clone)]
pub(in crate::chaos) struct Rest {
    /// Acknowledged, and not in the log.
    pub(in crate::chaos) lost: Vec<String>,
    /// Data beyond what the watch has committed.
    pub(in crate::chaos) unwatched: Vec<String>,
    /// Rows that have not reached their destination.
    pub(in crate::chaos) pending: i64,
    /// Where the conditions of places stand by their rows, and by a replay of the log up to the committed offsets.
    pub(in crate::chaos) believed: Beliefs,
    pub(in crate::chaos) replayed: Beliefs,
    /// All of the outbox, in the order of its numbers.
    pub(in crate::chaos) outbox: Vec<Row>,
    /// The journal of every case.
    pub(in crate::chaos) journals: Vec<(String, Vec<CaseEvent>)>,
    /// The effects of which the log has what became of them, by their destination; a repeat is allowed.
    pub(in crate::chaos) carried_out: Vec<(&'static str, String)>,
    /// What the topics of cases and of conditions hold; a repeat is allowed, a gap is not.
    pub(in crate::chaos) cases: Vec<(CaseEvent, Case)>,
    pub(in crate::chaos) conditions: Vec<Sent>,
}

/// Conditions by rule and subject. One that was never heard of, and is not blind, need not be there.
pub(in crate::chaos) type Beliefs = BTreeMap<String, Believed>;

/// Where a condition stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::chaos) struct Believed {
    pub(in crate::chaos) state: State,
    /// When it went there; nothing while it is unknown.
    pub(in crate::chaos) since: Option<i64>,
    pub(in crate::chaos) blind: bool,
    pub(in crate::chaos) episode: Option<String>,
}

/// A row of the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::chaos) struct Row {
    pub(in crate::chaos) destination: &'static str,
    /// The id of the effect, where it is one.
    pub(in crate::chaos) effect: Option<String>,
    /// Its number, what it is of and what it says.
    pub(in crate::chaos) sent: Sent,
}

/// Effects in their order, by destination and what they are of.
type Passed<'a> = BTreeMap<(&'a str, &'a str), Vec<String>>;

/// The destinations whose rows follow from journals alone, and those of which the log shows what became of their rows.
const FROM_JOURNALS: [&str; 2] = ["notice", "ladder"];
const INTO_THE_LOG: [&str; 2] = ["ladder", "act"];

/// A change on its way out: its publish number, what it is of and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::chaos) struct Sent {
    pub(in crate::chaos) number: u64,
    pub(in crate::chaos) subject: String,
    pub(in crate::chaos) body: String,
}

impl Rest {
    pub(in crate::chaos) fn judge(&self, wrong: &mut Vec<String>) {
        wrong.extend(self.lost.iter().map(|what| format!("{what} was acknowledged and is lost")));
        wrong.extend(self.unwatched.iter().map(|what| format!("not watched: {what}")));
        if self.pending != 0 {
            wrong.push(format!("{} rows of the outbox were not sent", self.pending));
        }
        let conditions: BTreeSet<&String> = self.believed.keys().chain(self.replayed.keys()).collect();
        for condition in conditions {
            let (row, replay) = (self.believed.get(condition), self.replayed.get(condition));
            if row != replay {
                wrong.push(format!("ENGINE §11: {condition}: its row is {row:?}, a replay of the log {replay:?}"));
            }
        }
        self.numbers(wrong);
        self.effects(wrong);
        let conditions = self.due("condition");
        let (due, sent) = (by_subject(&conditions), by_subject(&self.conditions));
        let subjects: BTreeSet<&&str> = due.keys().chain(sent.keys()).collect();
        for subject in subjects {
            let (due, sent) = (due.get(*subject), sent.get(*subject));
            if due != sent {
                let [sent, due] = [sent, due].map(|changes| changes.map_or(0, Vec::len));
                wrong.push(format!("the topic of conditions: {subject}: {sent} of {due} changes, or others"));
            }
        }
    }

    /// What the stream told of conditions is what the outbox has, from its beginning.
    pub(super) fn told(&self, heard: &[Sent], wrong: &mut Vec<String>) {
        if self.due("condition").get(..heard.len()) != Some(heard) {
            wrong.push("the stream did not tell of conditions what the outbox has, once and in order".to_owned());
        }
    }

    /// A reader heard what the outbox has for readers, once and in order, and no less than one who began afresh.
    pub(super) fn followed(&self, heard: &Heard, at_least: usize, wrong: &mut Vec<String>) {
        let told = self.outbox.iter().filter(|row| FEED.contains(&row.destination));
        let told = told.map(|row| (row.sent.number, serde_json::from_str(&row.sent.body).unwrap_or(Value::Null)));
        let told: Heard = told.collect();
        if heard.len() < at_least || told.get(..heard.len()) != Some(heard) {
            let apart = heard.iter().zip(&told).find(|(heard, told)| heard != told);
            wrong.push(format!(
                "a reader who went on after every cut heard {} of {}, or others: {apart:?}",
                heard.len(),
                told.len()
            ));
        }
    }

    /// The rows for a destination.
    pub(in crate::chaos) fn due(&self, destination: &str) -> Vec<Sent> {
        self.outbox.iter().filter(|row| row.destination == destination).map(|row| row.sent.clone()).collect()
    }

    /// Nothing was taken out of the outbox, and nothing has two numbers.
    fn numbers(&self, wrong: &mut Vec<String>) {
        let gap = (1..).zip(&self.outbox).find(|(number, row)| row.sent.number != *number);
        wrong.extend(gap.map(|(number, row)| format!("the outbox has no {number}: {row:?} stands there")));
    }

    /// Notices and calls are those that the journals ask for, and of what goes into the log it has what became of it; each
    /// of a case once and in order.
    fn effects(&self, wrong: &mut Vec<String>) {
        let (mut asked, mut rows, mut done) = (Passed::new(), Passed::new(), Passed::new());
        for (case, journal) in &self.journals {
            for (destination, effect) in asked_by(journal) {
                asked.entry((destination, case)).or_default().push(effect);
            }
        }
        let mut of = BTreeMap::new();
        for row in &self.outbox {
            let (at, effect) = ((row.destination, row.sent.subject.as_str()), row.effect.clone().unwrap_or_default());
            of.insert((row.destination, effect.clone()), at);
            rows.entry(at).or_default().push(effect);
        }
        // What nobody knows of is of a time that the store has forgotten.
        let mut known = BTreeSet::new();
        let first = self.carried_out.iter().filter(|effect| known.insert(*effect));
        for (at, effect) in first.filter_map(|effect| Some((of.get(effect)?, effect))) {
            done.entry(*at).or_default().push(effect.1.clone());
        }
        let to = |passed: &Passed<'_>, destinations: [&str; 2]| -> BTreeMap<String, Vec<String>> {
            let wanted = passed.iter().filter(|((destination, _), _)| destinations.contains(destination));
            wanted.map(|((destination, of), effects)| (format!("{destination} of {of}"), effects.clone())).collect()
        };
        apart("the journals ask", &to(&asked, FROM_JOURNALS), "the outbox has", &to(&rows, FROM_JOURNALS), wrong);
        apart("the outbox has", &to(&rows, INTO_THE_LOG), "the log has", &to(&done, INTO_THE_LOG), wrong);
    }
}

/// What readers of the stream are told.
const FEED: [&str; 3] = ["case", "condition", "letter"];

fn apart(
    one: &str,
    ones: &BTreeMap<String, Vec<String>>,
    other: &str,
    others: &BTreeMap<String, Vec<String>>,
    wrong: &mut Vec<String>,
) {
    let all: BTreeSet<&String> = ones.keys().chain(others.keys()).collect();
    for what in all {
        let (ones, others) = (ones.get(what), others.get(what));
        if ones != others {
            wrong.push(format!("{what}: {one} {ones:?}, {other} {others:?}"));
        }
    }
}

/// The notices and calls that a journal asks for, with their destinations.
fn asked_by(journal: &[CaseEvent]) -> Vec<(&'static str, String)> {
    let (mut with_a_unit, mut asked) = (BTreeSet::new(), Vec::new());
    for event in journal {
        let notice = |seat: &muster_domain::id::SeatId| {
            ("notice", EffectId::of(seat.as_str(), &event.version.to_string()).to_string())
        };
        match &event.what {
            Happened::Asked(seat, ..) => {
                with_a_unit.insert(seat);
                asked.push(notice(seat));
            }
            // Who gives it back knows.
            Happened::Returned(seat, by) if *by != ReturnedBy::Unit && with_a_unit.contains(seat) => {
                asked.push(notice(seat));
            }
            Happened::Laddered(effect, _) => asked.push(("ladder", effect.to_string())),
            _ => {}
        }
    }
    asked
}

/// The changes of each subject in order, each once: sending is at least once.
fn by_subject(changes: &[Sent]) -> BTreeMap<&str, Vec<&Sent>> {
    let (mut known, mut found) = (BTreeSet::new(), BTreeMap::<&str, Vec<&Sent>>::new());
    for change in changes.iter().filter(|change| known.insert(change.number)) {
        found.entry(&change.subject).or_default().push(change);
    }
    found
}
