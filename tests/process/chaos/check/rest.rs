//! What is judged of log and store once nothing runs: nothing lost, all of it watched and sent, and every belief what
//! a replay of the log comes to.

use std::collections::{BTreeMap, BTreeSet};

use muster_domain::case::{Case, CaseEvent};
use muster_domain::condition::State;

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
    /// Changes of conditions as the outbox has them.
    pub(in crate::chaos) outbox: Vec<Sent>,
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

/// A change of a condition on its way out: its publish number, its subject and what it says.
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
        let (due, sent) = (by_subject(&self.outbox), by_subject(&self.conditions));
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
        if self.outbox.get(..heard.len()) != Some(heard) {
            wrong.push("the stream did not tell of conditions what the outbox has, once and in order".to_owned());
        }
    }
}

/// The changes of each subject in order, each once: sending is at least once.
fn by_subject(changes: &[Sent]) -> BTreeMap<&str, Vec<&Sent>> {
    let (mut known, mut found) = (BTreeSet::new(), BTreeMap::<&str, Vec<&Sent>>::new());
    for change in changes.iter().filter(|change| known.insert(change.number)) {
        found.entry(&change.subject).or_default().push(change);
    }
    found
}
