//! What the watch believes about a subject, and every change of it with its reason (ENGINE §4).

use crate::id::{AdapterName, CaseKind, DeviceId, EpisodeId, PlaceId, RuleId, SourceName};
use crate::record::{Severity, Value};
use crate::time::{LogTime, Seen, Span};

/// What a condition or case is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// A place.
    Place(PlaceId),
    /// A device that no longer sees.
    Device(DeviceId),
    /// An adapter of ours that fell silent.
    Adapter(AdapterName),
    /// A report that names no known place: `source/id`.
    Report(String),
}

impl Subject {
    /// The text under which it is stored, such as `place:lane-1`.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Place(id) => format!("place:{id}"),
            Self::Device(id) => format!("device:{id}"),
            Self::Adapter(name) => format!("adapter:{name}"),
            Self::Report(id) => format!("report:{id}"),
        }
    }

    /// The subject of a stored text.
    #[must_use]
    pub fn parse(key: &str) -> Option<Self> {
        let (kind, id) = key.split_once(':')?;
        match kind {
            "place" => PlaceId::parse(id).ok().map(Self::Place),
            "device" => DeviceId::parse(id).ok().map(Self::Device),
            "adapter" => AdapterName::parse(id).ok().map(Self::Adapter),
            "report" => Some(Self::Report(id.to_owned())),
            _ => None,
        }
    }

    /// The place, where the subject is one.
    #[must_use]
    pub fn place(&self) -> Option<&PlaceId> {
        match self {
            Self::Place(id) => Some(id),
            _ => None,
        }
    }
}

/// What a rule believes about a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// Nothing was ever said.
    Unknown,
    /// It is not so.
    Clear,
    /// It is so, not yet for long enough.
    Suspected,
    /// It is so: an episode is under way.
    Present,
    /// It seems over, not yet for long enough.
    Easing,
}

impl State {
    /// The name used in every format.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Clear => "clear",
            Self::Suspected => "suspected",
            Self::Present => "present",
            Self::Easing => "easing",
        }
    }

    /// The state of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Unknown, Self::Clear, Self::Suspected, Self::Present, Self::Easing]
            .into_iter()
            .find(|state| state.name() == name)
    }
}

/// What a rule watches at one subject: the key of a condition.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConditionKey {
    /// The rule.
    pub rule: RuleId,
    /// Its subject.
    pub subject: Subject,
}

/// One thing the watch has to say after a record. The order of changes is the order of their effect.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A condition went from one state to another.
    Moved(Moved),
    /// An episode's case opens now: at once for what is live, else with the next tick (ENGINE §2).
    Opened(Opened),
    /// An episode is over.
    Ended(Ended),
    /// A condition went blind or sees again.
    Blind(Blind),
    /// A step of the ladder is due, or is passed over with a reason.
    Step(Step),
}

/// A condition went from one state to another.
#[derive(Debug, Clone, PartialEq)]
pub struct Moved {
    /// Which condition.
    pub key: ConditionKey,
    /// The rule's version that decided.
    pub rule_version: u32,
    /// From this state.
    pub from: State,
    /// To this one.
    pub to: State,
    /// The instant of the change: when the hold was met or the evidence was seen.
    pub at: Seen,
    /// The episode it belongs to, in `present` and `easing` and at the end.
    pub episode: Option<EpisodeId>,
    /// Why.
    pub reason: Reason,
}

/// An episode whose case opens.
#[derive(Debug, Clone, PartialEq)]
pub struct Opened {
    /// Which condition.
    pub key: ConditionKey,
    /// The rule's version.
    pub rule_version: u32,
    /// Its episode.
    pub episode: EpisodeId,
    /// The kind of case it means.
    pub kind: CaseKind,
    /// How urgent.
    pub severity: Severity,
    /// When the episode began.
    pub began: Seen,
    /// The log time at which opening was decided: the ladder counts from here.
    pub decided: LogTime,
    /// Why it began.
    pub reason: Reason,
}

/// An episode is over.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// Which condition.
    pub key: ConditionKey,
    /// Its episode.
    pub episode: EpisodeId,
    /// When it ended.
    pub at: Seen,
    /// How it ended.
    pub how: EndedHow,
    /// It ended before its case opened: journalled, and nobody is called.
    pub retrospective: bool,
    /// Why.
    pub reason: Reason,
}

/// How an episode ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndedHow {
    /// The place was seen clear for the hold.
    SeenClear,
    /// A person ended it.
    ByPerson,
    /// Its rule or place was withdrawn.
    Withdrawn,
}

/// A condition went blind or sees again, or is blind for another reason. A flag for people: it changes no state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blind {
    /// Which condition.
    pub key: ConditionKey,
    /// Blind from now on, or seeing again.
    pub blind: bool,
    /// The log time of the look that found it.
    pub at: LogTime,
    /// Not seen since this instant, the last word when it went blind; `None` if there never was one.
    pub since: Option<LogTime>,
    /// The sources that do not cover.
    pub sources: Vec<BlindSource>,
}

/// A source that does not cover its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlindSource {
    /// Which source.
    pub source: String,
    /// Why; `None` where that was not written down.
    pub cause: Option<BlindCause>,
}

/// Why a source does not cover its place: what it last said of itself, else that nothing is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BlindCause {
    /// Nothing is heard of it.
    Silent,
    /// It is not connected.
    Offline,
    /// Its picture or value is not current.
    Stale,
    /// Its view is too dark.
    Dark,
    /// Its view is covered.
    Occluded,
}

impl BlindCause {
    /// Every cause.
    pub const ALL: [Self; 5] = [Self::Silent, Self::Offline, Self::Stale, Self::Dark, Self::Occluded];

    /// The name used in every format.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Silent => "silent",
            Self::Offline => "offline",
            Self::Stale => "stale",
            Self::Dark => "dark",
            Self::Occluded => "occluded",
        }
    }

    /// The cause of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.name() == name)
    }
}

/// A step of the ladder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Which condition.
    pub key: ConditionKey,
    /// Its episode.
    pub episode: EpisodeId,
    /// The rule's version that the step is of.
    pub rule_version: u32,
    /// The number of the step in the rule, from 0.
    pub step: u16,
    /// The log time at which it fell due.
    pub at: LogTime,
    /// Why it is passed over, if it is.
    pub skipped: Option<String>,
}

/// Why a verdict is what it is: the clause, what was seen, and how long against how long.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reason {
    /// The clause of the rule that decided, as written there; or words such as `blind` for what no clause decides.
    pub clause: String,
    /// What was seen, source by source.
    pub facts: Vec<Fact>,
    /// How long it had held, covered.
    pub held: Option<Span>,
    /// How long it had to hold.
    pub needed: Option<Span>,
}

/// One value that a verdict rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// The name of the value, such as `persons`; a place's property is `place.required`.
    pub name: String,
    /// The value.
    pub value: Value,
    /// The device that said it; `None` for a property or a combined value.
    pub device: Option<DeviceId>,
    /// The source through which it came.
    pub source: Option<SourceName>,
    /// When it was seen.
    pub seen: Option<Seen>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_and_states_survive_their_text() {
        for key in ["place:lane:1", "device:cam-1", "adapter:http", "report:141/SQS-1"] {
            assert_eq!(Subject::parse(key).unwrap().key(), key);
        }
        assert_eq!(Subject::parse("moon:1"), None);
        assert_eq!(Subject::parse("place:"), None);
        assert_eq!(State::parse("easing"), Some(State::Easing));
        assert_eq!(BlindCause::ALL.map(|cause| BlindCause::parse(cause.name())), BlindCause::ALL.map(Some));
    }
}
