//! The life of a case: one match from (state, command) to events, pure.
//!
//! [`decide`] says what happens, [`Case::apply`] makes it so, and the journal is the list of what happened. Stages and
//! side ways follow GB/T 30428.8 under neutral names.

use crate::case::{
    Actor, Case, CaseEvent, CaseOutcome, CaseState, ClockKind, EpisodeLink, Fallback, FiledAs, Happened, ReportLink,
    ReturnedBy, Role, Seat, SeatState, WantedSeat,
};
use crate::effect::{Effect, NOTICE_EXPIRES, Notice, NoticeKind};
use crate::id::{ActId, CaseId, EffectId, EpisodeId, EvidenceId, SeatId, UnitId};
use crate::record::{Act, ActKind};
use crate::text::Words;
use crate::time::{Filed, Seen};

/// What somebody or something wants of a case.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// The watch: an episode of this incident began.
    EpisodeBegan(EpisodeLink),
    /// The watch: a linked episode ended.
    EpisodeEnded(EpisodeId, Seen),
    /// A report of this incident came in.
    Report(ReportLink),
    /// The ladder or a report wants these seats; those already there are not doubled.
    WantSeats(Vec<WantedSeat>),
    /// The ladder sent out a call or a warning.
    Laddered(EffectId, String),
    /// The ladder passed over a step.
    LadderSkipped(String),
    /// Dispatch: ask this unit.
    Ask(SeatId, UnitId, Words, Fallback),
    /// Dispatch: there is nobody to ask.
    NoRoute(SeatId, Words),
    /// A clock ran out.
    Lapse(ClockKind, Option<SeatId>),
    /// The post-check clock ran out, and the watch sees the place: it is still so.
    SeenStill,
    /// Seat: we take it.
    Accept(SeatId),
    /// Seat: we cannot take it. Needs a reason.
    Return(SeatId),
    /// Seat, a fact: we are there since.
    Arrived(SeatId, Filed),
    /// Seat, a fact: we are done since.
    Done(SeatId, Filed),
    /// A fact: a picture.
    Photo(Option<SeatId>, EvidenceId),
    /// A fact: a note, in the words of the reason.
    Note(Option<SeatId>),
    /// Desk: seen.
    Acknowledge,
    /// Desk: ask another unit. Needs a reason.
    Redispatch(SeatId),
    /// Desk: the place was checked by a person.
    PostCheck(bool),
    /// Desk: what it really was.
    Verdict(Verdict),
    /// Desk: it should not have been filed. Needs a reason.
    Void,
    /// Desk: it is not over. Needs a reason.
    Reopen,
}

impl Command {
    /// Whether it says what has happened: it is accepted whatever its sender believed, and however late.
    #[must_use]
    pub const fn is_fact(&self) -> bool {
        matches!(self, Self::Arrived(..) | Self::Done(..) | Self::Photo(..) | Self::Note(_))
    }
}

/// What a person found it to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Verdict {
    Real,
    False,
    Duplicate,
    NotOurs,
}

/// Why a decision is refused; every variant has a stable code and words for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// The case has ended.
    #[error("the case has ended; only reopen and facts are allowed")]
    Ended,
    /// The case has not ended.
    #[error("the case is still live")]
    Live,
    /// No such seat on this case.
    #[error("the case has no such seat")]
    NoSuchSeat,
    /// The seat is past that stage, or not there yet.
    #[error("the seat is not at a stage where that can be done")]
    SeatStage,
    /// Nothing has been handled that could be checked.
    #[error("the case has not been handled yet, so there is nothing to check")]
    NotHandled,
    /// The command needs a reason and has none.
    #[error("that needs a reason in words")]
    NeedsReason,
    /// Another live case of the same kind and subject holds its place.
    #[error("another live case already stands for the same incident")]
    Replaced,
}

