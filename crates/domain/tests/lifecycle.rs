//! The life of a case, told as scripts: a command a line, and what the case looks like after it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail by panicking")]

use std::fmt::Write as _;

use muster_domain::case::{
    Actor, Case, CaseEvent, CaseState, ClockKind, EpisodeLink, FiledAs, Limits, ReportLink, Role, SeatState, WantedSeat,
};
use muster_domain::condition::{Reason, Subject};
use muster_domain::effect::Effect;
use muster_domain::id::{
    CaseId, CaseKind, Competence, EpisodeId, EvidenceId, GridId, PlaceId, RuleId, SeatId, SourceId, SourceName, UnitId,
};
use muster_domain::lifecycle::{Command, Refusal, Verdict, decide, file};
use muster_domain::record::Severity;
use muster_domain::text::Words;
use muster_domain::time::{Filed, Seen, Span};
use proptest::prelude::*;

fn id<T>(parsed: Result<T, muster_domain::id::IdError>) -> T {
    parsed.unwrap()
}

struct Script {
    case: Case,
    journal: Vec<CaseEvent>,
    effects: Vec<Effect>,
    now: i64,
}

impl Script {
    fn new() -> Self {
        let kind = id(CaseKind::parse("fire.lane.blocked"));
        let subject = Subject::Place(id(PlaceId::parse("lane-1")));
        let case = CaseId::of(&kind, &subject.key(), "ep_1");
        let filed = FiledAs {
            number: "C1124-0001".into(),
            kind,
            subject,
            grid: None,
            jurisdiction: id(GridId::parse("500103005")),
            severity: Severity::MIDDLE,
            limits: Limits {
                accept: Span::from_mins(3),
                arrive: Span::from_mins(15),
                close: Span::from_mins(60),
                post_check: Span::from_mins(5),
            },
            position: None,
            maybe_same: vec![],
        };
        let (case, decision) = file(case, filed, &Actor::Dispatch, Filed::from_micros(0));
        Self { case, journal: decision.events, effects: decision.effects, now: 0 }
    }

    fn seat(&self, number: usize) -> SeatId {
        SeatId::of(&self.case.id, number)
    }

    fn run(&mut self, line: &str) -> Result<(), Refusal> {
        let mut words = line.split_whitespace();
        let verb = words.next().unwrap();
        let rest: Vec<&str> = words.collect();
        let arg = |n: usize| rest.get(n).copied().unwrap_or("0");
        let seat = |n: usize| SeatId::of(&self.case.id, arg(n).parse().unwrap_or(99));
        let now = Filed::from_micros(self.now);
        let command = match verb {
            "wait" => {
                self.now += Span::parse(arg(0)).unwrap().micros();
                return self.lapse();
            }
            "began" => Command::EpisodeBegan(episode(arg(0))),
            "ended" => Command::EpisodeEnded(id(EpisodeId::parse(arg(0))), Seen::from_micros(self.now)),
            "report" => Command::Report(report(arg(0), arg(1))),
            "want" => Command::WantSeats(rest.iter().map(|seat| want(seat)).collect()),
            "ask" => Command::Ask(seat(0), id(UnitId::parse(arg(1))), Words::default(), arg(1) == "coordination"),
            "noroute" => Command::NoRoute(seat(0), Words::new("无人", "nobody")),
            "accept" => Command::Accept(seat(0)),
            "return" => Command::Return(seat(0)),
            "redispatch" => Command::Redispatch(seat(0)),
            "arrived" => Command::Arrived(seat(0), now),
            "done" => Command::Done(seat(0), now),
            "photo" => Command::Photo(Some(seat(0)), id(EvidenceId::parse(arg(1)))),
            "note" => Command::Note(None),
            "acknowledge" => Command::Acknowledge,
            "postcheck" => Command::PostCheck(arg(0) == "ok"),
            "seen-still" => Command::SeenStill,
            "verdict" => Command::Verdict(match arg(0) {
                "real" => Verdict::Real,
                "false" => Verdict::False,
                "duplicate" => Verdict::Duplicate,
                _ => Verdict::NotOurs,
            }),
            "void" => Command::Void,
            "reopen" => Command::Reopen,
            other => panic!("no such verb: {other}"),
        };
        let reason = line.split_once('"').map(|(_, text)| text.trim_end_matches('"').to_owned());
        let decision = decide(&mut self.case, &Actor::Desk("desk".into()), command, reason, now)?;
        self.journal.extend(decision.events);
        self.effects.extend(decision.effects);
        Ok(())
    }

