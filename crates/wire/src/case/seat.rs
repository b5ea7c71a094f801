//! Seats of a case, and the clocks that run on them and on the case.

use muster_domain::case::{Clock, ClockKind, Role, Seat, SeatState};
use muster_domain::id::{Competence, SeatId, UnitId};
use muster_domain::text::Words;
use muster_domain::time::Filed;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{At, WireError};
use crate::instant::Instant;
use crate::mirror::mirrored;
use crate::read;
use crate::reason::WordsV1;
use crate::text::Text;

/// A place on a case to be filled by a unit.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "Seat", bound(deserialize = "'de: 'a"))]
pub(super) struct SeatV1<'a> {
    /// Its id.
    id: Text<'a>,
    /// Lead or assist.
    role: RoleV1,
    /// What the unit must be competent for.
    competence: Text<'a>,
    /// Where it stands.
    state: SeatStateV1,
    /// The unit, once asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unit: Option<Text<'a>>,
    /// Why this unit, or why none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    why: Option<WordsV1<'a>>,
    /// Units that gave it back or let it lapse.
    #[serde(default)]
    passed_over: Vec<Text<'a>>,
    /// It stands with the coordination post because no route was found.
    #[serde(default)]
    fallback: bool,
    /// When its state last changed.
    changed: Instant,
}

mirrored! {
    /// The role of a seat.
    RoleV1 as "Role" = Role { Lead, Assist }
    /// Where a seat stands.
    SeatStateV1 as "SeatState" = SeatState { Wanted, Asked, Accepted, OnScene, Done, Returned }
    /// What a clock limits.
    ClockKindV1 as "ClockKind" = ClockKind { Accept, Arrive, Close, PostCheck }
}

impl<'a> From<&'a Seat> for SeatV1<'a> {
    fn from(seat: &'a Seat) -> Self {
        Self {
            id: seat.id.as_str().into(),
            role: seat.role.into(),
            competence: seat.competence.as_str().into(),
            state: seat.state.into(),
            unit: seat.unit.as_ref().map(|id| id.as_str().into()),
            why: seat.why.as_ref().map(WordsV1::from),
            passed_over: seat.passed_over.iter().map(|id| id.as_str().into()).collect(),
            fallback: seat.fallback,
            changed: Instant(seat.changed.micros()),
        }
    }
}

impl SeatV1<'_> {
    pub(super) fn checked(self, at: At<'_>) -> Result<Seat, WireError> {
        Ok(Seat {
            id: read::id(&self.id, at.key("id"), SeatId::parse)?,
            role: self.role.into(),
            competence: read::id(&self.competence, at.key("competence"), Competence::parse)?,
            state: self.state.into(),
            unit: read::maybe_id(self.unit.as_ref(), at.key("unit"), UnitId::parse)?,
            why: self.why.map(Words::from),
            passed_over: read::ids(&self.passed_over, at.key("passed_over"), UnitId::parse)?,
            fallback: self.fallback,
            changed: Filed::from_micros(self.changed.0),
        })
    }
}

/// A clock that runs on a case.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "Clock", bound(deserialize = "'de: 'a"))]
pub(super) struct ClockV1<'a> {
    /// What it limits.
    kind: ClockKindV1,
    /// The seat it limits, where it is a seat's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seat: Option<Text<'a>>,
    /// When it was started.
    started: Instant,
    /// When it runs out.
    due: Instant,
    /// It ran out, and that has been dealt with.
    lapsed: bool,
}

impl<'a> From<&'a Clock> for ClockV1<'a> {
    fn from(clock: &'a Clock) -> Self {
        Self {
            kind: clock.kind.into(),
            seat: clock.seat.as_ref().map(|id| id.as_str().into()),
            started: Instant(clock.started.micros()),
            due: Instant(clock.due.micros()),
            lapsed: clock.lapsed,
        }
    }
}

impl ClockV1<'_> {
    pub(super) fn checked(self, at: At<'_>) -> Result<Clock, WireError> {
        Ok(Clock {
            kind: self.kind.into(),
            seat: read::maybe_id(self.seat.as_ref(), at.key("seat"), SeatId::parse)?,
            started: Filed::from_micros(self.started.0),
            due: Filed::from_micros(self.due.0),
            lapsed: self.lapsed,
        })
    }
}
