//! Entries of a case's journal.

use muster_domain::case::{Actor, CaseEvent, Happened, ReturnedBy};
use muster_domain::id::{CaseId, EffectId, EpisodeId, EvidenceId, RuleId, SeatId, SourceName, UnitId};
use muster_domain::time::{Filed, Seen};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::CaseOutcomeV1;
use super::filed::{FiledAsV1, WantedSeatV1};
use super::link::{EpisodeLinkV1, ReportLinkV1};
use super::seat::ClockKindV1;
use crate::error::{At, WireError};
use crate::instant::Instant;
use crate::mirror::mirrored;
use crate::read;
use crate::reason::WordsV1;
use crate::text::Text;

/// One entry of a case's journal.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "CaseEvent", bound(deserialize = "'de: 'a"))]
pub(crate) struct CaseEventV1<'a> {
    /// The case.
    case: Text<'a>,
    /// Its place in the journal, from 1: the version of the case after it.
    version: u64,
    /// When it was committed.
    at: Instant,
    /// Who did it.
    by: ActorV1<'a>,
    /// In what words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<Text<'a>>,
    /// What happened.
    what: HappenedV1<'a>,
}

impl<'a> From<&'a CaseEvent> for CaseEventV1<'a> {
    fn from(event: &'a CaseEvent) -> Self {
        Self {
            case: event.case.as_str().into(),
            version: event.version,
            at: Instant(event.at.micros()),
            by: (&event.by).into(),
            reason: event.reason.as_ref().map(Text::from),
            what: (&event.what).into(),
        }
    }
}

impl CaseEventV1<'_> {
    pub(super) fn checked(self, at: At<'_>) -> Result<CaseEvent, WireError> {
        Ok(CaseEvent {
            case: read::id(&self.case, at.key("case"), CaseId::parse)?,
            version: self.version,
            at: Filed::from_micros(self.at.0),
            by: self.by.checked(at.key("by"))?,
            reason: self.reason.map(String::from),
            what: self.what.checked(at.key("what"))?,
        })
    }
}

/// Who did something: an object with one member, whose name says who.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "Actor", rename_all = "snake_case", bound(deserialize = "'de: 'a"))]
enum ActorV1<'a> {
    /// The watch.
    Watch {
        /// By this rule.
        rule: Text<'a>,
    },
    /// Dispatch, filling seats.
    Dispatch {},
    /// A clock that ran out.
    Clock {},
    /// A reporting source.
    Source {
        /// Which.
        source: Text<'a>,
    },
    /// A person at the desk.
    Desk {
        /// Their post.
        post: Text<'a>,
    },
    /// The person in a seat.
    Seat {
        /// Which seat.
        seat: Text<'a>,
        /// Who.
        person: Text<'a>,
    },
}

impl<'a> From<&'a Actor> for ActorV1<'a> {
    fn from(actor: &'a Actor) -> Self {
        match actor {
            Actor::Watch(rule) => Self::Watch { rule: rule.as_str().into() },
            Actor::Dispatch => Self::Dispatch {},
            Actor::Clock => Self::Clock {},
            Actor::Source(source) => Self::Source { source: source.as_str().into() },
            Actor::Desk(post) => Self::Desk { post: post.into() },
            Actor::Seat(seat, person) => Self::Seat { seat: seat.as_str().into(), person: person.into() },
        }
    }
}

impl ActorV1<'_> {
    fn checked(self, at: At<'_>) -> Result<Actor, WireError> {
        Ok(match self {
            Self::Watch { rule } => Actor::Watch(read::id(&rule, at.key("rule"), RuleId::parse)?),
            Self::Dispatch {} => Actor::Dispatch,
            Self::Clock {} => Actor::Clock,
            Self::Source { source } => Actor::Source(read::id(&source, at.key("source"), SourceName::parse)?),
            Self::Desk { post } => Actor::Desk(post.into()),
            Self::Seat { seat, person } => Actor::Seat(read::id(&seat, at.key("seat"), SeatId::parse)?, person.into()),
        })
    }
}

