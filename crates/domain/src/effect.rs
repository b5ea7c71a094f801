//! What must happen outside because of a decision: values that the outbox carries and only notify performs.

use crate::case::{CaseEvent, Role};
use crate::condition::Change;
use crate::id::{CaseId, CaseKind, EffectId, EpisodeId, PlaceId, RuleId, SeatId, UnitId};
use crate::record::Act;
use crate::text::Words;
use crate::time::{Filed, Span};

/// One thing to do outside. Ids are computed, so that doing it twice is recognised.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// A call or a warning of the ladder.
    Ladder(LadderEffect),
    /// Tell a unit that it is asked, or that it is released.
    Notice(Notice),
    /// Tell the watch what a person decided.
    Act(Act),
    /// Publish a journal entry.
    CaseChanged(CaseEvent),
    /// Publish a change of a condition.
    ConditionChanged(Box<Change>),
}

/// A call or a warning of the ladder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LadderEffect {
    /// Computed from episode and step.
    pub id: EffectId,
    /// The case on whose account it happens.
    pub case: CaseId,
    /// The episode whose ladder asks.
    pub episode: EpisodeId,
    /// Its rule.
    pub rule: RuleId,
    /// Its place.
    pub place: PlaceId,
    /// Its name in the rule, such as `roll_call` or `loudspeaker`.
    pub name: String,
    /// What to do.
    pub what: LadderAction,
    /// Past this instant it must not happen any more.
    pub not_after: Filed,
}

/// What a ladder effect does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LadderAction {
    /// Ask the room to answer (查岗, GB/T 26875.3 type 91).
    Call,
    /// Say this through the place's loudspeakers (喊话).
    Warn(Words),
}

/// Speech and roll calls are useless after this long (ENGINE §8).
pub const SPEECH_EXPIRES: Span = Span::from_mins(2);

/// A notice to a unit is useless after this long (ENGINE §8).
pub const NOTICE_EXPIRES: Span = Span::from_mins(30);

/// Tell a unit about its seat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Computed from seat and version.
    pub id: EffectId,
    /// The case.
    pub case: CaseId,
    /// Its spoken number.
    pub number: String,
    /// Its kind.
    pub kind: CaseKind,
    /// The seat.
    pub seat: SeatId,
    /// The seat's role.
    pub role: Role,
    /// The unit to tell.
    pub unit: UnitId,
    /// Asked, or released.
    pub what: NoticeKind,
    /// Past this instant it must not happen any more.
    pub not_after: Filed,
}

/// What a unit is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeKind {
    /// Please accept.
    Asked,
    /// No longer needed.
    Released,
}
