//! Which cases wait for a person at the desk, why, and in which order.

use muster_domain::case::{Case, CaseState, ClockKind, SeatState};
use muster_domain::time::Filed;

use crate::text::Text;

/// Why a case waits for a person at the desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Need {
    /// It is handled, and nothing sees whether it is well.
    Check,
    /// A seat is wanted, and there is nobody to ask.
    Route,
    /// Nobody knows where it is.
    Locate,
    /// A time that people were given has run out.
    Late,
    /// The coordination post holds a seat for want of a route.
    Fallback,
    /// It is new and urgent, and nobody has taken note.
    Look,
}

impl Need {
    /// The words for it.
    #[must_use]
    pub const fn text(self) -> Text {
        match self {
            Self::Check => Text::NeedCheck,
            Self::Route => Text::NeedRoute,
            Self::Locate => Text::NeedLocate,
            Self::Late => Text::NeedLate,
            Self::Fallback => Text::NeedFallback,
            Self::Look => Text::NeedLook,
        }
    }
}

/// From this severity on a new case wants somebody at the desk to take note.
const LOOK_FROM: u8 = 4;

/// What a live case needs of the desk, the most pressing first; `None` = it is in good hands.
#[must_use]
pub fn need(case: &Case, now: Filed) -> Option<Need> {
    if !case.state.is_live() {
        return None;
    }
    let lapsed =
        |kind: ClockKind| case.clocks.iter().any(|clock| clock.kind == kind && (clock.lapsed || clock.due <= now));
    // The watch checks while its clock runs; without one, or once it has run out, only a person can.
    let watched =
        case.is_watched() && case.clocks.iter().any(|clock| clock.kind == ClockKind::PostCheck && !clock.lapsed);
    if case.state == CaseState::Handled && !watched {
        Some(Need::Check)
    } else if case.live_seats().any(|seat| seat.state == SeatState::Wanted && seat.why.is_some()) {
        Some(Need::Route)
    } else if case.is_unlocated() {
        Some(Need::Locate)
    } else if lapsed(ClockKind::Arrive) || lapsed(ClockKind::Close) {
        Some(Need::Late)
    } else if case.live_seats().any(|seat| seat.fallback && seat.state == SeatState::Asked) {
        Some(Need::Fallback)
    } else if case.acknowledged.is_none() && case.severity.level() >= LOOK_FROM {
        Some(Need::Look)
    } else {
        None
    }
}

/// Seconds to the clock that decides: the most overdue one, else the next one; negative = late.
#[must_use]
pub fn seconds_left(case: &Case, now: Filed) -> Option<i64> {
    deciding_clock(case).map(|due| (due.micros() - now.micros()).div_euclid(1_000_000))
}

/// When the clock that decides runs out.
#[must_use]
pub fn deciding_clock(case: &Case) -> Option<Filed> {
    case.clocks.iter().map(|clock| clock.due).min()
}

/// How pressing a case is: severity times time left. Each level weighs four times the one below; a case twice as near
/// to its limit weighs twice as much; half a minute before the limit and later nothing grows any more but lateness.
#[must_use]
pub fn pressure(case: &Case, now: Filed) -> u64 {
    const NO_CLOCK_SECS: i64 = 4 * 3_600;
    const FLOOR_SECS: i64 = 30;
    let left = seconds_left(case, now).unwrap_or(NO_CLOCK_SECS);
    let weight = 4_u64.pow(u32::from(case.severity.level()));
    let lateness = u64::try_from((-left).clamp(0, 86_400)).unwrap_or(0);
    weight * 86_400 / u64::try_from(left.max(FLOOR_SECS)).unwrap_or(1) + lateness
}

/// Cases in the order of the queue: the most pressing first, the older first among equals.
#[must_use]
pub fn ranked(mut cases: Vec<&Case>, now: Filed) -> Vec<&Case> {
    cases.sort_by_key(|case| (std::cmp::Reverse(pressure(case, now)), case.filed, case.id.clone()));
    cases
}
