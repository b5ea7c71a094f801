//! The rule book 规则簿: what may come in, what is watched, what is done about it, and examples that prove it.
//!
//! Read from a folder of TOML files as one (INTERFACE §8); nothing that is not understood is accepted.

mod check;
mod clauses;
mod example;
mod read;
mod rule;
mod tables;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use muster_domain::case::{Limits, Role};
use muster_domain::catalogue::{Combine, KindSpec, ValueType};
use muster_domain::id::{CaseKind, ClassId, Competence, GridId, ObservationKind, RuleId};
use muster_domain::record::{Severity, Value};
use muster_domain::text::Words;
use muster_domain::time::Span;

pub use clauses::Says;
pub use example::{ActStep, Example, Expectation, Step, StepKind};

use crate::expr::{Expr, Scope};

/// The kind of observation that only says how a part is (INTERFACE §3).
pub const HEALTH_KIND: &str = "health";
/// The built-in rule and kind of a device that no longer sees (ENGINE §4).
pub const DEVICE_BLIND: &str = "muster.device.blind";
/// The built-in rule and kind of an adapter of ours that fell silent (ENGINE §3).
pub const ADAPTER_SILENT: &str = "muster.adapter.silent";

/// Everything that a folder of rule files says, checked as a whole.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RuleBook {
    /// Kinds of observation by name; `health` is always there.
    pub kinds: BTreeMap<ObservationKind, KindSpec>,
    /// Classes of place by id.
    pub classes: BTreeMap<ClassId, PlaceClass>,
    /// Rules by id.
    pub rules: BTreeMap<RuleId, Arc<Rule>>,
    /// Kinds of case by name: those written down, those that rules raise, and the built-in ones.
    pub case_kinds: BTreeMap<CaseKind, CaseKindSpec>,
    files: Vec<(String, String)>,
}

/// A class of place and the properties that its places state.
#[derive(Debug, Clone, PartialEq)]
pub struct PlaceClass {
    /// Its id, such as `control_room`.
    pub id: ClassId,
    /// Its name on screens.
    pub name: Words,
    /// Its properties by name.
    pub props: BTreeMap<String, PropSpec>,
}

/// One property of a class.
#[derive(Debug, Clone, PartialEq)]
pub struct PropSpec {
    /// Its type.
    pub kind: ValueType,
    /// What a place has that does not state it.
    pub default: Option<Value>,
    /// Whether a place must state it.
    pub required: bool,
}

/// A kind of case: what is known about it before anything happens.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseKindSpec {
    /// Its name, such as `fire.lane.blocked`.
    pub kind: CaseKind,
    /// Its name on screens.
    pub name: Words,
    /// How urgent where nobody says otherwise.
    pub severity: Severity,
    /// What its cases may take.
    pub limits: Limits,
    /// The seats that a report of it asks for at once.
    pub seats: Vec<SeatSpec>,
}

/// A seat that a rule or a kind of case asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeatSpec {
    /// Lead or assist.
    pub role: Role,
    /// What the unit must be competent for.
    pub competence: Competence,
}

/// One rule: what it watches, what raises and clears it, what blinds it, and what is done while it holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Its id.
    pub id: RuleId,
    /// Its version, pinned on every case.
    pub version: u32,
    /// Its name on screens.
    pub name: Words,
    /// The class of place it watches.
    pub watches: ClassId,
    /// The one kind of observation that `when` speaks of.
    pub sees: ObservationKind,
    /// The names that its clauses use, slot by slot: the kind's values and the class's properties.
    pub scope: Scope,
    /// What raises it, and for how long.
    pub raise: Clause,
    /// What clears it.
    pub clear: Clear,
    /// When it is blind; always there where something must hold for a time.
    pub blind: Option<BlindSpec>,
    /// How several sources give one answer, unless the place says otherwise.
    pub combine: Combine,
    /// For how long contrary evidence must stand before it counts.
    pub tolerate: Span,
    /// Present again within this reopens the same case.
    pub reopen_within: Span,
    /// After a person ended a case, evidence moves nothing for this long.
    pub rearm: Span,
    /// The kind of case it means.
    pub kind: CaseKind,
    /// How urgent.
    pub severity: Severity,
    /// Live, shadow or off.
    pub mode: Mode,
    /// Only places in these grid cells or below; empty = everywhere.
    pub only_grids: Vec<GridId>,
    /// What its cases may take.
    pub limits: Limits,
    /// A sentence that says why, with names in braces: `{persons}`, `{place.required}`, `{held}`, `{needed}`.
    pub why: Option<Words>,
    /// The ladder, step by step.
    pub respond: Vec<Respond>,
    /// Examples that must come true before the book is accepted.
    pub examples: Vec<Example>,
}

/// A clause and how long it must hold, covered.
#[derive(Debug, Clone, PartialEq)]
pub struct Clause {
    /// The clause.
    pub when: Expr,
    /// How long it must hold; nothing = at once.
    pub hold: Span,
}

