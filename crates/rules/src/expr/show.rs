//! Clauses back as text, for people who ask why.

use std::fmt::Write;

use muster_domain::record::Value;

use super::node::{Asked, Compare, Compute, Inputs, Node, Scalar, TextTest};
use super::{Scope, Term};

/// The comparison that this piece is, if it is one, or a yes-or-no value standing by itself.
pub(super) fn term(node: &Node, scope: &Scope, inputs: &Inputs<'_>) -> Option<Term> {
    let side = |node: &Node| node.value(inputs).map(Scalar::to_value);
    let (sides, flip) = match node {
        Node::Compare(how, sides) => {
            let (left, right) = (text(&sides[0], scope), text(&sides[1], scope));
            ((side(&sides[0]), side(&sides[1])), format!("{left} {} {right}", how.opposite().sign()))
        }
        Node::OneOf(item, _) => ((side(item), None), format!("!({})", text(node, scope))),
        Node::Text(_, sides) => ((side(&sides[0]), side(&sides[1])), format!("!({})", text(node, scope))),
        Node::Field(_) | Node::Prop(_) if matches!(node.value(inputs), Some(Scalar::Bool(_))) => {
            ((side(node), None), format!("!{}", text(node, scope)))
        }
        Node::Outcome(..) => ((None, None), format!("!{}", text(node, scope))),
        _ => return None,
    };
    let holds = match node.value(inputs) {
        Some(Scalar::Bool(b)) => Some(b),
        _ => None,
    };
    let text = text(node, scope);
    let flip = if holds == Some(true) { flip } else { text.clone() };
    Some(Term { text, holds, sides, flip })
}

/// A piece as CEL text.
pub(super) fn text(node: &Node, scope: &Scope) -> String {
    let mut out = String::new();
    write(node, scope, &mut out);
    out
}

fn write(node: &Node, scope: &Scope, out: &mut String) {
    let pair = |sides: &[Node; 2], sign: &str, out: &mut String| {
        bracketed(&sides[0], scope, out);
        let _ = write!(out, " {sign} ");
        bracketed(&sides[1], scope, out);
    };
    match node {
        Node::Constant(value) => constant(value, out),
        Node::Field(slot) => out.push_str(scope.fields.get(usize::from(*slot)).map_or("?", |(name, _)| name)),
        Node::Prop(slot) => {
            out.push_str("place.");
            out.push_str(scope.props.get(usize::from(*slot)).map_or("?", |(name, _)| name));
        }
        Node::Not(inner) => {
            out.push('!');
            bracketed(inner, scope, out);
        }
        Node::Minus(inner) => {
            out.push('-');
            bracketed(inner, scope, out);
        }
        Node::And(sides) => pair(sides, "&&", out),
        Node::Or(sides) => pair(sides, "||", out),
        Node::Compare(how, sides) => pair(sides, how.sign(), out),
        Node::Compute(how, sides) => pair(sides, how.sign(), out),
        Node::If(parts) => {
            bracketed(&parts[0], scope, out);
            out.push_str(" ? ");
            bracketed(&parts[1], scope, out);
            out.push_str(" : ");
            bracketed(&parts[2], scope, out);
        }
        Node::OneOf(item, list) => {
            bracketed(item, scope, out);
            out.push_str(" in [");
            for (n, value) in list.iter().enumerate() {
                out.push_str(if n == 0 { "" } else { ", " });
                constant(value, out);
            }
            out.push(']');
        }
        Node::Text(test, sides) => {
            bracketed(&sides[0], scope, out);
            let _ = write!(out, ".{}(", test.name());
            write(&sides[1], scope, out);
            out.push(')');
        }
        Node::Size(inner) => {
            out.push_str("size(");
            write(inner, scope, out);
            out.push(')');
        }
        Node::Outcome(asked, name) => {
            let _ = write!(out, "{}('{name}')", asked.name());
        }
    }
}

fn bracketed(node: &Node, scope: &Scope, out: &mut String) {
    let simple = matches!(
        node,
        Node::Constant(_) | Node::Field(_) | Node::Prop(_) | Node::Text(..) | Node::Size(_) | Node::Outcome(..)
    );
    if simple {
        return write(node, scope, out);
    }
    out.push('(');
    write(node, scope, out);
    out.push(')');
}

fn constant(value: &Value, out: &mut String) {
    let _ = match value {
        Value::Text(text) => write!(out, "{text:?}"),
        Value::Number(n) => write!(out, "{n:?}"),
        other => write!(out, "{other}"),
    };
}

impl Compare {
    const fn sign(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
        }
    }
}

impl Compute {
    const fn sign(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
        }
    }
}

impl TextTest {
    const fn name(self) -> &'static str {
        match self {
            Self::StartsWith => "startsWith",
            Self::EndsWith => "endsWith",
            Self::Contains => "contains",
        }
    }
}

impl Asked {
    /// The name of the function that asks it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }
}