impl Refusal {
    /// Every refusal.
    pub const ALL: [Self; 7] = [
        Self::Ended,
        Self::Live,
        Self::NoSuchSeat,
        Self::SeatStage,
        Self::NotHandled,
        Self::NeedsReason,
        Self::Replaced,
    ];

    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ended => "case-ended",
            Self::Live => "case-live",
            Self::NoSuchSeat => "no-such-seat",
            Self::SeatStage => "seat-stage",
            Self::NotHandled => "not-handled",
            Self::NeedsReason => "needs-reason",
            Self::Replaced => "replaced",
        }
    }

    /// The refusal in both languages.
    #[must_use]
    pub fn words(self) -> Words {
        let zh = match self {
            Self::Ended => "案件已结束，只能补充事实或重新打开",
            Self::Live => "案件尚未结束",
            Self::NoSuchSeat => "本案没有这个席位",
            Self::SeatStage => "席位当前阶段不能这样做",
            Self::NotHandled => "尚未处置，无从核查",
            Self::NeedsReason => "请写明理由",
            Self::Replaced => "同一事件已另有在办案件",
        };
        Words::new(zh, self.to_string())
    }
}

/// What a command comes to: what happened, in order, and what must be done outside because of it.
#[derive(Debug, Clone, PartialEq, Default)]
#[must_use]
pub struct Decision {
    /// Journal entries, already numbered.
    pub events: Vec<CaseEvent>,
    /// What to do outside.
    pub effects: Vec<Effect>,
}

/// Files a new case.
pub fn file(id: CaseId, filed: FiledAs, by: &Actor, now: Filed) -> (Case, Decision) {
    let event = CaseEvent {
        case: id,
        version: 1,
        at: now,
        by: by.clone(),
        reason: None,
        what: Happened::Filed(Box::new(filed.clone())),
    };
    let case = Case::filed(&event, filed);
    (case, Decision { effects: vec![Effect::CaseChanged(event.clone())], events: vec![event] })
}