    fn lapse(&mut self) -> Result<(), Refusal> {
        let now = Filed::from_micros(self.now);
        while let Some(clock) = self.case.clocks.iter().find(|clock| !clock.lapsed && clock.due <= now).cloned() {
            let command = Command::Lapse(clock.kind, clock.seat);
            let decision = decide(&mut self.case, &Actor::Clock, command, None, now)?;
            self.journal.extend(decision.events);
            self.effects.extend(decision.effects);
        }
        Ok(())
    }

    fn picture(&self) -> String {
        let mut text = self.case.state.name().to_owned();
        if let Some(outcome) = self.case.outcome {
            write!(text, " ({})", outcome.name()).unwrap();
        }
        for seat in &self.case.seats {
            write!(text, " · {} {}", seat.competence, seat.state.name()).unwrap();
            if let Some(unit) = &seat.unit {
                write!(text, " {unit}").unwrap();
            }
        }
        text
    }
}

fn episode(name: &str) -> EpisodeLink {
    EpisodeLink {
        episode: id(EpisodeId::parse(name)),
        rule: id(RuleId::parse("fire-lane-blocked")),
        rule_version: 1,
        began: Seen::from_micros(0),
        ended: None,
        reason: Reason::default(),
    }
}

fn report(name: &str, severity: &str) -> ReportLink {
    ReportLink {
        source: id(SourceName::parse("141")),
        id: id(SourceId::parse(name)),
        text: "堵住了".into(),
        occurred: None,
        place: None,
        position: None,
        grid: None,
        address: None,
        severity: severity.parse().ok().and_then(Severity::new),
        attachments: vec![],
    }
}

fn want(seat: &str) -> WantedSeat {
    let role = if seat.starts_with("lead") { Role::Lead } else { Role::Assist };
    let competence = id(Competence::parse(seat.split_once(':').unwrap().1));
    WantedSeat { role, competence, passed_over: vec![] }
}

/// Runs a script of `command => expected picture` or `command =! refusal code`.
fn check(script: &str) -> Script {
    let mut run = Script::new();
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if let Some((command, expected)) = line.split_once("=>") {
            run.run(command.trim()).unwrap_or_else(|refusal| panic!("{line}: refused: {refusal}"));
            assert_eq!(run.picture(), expected.trim(), "after `{command}`");
        } else if let Some((command, code)) = line.split_once("=!") {
            let before = run.case.clone();
            let refusal = run.run(command.trim()).err().unwrap_or_else(|| panic!("{line}: was not refused"));
            assert_eq!(refusal.code(), code.trim(), "after `{command}`");
            assert_eq!(run.case, before, "a refusal changes nothing");
        } else {
            panic!("no expectation: {line}");
        }
        assert_eq!(Case::replay(&run.journal).as_ref(), Ok(&run.case), "a case is the replay of its journal");
    }
    run
}

#[test]
fn the_straight_life_is_seen_clear() {
    let run = check(
        r#"began ep_1            => filed
           want lead:enforcement => filed · enforcement wanted
           ask 0 squad-2         => dispatched · enforcement asked squad-2
           accept 0              => accepted · enforcement accepted squad-2
           arrived 0             => on_scene · enforcement on_scene squad-2
           photo 0 ev_1          => on_scene · enforcement on_scene squad-2
           done 0                => handled · enforcement done squad-2
           ended ep_1            => closed (handled) · enforcement done squad-2"#,
    );
    let states: Vec<&str> = run.journal.iter().map(|event| name(&event.what)).collect();
    assert_eq!(states.last(), Some(&"Ended"));
    assert!(states.contains(&"PostChecked"));
}

fn name(what: &muster_domain::case::Happened) -> &'static str {
    use muster_domain::case::Happened as H;
    match what {
        H::PostChecked(_) => "PostChecked",
        H::Ended(_) => "Ended",
        _ => "other",
    }
}

#[test]
fn what_clears_before_anybody_was_asked_is_driven_off() {
    check(
        r#"began ep_1            => filed
           want lead:enforcement => filed · enforcement wanted
           ended ep_1            => closed (driven_off) · enforcement returned"#,
    );
}

#[test]
fn what_clears_before_anybody_accepted_is_cleared_and_the_unit_released() {
    let run = check(
        r#"began ep_1            => filed
           want lead:enforcement => filed · enforcement wanted
           ask 0 squad-2         => dispatched · enforcement asked squad-2
           ended ep_1            => closed (cleared) · enforcement returned squad-2"#,
    );
    let released = run.effects.iter().filter(
        |effect| matches!(effect, Effect::Notice(notice) if notice.what == muster_domain::effect::NoticeKind::Released),
    );
    assert_eq!(released.count(), 1);
}

