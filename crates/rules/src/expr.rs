//! `when` clauses: CEL text, parsed with bounds, checked against types, compiled to a small closed tree over slots.
//!
//! Only what a watch needs is accepted: comparisons, arithmetic, `&&`, `||`, `!`, `? :`, `in` a list of constants and
//! three tests on texts. What CEL calls an error (a value that is absent, an overflow) makes the whole clause say
//! nothing, and, as in CEL, `false && error` is false and `true || error` is true.

mod check;
mod node;
mod scan;
mod show;

pub use node::Asked;
use node::{Inputs, Node, Scalar};

use muster_domain::catalogue::ValueType;
use muster_domain::record::Value;

/// The longest clause, in bytes.
pub const MAX_EXPR_BYTES: usize = 2_000;
/// The deepest nesting of brackets and `? :`.
pub const MAX_EXPR_DEPTH: usize = 32;
/// The most operators and brackets in one clause.
pub const MAX_EXPR_SYMBOLS: usize = 256;

/// The names that a clause may use, each with its type; the position of a name is its slot.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scope {
    /// Values of the observation, written as they are.
    pub fields: Vec<(String, ValueType)>,
    /// Properties of the place, written `place.name`.
    pub props: Vec<(String, ValueType)>,
    /// Whether `answered('x')`, `delivered('x')` and `failed('x')` may be asked.
    pub outcomes: bool,
}

/// A clause that was parsed, checked and compiled. Equal when written alike.
#[derive(Debug, Clone)]
pub struct Expr {
    text: String,
    node: Node,
}

/// Why a text is no clause, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}; {hint}")]
pub struct ExprError {
    /// The byte of the text at which it stands.
    pub at: usize,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

/// One comparison of a clause with what it came to: the smallest thing that can be explained.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    /// The comparison as text, such as `persons == 0`.
    pub text: String,
    /// What it came to; `None` when a value is absent.
    pub holds: Option<bool>,
    /// Its left side and its right side, as far as they have values.
    pub sides: (Option<Value>, Option<Value>),
    /// What would turn it round, such as `persons != 0`.
    pub flip: String,
}

impl Expr {
    /// Parses, checks and compiles a clause that must be true or false.
    ///
    /// # Errors
    /// [`ExprError`] with the place in the text where it is too long, too deep, not CEL, of the wrong type, or CEL
    /// that a clause may not use.
    pub fn compile(text: &str, scope: &Scope) -> Result<Self, ExprError> {
        scan::bounds(text)?;
        let parsed = check::parse(text)?;
        let node = check::clause(&parsed, scope)?;
        Ok(Self { text: text.trim().to_owned(), node })
    }

    /// The clause as written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it holds for these values, each slot as in its [`Scope`]; `None` when a value it needs is absent.
    #[must_use]
    pub fn test(&self, fields: &[Option<Value>], props: &[Option<Value>]) -> Option<bool> {
        let inputs = Inputs { fields, props, asked: &|_, _| false };
        match self.node.value(&inputs)? {
            Scalar::Bool(b) => Some(b),
            _ => None,
        }
    }

    /// Whether it holds for what became of the calls so far.
    #[must_use]
    pub fn test_outcomes(&self, asked: &dyn Fn(Asked, &str) -> bool, props: &[Option<Value>]) -> bool {
        let inputs = Inputs { fields: &[], props, asked };
        matches!(self.node.value(&inputs), Some(Scalar::Bool(true)))
    }

    /// The opposite clause, `!(…)`.
    #[must_use]
    pub fn negated(&self) -> Self {
        Self { text: format!("!({})", self.text), node: Node::Not(Box::new(self.node.clone())) }
    }

    /// The slots of the observation's values that it uses, in order.
    #[must_use]
    pub fn fields(&self) -> Vec<usize> {
        let mut slots = Vec::new();
        self.node.each(&mut |node| {
            if let Node::Field(slot) = node {
                slots.push(usize::from(*slot));
            }
        });
        slots.sort_unstable();
        slots.dedup();
        slots
    }

    /// The slots of the place's properties that it uses, in order.
    #[must_use]
    pub fn props(&self) -> Vec<usize> {
        let mut slots = Vec::new();
        self.node.each(&mut |node| {
            if let Node::Prop(slot) = node {
                slots.push(usize::from(*slot));
            }
        });
        slots.sort_unstable();
        slots.dedup();
        slots
    }

    /// The names of the calls whose outcome it asks for.
    #[must_use]
    pub fn calls(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.node.each(&mut |node| {
            if let Node::Outcome(_, name) = node {
                names.push(name.as_str());
            }
        });
        names
    }

    /// Each comparison in it with what it comes to for these values.
    #[must_use]
    pub fn terms(&self, scope: &Scope, fields: &[Option<Value>], props: &[Option<Value>]) -> Vec<Term> {
        let inputs = Inputs { fields, props, asked: &|_, _| false };
        let mut terms = Vec::new();
        self.node.each(&mut |node| {
            if let Some(term) = show::term(node, scope, &inputs) {
                terms.push(term);
            }
        });
        terms
    }
}

impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.node == other.node
    }
}

#[cfg(test)]
mod tests;
