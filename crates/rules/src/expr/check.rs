//! From CEL's syntax tree to ours: every name known, every type right, nothing that a clause may not use.

use cel::common::ast::{CallExpr, Expr as Cel, IdedExpr, LiteralValue, SourceInfo, operators};
use muster_domain::catalogue::ValueType;
use muster_domain::record::Value;

use super::node::{Asked, Compare, Compute, Node, TextTest};
use super::{ExprError, Scope};

/// CEL's tree with the places of its pieces in the text.
pub(super) struct Parsed {
    tree: IdedExpr,
    places: SourceInfo,
}

/// How much stack the parser gets: in a debug build it takes about 100 KiB for one pair of brackets.
const PARSER_STACK: usize = 16 << 20;

/// Parses a text that has passed the bounds, on a thread of its own because of the stack that it takes.
pub(super) fn parse(text: &str) -> Result<Parsed, ExprError> {
    let no_thread = || ExprError { at: 0, message: "no thread to read it on".into(), hint: "try again".into() };
    std::thread::scope(|scope| {
        let parser = std::thread::Builder::new().stack_size(PARSER_STACK);
        let parsing = parser.spawn_scoped(scope, || parse_here(text)).map_err(|_| no_thread())?;
        parsing.join().unwrap_or_else(|_| {
            Err(ExprError { at: 0, message: "not CEL".into(), hint: "write something like \"persons == 0\"".into() })
        })
    })
}

fn parse_here(text: &str) -> Result<Parsed, ExprError> {
    match cel::parser::Parser::new().parse_with_source_info(text) {
        Ok((tree, places)) => Ok(Parsed { tree, places }),
        Err(errors) => {
            let first = errors.errors.first();
            let column = first.and_then(|error| usize::try_from(error.pos.1).ok()).unwrap_or(0);
            let at = text.char_indices().nth(column.saturating_sub(1)).map_or(text.len(), |(at, _)| at);
            let said = first.map_or("cannot be read", |error| error.msg.as_str());
            let message = format!("not CEL: {}", said.chars().take(200).collect::<String>());
            Err(ExprError { at, message, hint: "write something like \"persons == 0 && place.required > 1\"".into() })
        }
    }
}

/// The compiled clause; it must be true or false.
pub(super) fn clause(parsed: &Parsed, scope: &Scope) -> Result<Node, ExprError> {
    let check = Check { places: &parsed.places, scope };
    let (node, kind) = check.node(&parsed.tree)?;
    if kind != ValueType::Bool {
        let message = format!("a clause is true or false, this is {}", name_of(kind));
        return Err(check.refuse(&parsed.tree, message, "compare it with something"));
    }
    Ok(node)
}

struct Check<'a> {
    places: &'a SourceInfo,
    scope: &'a Scope,
}

type Typed = (Node, ValueType);