#[test]
fn a_team_on_its_way_finishes_though_the_lane_is_clear() {
    check(
        r#"began ep_1            => filed
           want lead:enforcement => filed · enforcement wanted
           ask 0 squad-2         => dispatched · enforcement asked squad-2
           accept 0              => accepted · enforcement accepted squad-2
           ended ep_1            => accepted · enforcement accepted squad-2
           done 0                => closed (handled) · enforcement done squad-2"#,
    );
}

#[test]
fn a_seat_that_nobody_takes_goes_to_the_next_and_stays_with_the_coordination_post() {
    check(
        r#"began ep_1            => filed
           want lead:enforcement => filed · enforcement wanted
           ask 0 squad-2         => dispatched · enforcement asked squad-2
           wait 2m               => dispatched · enforcement asked squad-2
           wait 1m               => filed · enforcement returned squad-2 · enforcement wanted
           ask 1 coordination    => dispatched · enforcement returned squad-2 · enforcement asked coordination
           wait 10m              => dispatched · enforcement returned squad-2 · enforcement asked coordination"#,
    );
}

#[test]
fn still_there_after_done_is_rework_for_the_same_unit() {
    check(
        r#"began ep_1            => filed
           want lead:enforcement => filed · enforcement wanted
           ask 0 squad-2         => dispatched · enforcement asked squad-2
           done 0                => handled · enforcement done squad-2
           seen-still            => accepted · enforcement accepted squad-2
           done 0                => handled · enforcement done squad-2
           ended ep_1            => closed (handled) · enforcement done squad-2"#,
    );
}

#[test]
fn where_nothing_sees_the_place_a_person_checks() {
    check(
        r#"report r1             => filed
           want lead:community   => filed · community wanted
           ask 0 chunsen         => dispatched · community asked chunsen
           done 0                => handled · community done chunsen
           wait 5m               => handled · community done chunsen
           postcheck no          => accepted · community accepted chunsen
           done 0                => handled · community done chunsen
           postcheck ok          => closed (handled) · community done chunsen"#,
    );
}

#[test]
fn lead_and_assists_are_done_before_the_case_is_handled() {
    check(
        r#"began ep_1                     => filed
           want lead:police assist:patrol => filed · police wanted · patrol wanted
           ask 0 station                  => dispatched · police asked station · patrol wanted
           ask 1 patrol-3                 => dispatched · police asked station · patrol asked patrol-3
           accept 1                       => dispatched · police asked station · patrol accepted patrol-3
           accept 0                       => accepted · police accepted station · patrol accepted patrol-3
           done 0                         => on_scene · police done station · patrol accepted patrol-3
           done 1                         => handled · police done station · patrol done patrol-3"#,
    );
}

#[test]
fn a_report_raises_the_severity_and_nothing_lowers_it_by_itself() {
    let run = check(
        r#"report r1 2 => filed
           report r1 4 => filed
           report r1 1 => filed
           report r2 4 => filed
           report r3 5 => filed
           void "twice" => void (void)"#,
    );
    let raised = run.journal.iter().filter_map(|event| match event.what {
        muster_domain::case::Happened::SeverityRaised(severity) => Some(severity.level()),
        _ => None,
    });
    assert_eq!(raised.collect::<Vec<_>>(), [4, 5]);
    assert_eq!((run.case.severity.level(), run.case.reports[0].severity), (5, Severity::new(1)));
    let late =
        check("report r1 2 => filed\nverdict false => closed (false_alarm)\nreport r1 5 => closed (false_alarm)");
    assert_eq!(late.case.severity, Severity::MIDDLE, "what has ended is history");
}

#[test]
fn decisions_are_refused_in_words_and_facts_never() {
    check(
        r#"began ep_1            => filed
           postcheck ok          =! not-handled
           accept 0              =! no-such-seat
           want lead:enforcement => filed · enforcement wanted
           accept 0              =! seat-stage
           ask 0 squad-2         => dispatched · enforcement asked squad-2
           return 0              =! needs-reason
           return 0 "no truck"   => filed · enforcement returned squad-2 · enforcement wanted
           void                  =! needs-reason
           reopen "x"            =! case-live
           verdict false         => closed (false_alarm) · enforcement returned squad-2 · enforcement returned
           accept 1              =! case-ended
           arrived 0             => closed (false_alarm) · enforcement returned squad-2 · enforcement returned
           note "late word"      => closed (false_alarm) · enforcement returned squad-2 · enforcement returned"#,
    );
}

