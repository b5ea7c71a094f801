//! The small things that look the same on every page: chips, seats and clocks.

use muster_domain::case::{Case, Clock, ClockKind, Seat, SeatState};
use muster_domain::time::{Filed, Span};

use crate::phrase::{self, When};
use crate::scene::{ConditionNow, Scene};
use crate::text::Text;
use crate::tone::{self, Tone};
use crate::wording;

/// A state: colour, shape and word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chip {
    /// The class in style sheets.
    pub tone: &'static str,
    /// The word.
    pub text: String,
    /// Ticks up from this instant (ms since 1970), if it does.
    pub since_ms: Option<i64>,
    /// The duration beside the word.
    pub span: Option<String>,
}

impl Chip {
    /// A chip that only says something.
    #[must_use]
    pub fn plain(text: impl Into<String>) -> Self {
        Self { tone: "plain", text: text.into(), since_ms: None, span: None }
    }
}

/// The chip of a condition, with how long it has been so.
#[must_use]
pub fn condition_chips(scene: &Scene<'_>, condition: &ConditionNow) -> Vec<Chip> {
    let look = scene.look;
    let tone = Tone::of(condition.state);
    let mut chips = Vec::new();
    if tone != Tone::Unknown || condition.blind.is_none() {
        let (span, since_ms) = match (condition.state, condition.reason.held, condition.reason.needed) {
            (muster_domain::condition::State::Easing, Some(held), Some(needed)) => {
                (Some(format!("{} / {}", phrase::span(look.lang, held), phrase::span(look.lang, needed))), None)
            }
            _ => {
                let lasted = tone::lasted(scene, condition);
                let since = lasted.map(|span| (look.now.micros() - span.micros()) / 1_000);
                (lasted.map(|span| phrase::span(look.lang, span)), since)
            }
        };
        chips.push(Chip { tone: tone.name(), text: look.t(tone.text()).to_owned(), since_ms, span });
    }
    if condition.blind.is_some() {
        let silence = tone::silence(scene, condition);
        chips.push(Chip {
            tone: Tone::Blind.name(),
            text: look.t(Text::StateBlind).to_owned(),
            since_ms: silence.map(|span| (look.now.micros() - span.micros()) / 1_000),
            span: silence.map(|span| phrase::span(look.lang, span)),
        });
    }
    chips
}

/// Time left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// "02:48", late "−03:12".
    pub text: String,
    /// When it runs out, in ms since 1970, for the scripts that tick.
    pub due_ms: i64,
    /// When it runs out.
    pub due: When,
    /// It has run out.
    pub late: bool,
}

/// Time left until an instant.
#[must_use]
pub fn left(scene: &Scene<'_>, due: Filed) -> Left {
    let look = scene.look;
    let secs = (due.micros() - look.now.micros()).div_euclid(1_000_000);
    Left {
        text: phrase::countdown(look.lang, secs),
        due_ms: due.micros() / 1_000,
        due: phrase::when(look, due.micros()),
        late: secs < 0,
    }
}

/// A clock with its bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockView {
    /// What it limits.
    pub name: &'static str,
    /// Whose clock it is.
    pub whose: Option<String>,
    /// Time left.
    pub left: Left,
    /// When it was started, in ms since 1970.
    pub started_ms: i64,
    /// How much of it is used, 0 to 100.
    pub used: u8,
    /// `late`, `soon` (80 % used) or nothing.
    pub tone: &'static str,
}

/// The clocks of a case in the order of its life.
#[must_use]
pub fn clocks(scene: &Scene<'_>, case: &Case) -> Vec<ClockView> {
    let mut running: Vec<&Clock> = case.clocks.iter().collect();
    running.sort_by_key(|clock| (clock.kind != ClockKind::Accept, clock.kind == ClockKind::Close, clock.due));
    running.into_iter().map(|clock| clock_view(scene, case, clock)).collect()
}

fn clock_view(scene: &Scene<'_>, case: &Case, clock: &Clock) -> ClockView {
    let now = scene.look.now;
    let whole = clock.due.since(clock.started).micros().max(1);
    let used = now.since(clock.started).micros().saturating_mul(100) / whole;
    let unit = clock.seat.as_ref().and_then(|id| case.seat(id)).and_then(|seat| seat.unit.as_ref());
    ClockView {
        name: scene.look.t(wording::clock(clock.kind)),
        whose: unit.map(|unit| scene.unit(unit)),
        left: left(scene, clock.due),
        started_ms: clock.started.micros() / 1_000,
        used: u8::try_from(used.clamp(0, 100)).unwrap_or(100),
        tone: if clock.due < now {
            "late"
        } else if used >= 80 {
            "soon"
        } else {
            ""
        },
    }
}

/// A seat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeatView {
    /// Its id.
    pub id: String,
    /// Lead or assist.
    pub role: &'static str,
    /// `want`, `ask`, `yes` or `no`: its shape ○ ◐ ● ✕.
    pub tone: &'static str,
    /// The shape.
    pub glyph: &'static str,
    /// The unit; where there is none, the competence that is looked for.
    pub unit: String,
    /// Where it stands.
    pub state: &'static str,
    /// Since when.
    pub since: When,
    /// Why this unit, or why none.
    pub why: String,
    /// The number the desk calls.
    pub phone: Option<String>,
    /// The desk may ask another unit.
    pub movable: bool,
}

/// A seat as the desk sees it.
#[must_use]
pub fn seat(scene: &Scene<'_>, seat: &Seat) -> SeatView {
    let look = scene.look;
    let nobody = seat.state == SeatState::Wanted && seat.why.is_some();
    let (tone, glyph) = match seat.state {
        _ if nobody => ("no", "✕"),
        SeatState::Wanted => ("want", "○"),
        SeatState::Asked => ("ask", "◐"),
        SeatState::Accepted | SeatState::OnScene | SeatState::Done => ("yes", "●"),
        SeatState::Returned => ("no", "✕"),
    };
    let competence = wording::competence(look.lang, seat.competence.as_str());
    let known = seat.unit.as_ref().and_then(|unit| scene.catalogue.units.get(unit));
    SeatView {
        id: seat.id.to_string(),
        role: look.t(wording::role(seat.role)),
        tone,
        glyph,
        unit: seat.unit.as_ref().map_or(competence, |unit| scene.unit(unit)),
        state: look.t(if nobody { Text::SeatNone } else { wording::seat_state(seat.state) }),
        since: phrase::when(look, seat.changed.micros()),
        why: seat.why.as_ref().map(|why| look.w(why).to_owned()).unwrap_or_default(),
        phone: known.and_then(|unit| unit.phone.clone()),
        movable: matches!(seat.state, SeatState::Asked | SeatState::Accepted | SeatState::OnScene),
    }
}

/// How long ago, for "3 秒前".
#[must_use]
pub fn ago(scene: &Scene<'_>, micros: i64) -> String {
    let lang = scene.look.lang;
    let span = phrase::span(lang, Span::from_micros(scene.look.now.micros().saturating_sub(micros)));
    lang.pick(format!("{span}前"), format!("{span} ago"))
}
