//! Reading TOML with places: every value knows its line, every key that is not asked for is an error.

use std::cell::RefCell;
use std::fmt::Display;
use std::ops::Range;

use muster_domain::id::IdError;
use muster_domain::record::Value;
use muster_domain::text::Words;
use muster_domain::time::Span;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::RuleError;
use crate::expr::{Expr, ExprError, Scope};

/// The longest text in a rule file, in bytes.
const MAX_TEXT: usize = 2_048;

/// One file while it is read, and what is wrong with it so far.
pub(super) struct Sheet<'a> {
    pub(super) file: &'a str,
    pub(super) text: &'a str,
    pub(super) errors: RefCell<Vec<RuleError>>,
}

/// Where a thing stands in a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) file: String,
    pub(super) line: usize,
    pub(super) column: usize,
}

impl Spot {
    pub(super) fn error(&self, message: impl Into<String>, hint: impl Into<String>) -> RuleError {
        let (file, line, column) = (self.file.clone(), self.line, self.column);
        RuleError { file, line, column, message: message.into(), hint: hint.into() }
    }
}

impl Sheet<'_> {
    pub(super) fn spot(&self, at: usize) -> Spot {
        let before = self.text.get(..at.min(self.text.len())).unwrap_or(self.text);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |rest| rest.chars().count()) + 1;
        Spot { file: self.file.to_owned(), line, column }
    }

    pub(super) fn wrong(&self, at: &Range<usize>, message: impl Into<String>, hint: impl Into<String>) {
        let error = self.spot(at.start).error(message, hint);
        self.errors.borrow_mut().push(error);
    }
}

/// The fields of one table; each is asked for by name, and what was not asked for is an error at the end.
pub(super) struct Fields<'a> {
    pub(super) sheet: &'a Sheet<'a>,
    pub(super) table: &'a DeTable<'a>,
    pub(super) at: Range<usize>,
    asked: RefCell<Vec<&'static str>>,
}

impl<'a> Fields<'a> {
    pub(super) fn of(sheet: &'a Sheet<'a>, table: &'a DeTable<'a>, at: Range<usize>) -> Self {
        Self { sheet, table, at, asked: RefCell::default() }
    }

    /// The fields of a value that must be a table.
    pub(super) fn open(sheet: &'a Sheet<'a>, value: &'a Spanned<DeValue<'a>>) -> Option<Self> {
        match value.get_ref() {
            DeValue::Table(table) => Some(Self::of(sheet, table, value.span())),
            _ => {
                sheet.wrong(&value.span(), "a table is wanted here", "write { name = value }");
                None
            }
        }
    }