/// Decides a command on a case and applies it.
///
/// Facts are always accepted, and marked when they are late; only decisions can be refused.
///
/// # Errors
/// [`Refusal`] with the reason; the case is then as it was.
pub fn decide(
    case: &mut Case,
    by: &Actor,
    command: Command,
    reason: Option<String>,
    now: Filed,
) -> Result<Decision, Refusal> {
    use CaseState as S;
    use Command as C;
    use Happened as H;
    let worded = reason.as_deref().is_some_and(|text| !text.trim().is_empty());
    let late =
        |seat: Option<&Seat>| !case.state.is_live() || seat.is_some_and(|seat| seat.state == SeatState::Returned);
    let happened = match (case.state, command) {
        // The watch and the sources: always heard.
        (_, C::EpisodeBegan(link)) if case.episodes.iter().any(|known| known.episode == link.episode) => vec![],
        (S::Closed | S::Void, C::EpisodeBegan(link)) => vec![H::Reopened, H::EpisodeBegan(link)],
        (_, C::EpisodeBegan(link)) => vec![H::EpisodeBegan(link)],
        (_, C::EpisodeEnded(id, at)) if is_open(case, &id) => vec![H::EpisodeEnded(id, at)],
        (_, C::EpisodeEnded(..)) => vec![],
        (_, C::Report(link)) if case.reports.contains(&link) => vec![],
        (S::Closed | S::Void, C::Report(link)) => vec![H::Reported(link)],
        (_, C::Report(link)) => match link.severity.filter(|severity| *severity > case.severity) {
            Some(worse) => vec![H::Reported(link), H::SeverityRaised(worse)],
            None => vec![H::Reported(link)],
        },
        (S::Closed | S::Void, C::WantSeats(_) | C::Laddered(..)) => vec![],
        (_, C::WantSeats(seats)) => wanted(case, seats),
        (_, C::Laddered(effect, name)) => vec![H::Laddered(effect, name)],
        (_, C::LadderSkipped(why)) => vec![H::LadderSkipped(why)],

        // Dispatch and the clocks: what they meant to do may be over by now, and then nothing happens.
        (S::Closed | S::Void, C::Ask(..) | C::NoRoute(..) | C::Lapse(..) | C::SeenStill) => vec![],
        (_, C::Ask(id, unit, why, fallback)) if stage(case, &id) == Some(SeatState::Wanted) => {
            vec![H::Asked(id, unit, why, fallback)]
        }
        (_, C::NoRoute(id, why)) if stage(case, &id) == Some(SeatState::Wanted) => match case.seat(&id) {
            Some(seat) if seat.why.as_ref() == Some(&why) => vec![],
            _ => vec![H::NoRoute(id, why)],
        },
        (_, C::Ask(..) | C::NoRoute(..)) => vec![],
        (_, C::Lapse(kind, seat)) => lapsed(case, kind, seat, now),
        (S::Handled, C::SeenStill) => vec![H::Lapsed(ClockKind::PostCheck, None), H::PostChecked(false)],
        (_, C::SeenStill) => vec![],

        // Facts: always accepted.
        (_, C::Arrived(id, since)) => {
            let seat = case.seat(&id).ok_or(Refusal::NoSuchSeat)?;
            match seat.state {
                SeatState::OnScene | SeatState::Done => vec![],
                SeatState::Asked | SeatState::Wanted if case.state.is_live() => {
                    vec![H::Accepted(id.clone()), H::Arrived(id, since, false)]
                }
                _ => vec![H::Arrived(id, since, late(Some(seat)))],
            }
        }
        (_, C::Done(id, since)) => {
            let seat = case.seat(&id).ok_or(Refusal::NoSuchSeat)?;
            match seat.state {
                SeatState::Done => vec![],
                SeatState::Asked | SeatState::Wanted if case.state.is_live() => {
                    vec![H::Accepted(id.clone()), H::Done(id, since, false)]
                }
                _ => vec![H::Done(id, since, late(Some(seat)))],
            }
        }
        (_, C::Photo(seat, picture)) => {
            let held = seat.as_ref().map(|id| case.seat(id).ok_or(Refusal::NoSuchSeat)).transpose()?;
            let late = late(held);
            if case.photos.contains(&picture) { vec![] } else { vec![H::Photo(seat, picture, late)] }
        }
        (_, C::Note(_)) if !worded => return Err(Refusal::NeedsReason),
        (_, C::Note(seat)) => {
            let held = seat.as_ref().map(|id| case.seat(id).ok_or(Refusal::NoSuchSeat)).transpose()?;
            let late = late(held);
            vec![H::Noted(seat, late)]
        }

        // Decisions.
        (_, C::Return(_) | C::Redispatch(_) | C::Void | C::Reopen) if !worded => return Err(Refusal::NeedsReason),
        (S::Closed | S::Void, C::Reopen) => reopened(case),
        (_, C::Reopen) => return Err(Refusal::Live),
        (S::Closed | S::Void, _) => return Err(Refusal::Ended),
        (_, C::Accept(id)) => match stage(case, &id).ok_or(Refusal::NoSuchSeat)? {
            SeatState::Asked => vec![H::Accepted(id)],
            SeatState::Accepted | SeatState::OnScene => vec![],
            _ => return Err(Refusal::SeatStage),
        },
        (_, C::Return(id)) => given_back(case, id, ReturnedBy::Unit)?,
        (_, C::Redispatch(id)) => given_back(case, id, ReturnedBy::Desk)?,
        (_, C::Acknowledge) if case.acknowledged.is_some() => vec![],
        (_, C::Acknowledge) => vec![H::Acknowledged],
        (S::Handled, C::PostCheck(true)) => vec![H::PostChecked(true), H::Ended(CaseOutcome::Handled)],
        (S::Handled, C::PostCheck(false)) => vec![H::PostChecked(false)],
        (_, C::PostCheck(_)) => return Err(Refusal::NotHandled),
        (_, C::Verdict(Verdict::Real)) => vec![H::FoundReal],
        (_, C::Verdict(Verdict::False)) => vec![H::Ended(CaseOutcome::FalseAlarm)],
        (_, C::Verdict(Verdict::Duplicate)) => vec![H::Ended(CaseOutcome::Duplicate)],
        (_, C::Verdict(Verdict::NotOurs)) => vec![H::Ended(CaseOutcome::NotOurs)],
        (_, C::Void) => vec![H::Ended(CaseOutcome::Void)],
    };
    Ok(carry_out(case, by, happened, reason, now))
}

