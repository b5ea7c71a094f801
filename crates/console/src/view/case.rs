//! A case as a card of the queue, and as the whole of itself.

use muster_domain::case::{Case, CaseEvent, EpisodeLink, Role, Seat, SeatState};
use muster_domain::condition::{State, Subject};

use crate::phrase::{self, When};
use crate::scene::{ConditionNow, Scene, conditions_of};
use crate::tone::Tone;
use crate::view::decision::{self, Decision, Decisions};
use crate::view::need;
use crate::view::parts::{self, Chip, ClockView, Left, SeatView};
use crate::view::report::{self, ReportRow};
use crate::view::timeline::{self, Ahead, Entry};
use crate::view::why::{self, FactRow, Line};
use crate::wording;

/// A card of the queue.
#[derive(Debug, Clone, PartialEq)]
pub struct Card {
    /// The case.
    pub id: String,
    /// Its spoken number.
    pub number: String,
    /// What and where.
    pub title: String,
    /// 1 to 5.
    pub severity: u8,
    /// The severity in words.
    pub severity_words: String,
    /// It is about something that cannot be seen.
    pub blind: bool,
    /// What it needs of the desk.
    pub need: Option<&'static str>,
    /// The one line.
    pub why: Line,
    /// State of what is seen, else of the case.
    pub chips: Vec<Chip>,
    /// Its seats.
    pub seats: Vec<SeatView>,
    /// Time left.
    pub left: Option<Left>,
    /// It is the one in the pane.
    pub selected: bool,
}

/// A case as a card.
#[must_use]
pub fn card(scene: &Scene<'_>, case: &Case, conditions: &[ConditionNow]) -> Card {
    let look = scene.look;
    Card {
        id: case.id.to_string(),
        number: case.number.clone(),
        title: title(scene, case),
        severity: case.severity.level(),
        severity_words: wording::severity(look.lang, case.severity.level()),
        blind: matches!(case.subject, Subject::Device(_) | Subject::Adapter(_)),
        need: need::need(case, look.now).map(|need| look.t(need.text())),
        why: why::line(scene, case),
        chips: chips(scene, case, conditions),
        seats: seats(case).map(|seat| parts::seat(scene, seat)).collect(),
        left: need::deciding_clock(case).filter(|_| case.state.is_live()).map(|due| parts::left(scene, due)),
        selected: false,
    }
}

/// Its live seats, the lead first.
fn seats(case: &Case) -> impl Iterator<Item = &Seat> {
    let of = |lead: bool| case.live_seats().filter(move |seat| (seat.role == Role::Lead) == lead);
    of(true).chain(of(false))
}

/// What and where: "中控室脱岗 · 国贸大厦 中控室".
#[must_use]
pub fn title(scene: &Scene<'_>, case: &Case) -> String {
    format!("{}{}{}", scene.kind(&case.kind), scene.look.dot(), scene.subject(case))
}

fn chips(scene: &Scene<'_>, case: &Case, conditions: &[ConditionNow]) -> Vec<Chip> {
    let look = scene.look;
    let mut chips: Vec<Chip> = Vec::new();
    if case.state.is_live() {
        for condition in conditions_of(case, conditions) {
            let mut own = parts::condition_chips(scene, condition);
            let link = case.episodes.iter().find(|link| condition.episode.as_ref() == Some(&link.episode));
            // An episode lasts through a moment of easing: the chip and the line must not say two things.
            if let Some(lasted) = link.filter(|_| condition.state == State::Present).map(|it| why::lasted(scene, it)) {
                for chip in own.iter_mut().filter(|chip| chip.tone == Tone::Present.name()) {
                    chip.lasted = Some(lasted.clone());
                }
            }
            chips.append(&mut own);
        }
        if chips.is_empty() && matches!(case.subject, Subject::Device(_) | Subject::Adapter(_)) && case.is_present() {
            let tone = if matches!(case.subject, Subject::Adapter(_)) { Tone::Unserved } else { Tone::Blind };
            chips.push(Chip::bare(tone.name(), look.t(tone.text())));
        }
        if !case.reports.is_empty() {
            let tone = Tone::Reported;
            let mut text = look.t(tone.text()).to_owned();
            if case.reports.len() > 1 {
                text = format!("{text} × {}", case.reports.len());
            }
            chips.push(Chip::bare(tone.name(), text));
        }
    }
    chips
}