    pub(super) fn get(&self, key: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.asked.borrow_mut().push(key);
        self.table.get(key)
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    pub(super) fn spot(&self) -> Spot {
        self.sheet.spot(self.at.start)
    }

    /// Names every key that nobody asked for.
    pub(super) fn finish(self) {
        let asked = self.asked.borrow();
        for (key, _) in self.table.iter().filter(|(key, _)| !asked.contains(&key.get_ref().as_ref())) {
            let hint = format!("known here are {}", asked.join(", "));
            self.sheet.wrong(&key.span(), format!("`{}` is not known here", key.get_ref()), hint);
        }
    }

    fn missing(&self, key: &str) {
        self.sheet.wrong(&self.at, format!("`{key}` is missing"), format!("add {key} = …"));
    }

    pub(super) fn text(&self, key: &'static str) -> Option<&'a str> {
        let value = self.get(key)?;
        text_of(self.sheet, value)
    }

    pub(super) fn need_text(&self, key: &'static str) -> Option<&'a str> {
        if !self.has(key) {
            self.missing(key);
        }
        self.text(key)
    }

    /// A text that is an id of some kind.
    pub(super) fn id<T>(&self, key: &'static str, parse: impl Fn(&str) -> Result<T, IdError>) -> Option<T> {
        let text = self.need_text(key)?;
        self.named(key, parse(text))
    }

    /// A text that is one of a few names, with a default where it is not given.
    pub(super) fn one_of<T: Copy>(&self, key: &'static str, names: &[(&str, T)]) -> Option<T> {
        let text = self.text(key)?;
        let found = names.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
        if found.is_none() {
            let known: Vec<&str> = names.iter().map(|(name, _)| *name).collect();
            self.wrong(key, format!("`{text}` is not known here"), format!("use one of {}", known.join(", ")));
        }
        found
    }

    pub(super) fn named<T, E: Display>(&self, key: &'static str, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.wrong(key, error.to_string(), "choose another")).ok()
    }

    /// Something wrong with the value of this key.
    pub(super) fn wrong(&self, key: &str, message: impl Into<String>, hint: impl Into<String>) {
        let at = self.table.get(key).map_or(self.at.clone(), Spanned::span);
        self.sheet.wrong(&at, message, hint);
    }

    pub(super) fn span(&self, key: &'static str) -> Option<Span> {
        let text = self.text(key)?;
        Span::parse(text).map_err(|error| self.wrong(key, error.to_string(), "use d, h, m, s, ms")).ok().filter(
            |span| {
                let fits = *span <= MAX_SPAN;
                if !fits {
                    self.wrong(key, "longer than a year", "choose a shorter one");
                }
                fits
            },
        )
    }

    pub(super) fn int(&self, key: &'static str, from: i64, to: i64) -> Option<i64> {
        let value = self.get(key)?;
        match value_of(value.get_ref()) {
            Some(Value::Int(n)) if (from..=to).contains(&n) => Some(n),
            _ => {
                self.wrong(key, format!("a whole number from {from} to {to} is wanted"), "choose another");
                None
            }
        }
    }

    pub(super) fn flag(&self, key: &'static str) -> Option<bool> {
        let value = self.get(key)?;
        if let DeValue::Boolean(b) = value.get_ref() {
            return Some(*b);
        }
        self.wrong(key, "true or false is wanted", "write true or false");
        None
    }

    pub(super) fn words(&self, key: &'static str) -> Option<Words> {
        let fields = self.table_at(key)?;
        let words = fields.need_text("zh").zip(fields.need_text("en")).map(|(zh, en)| Words::new(zh, en));
        fields.finish();
        words
    }

    pub(super) fn need_words(&self, key: &'static str) -> Option<Words> {
        if !self.has(key) {
            self.missing(key);
        }
        self.words(key)
    }

    pub(super) fn table_at(&self, key: &'static str) -> Option<Self> {
        Self::open(self.sheet, self.get(key)?)
    }

    /// The elements of an array, at most `most` of them.
    pub(super) fn list(&self, key: &'static str, most: usize) -> &'a [Spanned<DeValue<'a>>] {
        let Some(value) = self.get(key) else { return &[] };
        let DeValue::Array(array) = value.get_ref() else {
            self.wrong(key, "a list is wanted here", "write [ … ]");
            return &[];
        };
        let array: &DeArray<'a> = array;
        if array.len() > most {
            self.wrong(key, format!("at most {most} are allowed, these are {}", array.len()), "write fewer");
            return &[];
        }
        array
    }

    /// The tables of an array of tables.
    pub(super) fn tables(&self, key: &'static str, most: usize) -> Vec<Self> {
        self.list(key, most).iter().filter_map(|value| Self::open(self.sheet, value)).collect()
    }

    pub(super) fn texts(&self, key: &'static str, most: usize) -> Vec<&'a str> {
        self.list(key, most).iter().filter_map(|value| text_of(self.sheet, value)).collect()
    }

    /// A clause, checked against a scope; errors point into its text.
    pub(super) fn clause(&self, key: &'static str, scope: &Scope) -> Option<Expr> {
        let text = self.text(key)?;
        Expr::compile(text, scope).map_err(|error| self.clause_error(key, text, &error)).ok()
    }

    pub(super) fn clause_error(&self, key: &str, text: &str, error: &ExprError) {
        let span = self.table.get(key).map_or(self.at.clone(), Spanned::span);
        let written = self.sheet.text.get(span.clone()).unwrap_or_default();
        // A text without escapes stands in the file as it is: the place in it is a place in the file.
        let offset = written.find(text).map_or(0, |start| start + error.at);
        let at = span.start + offset;
        self.sheet.wrong(&(at..at), &error.message, &error.hint);
    }
}

/// The longest time in a rule file: a year.
pub(super) const MAX_SPAN: Span = Span::from_secs(366 * 86_400);

fn text_of<'a>(sheet: &Sheet<'_>, value: &'a Spanned<DeValue<'a>>) -> Option<&'a str> {
    match value.get_ref() {
        DeValue::String(text) if text.len() <= MAX_TEXT => Some(text),
        DeValue::String(_) => {
            sheet.wrong(&value.span(), format!("a text has at most {MAX_TEXT} bytes"), "shorten it");
            None
        }
        _ => {
            sheet.wrong(&value.span(), "a text is wanted here", "put it in quotes");
            None
        }
    }
}

/// A TOML value as a value of ours.
pub(super) fn value_of(value: &DeValue<'_>) -> Option<Value> {
    match value {
        DeValue::Integer(n) => i64::from_str_radix(n.as_str(), n.radix()).ok().map(Value::Int),
        DeValue::Float(n) => n.as_str().parse().ok().filter(|n: &f64| n.is_finite()).map(Value::Number),
        DeValue::Boolean(b) => Some(Value::Bool(*b)),
        DeValue::String(text) if text.len() <= 1_024 => Some(Value::Text(text.to_string())),
        _ => None,
    }
}
