//! `muster.condition.v1`: what the watch has to say, one change a record.

use std::collections::BTreeMap;

use muster_domain::condition::{
    Blind, BlindCause, BlindSource, Change, ConditionKey, Ended, EndedHow, Moved, Opened, State, Step,
};
use muster_domain::id::{CaseKind, EpisodeId, RuleId, computed};
use muster_domain::time::{LogTime, Seen};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{At, WireError};
use crate::instant::Instant;
use crate::kafka::{Draft, Encoded};
use crate::mirror::mirrored;
use crate::reason::{self, ReasonV1};
use crate::report::severity;
use crate::text::Text;
use crate::{read, write};

/// The `type` of a change of a condition.
pub const TYPE: &str = "muster.condition.v1";

/// The id under which a condition is known outside: computed from its rule and subject.
#[must_use]
pub fn id(key: &ConditionKey) -> String {
    computed("cond", &[key.rule.as_str(), &key.subject.key()]).into()
}

/// Writes a change.
#[must_use]
pub fn write(change: &Change) -> String {
    write::text(&mirror(change))
}

/// Reads a change.
///
/// # Errors
/// [`WireError`] if it is something else.
pub fn read(json: &str) -> Result<Change, WireError> {
    let record: ConditionV1<'_> = read::typed(json, &At::Root)?;
    let key = ConditionKey {
        rule: read::id(&record.rule, At::Root.key("rule"), RuleId::parse)?,
        subject: reason::subject(&record.subject, At::Root.key("subject"))?,
    };
    record.change.checked(key, At::Root.key("change"))
}

/// The record of the condition topic, under an id that is the same whenever it is sent again.
#[must_use]
pub fn encode(change: &Change, id: &str) -> Encoded {
    let subject = key(change).subject.key();
    let draft = Draft {
        time: Some(at(change)),
        subject: Some(&subject),
        ..Draft::ours(TYPE, id, write::bytes(&mirror(change)))
    };
    draft.encoded(Some(key(change).subject.place().map_or(&subject, |place| place.as_str())))
}

/// A change as something that serde can write.
pub fn mirror(change: &Change) -> impl Serialize + '_ {
    let key = key(change);
    ConditionV1 {
        condition: id(key),
        rule: key.rule.as_str().into(),
        subject: Text(key.subject.key().into()),
        place: key.subject.place().map(|id| id.as_str().into()),
        change: change.into(),
    }
}

fn key(change: &Change) -> &ConditionKey {
    match change {
        Change::Moved(Moved { key, .. })
        | Change::Opened(Opened { key, .. })
        | Change::Ended(Ended { key, .. })
        | Change::Blind(Blind { key, .. })
        | Change::Step(Step { key, .. }) => key,
    }
}

fn at(change: &Change) -> i64 {
    match change {
        Change::Moved(moved) => moved.at.micros(),
        Change::Opened(opened) => opened.began.micros(),
        Change::Ended(ended) => ended.at.micros(),
        Change::Blind(blind) => blind.at.micros(),
        Change::Step(step) => step.at.micros(),
    }
}

/// A condition changed.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "Condition", bound(deserialize = "'de: 'a"))]
pub(crate) struct ConditionV1<'a> {
    /// Its id, computed from rule and subject.
    #[serde(default)]
    condition: String,
    /// The rule that believes it.
    rule: Text<'a>,
    /// What it is about: `place:`, `device:`, `adapter:` or `report:` and an id.
    subject: Text<'a>,
    /// The place, where the subject is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    place: Option<Text<'a>>,
    /// What changed.
    change: ChangeV1<'a>,
}

/// What changed: an object with one member, whose name says what.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "Change", rename_all = "snake_case", bound(deserialize = "'de: 'a"))]
enum ChangeV1<'a> {
    /// It went from one state to another.
    Moved {
        /// The rule's version that decided.
        rule_version: u32,
        /// From this state.
        from: StateV1,
        /// To this one.
        to: StateV1,
        /// The instant of the change.
        at: Instant,
        /// The episode it belongs to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        episode: Option<Text<'a>>,
        /// Why.
        reason: ReasonV1<'a>,
    },
    /// An episode's case opens.
    Opened {
        /// The rule's version.
        rule_version: u32,
        /// The episode.
        episode: Text<'a>,
        /// The kind of case it means.
        kind: Text<'a>,
        /// How urgent, 1 to 5.
        severity: i64,
        /// When the episode began.
        began: Instant,
        /// The log time at which opening was decided.
        decided: Instant,
        /// Why it began.
        reason: ReasonV1<'a>,
    },
    /// An episode is over.
    Ended {
        /// The episode.
        episode: Text<'a>,
        /// When it ended.
        at: Instant,
        /// How it ended.
        how: EndedHowV1,
        /// It ended before its case opened: nobody is called.
        retrospective: bool,
        /// Why.
        reason: ReasonV1<'a>,
    },
    /// It went blind or sees again, or is blind for another reason.
    Blind {
        /// Blind from now on, or seeing again.
        blind: bool,
        /// The log time of the look that found it.
        at: Instant,
        /// Not seen since this instant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<Instant>,
        /// The sources that do not cover.
        sources: Vec<Text<'a>>,
        /// Why each of them does not, as far as that is known: what it last said of itself, else `silent`.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        causes: BTreeMap<Text<'a>, BlindCauseV1>,
    },
    /// A step of the ladder is due, or is passed over.
    Step {
        /// The episode.
        episode: Text<'a>,
        /// The rule's version that the step is of.
        rule_version: u32,
        /// The number of the step in the rule, from 0.
        step: u16,
        /// The log time at which it fell due.
        at: Instant,
        /// Why it is passed over, if it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        skipped: Option<Text<'a>>,
    },
}

