//! The compiled clause: a closed tree over slots, without a name in it.

use std::cmp::Ordering;

use muster_domain::record::Value;

/// A compiled piece of a clause.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Constant(Value),
    Field(u16),
    Prop(u16),
    Not(Box<Node>),
    And(Box<[Node; 2]>),
    Or(Box<[Node; 2]>),
    If(Box<[Node; 3]>),
    Compare(Compare, Box<[Node; 2]>),
    Compute(Compute, Box<[Node; 2]>),
    Minus(Box<Node>),
    OneOf(Box<Node>, Vec<Value>),
    Text(TextTest, Box<[Node; 2]>),
    Size(Box<Node>),
    Outcome(Asked, String),
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compare {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

/// How two numbers make a third.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compute {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
}

/// What is asked of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextTest {
    StartsWith,
    EndsWith,
    Contains,
}

/// What a ladder's clause asks about a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Asked {
    /// Somebody answered it.
    Answered,
    /// It reached the other side.
    Delivered,
    /// It could not be delivered, or expired before it was.
    Failed,
}

/// A value while a clause is computed, borrowed wherever it comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Scalar<'a> {
    Int(i64),
    Number(f64),
    Bool(bool),
    Text(&'a str),
}

/// What a clause is computed over.
pub(super) struct Inputs<'a> {
    pub(super) fields: &'a [Option<Value>],
    pub(super) props: &'a [Option<Value>],
    pub(super) asked: &'a dyn Fn(Asked, &str) -> bool,
}

impl Node {
    /// What it comes to; `None` is CEL's error.
    pub(super) fn value<'a>(&'a self, inputs: &Inputs<'a>) -> Option<Scalar<'a>> {
        match self {
            Self::Constant(value) => Some(Scalar::of(value)),
            Self::Field(slot) => inputs.fields.get(usize::from(*slot))?.as_ref().map(Scalar::of),
            Self::Prop(slot) => inputs.props.get(usize::from(*slot))?.as_ref().map(Scalar::of),
            Self::Not(inner) => Some(Scalar::Bool(!inner.truth(inputs)?)),
            Self::And(sides) => both(&sides[0], &sides[1], inputs, false),
            Self::Or(sides) => both(&sides[0], &sides[1], inputs, true),
            Self::If(parts) => parts[if parts[0].truth(inputs)? { 1 } else { 2 }].value(inputs),
            Self::Compare(how, sides) => {
                Some(Scalar::Bool(how.holds(sides[0].value(inputs)?, sides[1].value(inputs)?)?))
            }
            Self::Compute(how, sides) => how.result(sides[0].value(inputs)?, sides[1].value(inputs)?),
            Self::Minus(inner) => match inner.value(inputs)? {
                Scalar::Int(n) => n.checked_neg().map(Scalar::Int),
                Scalar::Number(n) => Some(Scalar::Number(-n)),
                _ => None,
            },
            Self::OneOf(item, list) => {
                let item = item.value(inputs)?;
                let found = list.iter().any(|one| Compare::Equal.holds(item, Scalar::of(one)) == Some(true));
                Some(Scalar::Bool(found))
            }
            Self::Text(test, sides) => match (sides[0].value(inputs)?, sides[1].value(inputs)?) {
                (Scalar::Text(text), Scalar::Text(part)) => Some(Scalar::Bool(match test {
                    TextTest::StartsWith => text.starts_with(part),
                    TextTest::EndsWith => text.ends_with(part),
                    TextTest::Contains => text.contains(part),
                })),
                _ => None,
            },
            Self::Size(inner) => match inner.value(inputs)? {
                Scalar::Text(text) => i64::try_from(text.chars().count()).ok().map(Scalar::Int),
                _ => None,
            },
            Self::Outcome(asked, name) => Some(Scalar::Bool((inputs.asked)(*asked, name))),
        }
    }