/// What happened: an object with one member, whose name says what.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "Happened", rename_all = "snake_case", bound(deserialize = "'de: 'a"))]
enum HappenedV1<'a> {
    /// It was filed.
    Filed(Box<FiledAsV1<'a>>),
    /// An episode was linked to it.
    EpisodeBegan(EpisodeLinkV1<'a>),
    /// A linked episode ended.
    EpisodeEnded { episode: Text<'a>, at: Instant },
    /// A report was linked to it, or a linked one amended.
    Reported(ReportLinkV1<'a>),
    /// A report says that it is worse than was known. Nothing lowers it again by itself.
    SeverityRaised { severity: i64 },
    /// Seats were wanted.
    SeatsWanted { seats: Vec<WantedSeatV1<'a>> },
    /// A unit was asked to fill a seat; `fallback`: the coordination post, because no route was found.
    Asked { seat: Text<'a>, unit: Text<'a>, why: WordsV1<'a>, fallback: bool },
    /// No unit can fill the seat now.
    NoRoute { seat: Text<'a>, why: WordsV1<'a> },
    /// The seat accepted.
    Accepted { seat: Text<'a> },
    /// The seat is there since the instant given.
    Arrived { seat: Text<'a>, since: Instant, late: bool },
    /// The seat is done since the instant given.
    Done { seat: Text<'a>, since: Instant, late: bool },
    /// The seat was given back, withdrawn or let lapse.
    Returned { seat: Text<'a>, by: ReturnedByV1 },
    /// A picture was handed in.
    Photo { seat: Option<Text<'a>>, evidence: Text<'a>, late: bool },
    /// Somebody noted something.
    Noted { seat: Option<Text<'a>>, late: bool },
    /// A call or a warning of the ladder went out.
    Laddered { effect: Text<'a>, name: Text<'a> },
    /// A step of the ladder was passed over.
    LadderSkipped { why: Text<'a> },
    /// Somebody at the desk took note.
    Acknowledged {},
    /// A person looked, and it was so.
    FoundReal {},
    /// The place was checked: well, or still so.
    PostChecked { well: bool },
    /// The watch cannot see the place in time: a person must check.
    PersonMustCheck {},
    /// A clock ran out.
    Lapsed { clock: ClockKindV1, seat: Option<Text<'a>> },
    /// It ended.
    Ended { outcome: CaseOutcomeV1 },
    /// It is live again.
    Reopened {},
}

mirrored! {
    /// Who gave a seat back.
    ReturnedByV1 as "ReturnedBy" = ReturnedBy { Unit, Desk, Lapse, CaseEnded }
}

impl<'a> From<&'a Happened> for HappenedV1<'a> {
    fn from(what: &'a Happened) -> Self {
        let seat_of = |seat: &'a Option<SeatId>| seat.as_ref().map(|id| id.as_str().into());
        match what {
            Happened::Filed(filed) => Self::Filed(Box::new((&**filed).into())),
            Happened::EpisodeBegan(link) => Self::EpisodeBegan(link.into()),
            Happened::EpisodeEnded(episode, at) => {
                Self::EpisodeEnded { episode: episode.as_str().into(), at: Instant(at.micros()) }
            }
            Happened::Reported(link) => Self::Reported(link.into()),
            Happened::SeverityRaised(severity) => Self::SeverityRaised { severity: i64::from(severity.level()) },
            Happened::SeatsWanted(seats) => Self::SeatsWanted { seats: seats.iter().map(WantedSeatV1::from).collect() },
            Happened::Asked(seat, unit, why, fallback) => Self::Asked {
                seat: seat.as_str().into(),
                unit: unit.as_str().into(),
                why: why.into(),
                fallback: *fallback,
            },
            Happened::NoRoute(seat, why) => Self::NoRoute { seat: seat.as_str().into(), why: why.into() },
            Happened::Accepted(seat) => Self::Accepted { seat: seat.as_str().into() },
            Happened::Arrived(seat, since, late) => {
                Self::Arrived { seat: seat.as_str().into(), since: Instant(since.micros()), late: *late }
            }
            Happened::Done(seat, since, late) => {
                Self::Done { seat: seat.as_str().into(), since: Instant(since.micros()), late: *late }
            }
            Happened::Returned(seat, by) => Self::Returned { seat: seat.as_str().into(), by: (*by).into() },
            Happened::Photo(seat, evidence, late) => {
                Self::Photo { seat: seat_of(seat), evidence: evidence.as_str().into(), late: *late }
            }
            Happened::Noted(seat, late) => Self::Noted { seat: seat_of(seat), late: *late },
            Happened::Laddered(effect, name) => Self::Laddered { effect: effect.as_str().into(), name: name.into() },
            Happened::LadderSkipped(why) => Self::LadderSkipped { why: why.into() },
            Happened::Acknowledged => Self::Acknowledged {},
            Happened::FoundReal => Self::FoundReal {},
            Happened::PostChecked(well) => Self::PostChecked { well: *well },
            Happened::PersonMustCheck => Self::PersonMustCheck {},
            Happened::Lapsed(clock, seat) => Self::Lapsed { clock: (*clock).into(), seat: seat_of(seat) },
            Happened::Ended(outcome) => Self::Ended { outcome: (*outcome).into() },
            Happened::Reopened => Self::Reopened {},
        }
    }
}

impl HappenedV1<'_> {
    fn checked(self, at: At<'_>) -> Result<Happened, WireError> {
        let of = |text: &str| read::id(text, at.key("seat"), SeatId::parse);
        let maybe = |text: Option<Text<'_>>| text.map(|text| of(&text)).transpose();
        Ok(match self {
            Self::Filed(filed) => Happened::Filed(Box::new(filed.checked(at.key("filed"))?)),
            Self::EpisodeBegan(link) => Happened::EpisodeBegan(link.checked(at.key("episode_began"))?),
            Self::EpisodeEnded { episode, at: when } => {
                let episode = read::id(&episode, at.key("episode"), EpisodeId::parse)?;
                Happened::EpisodeEnded(episode, Seen::from_micros(when.0))
            }
            Self::Reported(link) => Happened::Reported(link.checked(at.key("reported"))?),
            Self::SeverityRaised { severity } => {
                Happened::SeverityRaised(crate::report::severity(severity, at.key("severity"))?)
            }
            Self::SeatsWanted { seats } => {
                Happened::SeatsWanted(read::each(seats, at.key("seats"), WantedSeatV1::checked)?)
            }
            Self::Asked { seat, unit, why, fallback } => {
                let unit = read::id(&unit, at.key("unit"), UnitId::parse)?;
                Happened::Asked(of(&seat)?, unit, why.into(), fallback)
            }
            Self::NoRoute { seat, why } => Happened::NoRoute(of(&seat)?, why.into()),
            Self::Accepted { seat } => Happened::Accepted(of(&seat)?),
            Self::Arrived { seat, since, late } => Happened::Arrived(of(&seat)?, Filed::from_micros(since.0), late),
            Self::Done { seat, since, late } => Happened::Done(of(&seat)?, Filed::from_micros(since.0), late),
            Self::Returned { seat, by } => Happened::Returned(of(&seat)?, by.into()),
            Self::Photo { seat, evidence, late } => {
                let evidence = read::id(&evidence, at.key("evidence"), EvidenceId::parse)?;
                Happened::Photo(maybe(seat)?, evidence, late)
            }
            Self::Noted { seat, late } => Happened::Noted(maybe(seat)?, late),
            Self::Laddered { effect, name } => {
                Happened::Laddered(read::id(&effect, at.key("effect"), EffectId::parse)?, name.into())
            }
            Self::LadderSkipped { why } => Happened::LadderSkipped(why.into()),
            Self::Acknowledged {} => Happened::Acknowledged,
            Self::FoundReal {} => Happened::FoundReal,
            Self::PostChecked { well } => Happened::PostChecked(well),
            Self::PersonMustCheck {} => Happened::PersonMustCheck,
            Self::Lapsed { clock, seat } => Happened::Lapsed(clock.into(), maybe(seat)?),
            Self::Ended { outcome } => Happened::Ended(outcome.into()),
            Self::Reopened {} => Happened::Reopened,
        })
    }
}
