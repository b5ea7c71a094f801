//! What a restart finds otherwise than the condition table has it: every difference as a change (ENGINE §10).

use std::collections::BTreeMap;

use muster_domain::condition::{Blind, Change, ConditionKey, Ended, EndedHow, Moved, Opened, Reason, State, Subject};
use muster_domain::id::{EpisodeId, RuleId};
use muster_domain::time::{LogTime, Seen};
use muster_rules::watch::{ConditionView, Engine};
use muster_store::ConditionRow;

use crate::docs;

/// What the reason of every correction says.
const CLAUSE: &str = "corrected at restart";

/// The changes that bring the table to what the engine believes. Both are of the same partition and offset, so there are
/// none unless the engine judges otherwise than the one that wrote the table, or somebody else wrote there.
pub(super) fn corrections(engine: &Engine, rows: &[ConditionRow]) -> Vec<Change> {
    let time = engine.time().map_or(0, LogTime::micros);
    // Of a device or an adapter several partitions write one row: theirs is not ours to correct.
    let place = |key: &ConditionKey| matches!(key.subject, Subject::Place(_));
    let mut rows: BTreeMap<&str, &ConditionRow> = rows.iter().map(|row| (row.id.as_str(), row)).collect();
    let mut found = Vec::new();
    for view in engine.conditions().filter(|view| place(&view.key)) {
        let row = rows.remove(docs::condition_id(&view.key).as_str());
        compare(&view, row, engine, time, &mut found);
    }
    for row in rows.into_values() {
        let key = RuleId::parse(&row.rule).ok().zip(Subject::parse(&row.subject));
        if let Some(key) = key.map(|(rule, subject)| ConditionKey { rule, subject }).filter(place) {
            let gone = Standing { state: State::Unknown, since: time, blind: false, episode: None, version: WITHDRAWN };
            apart(&key, Some(row), &gone, time, &mut found);
        }
    }
    found
}

/// The version of no rule: what the table has and the engine does not know.
const WITHDRAWN: u32 = 0;

/// What should stand in the table.
struct Standing<'a> {
    state: State,
    since: i64,
    blind: bool,
    episode: Option<&'a EpisodeId>,
    version: u32,
}

fn compare(view: &ConditionView<'_>, row: Option<&ConditionRow>, engine: &Engine, time: i64, found: &mut Vec<Change>) {
    let standing = Standing {
        state: view.state,
        since: view.since.map_or(time, Seen::micros),
        blind: view.blind,
        episode: view.episode,
        version: view.rule_version,
    };
    apart(&view.key, row, &standing, time, found);
    let known = row.and_then(|row| row.episode.as_deref());
    let (Some(episode), Some(decided)) = (view.episode, view.opened) else { return };
    let Some(rule) = engine.config().and_then(|config| config.rule(&view.key.rule)) else { return };
    if known != Some(episode.as_str()) {
        found.push(Change::Opened(Opened {
            key: view.key.clone(),
            rule_version: view.rule_version,
            episode: episode.clone(),
            kind: rule.kind.clone(),
            severity: rule.severity,
            began: Seen::from_micros(standing.since),
            decided,
            reason: reason(),
        }));
    }
}

/// State, episode and blindness, each where it differs.
fn apart(key: &ConditionKey, row: Option<&ConditionRow>, right: &Standing<'_>, time: i64, found: &mut Vec<Change>) {
    let state = row.and_then(|row| State::parse(&row.state)).unwrap_or(State::Unknown);
    let known = row.and_then(|row| row.episode.as_deref());
    let episode = right.episode.map(EpisodeId::as_str);
    if row.is_some_and(|row| row.blind) != right.blind {
        let since = Some(LogTime::from_micros(time)).filter(|_| right.blind);
        let at = LogTime::from_micros(time);
        found.push(Change::Blind(Blind { key: key.clone(), blind: right.blind, at, since, sources: vec![] }));
    }
    // A row whose rule or place is gone is taken away by a change to `unknown`, even from there.
    let gone = right.version == WITHDRAWN && row.is_some();
    if state != right.state || known != episode || gone {
        found.push(Change::Moved(Moved {
            key: key.clone(),
            rule_version: right.version,
            from: state,
            to: right.state,
            at: Seen::from_micros(right.since),
            episode: right.episode.cloned(),
            reason: reason(),
        }));
    }
    if let Some(ended) = known.filter(|known| Some(*known) != episode).and_then(|known| EpisodeId::parse(known).ok()) {
        // Nobody saw it end: its case goes to a person.
        let at = Seen::from_micros(time);
        let (how, retrospective) = (EndedHow::Withdrawn, false);
        found.push(Change::Ended(Ended { key: key.clone(), episode: ended, at, how, retrospective, reason: reason() }));
    }
}

fn reason() -> Reason {
    Reason { clause: CLAUSE.to_owned(), ..Reason::default() }
}
