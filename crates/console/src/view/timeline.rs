//! The journal of a case as sentences, and what will happen next if nobody does anything.

use muster_domain::case::{Actor, Case, CaseEvent, Clock, ClockKind, Happened, ReturnedBy};
use muster_domain::id::SeatId;
use muster_domain::time::{Filed, Span};

use crate::phrase::{self, When};
use crate::scene::{RungDoes, Scene};
use crate::view::parts::{Lasted, Left};
use crate::view::{parts, report, why};
use crate::wording;

/// An entry of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number in the journal.
    pub version: u64,
    /// When it was committed.
    pub at: When,
    /// What happened.
    pub what: String,
    /// In what words.
    pub reason: Option<String>,
    /// Who did it.
    pub by: String,
    /// `open`, `good`, `bad` or nothing.
    pub tone: &'static str,
    /// The picture it brought.
    pub photo: Option<String>,
    /// It came after the case or seat had ended.
    pub late: bool,
}

/// Something that will happen of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ahead {
    /// When.
    pub left: Left,
    /// What.
    pub what: String,
}

/// The journal, oldest first. `events` must be those of `case`.
#[must_use]
pub fn entries(scene: &Scene<'_>, case: &Case, events: &[CaseEvent]) -> Vec<Entry> {
    events.iter().enumerate().map(|(number, event)| entry(scene, case, &events[..number], event)).collect()
}

fn entry(scene: &Scene<'_>, case: &Case, before: &[CaseEvent], event: &CaseEvent) -> Entry {
    let (photo, late) = match &event.what {
        Happened::Photo(_, id, late) => (Some(id.to_string()), *late),
        Happened::Arrived(_, _, late) | Happened::Done(_, _, late) | Happened::Noted(_, late) => (None, *late),
        _ => (None, false),
    };
    Entry {
        version: event.version,
        at: phrase::when(scene.look, event.at.micros()),
        what: said(scene, case, before, event),
        reason: event.reason.clone().filter(|reason| !reason.trim().is_empty()),
        by: actor(scene, case, &event.by),
        tone: tone(&event.what),
        photo,
        late,
    }
}

const fn tone(what: &Happened) -> &'static str {
    match what {
        Happened::Filed(_) | Happened::EpisodeBegan(_) | Happened::Reported(_) | Happened::Reopened => "open",
        Happened::Accepted(_) | Happened::Arrived(..) | Happened::Done(..) => "good",
        Happened::EpisodeEnded(..) | Happened::PostChecked(true) | Happened::Ended(_) => "good",
        Happened::SeverityRaised(_) => "bad",
        Happened::NoRoute(..) | Happened::Lapsed(..) | Happened::PersonMustCheck => "bad",
        Happened::PostChecked(false) | Happened::Returned(_, ReturnedBy::Unit | ReturnedBy::Lapse) => "bad",
        _ => "",
    }
}