impl Check<'_> {
    fn refuse(&self, at: &IdedExpr, message: impl Into<String>, hint: impl Into<String>) -> ExprError {
        let chars = self.places.offset_for(at.id).map_or(0, |(start, _)| start as usize);
        let at = self.places.source.char_indices().nth(chars).map_or(0, |(at, _)| at);
        ExprError { at, message: message.into(), hint: hint.into() }
    }

    fn node(&self, expr: &IdedExpr) -> Result<Typed, ExprError> {
        match &expr.expr {
            Cel::Literal(literal) => self.literal(expr, literal),
            Cel::Ident(name) => self.field(expr, name),
            Cel::Select(select) => match &select.operand.expr {
                Cel::Ident(root) if root == "place" && !select.test => self.prop(expr, &select.field),
                _ => Err(self.refuse(expr, "only the place has properties", "write place.name")),
            },
            Cel::Call(call) => self.call(expr, call),
            _ => Err(self.refuse(expr, "a clause cannot use this part of CEL", ALLOWED)),
        }
    }

    fn literal(&self, expr: &IdedExpr, literal: &LiteralValue) -> Result<Typed, ExprError> {
        Ok(match literal {
            LiteralValue::Boolean(b) => (Node::Constant(Value::Bool(*b.inner())), ValueType::Bool),
            LiteralValue::Int(n) => (Node::Constant(Value::Int(*n.inner())), ValueType::Int),
            LiteralValue::Double(n) => (Node::Constant(Value::Number(*n.inner())), ValueType::Number),
            LiteralValue::String(text) => (Node::Constant(Value::Text(text.inner().to_owned())), ValueType::Text),
            _ => return Err(self.refuse(expr, "a constant of a type that nothing has", ALLOWED)),
        })
    }

    fn field(&self, expr: &IdedExpr, name: &str) -> Result<Typed, ExprError> {
        match slot_of(&self.scope.fields, name) {
            Some((slot, kind)) => Ok((Node::Field(slot), kind)),
            None => Err(self.refuse(expr, format!("`{name}` is not a value here"), known("", &self.scope.fields))),
        }
    }

    fn prop(&self, expr: &IdedExpr, name: &str) -> Result<Typed, ExprError> {
        match slot_of(&self.scope.props, name) {
            Some((slot, kind)) => Ok((Node::Prop(slot), kind)),
            None => {
                let message = format!("the class of place has no property `{name}`");
                Err(self.refuse(expr, message, known("place.", &self.scope.props)))
            }
        }
    }

    fn call(&self, expr: &IdedExpr, call: &CallExpr) -> Result<Typed, ExprError> {
        let name = call.func_name.as_str();
        match (name, &call.target, call.args.as_slice()) {
            (operators::LOGICAL_NOT, None, [inner]) => {
                Ok((Node::Not(Box::new(self.of(inner, ValueType::Bool)?)), ValueType::Bool))
            }
            (operators::NEGATE, None, [inner]) => {
                let (node, kind) = self.number(inner)?;
                Ok((Node::Minus(Box::new(node)), kind))
            }
            (operators::LOGICAL_AND | operators::LOGICAL_OR, None, [left, right]) => {
                let sides = Box::new([self.of(left, ValueType::Bool)?, self.of(right, ValueType::Bool)?]);
                let node = if name == operators::LOGICAL_AND { Node::And(sides) } else { Node::Or(sides) };
                Ok((node, ValueType::Bool))
            }
            (operators::CONDITIONAL, None, [test, then, other]) => self.choice(expr, test, then, other),
            (operators::IN, None, [item, list]) => self.one_of(item, list),
            ("size", None, [inner]) => Ok((Node::Size(Box::new(self.of(inner, ValueType::Text)?)), ValueType::Int)),
            ("startsWith" | "endsWith" | "contains", Some(text), [part]) => {
                let test = match name {
                    "startsWith" => TextTest::StartsWith,
                    "endsWith" => TextTest::EndsWith,
                    _ => TextTest::Contains,
                };
                let sides = Box::new([self.of(text, ValueType::Text)?, self.of(part, ValueType::Text)?]);
                Ok((Node::Text(test, sides), ValueType::Bool))
            }
            ("answered" | "delivered" | "failed", None, [call]) => self.outcome(expr, name, call),
            (_, None, [left, right]) => match (compare(name), compute(name)) {
                (Some(how), _) => self.compare(expr, how, left, right),
                (_, Some(how)) => self.compute(expr, how, left, right),
                _ => Err(self.refuse(expr, format!("`{name}` is not known here"), ALLOWED)),
            },
            _ => Err(self.refuse(expr, format!("`{name}` is not known here"), ALLOWED)),
        }
    }

    fn of(&self, expr: &IdedExpr, wanted: ValueType) -> Result<Node, ExprError> {
        let (node, kind) = self.node(expr)?;
        if kind == wanted {
            return Ok(node);
        }
        let message = format!("{} is wanted here, this is {}", name_of(wanted), name_of(kind));
        Err(self.refuse(expr, message, "compare or convert it"))
    }

    fn number(&self, expr: &IdedExpr) -> Result<Typed, ExprError> {
        let (node, kind) = self.node(expr)?;
        if matches!(kind, ValueType::Int | ValueType::Number) {
            return Ok((node, kind));
        }
        Err(self.refuse(expr, format!("a number is wanted here, this is {}", name_of(kind)), "use a number"))
    }

    fn choice(&self, at: &IdedExpr, test: &IdedExpr, a: &IdedExpr, b: &IdedExpr) -> Result<Typed, ExprError> {
        let test = self.of(test, ValueType::Bool)?;
        let ((then, kind), (other, second)) = (self.node(a)?, self.node(b)?);
        if kind != second {
            let message = format!("one way gives {}, the other {}", name_of(kind), name_of(second));
            return Err(self.refuse(at, message, "both ways must be of one type"));
        }
        Ok((Node::If(Box::new([test, then, other])), kind))
    }

    fn compare(&self, at: &IdedExpr, how: Compare, a: &IdedExpr, b: &IdedExpr) -> Result<Typed, ExprError> {
        let ((left, kind), (right, second)) = (self.node(a)?, self.node(b)?);
        let numbers = is_number(kind) && is_number(second);
        let ordered = !matches!(how, Compare::Equal | Compare::NotEqual);
        if !(kind == second || numbers) || (ordered && kind == ValueType::Bool) {
            let message = format!("{} cannot be compared with {} so", name_of(kind), name_of(second));
            return Err(self.refuse(at, message, "both sides must be of one type"));
        }
        Ok((Node::Compare(how, Box::new([left, right])), ValueType::Bool))
    }

    fn compute(&self, at: &IdedExpr, how: Compute, a: &IdedExpr, b: &IdedExpr) -> Result<Typed, ExprError> {
        let ((left, kind), (right, second)) = (self.number(a)?, self.number(b)?);
        if kind != second {
            let message = format!("{} and {} do not mix in arithmetic", name_of(kind), name_of(second));
            return Err(self.refuse(at, message, "write 1.0 in place of 1"));
        }
        if how == Compute::Modulo && kind == ValueType::Number {
            return Err(self.refuse(at, "`%` is for whole numbers", "use a whole number"));
        }
        Ok((Node::Compute(how, Box::new([left, right])), kind))
    }

    fn one_of(&self, item: &IdedExpr, list: &IdedExpr) -> Result<Typed, ExprError> {
        let (node, kind) = self.node(item)?;
        let Cel::List(list_expr) = &list.expr else {
            return Err(self.refuse(list, "`in` needs a list of constants", "write x in ['a', 'b']"));
        };
        let mut constants = Vec::with_capacity(list_expr.elements.len());
        for element in &list_expr.elements {
            match self.node(element)? {
                (Node::Constant(value), second) if second == kind => constants.push(value),
                _ => return Err(self.refuse(element, "only constants of the same type", "write x in ['a', 'b']")),
            }
        }
        Ok((Node::OneOf(Box::new(node), constants), ValueType::Bool))
    }

    fn outcome(&self, at: &IdedExpr, name: &str, call: &IdedExpr) -> Result<Typed, ExprError> {
        if !self.scope.outcomes {
            let message = format!("`{name}` can only be asked on the ladder");
            return Err(self.refuse(at, message, "use it in `unless` or `requires` of a [[rule.respond]]"));
        }
        let Cel::Literal(LiteralValue::String(call)) = &call.expr else {
            return Err(self.refuse(call, "the name of a call is a constant", "write answered('roll_call')"));
        };
        let asked = match name {
            "answered" => Asked::Answered,
            "delivered" => Asked::Delivered,
            _ => Asked::Failed,
        };
        Ok((Node::Outcome(asked, call.inner().to_owned()), ValueType::Bool))
    }
}

