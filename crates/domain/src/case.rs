//! A case 案件: our accountable work on one incident, its seats, clocks and journal.

mod journal;
mod seat;

pub use journal::{Actor, CaseEvent, Fallback, FiledAs, Happened, Late, ReturnedBy, WantedSeat};
pub use seat::{Clock, ClockKind, Role, Seat, SeatState};

use crate::condition::{Reason, Subject};
use crate::geo::Position;
use crate::id::{CaseId, CaseKind, EpisodeId, EvidenceId, GridId, PlaceId, RuleId, SeatId, SourceId, SourceName};
use crate::record::{Attachment, Report, Severity};
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
    /// Where it is, as far as anybody knows.
    pub position: Option<Position>,
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

/// A report that the case answers, as it was last told. Where an amendment says it is moves no live case: it stands here
/// and in the journal, for people to read.
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
    /// Where, as a place.
    pub place: Option<PlaceId>,
    /// Where, as a position.
    pub position: Option<Position>,
    /// Where, as a grid cell, which the catalogue need not have.
    pub grid: Option<GridId>,
    /// Where, in their words.
    pub address: Option<String>,
    /// How bad they think it is.
    pub severity: Option<Severity>,
    /// Pictures and files that they point to.
    pub attachments: Vec<Attachment>,
}

impl From<&Report> for ReportLink {
    fn from(report: &Report) -> Self {
        Self {
            source: report.source.clone(),
            id: report.id.clone(),
            text: report.text.clone(),
            occurred: report.occurred,
            place: report.place.clone(),
            position: report.location,
            grid: report.grid.clone(),
            address: report.address.clone(),
            severity: report.severity,
            attachments: report.attachments.clone(),
        }
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

    /// Whether it is about a report that said nothing of where: somebody has to find out first.
    #[must_use]
    pub fn is_unlocated(&self) -> bool {
        matches!(self.subject, Subject::Report(_)) && self.position.is_none() && self.grid.is_none()
    }
}
