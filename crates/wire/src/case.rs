//! `muster.case.v1`: a case and the entries of its journal, as the store keeps them, Kafka carries them and the API
//! shows them.

mod filed;
mod journal;
mod link;
mod seat;

use muster_domain::case::{Case, CaseEvent, CaseOutcome, CaseState, Limits, Round};
use muster_domain::id::{CaseId, CaseKind, EvidenceId, GridId};
use muster_domain::time::Filed;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{At, WireError};
use crate::geometry::PositionV1;
use crate::instant::{Instant, Micros};
use crate::kafka::{Draft, Encoded};
use crate::mirror::mirrored;
use crate::reason;
use crate::report::severity;
use crate::text::Text;
use crate::{read, write};
use journal::CaseEventV1;
use link::{EpisodeLinkV1, ReportLinkV1};
use seat::{ClockV1, SeatV1};

/// The `type` of a change of a case.
pub const TYPE: &str = "muster.case.v1";

/// Writes a case.
#[must_use]
pub fn write(case: &Case) -> String {
    write::text(&CaseV1::from(case))
}

/// Reads a case.
///
/// # Errors
/// [`WireError`] if it is something else.
pub fn read(json: &str) -> Result<Case, WireError> {
    read::typed::<CaseV1<'_>>(json, &At::Root)?.checked(At::Root)
}

/// A case as something that serde can write.
pub fn mirror(case: &Case) -> impl Serialize + '_ {
    CaseV1::from(case)
}

/// Writes an entry of a journal.
#[must_use]
pub fn write_event(event: &CaseEvent) -> String {
    write::text(&CaseEventV1::from(event))
}

/// Reads an entry of a journal.
///
/// # Errors
/// [`WireError`] if it is something else.
pub fn read_event(json: &str) -> Result<CaseEvent, WireError> {
    read::typed::<CaseEventV1<'_>>(json, &At::Root)?.checked(At::Root)
}

/// An entry of a journal as something that serde can write.
pub fn mirror_event(event: &CaseEvent) -> impl Serialize + '_ {
    CaseEventV1::from(event)
}

/// The record of the case topic: an entry of the journal with the case after it.
#[must_use]
pub fn encode(event: &CaseEvent, after: &Case) -> Encoded {
    let data = CaseChangedV1 { event: event.into(), case: after.into() };
    let subject = after.subject.key();
    let id = format!("{}-{}", event.case, event.version);
    let draft =
        Draft { time: Some(event.at.micros()), subject: Some(&subject), ..Draft::ours(TYPE, id, write::bytes(&data)) };
    draft.encoded(Some(event.case.as_str()))
}

/// Reads the data of a record of the case topic.
///
/// # Errors
/// [`WireError`] if it is something else.
pub fn read_changed(json: &str) -> Result<(CaseEvent, Case), WireError> {
    let data: CaseChangedV1<'_> = read::typed(json, &At::Root)?;
    Ok((data.event.checked(At::Root.key("event"))?, data.case.checked(At::Root.key("case"))?))
}

/// A case changed: the entry of its journal, and the case after it.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "CaseChanged", bound(deserialize = "'de: 'a"))]
pub(crate) struct CaseChangedV1<'a> {
    /// What happened.
    event: CaseEventV1<'a>,
    /// The case after it.
    case: CaseV1<'a>,
}

/// A case: accountable work on one incident.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "Case", bound(deserialize = "'de: 'a"))]
pub(crate) struct CaseV1<'a> {
    /// Its id.
    id: Text<'a>,
    /// The number people speak, such as `C1124-0042`.
    number: Text<'a>,
    /// What kind of incident.
    kind: Text<'a>,
    /// What it is about: `place:`, `device:`, `adapter:` or `report:` and an id.
    subject: Text<'a>,
    /// The place, where the subject is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    place: Option<Text<'a>>,
    /// The grid cell it lies in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    grid: Option<Text<'a>>,
    /// Where exactly, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    position: Option<PositionV1>,
    /// The street whose work it is.
    jurisdiction: Text<'a>,
    /// How urgent: 1 = lowest, 5 = life at risk.
    #[schemars(range(min = 1, max = 5))]
    severity: i64,
    /// Where it stands.
    state: CaseStateV1,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    outcome: Option<CaseOutcomeV1>,
    /// How many entries its journal has.
    version: u64,
    /// When it was filed.
    filed: Instant,
    /// When its state last changed.
    changed: Instant,
    /// When somebody at the desk first took note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    acknowledged: Option<Instant>,
    /// What it is allowed to take.
    limits: LimitsV1,
    /// The episodes it answers.
    episodes: Vec<EpisodeLinkV1<'a>>,
    /// The reports it answers.
    reports: Vec<ReportLinkV1<'a>>,
    /// Its seats, in the order they were wanted.
    seats: Vec<SeatV1<'a>>,
    /// Clocks that run.
    clocks: Vec<ClockV1<'a>>,
    /// Pictures handed in.
    photos: Vec<Text<'a>>,
    /// Live cases nearby that may be the same thing.
    maybe_same: Vec<Text<'a>>,
    /// Where the present round begins.
    round: RoundV1,
}

