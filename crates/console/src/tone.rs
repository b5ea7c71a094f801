//! How a place stands, for the eye: one colour, one shape and one word, the same everywhere.

use muster_domain::case::Case;
use muster_domain::condition::{State, Subject};
use muster_domain::id::CaseId;
use muster_domain::time::Span;

use crate::scene::{ConditionNow, Scene, case_at};
use crate::text::Text;
use crate::view::parts::Lasted;
use crate::view::why::Line;
use crate::wording;

/// How a place or case stands, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tone {
    /// It is so.
    Present,
    /// Somebody says so.
    Reported,
    /// It may be so.
    Suspected,
    /// It seems over.
    Easing,
    /// We cannot see.
    Blind,
    /// Nothing comes in by it.
    Unserved,
    /// Nothing was ever said.
    Unknown,
    /// It is not so.
    Clear,
}

impl Tone {
    /// Every tone, worst first.
    pub const ALL: [Self; 8] = [
        Self::Present,
        Self::Reported,
        Self::Suspected,
        Self::Easing,
        Self::Blind,
        Self::Unserved,
        Self::Unknown,
        Self::Clear,
    ];

    /// The name in style sheets.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::Reported => "reported",
            Self::Suspected => "suspected",
            Self::Easing => "easing",
            Self::Blind => "blind",
            Self::Unserved => "unserved",
            Self::Unknown => "unknown",
            Self::Clear => "clear",
        }
    }

    /// The word.
    #[must_use]
    pub const fn text(self) -> Text {
        match self {
            Self::Present => Text::StatePresent,
            Self::Reported => Text::StateReported,
            Self::Suspected => Text::StateSuspected,
            Self::Easing => Text::StateEasing,
            Self::Blind => Text::StateBlind,
            Self::Unserved => Text::StateUnserved,
            Self::Unknown => Text::StateUnknown,
            Self::Clear => Text::StateClear,
        }
    }

    /// The tone of a state of belief.
    #[must_use]
    pub const fn of(state: State) -> Self {
        match state {
            State::Present => Self::Present,
            State::Suspected => Self::Suspected,
            State::Easing => Self::Easing,
            State::Unknown => Self::Unknown,
            State::Clear => Self::Clear,
        }
    }

    /// The tone of a condition: blindness shows unless something worse is believed.
    #[must_use]
    pub fn of_condition(condition: &ConditionNow) -> Self {
        let believed = Self::of(condition.state);
        if condition.blind.is_some() { believed.min(Self::Blind) } else { believed }
    }
}

/// How a place stands: the worst of what is believed about it.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    /// The worst tone.
    pub tone: Tone,
    /// Nothing covers it, whatever is believed.
    pub blind: bool,
    /// The condition that is worst.
    pub condition: Option<&'a ConditionNow>,
    /// The live case about it.
    pub case: Option<&'a CaseId>,
}

/// The standing of a subject.
#[must_use]
pub fn standing_of<'a>(subject: &Subject, conditions: &'a [ConditionNow], cases: &'a [Case]) -> Standing<'a> {
    let about = || conditions.iter().filter(|condition| condition.subject == *subject);
    let worst = about().min_by_key(|condition| Tone::of_condition(condition));
    let case = case_at(cases, subject);
    let seen = worst.map_or(Tone::Unknown, Tone::of_condition);
    let reported = case.is_some_and(|id| cases.iter().any(|case| case.id == *id && !case.reports.is_empty()));
    Standing {
        tone: if reported { seen.min(Tone::Reported) } else { seen },
        blind: about().any(|condition| condition.blind.is_some()),
        condition: worst,
        case,
    }
}

impl Standing<'_> {
    /// "存在 10 分 12 秒": the second line of a name on the map.
    #[must_use]
    pub fn short(&self, scene: &Scene<'_>) -> Line {
        let look = scene.look;
        let (word, joint) = (look.t(self.tone.text()), look.lang.pick(" ", " · "));
        let span = self.condition.and_then(|condition| match self.tone {
            Tone::Blind => silence(scene, condition),
            tone if tone < Tone::Blind => lasted(scene, condition),
            _ => None,
        });
        let unseen = self.blind && self.tone < Tone::Blind;
        Line {
            before: if span.is_some() { format!("{word}{joint}") } else { word.to_owned() },
            lasted: span.map(|span| Lasted::until_now(look, span)),
            after: if unseen { format!("{joint}{}", look.t(Text::StateBlind)) } else { String::new() },
        }
    }

    /// State and what was seen, for hover.
    #[must_use]
    pub fn line(&self, scene: &Scene<'_>) -> String {
        let seen = self.condition.map(|condition| wording::seen(scene.look.lang, &condition.reason.facts));
        match seen.filter(|seen| !seen.is_empty()) {
            Some(seen) => format!("{}{}{seen}", self.short(scene), scene.look.dot()),
            None => self.short(scene).to_string(),
        }
    }
}

/// How long it has been as it is, what held before the change included.
#[must_use]
pub fn lasted(scene: &Scene<'_>, condition: &ConditionNow) -> Option<Span> {
    let since = Span::from_micros(scene.look.now.micros().saturating_sub(condition.since?.micros()));
    match (condition.state, condition.reason.held) {
        (State::Present, Some(held)) => Some(since.plus(held)),
        _ => Some(since),
    }
}

/// How long nothing has covered it.
#[must_use]
pub fn silence(scene: &Scene<'_>, condition: &ConditionNow) -> Option<Span> {
    let since = condition.blind.as_ref()?.since?;
    Some(Span::from_micros(scene.look.now.micros().saturating_sub(since.micros())))
}
