//! Why: the clause that decided, what was seen, and how long against how long.

use muster_domain::catalogue::Combine;
use muster_domain::condition::{Fact, Reason, State};
use muster_domain::record::Value;
use muster_domain::time::{Seen, Span};

use super::answer::combined;
use super::belief::Turn;
use super::condition::Condition;
use super::voice::Voice;
use crate::rulebook::{Clear, Rule};

/// The most facts in a reason.
const MAX_FACTS: usize = 16;

impl Condition {
    /// Why the state has just changed.
    pub(super) fn reason_of(&self, turn: Turn) -> Reason {
        let raising = matches!(turn.to, State::Suspected | State::Present);
        let needed = match (turn.from, turn.to, &self.rule.clear) {
            (State::Suspected, State::Present, _) => Some(self.rule.raise.hold),
            (State::Easing, State::Clear, Clear::When(clause)) => Some(clause.hold),
            (State::Present, State::Clear, Clear::Quiet(quiet)) => Some(*quiet),
            _ => None,
        };
        Reason {
            clause: clause(&self.rule, raising),
            facts: self.facts(turn.at),
            held: needed.map(|needed| needed.min(Span::from_micros(turn.held))),
            needed,
        }
    }

    /// Why the episode under way stands.
    pub(super) fn reason_now(&self) -> Reason {
        let needed = Some(self.rule.raise.hold);
        let at = self.belief.seen.unwrap_or(self.belief.since);
        Reason { clause: clause(&self.rule, true), facts: self.facts(at), held: needed, needed }
    }

    /// What the sources that count at an instant said, and the properties it was compared with.
    fn facts(&self, at: i64) -> Vec<Fact> {
        let used = self.rule.used_fields();
        let field = |slot: usize, value: &Value, voice: Option<&Voice>| Fact {
            name: self.rule.scope.fields[slot].0.clone(),
            value: value.clone(),
            device: voice.map(|voice| voice.device.clone()),
            source: voice.and_then(|voice| voice.source.clone()),
            seen: voice.and_then(|voice| voice.said_at).map(Seen::from_micros),
        };
        let mut facts = Vec::new();
        if matches!(self.combine, Combine::Max | Combine::Sum) {
            let values = combined(&self.voices, self.combine, self.rule.scope.fields.len());
            facts.extend(used.iter().filter_map(|slot| Some(field(*slot, values.get(*slot)?.as_ref()?, None))));
        }
        // A hold may be met at the very instant at which coverage ends: then the instant before counts.
        for voice in self.voices.iter().filter(|voice| voice.covers(at) || voice.covers(at - 1)) {
            let said =
                used.iter().filter_map(|slot| Some(field(*slot, voice.values.get(*slot)?.as_ref()?, Some(voice))));
            facts.extend(said);
        }
        for slot in self.rule.raise.when.props() {
            if let Some(value) = self.props.get(slot).and_then(Option::as_ref) {
                let name = format!("place.{}", self.rule.scope.props[slot].0);
                facts.push(Fact { name, value: value.clone(), device: None, source: None, seen: None });
            }
        }
        facts.truncate(MAX_FACTS);
        facts
    }
}

fn clause(rule: &Rule, raising: bool) -> String {
    match &rule.clear {
        _ if raising => rule.raise.when.text().to_owned(),
        Clear::When(clause) => clause.when.text().to_owned(),
        Clear::Quiet(quiet) => format!("quiet for {quiet}"),
        Clear::ByPerson => "a person".to_owned(),
    }
}