mirrored! {
    /// Where a case stands; more come with the full life, by adding.
    CaseStateV1 as "CaseState" = CaseState { Filed, Dispatched, Accepted, OnScene, Handled, PostChecked, Closed, Void }
    /// How a case ended.
    CaseOutcomeV1 as "CaseOutcome" = CaseOutcome { DrivenOff, Cleared, Handled, FalseAlarm, Duplicate, NotOurs, Void }
}

/// What a case is allowed to take, in microseconds of plain time.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "Limits")]
struct LimitsV1 {
    /// From asked to accepted.
    accept_us: Micros,
    /// From accepted to on scene.
    arrive_us: Micros,
    /// The whole case.
    close_us: Micros,
    /// From handled until it must have been seen clear.
    post_check_us: Micros,
}

impl From<Limits> for LimitsV1 {
    fn from(limits: Limits) -> Self {
        Self {
            accept_us: Micros(limits.accept),
            arrive_us: Micros(limits.arrive),
            close_us: Micros(limits.close),
            post_check_us: Micros(limits.post_check),
        }
    }
}

impl From<LimitsV1> for Limits {
    fn from(limits: LimitsV1) -> Self {
        Self {
            accept: limits.accept_us.0,
            arrive: limits.arrive_us.0,
            close: limits.close_us.0,
            post_check: limits.post_check_us.0,
        }
    }
}

/// Where the present round begins: what stands before is history.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "Round")]
struct RoundV1 {
    /// The first episode of this round.
    episodes: usize,
    /// The first seat of this round.
    seats: usize,
}

impl<'a> From<&'a Case> for CaseV1<'a> {
    fn from(case: &'a Case) -> Self {
        Self {
            id: case.id.as_str().into(),
            number: (&case.number).into(),
            kind: case.kind.as_str().into(),
            subject: Text(case.subject.key().into()),
            place: case.place().map(|id| id.as_str().into()),
            grid: case.grid.as_ref().map(|id| id.as_str().into()),
            position: case.position.map(PositionV1::from),
            jurisdiction: case.jurisdiction.as_str().into(),
            severity: i64::from(case.severity.level()),
            state: case.state.into(),
            outcome: case.outcome.map(CaseOutcomeV1::from),
            version: case.version,
            filed: Instant(case.filed.micros()),
            changed: Instant(case.changed.micros()),
            acknowledged: case.acknowledged.map(|at| Instant(at.micros())),
            limits: case.limits.into(),
            episodes: case.episodes.iter().map(EpisodeLinkV1::from).collect(),
            reports: case.reports.iter().map(ReportLinkV1::from).collect(),
            seats: case.seats.iter().map(SeatV1::from).collect(),
            clocks: case.clocks.iter().map(ClockV1::from).collect(),
            photos: case.photos.iter().map(|id| id.as_str().into()).collect(),
            maybe_same: case.maybe_same.iter().map(|id| id.as_str().into()).collect(),
            round: RoundV1 { episodes: case.round.episodes, seats: case.round.seats },
        }
    }
}

impl CaseV1<'_> {
    fn checked(self, at: At<'_>) -> Result<Case, WireError> {
        Ok(Case {
            id: read::id(&self.id, at.key("id"), CaseId::parse)?,
            number: self.number.into(),
            kind: read::id(&self.kind, at.key("kind"), CaseKind::parse)?,
            subject: reason::subject(&self.subject, at.key("subject"))?,
            grid: read::maybe_id(self.grid.as_ref(), at.key("grid"), GridId::parse)?,
            position: self.position.map(|position| position.checked(at.key("position"))).transpose()?,
            jurisdiction: read::id(&self.jurisdiction, at.key("jurisdiction"), GridId::parse)?,
            severity: severity(self.severity, at.key("severity"))?,
            state: self.state.into(),
            outcome: self.outcome.map(CaseOutcome::from),
            version: self.version,
            filed: Filed::from_micros(self.filed.0),
            changed: Filed::from_micros(self.changed.0),
            acknowledged: self.acknowledged.map(|at| Filed::from_micros(at.0)),
            limits: self.limits.into(),
            episodes: read::each(self.episodes, at.key("episodes"), EpisodeLinkV1::checked)?,
            reports: read::each(self.reports, at.key("reports"), ReportLinkV1::checked)?,
            seats: read::each(self.seats, at.key("seats"), SeatV1::checked)?,
            clocks: read::each(self.clocks, at.key("clocks"), ClockV1::checked)?,
            photos: read::ids(&self.photos, at.key("photos"), EvidenceId::parse)?,
            maybe_same: read::ids(&self.maybe_same, at.key("maybe_same"), CaseId::parse)?,
            round: Round { episodes: self.round.episodes, seats: self.round.seats },
        })
    }
}