fn said(scene: &Scene<'_>, case: &Case, before: &[CaseEvent], event: &CaseEvent) -> String {
    let lang = scene.look.lang;
    let unit = |id: &SeatId| seat_name(scene, case, id);
    let both = |zh: String, en: String| lang.pick(zh, en);
    match &event.what {
        Happened::Filed(filed) => {
            let kind = scene.kind(&filed.kind);
            both(format!("立案：{kind}"), format!("Filed: {kind}"))
        }
        Happened::EpisodeBegan(link) => {
            let held = link.reason.held.filter(|held| *held > Span::ZERO);
            let held = held.map(|held| Lasted::over(scene.look, held));
            let seen = why::seen_and_held(scene, &link.reason, held, false);
            both(format!("看见：{seen}"), format!("Seen: {seen}"))
        }
        Happened::EpisodeEnded(..) => lang.pick("看见已恢复正常", "Seen to be well again").to_owned(),
        Happened::Reported(link) => report::told(scene, case, before, link),
        Happened::SeverityRaised(severity) => {
            let level = wording::severity(lang, severity.level());
            both(format!("紧急程度升为{level}"), format!("Severity raised: {level}"))
        }
        Happened::SeatsWanted(seats) => {
            let list: Vec<String> = seats.iter().map(|seat| want(scene, seat.role, seat.competence.as_str())).collect();
            let list = list.join(lang.pick("、", ", "));
            both(format!("需要 {list}"), format!("Wanted: {list}"))
        }
        Happened::Asked(id, asked, why, fallback) => {
            let (role, name, why) = (role_of(scene, case, id), scene.unit(asked), parts::why_this(scene, asked, why));
            match fallback {
                true => both(format!("没有对口单位，{role}转 {name}"), format!("No unit fits; {role} goes to {name}")),
                false => both(format!("请 {name} {role}（{why}）"), format!("Asked {name} as {role} ({why})")),
            }
        }
        Happened::NoRoute(id, why) => {
            let (role, why) = (role_of(scene, case, id), wording::named(lang, scene.look.w(why)));
            both(format!("{role}无人可派：{why}"), format!("Nobody for {role}: {why}"))
        }
        Happened::Accepted(id) => both(format!("{} 接单", unit(id)), format!("{} accepted", unit(id))),
        Happened::Arrived(id, since, _) => step(scene, &unit(id), *since, event.at, ("到场", "on scene")),
        Happened::Done(id, since, _) => step(scene, &unit(id), *since, event.at, ("办结", "done")),
        Happened::Returned(id, by) => returned(scene, &unit(id), *by),
        Happened::Photo(..) => lang.pick("收到照片", "Photo received").to_owned(),
        Happened::Noted(..) => lang.pick("备注", "Note").to_owned(),
        Happened::Laddered(_, name) => wording::ladder_step(lang, name),
        Happened::LadderSkipped(why) => both(format!("跳过一步：{why}"), format!("Step passed over: {why}")),
        Happened::Acknowledged => lang.pick("值班员确认", "Noted by the desk").to_owned(),
        Happened::FoundReal => lang.pick("核实：属实", "Verified: real").to_owned(),
        Happened::PostChecked(true) => lang.pick("核查：已恢复正常", "Checked: well").to_owned(),
        Happened::PostChecked(false) => lang.pick("核查：仍未消除，返工", "Checked: still so; rework").to_owned(),
        Happened::PersonMustCheck => {
            lang.pick("看不见现场，需人工核查", "Cannot be seen: a person must check").to_owned()
        }
        Happened::Lapsed(kind, _) => {
            let name = scene.look.t(wording::clock(*kind));
            both(format!("{name}时限已过"), format!("{name}: time has run out"))
        }
        Happened::Ended(outcome) => {
            let name = scene.look.t(wording::outcome(&case.subject, *outcome));
            both(format!("结案：{name}"), format!("Closed: {name}"))
        }
        Happened::Reopened => lang.pick("重新打开", "Reopened").to_owned(),
    }
}

fn step(scene: &Scene<'_>, unit: &str, since: Filed, at: Filed, (zh, en): (&str, &str)) -> String {
    let lang = scene.look.lang;
    // Said later than it was: an offline telephone, or somebody who had his hands full.
    if at.since(since).secs() < 60 {
        return lang.pick(format!("{unit} {zh}"), format!("{unit} {en}"));
    }
    let since = phrase::when(scene.look, since.micros()).exact;
    lang.pick(format!("{unit} {since} 已{zh}"), format!("{unit} {en} since {since}"))
}

fn returned(scene: &Scene<'_>, unit: &str, by: ReturnedBy) -> String {
    let (zh, en) = match by {
        ReturnedBy::Unit => (format!("{unit} 退回"), format!("{unit} gave it back")),
        ReturnedBy::Desk => {
            (format!("值班席改派，不再由 {unit}"), format!("The desk sends another in place of {unit}"))
        }
        ReturnedBy::Lapse => {
            (format!("{unit} 未按时接单，换人"), format!("{unit} did not accept in time; another is asked"))
        }
        ReturnedBy::CaseEnded => (format!("{unit} 不必再去"), format!("{unit} need not go any more")),
    };
    scene.look.lang.pick(zh, en)
}

fn actor(scene: &Scene<'_>, case: &Case, actor: &Actor) -> String {
    let lang = scene.look.lang;
    match actor {
        Actor::Watch(_) => lang.pick("观测", "watch").to_owned(),
        Actor::Dispatch => lang.pick("派单", "dispatch").to_owned(),
        Actor::Clock => lang.pick("时限", "clock").to_owned(),
        Actor::Source(source) => wording::source(lang, source.as_str()),
        Actor::Desk(post) => wording::post(lang, post),
        Actor::Seat(seat, _) => seat_name(scene, case, seat),
    }
}

fn seat_name(scene: &Scene<'_>, case: &Case, id: &SeatId) -> String {
    let seat = case.seat(id);
    let unit = seat.and_then(|seat| seat.unit.as_ref()).map(|unit| scene.unit(unit));
    unit.or_else(|| seat.map(|seat| wording::competence(scene.look.lang, seat.competence.as_str()))).unwrap_or_default()
}