#[test]
fn ending_what_is_still_seen_tells_the_watch() {
    for (end, kind) in [("verdict false", true), ("void \"twice\"", true), ("verdict duplicate", true)] {
        let run = check(&format!("began ep_1 => filed\n{end} => {}", {
            if end.starts_with("void") {
                "void (void)"
            } else if end.ends_with("false") {
                "closed (false_alarm)"
            } else {
                "closed (duplicate)"
            }
        }));
        assert_eq!(run.effects.iter().any(|effect| matches!(effect, Effect::Act(_))), kind, "{end}");
    }
}

#[test]
fn reopened_by_a_person_it_does_not_close_for_what_was_seen_before() {
    check(
        r#"began ep_1            => filed
           want lead:enforcement => filed · enforcement wanted
           ask 0 squad-2         => dispatched · enforcement asked squad-2
           ended ep_1            => closed (cleared) · enforcement returned squad-2
           reopen "back again"   => filed · enforcement returned squad-2 · enforcement wanted
           ask 1 squad-2         => dispatched · enforcement returned squad-2 · enforcement asked squad-2
           done 1                => handled · enforcement returned squad-2 · enforcement done squad-2
           postcheck ok          => closed (handled) · enforcement returned squad-2 · enforcement done squad-2"#,
    );
}

#[test]
fn present_again_the_same_case_reopens_and_wants_its_seats_again() {
    check(
        r#"began ep_1            => filed
           want lead:enforcement => filed · enforcement wanted
           ask 0 squad-2         => dispatched · enforcement asked squad-2
           done 0                => handled · enforcement done squad-2
           ended ep_1            => closed (handled) · enforcement done squad-2
           began ep_2            => filed · enforcement done squad-2
           want lead:enforcement => filed · enforcement done squad-2 · enforcement wanted
           began ep_2            => filed · enforcement done squad-2 · enforcement wanted
           ended ep_2            => closed (driven_off) · enforcement done squad-2 · enforcement returned"#,
    );
}

fn command() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "began ep_1",
        "began ep_2",
        "ended ep_1",
        "ended ep_2",
        "report r1",
        "report r2",
        "report r2 5",
        "want lead:enforcement",
        "want assist:fire lead:enforcement",
        "ask 0 a",
        "ask 1 b",
        "ask 2 coordination",
        "noroute 0",
        "accept 0",
        "accept 1",
        "accept 2",
        "return 0 \"x\"",
        "redispatch 1 \"x\"",
        "arrived 0",
        "arrived 1",
        "done 0",
        "done 1",
        "done 2",
        "photo 0 ev_1",
        "note \"x\"",
        "acknowledge",
        "postcheck ok",
        "postcheck no",
        "seen-still",
        "verdict real",
        "verdict false",
        "verdict duplicate",
        "void \"x\"",
        "reopen \"x\"",
        "wait 1m",
        "wait 10m",
        "wait 2h",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn whatever_is_asked_of_it_a_case_stays_whole(commands in prop::collection::vec(command(), 1..60)) {
        let mut run = Script::new();
        for line in commands {
            let (before, journal) = (run.case.clone(), run.journal.len());
            let verb = line.split(' ').next().unwrap();
            match run.run(line) {
                Err(refusal) => {
                    prop_assert_eq!(&run.case, &before);
                    let fact = matches!(verb, "arrived" | "done" | "photo" | "note" | "began" | "ended" | "report");
                    prop_assert!(!fact || refusal == Refusal::NoSuchSeat, "a fact was refused: {}", line);
                }
                Ok(()) => prop_assert!(run.journal.len() > journal || run.case == before),
            }
            prop_assert_eq!(&Case::replay(&run.journal).unwrap(), &run.case);
            prop_assert_eq!(run.case.state.is_live(), run.case.outcome.is_none());
            if !run.case.state.is_live() {
                prop_assert!(run.case.clocks.is_empty());
                let waiting = run.case.seats.iter().any(|seat| matches!(seat.state, SeatState::Wanted | SeatState::Asked));
                prop_assert!(!waiting, "an ended case leaves nobody waiting");
            }
            if run.case.state == CaseState::Handled {
                prop_assert!(!run.case.is_watched() || run.case.is_present(), "what is handled and clear is closed");
            }
            let accepts = run.case.clocks.iter().filter(|clock| clock.kind == ClockKind::Accept).count();
            let asked = run.case.seats.iter().filter(|seat| seat.state == SeatState::Asked).count();
            prop_assert_eq!(accepts, asked);
            let _ = run.seat(0);
        }
    }
}
