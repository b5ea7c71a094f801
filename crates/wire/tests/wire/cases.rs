//! Cases and entries of journals as they may come, for properties.

use muster_domain::case::{
    Actor, Case, CaseEvent, CaseOutcome, CaseState, Clock, ClockKind, EpisodeLink, FiledAs, Happened, Limits,
    ReportLink, ReturnedBy, Role, Round, Seat, SeatState, WantedSeat,
};
use muster_domain::id::{
    CaseId, CaseKind, Competence, EffectId, EpisodeId, EvidenceId, GridId, PlaceId, RuleId, SeatId, SourceId,
    SourceName, UnitId,
};
use muster_domain::text::Words;
use muster_domain::time::{Filed, Seen};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use crate::generated::{attachments, id, micros, position, reason, severity, span, subject, text};

fn words() -> impl Strategy<Value = Words> {
    (text(), text()).prop_map(|(zh, en)| Words { zh, en })
}

fn limits() -> impl Strategy<Value = Limits> {
    (span(), span(), span(), span()).prop_map(|(accept, arrive, close, post_check)| Limits {
        accept,
        arrive,
        close,
        post_check,
    })
}

fn episode() -> impl Strategy<Value = EpisodeLink> {
    let link = (id(EpisodeId::parse), id(RuleId::parse), any::<u32>(), micros(), of(micros()), reason());
    link.prop_map(|(episode, rule, rule_version, began, ended, reason)| EpisodeLink {
        episode,
        rule,
        rule_version,
        began: Seen::from_micros(began),
        ended: ended.map(Seen::from_micros),
        reason,
    })
}

fn reported() -> impl Strategy<Value = ReportLink> {
    let places = (of(id(PlaceId::parse)), of(position()), of(id(GridId::parse)), of(text()));
    let said = (text(), of(micros()), of(severity()), attachments());
    (id(SourceName::parse), id(SourceId::parse), said, places).prop_map(|(source, id, said, places)| ReportLink {
        source,
        id,
        text: said.0,
        occurred: said.1.map(Seen::from_micros),
        place: places.0,
        position: places.1,
        grid: places.2,
        address: places.3,
        severity: said.2,
        attachments: said.3,
    })
}

fn role() -> impl Strategy<Value = Role> {
    select(vec![Role::Lead, Role::Assist])
}

fn seat() -> impl Strategy<Value = Seat> {
    let who = (id(SeatId::parse), role(), id(Competence::parse), select(SeatState::ALL.to_vec()));
    let filled = (of(id(UnitId::parse)), of(words()), vec(id(UnitId::parse), 0..2), any::<bool>(), micros());
    (who, filled).prop_map(|((id, role, competence, state), (unit, why, passed_over, fallback, changed))| Seat {
        id,
        role,
        competence,
        state,
        unit,
        why,
        passed_over,
        fallback,
        changed: Filed::from_micros(changed),
    })
}

fn clock() -> impl Strategy<Value = Clock> {
    let clock = (select(ClockKind::ALL.to_vec()), of(id(SeatId::parse)), micros(), micros(), any::<bool>());
    clock.prop_map(|(kind, seat, started, due, lapsed)| Clock {
        kind,
        seat,
        started: Filed::from_micros(started),
        due: Filed::from_micros(due),
        lapsed,
    })
}

fn filed() -> impl Strategy<Value = FiledAs> {
    let what = (text(), id(CaseKind::parse), subject(), of(id(GridId::parse)), of(position()), id(GridId::parse));
    (what, severity(), limits(), vec(id(CaseId::parse), 0..3)).prop_map(
        |((number, kind, subject, grid, position, jurisdiction), severity, limits, maybe_same)| FiledAs {
            number,
            kind,
            subject,
            grid,
            position,
            jurisdiction,
            severity,
            limits,
            maybe_same,
        },
    )
}