/// Applies what happened and whatever follows of itself, until nothing more follows.
fn carry_out(case: &mut Case, by: &Actor, happened: Vec<Happened>, reason: Option<String>, now: Filed) -> Decision {
    let mut decision = Decision::default();
    let mut todo = std::collections::VecDeque::from(happened);
    while let Some(what) = todo.pop_front() {
        let event = CaseEvent {
            case: case.id.clone(),
            version: case.version + 1,
            at: now,
            by: by.clone(),
            reason: reason.clone(),
            what,
        };
        effects_of(case, &event, &mut decision.effects);
        case.apply(&event);
        decision.effects.push(Effect::CaseChanged(event.clone()));
        decision.events.push(event);
        if todo.is_empty() {
            todo.extend(follows(case));
        }
    }
    decision
}

/// What follows of itself from where a case now stands.
fn follows(case: &Case) -> Option<Happened> {
    if !case.state.is_live() {
        // Whoever was asked and has not taken it up is released.
        let seat = case.seats.iter().find(|seat| matches!(seat.state, SeatState::Wanted | SeatState::Asked))?;
        return Some(Happened::Returned(seat.id.clone(), ReturnedBy::CaseEnded));
    }
    if !case.is_watched() || case.is_present() {
        return None;
    }
    match case.state {
        CaseState::Handled => Some(Happened::PostChecked(true)),
        CaseState::PostChecked => Some(Happened::Ended(CaseOutcome::Handled)),
        // Seen to end by itself: nobody is sent to look at what is no longer there. A report asks for a person's word.
        _ if !case.reports.is_empty() => None,
        _ if case.live_seats().any(|seat| seat.is_engaged() || seat.state == SeatState::Done) => None,
        _ if case.live_seats().all(|seat| seat.unit.is_none()) => Some(Happened::Ended(CaseOutcome::DrivenOff)),
        _ => Some(Happened::Ended(CaseOutcome::Cleared)),
    }
}

fn is_open(case: &Case, episode: &EpisodeId) -> bool {
    case.episodes.iter().any(|link| link.episode == *episode && link.ended.is_none())
}

fn stage(case: &Case, seat: &SeatId) -> Option<SeatState> {
    case.seat(seat).map(|seat| seat.state)
}

/// The seats of the list that the case does not have yet (same role and competence, not given back).
fn wanted(case: &Case, seats: Vec<WantedSeat>) -> Vec<Happened> {
    let missing: Vec<WantedSeat> = seats
        .into_iter()
        .filter(|want| !case.live_seats().any(|seat| seat.competence == want.competence && seat.role == want.role))
        .collect();
    if missing.is_empty() { vec![] } else { vec![Happened::SeatsWanted(missing)] }
}

/// A case that a person reopens wants the seats of its last round again.
fn reopened(case: &Case) -> Vec<Happened> {
    let mut seats: Vec<WantedSeat> = Vec::new();
    for seat in &case.seats[case.round.seats.min(case.seats.len())..] {
        if !seats.iter().any(|want| want.role == seat.role && want.competence == seat.competence) {
            seats.push(WantedSeat { role: seat.role, competence: seat.competence.clone(), passed_over: vec![] });
        }
    }
    let mut happened = vec![Happened::Reopened];
    if !seats.is_empty() {
        happened.push(Happened::SeatsWanted(seats));
    }
    happened
}

