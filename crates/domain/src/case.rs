//! A case 案件: our accountable work on one incident, its seats, clocks and journal.

use crate::condition::{Reason, Subject};
use crate::id::{
    CaseId, CaseKind, Competence, EffectId, EpisodeId, EvidenceId, GridId, PlaceId, RuleId, SeatId, SourceId,
    SourceName, UnitId,
};
use crate::record::Severity;
use crate::text::Words;
use crate::time::{Filed, Seen, Span};

/// A case. Always equal to the replay of its journal.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// Computed from kind, subject and what opened it.
    pub id: CaseId,
    /// The number people speak, such as `C1124-0042`.
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
    /// Where it stands.
    pub state: CaseState,
    /// How it ended; only in `closed` and `void`.
    pub outcome: Option<CaseOutcome>,
    /// How many events its journal has; the strong `ETag`.
    pub version: u64,
    /// When it was filed.
    pub filed: Filed,
    /// When its state last changed.
    pub changed: Filed,
    /// When somebody at the desk first took note.
    pub acknowledged: Option<Filed>,
    /// What it is allowed to take.
    pub limits: Limits,
    /// The episodes it answers.
    pub episodes: Vec<EpisodeLink>,
    /// The reports it answers.
    pub reports: Vec<ReportLink>,
    /// Its seats, in the order they were wanted.
    pub seats: Vec<Seat>,
    /// Clocks that run.
    pub clocks: Vec<Clock>,
    /// Pictures handed in.
    pub photos: Vec<EvidenceId>,
    /// Live cases of the same kind nearby that may be the same thing; proposed, never merged by machine.
    pub maybe_same: Vec<CaseId>,
    /// What belongs to the round since it was last reopened.
    pub round: Round,
}

/// Where the present round begins: what stands before is history and decides nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Round {
    /// The first episode of this round.
    pub episodes: usize,
    /// The first seat of this round.
    pub seats: usize,
}

/// Where a case stands. More come with the full life, by adding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CaseState {
    /// 立案: it exists; nobody has been asked.
    Filed,
    /// 派遣: the lead seat's unit has been asked.
    Dispatched,
    /// 接单: the lead has accepted.
    Accepted,
    /// 到场: the lead is there.
    OnScene,
    /// 处置: the lead and every seat that accepted are done.
    Handled,
    /// 核查: the place was checked and is well.
    PostChecked,
    /// 结案.
    Closed,
    /// 作废.
    Void,
}

impl CaseState {
    /// Every state, in the order of the life.
    pub const ALL: [Self; 8] = [
        Self::Filed,
        Self::Dispatched,
        Self::Accepted,
        Self::OnScene,
        Self::Handled,
        Self::PostChecked,
        Self::Closed,
        Self::Void,
    ];

    /// The name used in every format.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Filed => "filed",
            Self::Dispatched => "dispatched",
            Self::Accepted => "accepted",
            Self::OnScene => "on_scene",
            Self::Handled => "handled",
            Self::PostChecked => "post_checked",
            Self::Closed => "closed",
            Self::Void => "void",
        }
    }

    /// The state of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether work is still owed: at most one case of a kind and subject is live.
    #[must_use]
    pub const fn is_live(self) -> bool {
        !matches!(self, Self::Closed | Self::Void)
    }
}

/// How a case ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CaseOutcome {
    /// 驱离: it went away before anybody was asked.
    DrivenOff,
    /// It was seen to go away before anybody had accepted.
    Cleared,
    /// It was handled, and seen or checked to be well.
    Handled,
    /// 误报: a person looked, and it was not so.
    FalseAlarm,
    /// It is another case's work.
    Duplicate,
    /// It is another authority's work.
    NotOurs,
    /// 作废.
    Void,
}

impl CaseOutcome {
    /// Every outcome.
    pub const ALL: [Self; 7] =
        [Self::DrivenOff, Self::Cleared, Self::Handled, Self::FalseAlarm, Self::Duplicate, Self::NotOurs, Self::Void];

    /// The name used in every format.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DrivenOff => "driven_off",
            Self::Cleared => "cleared",
            Self::Handled => "handled",
            Self::FalseAlarm => "false_alarm",
            Self::Duplicate => "duplicate",
            Self::NotOurs => "not_ours",
            Self::Void => "void",
        }
    }

    /// The outcome of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name)
    }
}

/// What a case is allowed to take, in plain time; pinned when it is filed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From asked to accepted.
    pub accept: Span,
    /// From accepted to on scene.
    pub arrive: Span,
    /// The whole case.
    pub close: Span,
    /// From handled until the watch must have seen it clear.
    pub post_check: Span,
}

/// An episode that the case answers.
#[derive(Debug, Clone, PartialEq)]
pub struct EpisodeLink {
    /// The episode.
    pub episode: EpisodeId,
    /// The rule that began it.
    pub rule: RuleId,
    /// The version of the rule, pinned.
    pub rule_version: u32,
    /// When it began.
    pub began: Seen,
    /// When it ended, if it has.
    pub ended: Option<Seen>,
    /// Why it began.
    pub reason: Reason,
}

/// A report that the case answers.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportLink {
    /// Who reported.
    pub source: SourceName,
    /// Under which id.
    pub id: SourceId,
    /// What they wrote.
    pub text: String,
    /// When it happened, as they say.
    pub occurred: Option<Seen>,
}

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

impl Case {
    /// The seat of an id.
    #[must_use]
    pub fn seat(&self, id: &SeatId) -> Option<&Seat> {
        self.seats.iter().find(|seat| seat.id == *id)
    }

    /// The seats of the present round that were not given back.
    pub fn live_seats(&self) -> impl DoubleEndedIterator<Item = &Seat> {
        self.seats[self.round.seats.min(self.seats.len())..].iter().filter(|seat| seat.state != SeatState::Returned)
    }

    /// The lead seat that counts.
    #[must_use]
    pub fn lead(&self) -> Option<&Seat> {
        self.live_seats().rev().find(|seat| seat.role == Role::Lead)
    }

    /// Whether the watch sees what this round is about: an episode of it began.
    #[must_use]
    pub fn is_watched(&self) -> bool {
        self.episodes.len() > self.round.episodes
    }

    /// Whether any linked episode is still under way.
    #[must_use]
    pub fn is_present(&self) -> bool {
        self.episodes.iter().any(|link| link.ended.is_none())
    }

    /// When the next clock runs out that has not yet.
    #[must_use]
    pub fn next_due(&self) -> Option<Filed> {
        self.clocks.iter().filter(|clock| !clock.lapsed).map(|clock| clock.due).min()
    }

    /// The place, where the subject is one.
    #[must_use]
    pub fn place(&self) -> Option<&PlaceId> {
        self.subject.place()
    }
}
