//! What is judged of people's commands: each that was acknowledged is one entry in the journal of its case, and nobody's
//! word is in a journal that was not given.

use std::collections::BTreeMap;

use muster_domain::case::{Actor, Case, CaseEvent, Happened};

/// A command that was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::chaos) struct Command {
    /// The case that it was given to.
    pub(in crate::chaos) case: String,
    /// Its name.
    pub(in crate::chaos) what: &'static str,
    pub(in crate::chaos) fate: Fate,
}

/// What became of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::chaos) enum Fate {
    /// It was carried out.
    Done,
    /// It was refused for good.
    Refused,
    /// It was carried out in a store that has been replaced by an older one since: it is there once or not at all.
    MaybeForgotten,
}

/// Commands by the words that they were given in.
pub(in crate::chaos) type Commands = BTreeMap<String, Command>;

pub(super) fn judge(commands: &Commands, cases: &[(Case, Vec<CaseEvent>)], wrong: &mut Vec<String>) {
    let mut entries: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    for (case, journal) in cases {
        for event in journal.iter().filter(|event| matches!(event.by, Actor::Desk(_))) {
            let words = event.reason.as_deref().unwrap_or_default();
            entries.entry(words).or_default().extend(said(&event.what).map(|what| (case.id.as_str(), what)));
        }
    }
    for (words, command) in commands {
        let found = entries.remove(words.as_str()).unwrap_or_default();
        // Who arrives has accepted as well: what follows of itself carries the same words.
        let own = found.iter().filter(|(_, what)| *what == command.what).count();
        let right = match command.fate {
            Fate::Done => own == 1,
            Fate::Refused => found.is_empty(),
            Fate::MaybeForgotten => own <= 1,
        };
        if !right || found.iter().any(|(case, _)| *case != command.case) {
            wrong.push(format!("command {words}: {command:?}, and in the journals are {found:?}"));
        }
    }
    let unasked = entries.into_iter().filter(|(_, found)| !found.is_empty());
    wrong.extend(unasked.map(|(words, found)| format!("nobody commanded \"{words}\", and in a journal is {found:?}")));
}

/// The command that says this, where a person says it.
fn said(what: &Happened) -> Option<&'static str> {
    Some(match what {
        Happened::Noted(..) => "note",
        Happened::Accepted(_) => "accept",
        Happened::Arrived(..) => "arrived",
        Happened::Done(..) => "done",
        Happened::PostChecked(_) => "post_check",
        Happened::Acknowledged => "acknowledge",
        _ => return None,
    })
}
