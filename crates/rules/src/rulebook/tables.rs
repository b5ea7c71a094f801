//! The tables beside the rules: kinds of observation, classes of place, kinds of case; and the book as a whole.

use std::collections::BTreeMap;
use std::ops::Range;

use muster_domain::case::{Limits, Role};
use muster_domain::catalogue::{KindSpec, Reports, ValueType};
use muster_domain::id::{CaseKind, ClassId, Competence, ObservationKind};
use muster_domain::record::{Part, Severity};
use muster_domain::text::Words;
use muster_domain::time::Span;
use toml::de::DeTable;

use super::read::{Fields, Sheet, Spot, value_of};
use super::{
    ADAPTER_SILENT, CaseKindSpec, DEFAULT_LIMITS, DEVICE_BLIND, HEALTH_KIND, PlaceClass, PropSpec, RuleBook, RuleError,
    SeatSpec, clauses, rule,
};

/// The most files in a book, and the most bytes in one of them.
const MAX_FILES: usize = 256;
const MAX_FILE_BYTES: usize = 1 << 20;
/// The most tables of one sort in a file.
const MAX_TABLES: usize = 2_000;
/// The most values of a kind or properties of a class.
const MAX_NAMES: usize = 64;

/// The book and everything that is wrong with it.
pub(super) fn read(files: &[(String, String)]) -> (RuleBook, Vec<RuleError>) {
    let mut book = RuleBook { files: files.to_vec(), ..RuleBook::default() };
    let mut errors = Vec::new();
    if files.len() > MAX_FILES {
        let spot = Spot { file: files[MAX_FILES].0.clone(), line: 1, column: 1 };
        errors.push(spot.error(format!("at most {MAX_FILES} files make a book"), "put several into one"));
        return (book, errors);
    }
    let parsed: Vec<_> = files.iter().map(|(file, text)| parse(file, text, &mut errors)).collect();
    let sheets: Vec<Sheet<'_>> =
        files.iter().map(|(file, text)| Sheet { file, text, errors: Vec::new().into() }).collect();
    // Kinds and classes of every file come first: rules in any file may use them.
    let pages: Vec<_> = sheets.iter().zip(&parsed).filter_map(|(s, t)| t.as_ref().map(|t| (s, t))).collect();
    for (sheet, table) in &pages {
        let top = Fields::of(sheet, table, 0..0);
        top.tables("observation", MAX_TABLES).into_iter().for_each(|fields| kind(fields, &mut book));
        top.tables("place_class", MAX_TABLES).into_iter().for_each(|fields| class(fields, &mut book));
        top.tables("case_kind", MAX_TABLES).into_iter().for_each(|fields| case_kind(fields, &mut book));
        top.get("rule");
        top.finish();
    }
    built_in_kinds(&mut book);
    for (sheet, table) in &pages {
        let top = Fields::of(sheet, table, 0..0);
        top.tables("rule", MAX_TABLES).into_iter().for_each(|fields| rule::read(fields, &mut book));
    }
    built_in_cases(&mut book);
    errors.extend(sheets.into_iter().flat_map(|sheet| sheet.errors.into_inner()));
    (book, errors)
}

fn parse<'a>(file: &str, text: &'a str, errors: &mut Vec<RuleError>) -> Option<DeTable<'a>> {
    let sheet = Sheet { file, text, errors: Vec::new().into() };
    if text.len() > MAX_FILE_BYTES {
        sheet.wrong(&(0..0), format!("a rule file has at most {MAX_FILE_BYTES} bytes"), "make several files of it");
        errors.extend(sheet.errors.into_inner());
        return None;
    }
    let (table, wrong) = DeTable::parse_recoverable(text);
    for error in &wrong {
        let at: Range<usize> = error.span().unwrap_or(0..0);
        sheet.wrong(&at, format!("not TOML: {}", error.message()), "see toml.io for how it is written");
    }
    let fine = wrong.is_empty();
    errors.extend(sheet.errors.into_inner());
    fine.then(|| table.into_inner())
}

