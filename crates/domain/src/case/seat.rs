//! Seats 席位 and the clocks 时限 that run on them and on their case.

use crate::id::{Competence, SeatId, UnitId};
use crate::text::Words;
use crate::time::Filed;

/// A seat 席位: a place on a case to be filled by a unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Seat {
    /// Computed from the case and its number on it.
    pub id: SeatId,
    /// Lead or assist.
    pub role: Role,
    /// What the unit must be competent for.
    pub competence: Competence,
    /// Where it stands.
    pub state: SeatState,
    /// The unit, once asked.
    pub unit: Option<UnitId>,
    /// Why this unit, or why none.
    pub why: Option<Words>,
    /// Units that had it and gave it back, or let it lapse; they are not asked again for this seat.
    pub passed_over: Vec<UnitId>,
    /// Whether it already stands with the coordination post because no route was found.
    pub fallback: bool,
    /// When its state last changed.
    pub changed: Filed,
}

impl Seat {
    /// Whether a unit holds it and still owes work on it.
    #[must_use]
    pub const fn is_engaged(&self) -> bool {
        matches!(self.state, SeatState::Accepted | SeatState::OnScene)
    }
}

/// The role of a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// 主办.
    Lead,
    /// 协办.
    Assist,
}

impl Role {
    /// The name used in every format.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lead => "lead",
            Self::Assist => "assist",
        }
    }

    /// The role of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Lead, Self::Assist].into_iter().find(|role| role.name() == name)
    }
}

/// Where a seat stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SeatState {
    /// Nobody has been asked yet.
    Wanted,
    /// A unit has been asked.
    Asked,
    /// It accepted.
    Accepted,
    /// It is there.
    OnScene,
    /// It is done.
    Done,
    /// It was given back, withdrawn or let lapse.
    Returned,
}

impl SeatState {
    /// Every state, in the order of its life.
    pub const ALL: [Self; 6] = [Self::Wanted, Self::Asked, Self::Accepted, Self::OnScene, Self::Done, Self::Returned];

    /// The name used in every format.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wanted => "wanted",
            Self::Asked => "asked",
            Self::Accepted => "accepted",
            Self::OnScene => "on_scene",
            Self::Done => "done",
            Self::Returned => "returned",
        }
    }

    /// The state of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// A clock 时限 that runs on a case, in plain time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clock {
    /// What it limits.
    pub kind: ClockKind,
    /// The seat it limits, where it is a seat's.
    pub seat: Option<SeatId>,
    /// When it was started.
    pub started: Filed,
    /// When it runs out.
    pub due: Filed,
    /// It ran out, and that has been dealt with.
    pub lapsed: bool,
}

/// What a clock limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ClockKind {
    /// From asked to accepted; when it lapses another unit is asked.
    Accept,
    /// From accepted to on scene; when it lapses it is late.
    Arrive,
    /// The whole case; when it lapses it is late.
    Close,
    /// From handled until seen clear; when it lapses the case is rework, or a person must check.
    PostCheck,
}

impl ClockKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Accept, Self::Arrive, Self::Close, Self::PostCheck];

    /// The name used in every format.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Arrive => "arrive",
            Self::Close => "close",
            Self::PostCheck => "post_check",
        }
    }

    /// The kind of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}