/// A seat goes back, and one like it is wanted again, without the unit that had it.
fn given_back(case: &Case, id: SeatId, by: ReturnedBy) -> Result<Vec<Happened>, Refusal> {
    let seat = case.seat(&id).ok_or(Refusal::NoSuchSeat)?;
    if !matches!(seat.state, SeatState::Asked | SeatState::Accepted | SeatState::OnScene) {
        return Err(Refusal::SeatStage);
    }
    let mut passed_over = seat.passed_over.clone();
    passed_over.extend(seat.unit.clone());
    let again = WantedSeat { role: seat.role, competence: seat.competence.clone(), passed_over };
    Ok(vec![Happened::Returned(id, by), Happened::SeatsWanted(vec![again])])
}

fn lapsed(case: &Case, kind: ClockKind, seat: Option<SeatId>, now: Filed) -> Vec<Happened> {
    let runs =
        case.clocks.iter().any(|clock| clock.kind == kind && clock.seat == seat && !clock.lapsed && clock.due <= now);
    if !runs {
        return vec![];
    }
    let mut happened = vec![Happened::Lapsed(kind, seat.clone())];
    match (kind, seat) {
        // The coordination post is the end of the line: it keeps the seat, and is late.
        (ClockKind::Accept, Some(id)) if case.seat(&id).is_some_and(|seat| !seat.fallback) => {
            happened.extend(given_back(case, id, ReturnedBy::Lapse).unwrap_or_default());
        }
        (ClockKind::PostCheck, _) => happened.push(Happened::PersonMustCheck),
        _ => {}
    }
    happened
}

/// What one event asks of the outside, seen from the case before it.
fn effects_of(case: &Case, event: &CaseEvent, effects: &mut Vec<Effect>) {
    match &event.what {
        Happened::Asked(id, unit, ..) => {
            let role = case.seat(id).map_or(Role::Assist, |seat| seat.role);
            effects.push(notice(case, event, id, role, unit, NoticeKind::Asked));
        }
        Happened::Returned(id, by) if *by != ReturnedBy::Unit => {
            if let Some((seat, unit)) = case.seat(id).and_then(|seat| Some((seat, seat.unit.as_ref()?))) {
                effects.push(notice(case, event, id, seat.role, unit, NoticeKind::Released));
            }
        }
        Happened::Ended(outcome) if case.is_present() => {
            let kind = match outcome {
                CaseOutcome::Handled => ActKind::PostChecked,
                _ => ActKind::CaseEnded,
            };
            effects.extend(acts(case, event, kind));
        }
        _ => {}
    }
}

/// The watch must know that a person ended what it still sees (ENGINE §9).
fn acts(case: &Case, event: &CaseEvent, kind: ActKind) -> impl Iterator<Item = Effect> {
    case.episodes.iter().filter(|link| link.ended.is_none()).filter_map(move |link| {
        Some(Effect::Act(Act {
            id: ActId::of(&case.id, event.version, &link.episode),
            place: case.place()?.clone(),
            rule: link.rule.clone(),
            episode: Some(link.episode.clone()),
            case: case.id.clone(),
            kind,
            at: event.at,
            reason: event.reason.clone().unwrap_or_default(),
        }))
    })
}

fn notice(case: &Case, event: &CaseEvent, seat: &SeatId, role: Role, unit: &UnitId, what: NoticeKind) -> Effect {
    Effect::Notice(Notice {
        id: EffectId::of(seat.as_str(), &event.version.to_string()),
        case: case.id.clone(),
        number: case.number.clone(),
        kind: case.kind.clone(),
        seat: seat.clone(),
        role,
        unit: unit.clone(),
        what,
        not_after: event.at.plus(NOTICE_EXPIRES),
    })
}