const ALLOWED: &str = "allowed are constants, values, place.name, == != < <= > >=, + - * / %, && || !, ? :, \
    in [constants], startsWith, endsWith, contains and size of a text";

fn slot_of(names: &[(String, ValueType)], name: &str) -> Option<(u16, ValueType)> {
    let at = names.iter().position(|(known, _)| known == name)?;
    Some((u16::try_from(at).ok()?, names[at].1))
}

fn known(prefix: &str, names: &[(String, ValueType)]) -> String {
    if names.is_empty() {
        return "there are none".to_owned();
    }
    let names: Vec<String> = names.iter().take(20).map(|(name, _)| format!("{prefix}{name}")).collect();
    format!("known are {}", names.join(", "))
}

const fn is_number(kind: ValueType) -> bool {
    matches!(kind, ValueType::Int | ValueType::Number)
}

const fn name_of(kind: ValueType) -> &'static str {
    match kind {
        ValueType::Int => "a whole number",
        ValueType::Number => "a number",
        ValueType::Bool => "true or false",
        ValueType::Text => "a text",
    }
}

fn compare(name: &str) -> Option<Compare> {
    Some(match name {
        operators::EQUALS => Compare::Equal,
        operators::NOT_EQUALS => Compare::NotEqual,
        operators::LESS => Compare::Less,
        operators::LESS_EQUALS => Compare::LessEqual,
        operators::GREATER => Compare::Greater,
        operators::GREATER_EQUALS => Compare::GreaterEqual,
        _ => return None,
    })
}

fn compute(name: &str) -> Option<Compute> {
    Some(match name {
        operators::ADD => Compute::Add,
        operators::SUBSTRACT => Compute::Subtract,
        operators::MULTIPLY => Compute::Multiply,
        operators::DIVIDE => Compute::Divide,
        operators::MODULO => Compute::Modulo,
        _ => return None,
    })
}