/// A case as the whole of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseView {
    /// What its card says.
    pub card: Card,
    /// Its stage in words.
    pub state: &'static str,
    /// How it ended.
    pub outcome: Option<&'static str>,
    /// It is live.
    pub live: bool,
    /// Its version.
    pub version: u64,
    /// What it is about, as the stream names it.
    pub subject_key: String,
    /// The name and id of its grid cell.
    pub grid: Option<(String, String)>,
    /// Name and version of the rule that began it.
    pub rule: Option<String>,
    /// When it was filed.
    pub filed: When,
    /// When its state last changed.
    pub changed: When,
    /// What would end it.
    pub ends: Option<String>,
    /// Clause, values and hold.
    pub facts: Vec<FactRow>,
    /// What people reported, oldest first.
    pub reports: Vec<ReportRow>,
    /// Its clocks.
    pub clocks: Vec<ClockView>,
    /// Seats that were given back.
    pub past_seats: Vec<SeatView>,
    /// What happened, oldest first.
    pub entries: Vec<Entry>,
    /// What comes of itself.
    pub ahead: Vec<Ahead>,
    /// Pictures: id and when.
    pub photos: Vec<(String, Option<When>)>,
    /// What may be the same thing.
    pub maybe_same: Vec<SameRow>,
    /// What may be decided.
    pub decisions: Decisions,
    /// Asking another unit, seat by seat.
    pub moves: Vec<(SeatView, Option<Decision>)>,
}

/// Another case that may be about the same thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SameRow {
    /// The case.
    pub id: String,
    /// Its spoken number.
    pub number: String,
    /// What and where.
    pub title: String,
    /// Its stage in words.
    pub state: &'static str,
    /// How far away it is, where both places are known.
    pub metres: Option<String>,
}

fn same(scene: &Scene<'_>, case: &Case, other: &Case) -> SameRow {
    let look = scene.look;
    let apart = case.position.zip(other.position).map(|(here, there)| here.metres_to(there).round());
    SameRow {
        id: other.id.to_string(),
        number: other.number.clone(),
        title: title(scene, other),
        state: look.t(wording::case_state(other.state)),
        metres: apart.map(|metres| look.lang.pick(format!("相距 {metres} 米"), format!("{metres} m away"))),
    }
}

/// What is known of a case besides itself.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// Its journal, oldest first.
    pub events: &'a [CaseEvent],
    /// What the watch believes.
    pub conditions: &'a [ConditionNow],
    /// Those that may be about the same thing, as far as the reader may see them.
    pub same: &'a [Case],
}

/// Why it was filed, and what is seen since where that is something else.
fn facts(scene: &Scene<'_>, case: &Case, link: &EpisodeLink, conditions: &[ConditionNow]) -> Vec<FactRow> {
    let condition = conditions_of(case, conditions).into_iter().find(|condition| condition.rule == link.rule);
    let now = condition.filter(|_| case.state.is_live()).and_then(|condition| why::now(scene, condition));
    why::rows(scene, &link.reason).into_iter().chain(now).collect()
}

/// A case with its journal as the whole of itself.
#[must_use]
pub fn whole(scene: &Scene<'_>, case: &Case, known: Known<'_>) -> CaseView {
    let Known { events, conditions, .. } = known;
    let look = scene.look;
    let link = case.episodes.iter().rev().find(|link| link.ended.is_none()).or_else(|| case.episodes.last());
    let entries = timeline::entries(scene, case, events);
    let taken =
        |id: &str| entries.iter().find(|entry| entry.photo.as_deref() == Some(id)).map(|entry| entry.at.clone());
    CaseView {
        card: Card { selected: true, ..card(scene, case, conditions) },
        state: look.t(wording::case_state(case.state)),
        outcome: case.outcome.map(|outcome| look.t(wording::outcome(&case.subject, outcome))),
        live: case.state.is_live(),
        version: case.version,
        subject_key: case.subject.key(),
        grid: case.grid.as_ref().map(|grid| (scene.grid(grid), grid.to_string())),
        rule: link.map(|link| format!("{} v{}", scene.rule(&link.rule), link.rule_version)),
        filed: phrase::when(look, case.filed.micros()),
        changed: phrase::when(look, case.changed.micros()),
        ends: why::ends(scene, case),
        facts: link.map(|link| facts(scene, case, link, conditions)).unwrap_or_default(),
        reports: report::rows(scene, case),
        clocks: if case.state.is_live() { parts::clocks(scene, case) } else { Vec::new() },
        past_seats: case
            .seats
            .iter()
            .filter(|seat| seat.state == SeatState::Returned)
            .map(|seat| parts::seat(scene, seat))
            .collect(),
        ahead: timeline::ahead(scene, case, events),
        photos: case.photos.iter().map(|id| (id.to_string(), taken(id.as_str()))).collect(),
        entries,
        maybe_same: known.same.iter().map(|other| same(scene, case, other)).collect(),
        decisions: decision::decisions(scene, case),
        moves: seats(case)
            .map(|seat| parts::seat(scene, seat))
            .map(|seat| {
                let movable = seat.movable && case.state.is_live();
                let decision = movable.then(|| decision::redispatch(scene, &seat.id));
                (seat, decision)
            })
            .collect(),
    }
}