fn kind(fields: Fields<'_>, book: &mut RuleBook) {
    let kind = fields.id("kind", ObservationKind::parse);
    let reports = fields.need_text("reports").and_then(|text| {
        let reports = reports(text);
        if reports.is_none() {
            fields.wrong("reports", format!("`{text}` is no way to report"), HOW_TO_REPORT);
        }
        reports
    });
    let made_by = fields.one_of("made_by", PARTS).unwrap_or(Part::Analytics);
    let forgets = fields.flag("forgets").unwrap_or(false);
    let values = fields.table_at("values").map(values).unwrap_or_default();
    if let (Some(kind), Some(reports)) = (kind, reports) {
        let spec = KindSpec { kind: kind.clone(), reports, made_by, values, forgets };
        if book.kinds.insert(kind.clone(), spec).is_some() {
            fields.wrong("kind", format!("the kind {kind} is there already"), "remove one of them");
        }
    }
    fields.finish();
}

const HOW_TO_REPORT: &str = "write \"every 10s\", \"on_change\" or \"on_event\"";
pub(super) const PARTS: &[(&str, Part)] =
    &[("analytics", Part::Analytics), ("camera", Part::Camera), ("link", Part::Link)];

/// How a source speaks, as written: `every 10s`, `on_change` or `on_event`.
fn reports(text: &str) -> Option<Reports> {
    match text {
        "on_change" => Some(Reports::OnChange),
        "on_event" => Some(Reports::OnEvent),
        _ => {
            let every = Span::parse(text.strip_prefix("every ")?).ok()?;
            (every > Span::ZERO).then_some(Reports::Every(every))
        }
    }
}

const TYPES: &[(&str, ValueType)] =
    &[("int", ValueType::Int), ("number", ValueType::Number), ("bool", ValueType::Bool), ("text", ValueType::Text)];

fn values(fields: Fields<'_>) -> BTreeMap<String, ValueType> {
    let mut values = BTreeMap::new();
    for (key, value) in fields.table {
        let name = key.get_ref().as_ref();
        let kind = value.get_ref().as_str().and_then(|text| TYPES.iter().find(|(known, _)| *known == text));
        match kind {
            Some((_, kind)) if is_name(name) && values.len() < MAX_NAMES => drop(values.insert(name.to_owned(), *kind)),
            Some(_) => fields.sheet.wrong(&key.span(), format!("`{name}` is no name for a value"), HOW_TO_NAME),
            None => fields.sheet.wrong(&value.span(), "no type", "use int, number, bool or text"),
        }
    }
    values
}

const HOW_TO_NAME: &str =
    "use at most 64 names of letters, digits and _, 64 bytes each, that CEL does not keep for itself";

/// Whether a clause can write it: a CEL identifier that is not a reserved word.
pub(super) fn is_name(name: &str) -> bool {
    let reserved = [
        "true",
        "false",
        "null",
        "in",
        "as",
        "break",
        "const",
        "continue",
        "else",
        "for",
        "function",
        "if",
        "import",
        "let",
        "loop",
        "package",
        "namespace",
        "return",
        "var",
        "void",
        "while",
        "place",
    ];
    name.len() <= 64
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !reserved.contains(&name)
}

fn class(fields: Fields<'_>, book: &mut RuleBook) {
    let id = fields.id("id", ClassId::parse);
    let name = fields.words("name");
    let mut props = BTreeMap::new();
    if let Some(table) = fields.table_at("props") {
        for (key, value) in table.table {
            let name = key.get_ref().as_ref();
            if !is_name(name) || props.len() >= MAX_NAMES {
                fields.sheet.wrong(&key.span(), format!("`{name}` is no name for a property"), HOW_TO_NAME);
            } else if let Some(spec) = Fields::open(fields.sheet, value).and_then(prop) {
                props.insert(name.to_owned(), spec);
            }
        }
    }
    if let Some(id) = id {
        let name = name.unwrap_or_else(|| Words::new(id.as_str(), id.as_str()));
        if book.classes.insert(id.clone(), PlaceClass { id: id.clone(), name, props }).is_some() {
            fields.wrong("id", format!("the class {id} is there already"), "remove one of them");
        }
    }
    fields.finish();
}

fn prop(fields: Fields<'_>) -> Option<PropSpec> {
    fields.need_text("type");
    let kind = fields.one_of("type", TYPES);
    let required = fields.flag("required").unwrap_or(false);
    let given = fields.get("default");
    let default = given.zip(kind).and_then(|(value, kind)| {
        let value = value_of(value.get_ref()).and_then(|value| clauses::as_type(&value, kind));
        if value.is_none() {
            fields.wrong("default", "the default is of another type", "give one of the type");
        }
        value
    });
    fields.finish();
    kind.map(|kind| PropSpec { kind, default, required })
}