mirrored! {
    /// What a rule believes about a subject.
    StateV1 as "State" = State { Unknown, Clear, Suspected, Present, Easing }
    /// How an episode ended.
    EndedHowV1 as "EndedHow" = EndedHow { SeenClear, ByPerson, Withdrawn }
    /// Why a source does not cover its place.
    BlindCauseV1 as "BlindCause" = BlindCause { Silent, Offline, Stale, Dark, Occluded }
}

impl<'a> From<&'a Change> for ChangeV1<'a> {
    fn from(change: &'a Change) -> Self {
        match change {
            Change::Moved(moved) => Self::Moved {
                rule_version: moved.rule_version,
                from: moved.from.into(),
                to: moved.to.into(),
                at: Instant(moved.at.micros()),
                episode: moved.episode.as_ref().map(|id| id.as_str().into()),
                reason: (&moved.reason).into(),
            },
            Change::Opened(opened) => Self::Opened {
                rule_version: opened.rule_version,
                episode: opened.episode.as_str().into(),
                kind: opened.kind.as_str().into(),
                severity: i64::from(opened.severity.level()),
                began: Instant(opened.began.micros()),
                decided: Instant(opened.decided.micros()),
                reason: (&opened.reason).into(),
            },
            Change::Ended(ended) => Self::Ended {
                episode: ended.episode.as_str().into(),
                at: Instant(ended.at.micros()),
                how: ended.how.into(),
                retrospective: ended.retrospective,
                reason: (&ended.reason).into(),
            },
            Change::Blind(blind) => Self::Blind {
                blind: blind.blind,
                at: Instant(blind.at.micros()),
                since: blind.since.map(|at| Instant(at.micros())),
                sources: blind.sources.iter().map(|told| (&told.source).into()).collect(),
                causes: blind
                    .sources
                    .iter()
                    .filter_map(|told| Some(((&told.source).into(), told.cause?.into())))
                    .collect(),
            },
            Change::Step(step) => Self::Step {
                episode: step.episode.as_str().into(),
                rule_version: step.rule_version,
                step: step.step,
                at: Instant(step.at.micros()),
                skipped: step.skipped.as_ref().map(Text::from),
            },
        }
    }
}

impl ChangeV1<'_> {
    fn checked(self, key: ConditionKey, at: At<'_>) -> Result<Change, WireError> {
        let of = |text: &str, what: &str| read::id(text, at.key(what).key("episode"), EpisodeId::parse);
        Ok(match self {
            Self::Moved { rule_version, from, to, at: when, episode, reason } => Change::Moved(Moved {
                key,
                rule_version,
                from: from.into(),
                to: to.into(),
                at: Seen::from_micros(when.0),
                episode: episode.map(|text| of(&text, "moved")).transpose()?,
                reason: reason.checked(at.key("moved").key("reason"))?,
            }),
            Self::Opened { rule_version, episode, kind, severity: level, began, decided, reason } => {
                let at = at.key("opened");
                Change::Opened(Opened {
                    key,
                    rule_version,
                    episode: of(&episode, "opened")?,
                    kind: read::id(&kind, at.key("kind"), CaseKind::parse)?,
                    severity: severity(level, at.key("severity"))?,
                    began: Seen::from_micros(began.0),
                    decided: LogTime::from_micros(decided.0),
                    reason: reason.checked(at.key("reason"))?,
                })
            }
            Self::Ended { episode, at: when, how, retrospective, reason } => Change::Ended(Ended {
                key,
                episode: of(&episode, "ended")?,
                at: Seen::from_micros(when.0),
                how: how.into(),
                retrospective,
                reason: reason.checked(at.key("ended").key("reason"))?,
            }),
            Self::Blind { blind, at: when, since, sources, causes } => Change::Blind(Blind {
                key,
                blind,
                at: LogTime::from_micros(when.0),
                since: since.map(|at| LogTime::from_micros(at.0)),
                sources: sources
                    .into_iter()
                    .map(|source| BlindSource {
                        cause: causes.get(&source).copied().map(Into::into),
                        source: source.into(),
                    })
                    .collect(),
            }),
            Self::Step { episode, rule_version, step, at: when, skipped } => Change::Step(Step {
                key,
                episode: of(&episode, "step")?,
                rule_version,
                step,
                at: LogTime::from_micros(when.0),
                skipped: skipped.map(String::from),
            }),
        })
    }
}
