//! What the sources of a place say together at one instant (ENGINE §3).

use muster_domain::catalogue::Combine;
use muster_domain::record::Value;

use super::voice::{FOR_EVER, Voice};
use crate::config::MAX_SOURCES;
use crate::rulebook::{Rule, Says};

/// The sources of one rule at one place.
pub(super) struct View<'a> {
    pub(super) rule: &'a Rule,
    pub(super) combine: Combine,
    pub(super) voices: &'a [Voice],
    /// What the combined value says, where one answer is made of all (`all`, `max`, `sum`).
    pub(super) together: Says,
}

/// What they say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// So, and these sources say it.
    So(u64),
    /// Not so.
    NotSo,
    /// For impulses: all that must be heard are heard, and nothing more came.
    Quiet,
    /// No answer.
    None,
}

impl View<'_> {
    /// The answer at an instant, for an episode with these witnesses.
    pub(super) fn answer(&self, at: i64, witnesses: u64) -> Answer {
        if self.rule.is_impulse() {
            return self.quiet(at, witnesses);
        }
        match self.combine {
            Combine::Any => self.any(at, witnesses),
            Combine::All | Combine::Max | Combine::Sum => {
                let covered = !self.voices.is_empty() && self.voices.iter().all(|voice| voice.covers(at));
                match self.together {
                    Says::So if covered => Answer::So(self.everyone()),
                    Says::NotSo if covered => Answer::NotSo,
                    _ => Answer::None,
                }
            }
        }
    }

    fn any(&self, at: i64, witnesses: u64) -> Answer {
        let (mut so, mut covers, mut all_not) = (0, 0, true);
        for (bit, voice) in bits().zip(self.voices).filter(|(_, voice)| voice.covers(at)) {
            covers |= bit;
            match voice.says {
                Says::So => so |= bit,
                Says::NotSo => {}
                Says::Neither => all_not = false,
            }
        }
        if so != 0 {
            Answer::So(so)
        } else if covers != 0 && all_not && witnesses & !covers == 0 {
            Answer::NotSo
        } else {
            Answer::None
        }
    }

    fn quiet(&self, at: i64, witnesses: u64) -> Answer {
        let covers = bits().zip(self.voices).filter(|(_, voice)| voice.covers(at)).fold(0, |all, (bit, _)| all | bit);
        if covers != 0 && witnesses & !covers == 0 { Answer::Quiet } else { Answer::None }
    }

    /// The next instant after this one at which the answer may change without a word.
    pub(super) fn boundary_after(&self, at: i64) -> i64 {
        self.voices.iter().map(|voice| voice.boundary_after(at)).min().unwrap_or(FOR_EVER)
    }

    /// All declared sources.
    pub(super) fn everyone(&self) -> u64 {
        bits().zip(self.voices).fold(0, |all, (bit, _)| all | bit)
    }
}

/// The bit of sources that a later configuration declares no longer: they never cover again.
pub(super) const GONE: u64 = 1 << MAX_SOURCES;

/// One bit for each source, in their order.
pub(super) fn bits() -> impl Iterator<Item = u64> {
    (0..MAX_SOURCES).map(|n| 1_u64 << n)
}

/// The one value made of all sources, slot by slot: the largest or the sum; absent where one of them lacks it.
pub(super) fn combined(voices: &[Voice], combine: Combine, slots: usize) -> Vec<Option<Value>> {
    (0..slots)
        .map(|slot| {
            let mut values = voices.iter().map(|voice| voice.values.get(slot).and_then(Option::as_ref));
            let first = values.next()??.clone();
            values.try_fold(first, |sum, value| joined(&sum, value?, combine))
        })
        .collect()
}

fn joined(a: &Value, b: &Value, combine: Combine) -> Option<Value> {
    match (a, b, combine) {
        (Value::Int(a), Value::Int(b), Combine::Sum) => a.checked_add(*b).map(Value::Int),
        (Value::Number(a), Value::Number(b), Combine::Sum) => Some(Value::Number(a + b)),
        (Value::Int(a), Value::Int(b), _) => Some(Value::Int(*a.max(b))),
        (Value::Number(a), Value::Number(b), _) => Some(Value::Number(a.max(*b))),
        _ => None,
    }
}

/// What all sources say together, for the combinations that make one answer.
pub(super) fn together(rule: &Rule, voices: &[Voice], combine: Combine, props: &[Option<Value>]) -> Says {
    match combine {
        Combine::Any => Says::Neither,
        Combine::All if voices.iter().all(|voice| voice.says == Says::So) => Says::So,
        Combine::All if voices.iter().any(|voice| voice.says == Says::NotSo) => Says::NotSo,
        Combine::All => Says::Neither,
        Combine::Max | Combine::Sum => rule.says(&combined(voices, combine, rule.scope.fields.len()), props),
    }
}