fn case_kind(fields: Fields<'_>, book: &mut RuleBook) {
    let kind = fields.id("kind", CaseKind::parse);
    let name = fields.need_words("name");
    let severity = severity(&fields).unwrap_or(Severity::MIDDLE);
    let (limits, seats) = (limits(&fields), seats(&fields));
    if let (Some(kind), Some(name)) = (kind, name) {
        let spec = CaseKindSpec { kind: kind.clone(), name, severity, limits, seats };
        if book.case_kinds.insert(kind.clone(), spec).is_some() {
            fields.wrong("kind", format!("the kind of case {kind} is there already"), "remove one of them");
        }
    }
    fields.finish();
}

pub(super) fn severity(fields: &Fields<'_>) -> Option<Severity> {
    fields.int("severity", 1, 5).and_then(|n| u8::try_from(n).ok()).and_then(Severity::new)
}

pub(super) fn limits(fields: &Fields<'_>) -> Limits {
    let Some(table) = fields.table_at("limits") else { return DEFAULT_LIMITS };
    let limits = Limits {
        accept: table.span("accept").unwrap_or(DEFAULT_LIMITS.accept),
        arrive: table.span("arrive").unwrap_or(DEFAULT_LIMITS.arrive),
        close: table.span("close").unwrap_or(DEFAULT_LIMITS.close),
        post_check: table.span("post_check").unwrap_or(DEFAULT_LIMITS.post_check),
    };
    table.finish();
    limits
}

pub(super) fn seats(fields: &Fields<'_>) -> Vec<SeatSpec> {
    let mut seats = Vec::new();
    for seat in fields.tables("seats", 16) {
        seat.need_text("role");
        let role = seat.one_of("role", &[("lead", Role::Lead), ("assist", Role::Assist)]);
        let competence = seat.id("competence", Competence::parse);
        seat.finish();
        seats.extend(role.zip(competence).map(|(role, competence)| SeatSpec { role, competence }));
    }
    if seats.iter().filter(|seat| seat.role == Role::Lead).count() > 1 {
        fields.wrong("seats", "more than one lead", "a case has one lead; make the others assist");
    }
    seats
}

fn built_in_kinds(book: &mut RuleBook) {
    if let Ok(kind) = ObservationKind::parse(HEALTH_KIND) {
        book.kinds.entry(kind.clone()).or_insert(KindSpec {
            kind,
            reports: Reports::Every(Span::from_secs(10)),
            made_by: Part::Link,
            values: BTreeMap::new(),
            forgets: false,
        });
    }
}

/// Cases that nobody wrote down: those that rules raise, and the two that Muster raises itself.
fn built_in_cases(book: &mut RuleBook) {
    for rule in book.rules.values() {
        let mut seats: Vec<SeatSpec> = Vec::new();
        for seat in rule.respond.iter().flat_map(|step| &step.seats) {
            if !seats.contains(seat) {
                seats.push(seat.clone());
            }
        }
        book.case_kinds.entry(rule.kind.clone()).or_insert_with(|| CaseKindSpec {
            kind: rule.kind.clone(),
            name: rule.name.clone(),
            severity: rule.severity,
            limits: rule.limits,
            seats,
        });
    }
    for (kind, name) in [
        (DEVICE_BLIND, Words::new("感知设备失明", "Device cannot see")),
        (ADAPTER_SILENT, Words::new("接入服务中断", "Intake is silent")),
    ] {
        let (Ok(kind), Ok(competence)) = (CaseKind::parse(kind), Competence::parse("technical")) else { continue };
        let limits = Limits { arrive: Span::from_mins(240), close: Span::from_mins(24 * 60), ..DEFAULT_LIMITS };
        let seats = vec![SeatSpec { role: Role::Lead, competence }];
        let severity = Severity::new(2).unwrap_or(Severity::MIDDLE);
        book.case_kinds.entry(kind.clone()).or_insert(CaseKindSpec { kind, name, severity, limits, seats });
    }
}