fn role_of(scene: &Scene<'_>, case: &Case, id: &SeatId) -> &'static str {
    case.seat(id).map_or("", |seat| scene.look.t(wording::role(seat.role)))
}

fn want(scene: &Scene<'_>, role: muster_domain::case::Role, competence: &str) -> String {
    format!("{} {}", scene.look.t(wording::role(role)), wording::competence(scene.look.lang, competence))
}

/// What will happen of itself, soonest first, at most three.
#[must_use]
pub fn ahead(scene: &Scene<'_>, case: &Case, events: &[CaseEvent]) -> Vec<Ahead> {
    if !case.state.is_live() {
        return Vec::new();
    }
    let mut list: Vec<(Filed, String)> = case
        .clocks
        .iter()
        .filter(|clock| !clock.lapsed && clock.due > scene.look.now)
        .filter_map(|clock| Some((clock.due, when_it_lapses(scene, case, clock)?)))
        .collect();
    list.extend(rungs(scene, case, events));
    list.sort();
    list.truncate(3);
    list.into_iter().map(|(due, what)| Ahead { left: parts::left(scene, due), what }).collect()
}

fn when_it_lapses(scene: &Scene<'_>, case: &Case, clock: &Clock) -> Option<String> {
    let lang = scene.look.lang;
    let seat = clock.seat.as_ref().and_then(|id| case.seat(id));
    let unit = seat.and_then(|seat| seat.unit.as_ref()).map(|unit| scene.unit(unit)).unwrap_or_default();
    let (zh, en) = match clock.kind {
        ClockKind::Accept if seat.is_some_and(|seat| !seat.fallback) => {
            (format!("{unit} 未接单则换人"), format!("Unless {unit} accepts, another is asked"))
        }
        ClockKind::Accept | ClockKind::Arrive => {
            (format!("{unit} 未到则算超时"), format!("{unit} is late from then on"))
        }
        ClockKind::PostCheck => {
            ("画面仍未见恢复则返工或人工核查".to_owned(), "Rework or a person's check, unless seen well".to_owned())
        }
        ClockKind::Close => return None,
    };
    Some(lang.pick(zh, en))
}

/// The steps of the ladder that are still to come, counted from when the case learned of the open episode.
fn rungs(scene: &Scene<'_>, case: &Case, events: &[CaseEvent]) -> Vec<(Filed, String)> {
    let Some(link) = case.episodes.iter().rev().find(|link| link.ended.is_none()) else { return Vec::new() };
    let Some(card) = scene.book.rules.get(&link.rule) else { return Vec::new() };
    let began = events
        .iter()
        .find(|event| matches!(&event.what, Happened::EpisodeBegan(known) if known.episode == link.episode))
        .map_or(case.filed, |event| event.at);
    let lang = scene.look.lang;
    card.ladder
        .iter()
        .map(|rung| (began.plus(rung.after), rung))
        .filter(|(due, _)| *due > scene.look.now)
        .map(|(due, rung)| {
            let does = match &rung.what {
                RungDoes::Call(name) => wording::ladder_step(lang, name),
                RungDoes::Warn(_) => wording::ladder_step(lang, "warn"),
                RungDoes::Seats(seats) => {
                    let list: Vec<String> =
                        seats.iter().map(|(role, competence)| want(scene, *role, competence.as_str())).collect();
                    let list = list.join(lang.pick("、", ", "));
                    lang.pick(format!("请 {list}"), format!("Ask {list}"))
                }
            };
            let what = match rung.unless.as_deref() {
                Some(unless) => lang.pick(
                    format!("仍存在且{}则{does}", unless_words(scene, unless)),
                    format!("{does}, if still so and {}", unless_words(scene, unless)),
                ),
                None => lang.pick(format!("仍存在则{does}"), format!("{does}, if still so")),
            };
            (due, what)
        })
        .collect()
}

fn unless_words(scene: &Scene<'_>, unless: &str) -> String {
    let lang = scene.look.lang;
    match unless.strip_prefix("answered('").and_then(|rest| rest.strip_suffix("')")) {
        Some(call) => {
            let call = wording::ladder_step(lang, call);
            lang.pick(format!("{call}未应答"), format!("no answer to {}", call.to_lowercase()))
        }
        None => lang.pick(format!("不是 {unless}"), format!("not {unless}")),
    }
}
