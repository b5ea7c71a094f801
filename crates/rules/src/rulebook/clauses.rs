//! What a source says, in the words of one rule.

use muster_domain::catalogue::ValueType;
use muster_domain::record::{Value, ValueName};

use super::{Clear, Rule};

/// What a source, or all of them together, say about a condition (ENGINE §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Says {
    /// It is so.
    So,
    /// It is not so.
    NotSo,
    /// Neither one nor the other.
    #[default]
    Neither,
}

impl Rule {
    /// An observation's values in the slots of the rule's scope; a value of another type is absent.
    pub fn slots(&self, values: &[(ValueName, Value)]) -> impl Iterator<Item = Option<Value>> {
        let find = |name: &str| values.iter().find(|(known, _)| known == name).map(|(_, value)| value);
        self.scope.fields.iter().map(move |(name, kind)| find(name).and_then(|value| as_type(value, *kind)))
    }

    /// What these values say: so if `raise.when` holds, not so if `clear.when` does; if both, so.
    #[must_use]
    pub fn says(&self, fields: &[Option<Value>], props: &[Option<Value>]) -> Says {
        if self.raise.when.test(fields, props) == Some(true) {
            return Says::So;
        }
        match &self.clear {
            Clear::When(clause) if clause.when.test(fields, props) == Some(true) => Says::NotSo,
            _ => Says::Neither,
        }
    }

    /// Whether each record is an impulse, which has no "not so" (ENGINE §5).
    #[must_use]
    pub const fn is_impulse(&self) -> bool {
        !matches!(self.clear, Clear::When(_))
    }

    /// The slots of the values that its clauses use, in order.
    #[must_use]
    pub fn used_fields(&self) -> Vec<usize> {
        let mut slots = self.raise.when.fields();
        if let Clear::When(clause) = &self.clear {
            slots.extend(clause.when.fields());
        }
        slots.sort_unstable();
        slots.dedup();
        slots
    }

    /// Whether every value that its clauses use is a number, and there is one: only then `max` and `sum` mean anything.
    #[must_use]
    pub fn compares_numbers(&self) -> bool {
        let used = self.used_fields();
        let number = |slot: &usize| matches!(self.scope.fields[*slot].1, ValueType::Int | ValueType::Number);
        !used.is_empty() && used.iter().all(number)
    }
}

/// The value as this type; a whole number is a number as well.
#[expect(clippy::cast_precision_loss, reason = "a count beyond 2^53 is not something that a camera sees")]
pub(super) fn as_type(value: &Value, kind: ValueType) -> Option<Value> {
    match (value, kind) {
        (Value::Int(n), ValueType::Number) => Some(Value::Number(*n as f64)),
        (Value::Int(_), ValueType::Int)
        | (Value::Number(_), ValueType::Number)
        | (Value::Bool(_), ValueType::Bool)
        | (Value::Text(_), ValueType::Text) => Some(value.clone()),
        _ => None,
    }
}
