//! The two built-in conditions: an adapter of ours that fell silent, a device that no longer sees (ENGINE §3, §4).

use muster_domain::condition::{Change, ConditionKey, Ended, EndedHow, Moved, Opened, Reason, State, Subject};
use muster_domain::id::{CaseKind, EpisodeId, RuleId};
use muster_domain::record::Severity;
use muster_domain::time::{LogTime, Seen, Span};

use super::condition::Now;
use crate::config::Config;

/// An adapter without an intake record for this long does not serve its sources.
pub(super) const ADAPTER_SILENCE: i64 = 15_000_000;

/// The version that built-in rules carry.
const BUILT_IN_VERSION: u32 = 1;

/// An adapter of ours, as this partition hears it.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Adapter {
    /// Its last intake record, in log time.
    pub(super) heard: i64,
    /// When it came back after its last silence.
    pub(super) back: Option<i64>,
    /// The condition.
    pub(super) alarm: Alarm,
}

impl Adapter {
    pub(super) fn is_silent(&self) -> bool {
        self.alarm.episode.is_some()
    }
}

/// A device, as the conditions at its places count it.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Dark {
    /// How many conditions have been blind for long because of it.
    pub(super) count: u32,
    /// The instant at which the first of them had been so for long enough.
    pub(super) from: i64,
    /// The condition.
    pub(super) alarm: Alarm,
}

/// A condition without holds: it is there or it is not.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Alarm {
    pub(super) known: bool,
    pub(super) since: i64,
    pub(super) episode: Option<EpisodeId>,
}

/// Which built-in condition it is, and of what.
pub(super) struct About<'a> {
    /// Its rule, and the name of its kind of case.
    pub(super) name: &'static str,
    pub(super) subject: Subject,
    pub(super) config: Option<&'a Config>,
}

impl About<'_> {
    pub(super) fn key(&self) -> Option<ConditionKey> {
        RuleId::parse(self.name).ok().map(|rule| ConditionKey { rule, subject: self.subject.clone() })
    }
}

impl Alarm {
    pub(super) fn state(&self) -> State {
        match (&self.episode, self.known) {
            (Some(_), _) => State::Present,
            (None, true) => State::Clear,
            (None, false) => State::Unknown,
        }
    }

    /// It begins, and its case opens at once: only a tick finds a silence.
    pub(super) fn begin(&mut self, at: i64, about: &About<'_>, silence: Span, now: &Now<'_>) -> Vec<Change> {
        let (Some(key), Ok(kind)) = (about.key(), CaseKind::parse(about.name)) else { return Vec::new() };
        let episode = EpisodeId::of(&key.rule, &key.subject.key(), now.generation, now.partition, now.offset);
        let reason =
            Reason { clause: "silent".to_owned(), held: Some(silence), needed: Some(silence), ..Reason::default() };
        let moved = self.moved(State::Present, at, &key, Some(episode.clone()), &reason);
        self.episode = Some(episode.clone());
        let severity = about.config.and_then(|config| config.rulebook.case_kind(&kind)).map(|kind| kind.severity);
        let opened = Change::Opened(Opened {
            key,
            rule_version: BUILT_IN_VERSION,
            episode,
            kind,
            severity: severity.unwrap_or(Severity::MIDDLE),
            began: Seen::from_micros(at),
            decided: LogTime::from_micros(now.time.unwrap_or(at)),
            reason,
        });
        vec![moved, opened]
    }

    /// It is over; nothing if it was not there.
    pub(super) fn end(&mut self, at: i64, about: &About<'_>, how: EndedHow) -> Vec<Change> {
        let (Some(key), Some(episode)) = (about.key(), self.episode.clone()) else { return Vec::new() };
        let clause = if how == EndedHow::Withdrawn { "withdrawn" } else { "heard again" };
        let reason = Reason { clause: clause.to_owned(), ..Reason::default() };
        let moved = self.moved(State::Clear, at, &key, Some(episode.clone()), &reason);
        self.episode = None;
        let ended = Ended { key, episode, at: Seen::from_micros(at), how, retrospective: false, reason };
        vec![moved, Change::Ended(ended)]
    }

    fn moved(&mut self, to: State, at: i64, key: &ConditionKey, episode: Option<EpisodeId>, why: &Reason) -> Change {
        let from = self.state();
        (self.known, self.since) = (true, at);
        Change::Moved(Moved {
            key: key.clone(),
            rule_version: BUILT_IN_VERSION,
            from,
            to,
            at: Seen::from_micros(at),
            episode,
            reason: why.clone(),
        })
    }
}