/// What clears a condition.
#[derive(Debug, Clone, PartialEq)]
pub enum Clear {
    /// A clause that holds for a time.
    When(Clause),
    /// For impulses (ENGINE §5): covered time without another one.
    Quiet(Span),
    /// For impulses without `quiet`: only a person.
    ByPerson,
}

/// When a place counts as not seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlindSpec {
    /// Silent for this long.
    pub after: Span,
    /// Blind for this long is a condition of the device's own; `None` = never.
    pub case_after: Option<Span>,
}

/// What a rule's verdicts lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Cases are opened.
    Live,
    /// It runs and is recorded; nobody is called.
    Shadow,
    /// It does not run.
    Off,
}

/// One step of a rule's ladder (ENGINE §8).
#[derive(Debug, Clone, PartialEq)]
pub struct Respond {
    /// How long after the case opened, in log time.
    pub after: Span,
    /// A call to make, such as `roll_call`.
    pub call: Option<String>,
    /// A sentence to speak at the place.
    pub warn: Option<Words>,
    /// The step is passed over if this holds when it is due.
    pub unless: Option<Expr>,
    /// The step is passed over unless this holds when it is due.
    pub requires: Option<Expr>,
    /// Its time runs on while the condition is easing.
    pub while_easing: bool,
    /// Seats to ask for.
    pub seats: Vec<SeatSpec>,
}

/// One thing that is wrong with a rule file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RuleError {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

impl std::error::Error for RuleError {}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}; {}", self.file, self.line, self.column, self.message, self.hint)
    }
}

impl RuleBook {
    /// Reads files as one book.
    ///
    /// # Errors
    /// Everything that is wrong, in the order of files and lines.
    pub fn parse(files: &[(String, String)]) -> Result<Self, Vec<RuleError>> {
        let (book, mut errors) = tables::read(files);
        if errors.is_empty() {
            return Ok(book);
        }
        errors.sort();
        errors.truncate(MAX_ERRORS);
        Err(errors)
    }

    /// Reads files as one book and runs every example in it.
    ///
    /// # Errors
    /// Everything that is wrong, failing examples included.
    pub fn check(files: &[(String, String)]) -> Result<Self, Vec<RuleError>> {
        let book = Self::parse(files)?;
        let failed: Vec<RuleError> =
            crate::examples::run(&book).into_iter().filter_map(|verdict| verdict.failed).collect();
        if failed.is_empty() { Ok(book) } else { Err(failed) }
    }

    /// The files it was read from, name and text, in the order given.
    #[must_use]
    pub fn files(&self) -> &[(String, String)] {
        &self.files
    }

    /// The kind of case of a name; unknown ones are not there.
    #[must_use]
    pub fn case_kind(&self, kind: &CaseKind) -> Option<&CaseKindSpec> {
        self.case_kinds.get(kind)
    }
}

impl PlaceClass {
    /// A place's properties as its class wants them, defaults filled in.
    ///
    /// # Errors
    /// One line for each that is missing, unknown or of another type.
    pub fn fill(&self, props: &BTreeMap<String, Value>) -> Result<BTreeMap<String, Value>, Vec<String>> {
        let mut wrong: Vec<String> = props
            .keys()
            .filter(|name| !self.props.contains_key(*name))
            .map(|name| format!("class {} has no property `{name}`", self.id))
            .collect();
        let mut filled = BTreeMap::new();
        for (name, spec) in &self.props {
            match props.get(name).or(spec.default.as_ref()) {
                Some(value) => match clauses::as_type(value, spec.kind) {
                    Some(value) => drop(filled.insert(name.clone(), value)),
                    None => wrong.push(format!("property `{name}` of class {} is of another type", self.id)),
                },
                None if spec.required => wrong.push(format!("property `{name}` of class {} is missing", self.id)),
                None => {}
            }
        }
        if wrong.is_empty() { Ok(filled) } else { Err(wrong) }
    }
}

impl Respond {
    /// What a person calls the step: its call, `warn`, and the competences it asks for.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let warn = self.warn.as_ref().map(|_| "warn");
        self.call.as_deref().into_iter().chain(warn).chain(self.seats.iter().map(|seat| seat.competence.as_str()))
    }
}

impl Mode {
    /// The name used in every format.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Shadow => "shadow",
            Self::Off => "off",
        }
    }
}

/// What cases may take where nobody says: 15 minutes to accept, 30 to arrive, 2 hours in all, 30 minutes to be checked.
pub const DEFAULT_LIMITS: Limits = Limits {
    accept: Span::from_mins(15),
    arrive: Span::from_mins(30),
    close: Span::from_mins(120),
    post_check: Span::from_mins(30),
};

/// Present again within this reopens the same case, where a rule does not say.
pub const DEFAULT_REOPEN: Span = Span::from_mins(30);
/// After a person ended a case, evidence moves nothing for this long, where a rule does not say (ENGINE §9).
pub const DEFAULT_REARM: Span = Span::from_mins(30);

const MAX_ERRORS: usize = 500;

#[cfg(test)]
mod tests;
