//! The small things that look the same on every page: chips, seats and clocks.

use muster_domain::case::{Case, Clock, ClockKind, Seat, SeatState};
use muster_domain::condition::{State, Subject};
use muster_domain::id::UnitId;
use muster_domain::text::Words;
use muster_domain::time::{Filed, Span};

use crate::look::Look;
use crate::phrase::{self, When};
use crate::scene::{ConditionNow, Scene};
use crate::text::Text;
use crate::tone::{self, Tone};
use crate::wording;

/// How long something has been so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lasted {
    /// "6 分 12 秒".
    pub text: String,
    /// Ticks up from this instant (ms since 1970); over = not any more.
    pub since_ms: Option<i64>,
}

impl Lasted {
    /// Of what goes on.
    #[must_use]
    pub fn until_now(look: &Look, span: Span) -> Self {
        let since = (look.now.micros() - span.micros()) / 1_000;
        Self { since_ms: Some(since), ..Self::over(look, span) }
    }

    /// Of what has come to its end.
    #[must_use]
    pub fn over(look: &Look, span: Span) -> Self {
        Self { text: phrase::span(look.lang, span), since_ms: None }
    }
}

/// A state: colour, shape and word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chip {
    /// The class in style sheets.
    pub tone: &'static str,
    /// The word.
    pub text: String,
    /// How long it has been so, beside the word.
    pub lasted: Option<Lasted>,
    /// How long it must be so to count: "40 秒 / 1 分".
    pub of: Option<String>,
}

impl Chip {
    /// A chip that only says something.
    #[must_use]
    pub fn plain(text: impl Into<String>) -> Self {
        Self::bare("plain", text)
    }

    /// A state without how long it has been so.
    #[must_use]
    pub fn bare(tone: &'static str, text: impl Into<String>) -> Self {
        Self { tone, text: text.into(), lasted: None, of: None }
    }
}

/// The chip of a condition, with how long it has been so. What cannot be seen is never shown as well.
#[must_use]
pub fn condition_chips(scene: &Scene<'_>, condition: &ConditionNow) -> Vec<Chip> {
    let look = scene.look;
    let tone = match condition.subject {
        Subject::Device(_) if condition.state == State::Present => Tone::Blind,
        Subject::Adapter(_) if condition.state == State::Present => Tone::Unserved,
        _ => Tone::of(condition.state),
    };
    let mut chips = Vec::new();
    if condition.blind.is_some() {
        let silence = tone::silence(scene, condition);
        chips.push(Chip {
            tone: Tone::Blind.name(),
            text: look.t(Text::StateBlind).to_owned(),
            lasted: silence.map(|span| Lasted::until_now(look, span)),
            of: None,
        });
    }
    match (condition.blind.is_some(), tone) {
        (true, Tone::Unknown) => {}
        (true, Tone::Clear) => {
            chips.push(Chip::plain(format!("{} {}", look.t(Text::LastKnown), look.t(tone.text()))));
        }
        _ => {
            let lasted = tone::lasted(scene, condition);
            chips.push(Chip {
                tone: tone.name(),
                text: look.t(tone.text()).to_owned(),
                lasted: lasted.map(|span| Lasted::until_now(look, span)),
                of: needed(scene, condition).map(|needed| phrase::span(look.lang, needed)),
            });
        }
    }
    chips
}

/// How long what is only suspected or easing must hold before it counts.
#[must_use]
pub fn needed(scene: &Scene<'_>, condition: &ConditionNow) -> Option<Span> {
    let card = scene.book.rules.get(&condition.rule)?;
    match condition.state {
        State::Suspected => Some(card.hold),
        State::Easing => Some(card.clear.hold),
        _ => None,
    }
    .filter(|needed| *needed > Span::ZERO)
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
        why: match (&seat.why, &seat.unit) {
            (Some(why), Some(unit)) => why_this(scene, unit, why),
            (Some(why), None) => wording::named(look.lang, look.w(why)),
            (None, _) => String::new(),
        },
        phone: known.and_then(|unit| unit.phone.clone()),
        movable: matches!(seat.state, SeatState::Asked | SeatState::Accepted | SeatState::OnScene),
    }
}

/// Why a unit was chosen, without its name, which stands beside it.
#[must_use]
pub fn why_this(scene: &Scene<'_>, unit: &UnitId, why: &Words) -> String {
    let why = wording::named(scene.look.lang, scene.look.w(why));
    let name = scene.catalogue.units.get(unit).map_or("", |unit| unit.name.as_str());
    let rest = why.strip_prefix(name).map(|rest| rest.trim_start_matches(['：', ':', ' ']));
    rest.filter(|rest| !rest.is_empty()).map_or_else(|| why.clone(), str::to_owned)
}

/// A count, which may be of a part only.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counted {
    /// How many were seen.
    pub seen: usize,
    /// There may be more than that.
    pub more: bool,
}

impl std::fmt::Display for Counted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.seen, if self.more { "+" } else { "" })
    }
}

/// How long ago, for "3 秒前".
#[must_use]
pub fn ago(scene: &Scene<'_>, micros: i64) -> String {
    let lang = scene.look.lang;
    let span = phrase::span(lang, Span::from_micros(scene.look.now.micros().saturating_sub(micros)));
    lang.pick(format!("{span}前"), format!("{span} ago"))
}