/// Any case, whether or not a journal leads to it.
pub(crate) fn case() -> impl Strategy<Value = Case> {
    let stands = (select(CaseState::ALL.to_vec()), of(select(CaseOutcome::ALL.to_vec())), any::<u64>());
    let times = (micros(), micros(), of(micros()));
    let lists = (vec(episode(), 0..3), vec(reported(), 0..3), vec(seat(), 0..3), vec(clock(), 0..3));
    let rest = (vec(id(EvidenceId::parse), 0..3), 0..3_usize, 0..3_usize);
    (id(CaseId::parse), filed(), stands, times, lists, rest).prop_map(|(id, filed, stands, times, lists, rest)| Case {
        id,
        number: filed.number,
        kind: filed.kind,
        subject: filed.subject,
        grid: filed.grid,
        position: filed.position,
        jurisdiction: filed.jurisdiction,
        severity: filed.severity,
        state: stands.0,
        outcome: stands.1,
        version: stands.2,
        filed: Filed::from_micros(times.0),
        changed: Filed::from_micros(times.1),
        acknowledged: times.2.map(Filed::from_micros),
        limits: filed.limits,
        episodes: lists.0,
        reports: lists.1,
        seats: lists.2,
        clocks: lists.3,
        photos: rest.0,
        maybe_same: filed.maybe_same,
        round: Round { episodes: rest.1, seats: rest.2 },
    })
}

fn actor() -> impl Strategy<Value = Actor> {
    prop_oneof![
        id(RuleId::parse).prop_map(Actor::Watch),
        Just(Actor::Dispatch),
        Just(Actor::Clock),
        id(SourceName::parse).prop_map(Actor::Source),
        text().prop_map(Actor::Desk),
        (id(SeatId::parse), text()).prop_map(|(seat, person)| Actor::Seat(seat, person)),
    ]
}

fn happened() -> impl Strategy<Value = Happened> {
    let seat_id = || id(SeatId::parse);
    let maybe_seat = || of(seat_id());
    let since = || micros().prop_map(Filed::from_micros);
    let wanted = (role(), id(Competence::parse), vec(id(UnitId::parse), 0..2));
    let wanted = wanted.prop_map(|(role, competence, passed_over)| WantedSeat { role, competence, passed_over });
    let by = select(vec![ReturnedBy::Unit, ReturnedBy::Desk, ReturnedBy::Lapse, ReturnedBy::CaseEnded]);
    let of_case = prop_oneof![
        filed().prop_map(|filed| Happened::Filed(Box::new(filed))),
        episode().prop_map(Happened::EpisodeBegan),
        (id(EpisodeId::parse), micros()).prop_map(|(id, at)| Happened::EpisodeEnded(id, Seen::from_micros(at))),
        reported().prop_map(Happened::Reported),
        severity().prop_map(Happened::SeverityRaised),
        Just(Happened::Acknowledged),
        Just(Happened::FoundReal),
        any::<bool>().prop_map(Happened::PostChecked),
        Just(Happened::PersonMustCheck),
        (select(ClockKind::ALL.to_vec()), maybe_seat()).prop_map(|(kind, seat)| Happened::Lapsed(kind, seat)),
        select(CaseOutcome::ALL.to_vec()).prop_map(Happened::Ended),
        Just(Happened::Reopened),
    ];
    let of_seats = prop_oneof![
        vec(wanted, 0..3).prop_map(Happened::SeatsWanted),
        (seat_id(), id(UnitId::parse), words(), any::<bool>())
            .prop_map(|(seat, unit, why, fallback)| Happened::Asked(seat, unit, why, fallback)),
        (seat_id(), words()).prop_map(|(seat, why)| Happened::NoRoute(seat, why)),
        seat_id().prop_map(Happened::Accepted),
        (seat_id(), since(), any::<bool>()).prop_map(|(seat, at, late)| Happened::Arrived(seat, at, late)),
        (seat_id(), since(), any::<bool>()).prop_map(|(seat, at, late)| Happened::Done(seat, at, late)),
        (seat_id(), by).prop_map(|(seat, by)| Happened::Returned(seat, by)),
        (maybe_seat(), id(EvidenceId::parse), any::<bool>())
            .prop_map(|(seat, picture, late)| Happened::Photo(seat, picture, late)),
        (maybe_seat(), any::<bool>()).prop_map(|(seat, late)| Happened::Noted(seat, late)),
        (id(EffectId::parse), text()).prop_map(|(effect, name)| Happened::Laddered(effect, name)),
        text().prop_map(Happened::LadderSkipped),
    ];
    prop_oneof![of_case, of_seats]
}

/// Any entry of a journal.
pub(crate) fn case_event() -> impl Strategy<Value = CaseEvent> {
    (id(CaseId::parse), any::<u64>(), micros(), actor(), of(text()), happened()).prop_map(
        |(case, version, at, by, reason, what)| CaseEvent {
            case,
            version,
            at: Filed::from_micros(at),
            by,
            reason,
            what,
        },
    )
}