    fn truth<'a>(&'a self, inputs: &Inputs<'a>) -> Option<bool> {
        match self.value(inputs)? {
            Scalar::Bool(b) => Some(b),
            _ => None,
        }
    }

    /// Visits this piece and all below it, from left to right.
    pub(super) fn each<'a>(&'a self, visit: &mut dyn FnMut(&'a Self)) {
        visit(self);
        match self {
            Self::Not(inner) | Self::Minus(inner) | Self::Size(inner) | Self::OneOf(inner, _) => inner.each(visit),
            Self::And(sides)
            | Self::Or(sides)
            | Self::Compare(_, sides)
            | Self::Compute(_, sides)
            | Self::Text(_, sides) => sides.iter().for_each(|side| side.each(visit)),
            Self::If(parts) => parts.iter().for_each(|part| part.each(visit)),
            Self::Constant(_) | Self::Field(_) | Self::Prop(_) | Self::Outcome(..) => {}
        }
    }
}

/// `&&` and `||`: either side may decide alone, whatever the other is, even an error.
fn both<'a>(left: &'a Node, right: &'a Node, inputs: &Inputs<'a>, decides: bool) -> Option<Scalar<'a>> {
    let left = left.truth(inputs);
    if left == Some(decides) {
        return Some(Scalar::Bool(decides));
    }
    match (left, right.truth(inputs)) {
        (_, Some(right)) if right == decides => Some(Scalar::Bool(decides)),
        (Some(_), Some(_)) => Some(Scalar::Bool(!decides)),
        _ => None,
    }
}

impl<'a> Scalar<'a> {
    pub(super) fn of(value: &'a Value) -> Self {
        match value {
            Value::Int(n) => Self::Int(*n),
            Value::Number(n) => Self::Number(*n),
            Value::Bool(b) => Self::Bool(*b),
            Value::Text(text) => Self::Text(text),
        }
    }

    pub(super) fn to_value(self) -> Value {
        match self {
            Self::Int(n) => Value::Int(n),
            Self::Number(n) => Value::Number(n),
            Self::Bool(b) => Value::Bool(b),
            Self::Text(text) => Value::Text(text.to_owned()),
        }
    }

    /// How it stands to another value of the same type, or a whole number to any number.
    #[expect(clippy::cast_precision_loss, reason = "CEL compares a whole number with any number as numbers")]
    fn order(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => Some(a.cmp(&b)),
            (Self::Number(a), Self::Number(b)) => a.partial_cmp(&b),
            (Self::Int(a), Self::Number(b)) => (a as f64).partial_cmp(&b),
            (Self::Number(a), Self::Int(b)) => a.partial_cmp(&(b as f64)),
            (Self::Text(a), Self::Text(b)) => Some(a.cmp(b)),
            (Self::Bool(a), Self::Bool(b)) => Some(a.cmp(&b)),
            _ => None,
        }
    }
}

impl Compare {
    fn holds(self, left: Scalar<'_>, right: Scalar<'_>) -> Option<bool> {
        let order = left.order(right)?;
        Some(match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterEqual => order.is_ge(),
        })
    }

    pub(super) const fn opposite(self) -> Self {
        match self {
            Self::Equal => Self::NotEqual,
            Self::NotEqual => Self::Equal,
            Self::Less => Self::GreaterEqual,
            Self::LessEqual => Self::Greater,
            Self::Greater => Self::LessEqual,
            Self::GreaterEqual => Self::Less,
        }
    }
}

impl Compute {
    fn result<'a>(self, left: Scalar<'a>, right: Scalar<'a>) -> Option<Scalar<'a>> {
        match (left, right) {
            (Scalar::Int(a), Scalar::Int(b)) => match self {
                Self::Add => a.checked_add(b),
                Self::Subtract => a.checked_sub(b),
                Self::Multiply => a.checked_mul(b),
                Self::Divide => a.checked_div(b),
                Self::Modulo => a.checked_rem(b),
            }
            .map(Scalar::Int),
            (Scalar::Number(a), Scalar::Number(b)) => match self {
                Self::Add => Some(a + b),
                Self::Subtract => Some(a - b),
                Self::Multiply => Some(a * b),
                Self::Divide => Some(a / b),
                Self::Modulo => None,
            }
            .map(Scalar::Number),
            _ => None,
        }
    }
}
