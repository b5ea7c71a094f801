//! How several sources of a place give one answer (ENGINE §3).

use std::collections::BTreeSet;

use muster_domain::catalogue::Combine;
use muster_domain::id::DeviceId;
use muster_domain::record::{Value, ValueName};
use muster_domain::time::Seen;

use super::cover::Sources;
use super::setting::Setting;
use crate::rulebook::Says;

/// The answer of a place at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    So,
    NotSo,
    /// No source covers, or they disagree in a way that answers nothing.
    None,
}

/// The answer with what it rests on.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) answer: Answer,
    /// The covering sources that say so.
    pub(super) sayers: BTreeSet<DeviceId>,
}

/// Judges the place at an instant for a condition with these witnesses.
pub(super) fn judge(sources: &Sources, at: Seen, witnesses: &BTreeSet<DeviceId>, setting: &Setting) -> Judged {
    let said = |device: &DeviceId| sources.get(device).and_then(|source| source.says(at, setting));
    let verdicts: Vec<(&DeviceId, Says)> =
        sources.keys().filter_map(|device| Some((device, setting.says(said(device)?)))).collect();
    let sayers = verdicts.iter().filter(|(_, v)| *v == Says::So).map(|(device, _)| (*device).clone()).collect();
    let all_so_far = |wanted: Says| verdicts.iter().all(|(_, verdict)| *verdict == wanted);
    let some = |wanted: Says| verdicts.iter().any(|(_, verdict)| *verdict == wanted);
    // §3: "`all`, `max` and `sum` … covered while every declared source covers".
    let declared: Option<Vec<&[(ValueName, Value)]>> = setting.sources.keys().map(said).collect();
    let answer = match (setting.combine, declared) {
        // §5: an impulse "has no not so"; what is asked of it is quiet, covered.
        _ if setting.rule.is_impulse() => {
            let quiet = !verdicts.is_empty() && witnesses.iter().all(|witness| said(witness).is_some());
            if quiet { Answer::NotSo } else { Answer::None }
        }
        // §3: so = "some covering source says so"; not so = "at least one source covers, every covering source says
        // not so, and every witness covers".
        (Combine::Any, _) if some(Says::So) => Answer::So,
        (Combine::Any, _) => {
            let covered = !verdicts.is_empty() && witnesses.iter().all(|witness| said(witness).is_some());
            if covered && all_so_far(Says::NotSo) { Answer::NotSo } else { Answer::None }
        }
        (_, None) => Answer::None,
        (Combine::All, Some(_)) if all_so_far(Says::So) => Answer::So,
        (Combine::All, Some(_)) if some(Says::NotSo) => Answer::NotSo,
        (Combine::All, Some(_)) => Answer::None,
        (how @ (Combine::Max | Combine::Sum), Some(words)) => {
            match setting.says_together(&combined(how, &words, setting)) {
                Says::So => Answer::So,
                Says::NotSo => Answer::NotSo,
                Says::Neither => Answer::None,
            }
        }
    };
    Judged { answer, sayers }
}

/// The next instant after `at` at which some coverage ends.
pub(super) fn next_end(sources: &Sources, at: Seen, setting: &Setting) -> Option<Seen> {
    let ends = sources.values().filter_map(|source| source.until(setting));
    ends.filter(|end| *end > at).min()
}

/// The combined value of each field, slot by slot; absent where a source does not give it as a number.
fn combined(how: Combine, words: &[&[(ValueName, Value)]], setting: &Setting) -> Vec<Option<Value>> {
    let mut slots = words.iter().map(|word| setting.rule.slots(word).collect::<Vec<_>>());
    let Some(first) = slots.next() else { return Vec::new() };
    slots.fold(first, |sum, word| sum.iter().zip(&word).map(|(a, b)| pair(how, a.as_ref()?, b.as_ref()?)).collect())
}

fn pair(how: Combine, a: &Value, b: &Value) -> Option<Value> {
    match (how, a, b) {
        (Combine::Max, Value::Int(a), Value::Int(b)) => Some(Value::Int(*a.max(b))),
        (Combine::Max, Value::Number(a), Value::Number(b)) => Some(Value::Number(a.max(*b))),
        (Combine::Sum, Value::Int(a), Value::Int(b)) => a.checked_add(*b).map(Value::Int),
        (Combine::Sum, Value::Number(a), Value::Number(b)) => Some(Value::Number(a + b)),
        _ => None,
    }
}
