//! The journal of a case: what happened, who did it and why.

use super::{CaseOutcome, ClockKind, EpisodeLink, Limits, ReportLink, Role};
use crate::condition::Subject;
use crate::geo::Position;
use crate::id::{
    CaseId, CaseKind, Competence, EffectId, EpisodeId, EvidenceId, GridId, RuleId, SeatId, SourceName, UnitId,
};
use crate::record::Severity;
use crate::text::Words;
use crate::time::{Filed, Seen};

/// One entry of a case's journal. Append-only; never edited.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseEvent {
    /// The case.
    pub case: CaseId,
    /// Its place in the journal, from 1: the version of the case after it.
    pub version: u64,
    /// When it was committed.
    pub at: Filed,
    /// Who did it.
    pub by: Actor,
    /// In what words, where somebody gave any.
    pub reason: Option<String>,
    /// What happened.
    pub what: Happened,
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// The watch, by this rule.
    Watch(RuleId),
    /// Dispatch, filling seats.
    Dispatch,
    /// A clock that ran out.
    Clock,
    /// A reporting source.
    Source(SourceName),
    /// A person at the desk, by post.
    Desk(String),
    /// The person in a seat.
    Seat(SeatId, String),
}

/// What happened to a case.
#[derive(Debug, Clone, PartialEq)]
pub enum Happened {
    /// It was filed.
    Filed(Box<FiledAs>),
    /// An episode was linked to it.
    EpisodeBegan(EpisodeLink),
    /// A linked episode ended.
    EpisodeEnded(EpisodeId, Seen),
    /// A report was linked to it, or a linked one amended.
    Reported(ReportLink),
    /// A report says that it is worse than was known. Nothing lowers it again by itself.
    SeverityRaised(Severity),
    /// Seats were wanted.
    SeatsWanted(Vec<WantedSeat>),
    /// A unit was asked to fill a seat.
    Asked(SeatId, UnitId, Words, Fallback),
    /// No unit can fill the seat now, not even the coordination post.
    NoRoute(SeatId, Words),
    /// The seat accepted.
    Accepted(SeatId),
    /// The seat is there since the instant given.
    Arrived(SeatId, Filed, Late),
    /// The seat is done since the instant given.
    Done(SeatId, Filed, Late),
    /// The seat was given back, withdrawn or let lapse.
    Returned(SeatId, ReturnedBy),
    /// A picture was handed in.
    Photo(Option<SeatId>, EvidenceId, Late),
    /// Somebody noted something.
    Noted(Option<SeatId>, Late),
    /// A step of the ladder was carried out: a call or a warning went out.
    Laddered(EffectId, String),
    /// A step of the ladder was passed over.
    LadderSkipped(String),
    /// Somebody at the desk took note.
    Acknowledged,
    /// A person looked, and it was so.
    FoundReal,
    /// The place was checked: well (`true`), or still so.
    PostChecked(bool),
    /// The watch cannot see the place in time: a person must check.
    PersonMustCheck,
    /// A clock ran out.
    Lapsed(ClockKind, Option<SeatId>),
    /// It ended.
    Ended(CaseOutcome),
    /// It is live again.
    Reopened,
}

impl Happened {
    /// The seat whose standing this changes.
    #[must_use]
    pub const fn seat(&self) -> Option<&SeatId> {
        match self {
            Self::Asked(id, ..)
            | Self::NoRoute(id, _)
            | Self::Accepted(id)
            | Self::Arrived(id, ..)
            | Self::Done(id, ..)
            | Self::Returned(id, _)
            | Self::Lapsed(_, Some(id)) => Some(id),
            _ => None,
        }
    }
}

/// What a case is filed as.
#[derive(Debug, Clone, PartialEq)]
pub struct FiledAs {
    /// The number people speak.
    pub number: String,
    /// What kind of incident.
    pub kind: CaseKind,
    /// What it is about.
    pub subject: Subject,
    /// The grid cell it lies in.
    pub grid: Option<GridId>,
    /// The street whose work it is.
    pub jurisdiction: GridId,
    /// How urgent.
    pub severity: Severity,
    /// What it is allowed to take.
    pub limits: Limits,
    /// Where it is, as far as anybody knows.
    pub position: Option<Position>,
    /// Live cases of the same kind nearby.
    pub maybe_same: Vec<CaseId>,
}

/// A seat that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedSeat {
    /// Lead or assist.
    pub role: Role,
    /// What the unit must be competent for.
    pub competence: Competence,
    /// Units not to be asked, in the order they gave it back.
    pub passed_over: Vec<UnitId>,
}

/// Whether a unit was asked only because no route was found: it is the coordination post.
pub type Fallback = bool;

/// Whether a fact came after the case had ended, or after its seat had.
pub type Late = bool;

/// Who gave a seat back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReturnedBy {
    /// Its unit, with a reason.
    Unit,
    /// The desk, to ask another.
    Desk,
    /// Nobody: the accept clock ran out.
    Lapse,
    /// Nobody: the case ended before the seat was taken up.
    CaseEnded,
}

impl ReturnedBy {
    /// The name used in every format.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unit => "unit",
            Self::Desk => "desk",
            Self::Lapse => "lapse",
            Self::CaseEnded => "case_ended",
        }
    }

    /// The way of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Unit, Self::Desk, Self::Lapse, Self::CaseEnded].into_iter().find(|by| by.name() == name)
    }
}
