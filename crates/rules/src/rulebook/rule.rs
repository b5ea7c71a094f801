//! Reading one `[[rule]]`.

use std::sync::Arc;

use muster_domain::catalogue::{Combine, Reports};
use muster_domain::id::{CaseKind, ClassId, GridId, ObservationKind, RuleId};
use muster_domain::record::Severity;
use muster_domain::time::Span;

use super::read::Fields;
use super::tables::{is_name, limits, seats, severity};
use super::{
    BlindSpec, Clause, Clear, DEFAULT_REARM, DEFAULT_REOPEN, HEALTH_KIND, Mode, Respond, Rule, RuleBook, check, example,
};
use crate::expr::{Expr, Scope};

/// The most steps on a ladder.
pub(crate) const MAX_STEPS: usize = 32;

/// Reads a rule and puts it into the book, if it can be made out at all.
pub(super) fn read(fields: Fields<'_>, book: &mut RuleBook) {
    let rule = rule(&fields, book);
    fields.get("example");
    if let Some(rule) = rule {
        if book.rules.contains_key(&rule.id) || rule.id.as_str().starts_with("muster.") {
            fields.wrong("id", format!("the rule {} is there already", rule.id), "choose another id");
        } else {
            book.rules.insert(rule.id.clone(), Arc::new(rule));
        }
    }
    fields.finish();
}

fn rule(fields: &Fields<'_>, book: &RuleBook) -> Option<Rule> {
    let id = fields.id("id", RuleId::parse);
    let version = fields.int("version", 1, i64::from(u32::MAX)).and_then(|n| u32::try_from(n).ok()).unwrap_or(1);
    let name = fields.need_words("name");
    let watches = watches(fields, book);
    let sees = sees(fields, book);
    let kind = fields.id("kind", CaseKind::parse);
    let scope = watches.as_ref().zip(sees.as_ref()).map(|(class, kind)| scope(book, class, kind)).unwrap_or_default();
    let impulse = sees.as_ref().is_some_and(|kind| book.kinds.get(kind).is_some_and(|k| k.reports == Reports::OnEvent));
    let known = watches.is_some() && sees.is_some();
    let raise = raise(fields, &scope, known);
    let clear = clear(fields, &scope, raise.as_ref(), impulse, known);
    let blind = fields.table_at("blind").and_then(blind);
    let combine = fields.one_of("combine", COMBINES);
    let mode = fields.one_of("mode", MODES).unwrap_or(Mode::Live);
    let only_grids = only_grids(fields);
    let respond = ladder(fields, &scope);
    let (tolerate, rearm) = (fields.span("tolerate"), fields.span("rearm"));
    let (severity, limits) = (severity(fields).unwrap_or(Severity::MIDDLE), limits(fields));
    let (reopen, why) = (fields.span("reopen_within"), fields.words("why"));
    let mut rule = Rule {
        id: id?,
        version,
        name: name.unwrap_or_default(),
        watches: watches?,
        sees: sees?,
        scope,
        raise: raise?,
        clear: clear?,
        blind,
        combine: combine.unwrap_or_default(),
        tolerate: tolerate.unwrap_or(Span::ZERO),
        reopen_within: reopen.unwrap_or(DEFAULT_REOPEN),
        rearm: rearm.unwrap_or(DEFAULT_REARM),
        kind: kind?,
        severity,
        mode,
        only_grids,
        limits,
        why,
        respond,
        examples: Vec::new(),
    };
    example::read_all(fields, &mut rule);
    check::rule(fields, &rule, book, combine.is_some());
    Some(rule)
}

pub(super) const COMBINES: &[(&str, Combine)] =
    &[("any", Combine::Any), ("all", Combine::All), ("max", Combine::Max), ("sum", Combine::Sum)];
const MODES: &[(&str, Mode)] = &[("live", Mode::Live), ("shadow", Mode::Shadow), ("off", Mode::Off)];

fn watches(fields: &Fields<'_>, book: &RuleBook) -> Option<ClassId> {
    let class = fields.id("watches", ClassId::parse)?;
    if book.classes.contains_key(&class) {
        return Some(class);
    }
    fields.wrong("watches", format!("there is no class of place {class}"), "add a [[place_class]]");
    None
}

/// The one kind that the clauses speak of. Several kinds at once need signals (ENGINE §6).
fn sees(fields: &Fields<'_>, book: &RuleBook) -> Option<ObservationKind> {
    let mut kinds = Vec::new();
    for text in fields.texts("sees", 8) {
        match fields.named("sees", ObservationKind::parse(text)) {
            Some(kind) if book.kinds.contains_key(&kind) => kinds.push(kind),
            Some(kind) => {
                fields.wrong("sees", format!("there is no kind of observation {kind}"), "add an [[observation]]")
            }
            None => return None,
        }
    }
    kinds.retain(|kind| kind.as_str() != HEALTH_KIND);
    if kinds.len() != 1 {
        fields.wrong(
            "sees",
            "a rule sees one kind of observation",
            "write sees = [\"persons\"]; for another kind write another rule",
        );
        return None;
    }
    kinds.pop()
}

fn scope(book: &RuleBook, class: &ClassId, kind: &ObservationKind) -> Scope {
    let fields = book.kinds.get(kind).map(|spec| &spec.values);
    let props = book.classes.get(class).map(|spec| &spec.props);
    Scope {
        fields: fields.into_iter().flatten().map(|(name, kind)| (name.clone(), *kind)).collect(),
        props: props.into_iter().flatten().map(|(name, spec)| (name.clone(), spec.kind)).collect(),
        outcomes: false,
    }
}

fn raise(fields: &Fields<'_>, scope: &Scope, known: bool) -> Option<Clause> {
    if !fields.has("raise") {
        fields.wrong("raise", "`raise` is missing", "write raise = { when = \"persons == 0\", for = \"5m\" }");
    }
    let table = fields.table_at("raise")?;
    table.need_text("when");
    let when = if known { table.clause("when", scope) } else { None };
    let hold = table.span("for").unwrap_or(Span::ZERO);
    table.finish();
    Some(Clause { when: when?, hold })
}

/// By default what clears a condition is the negation of what raises it; an impulse has none (ENGINE §5).
fn clear(fields: &Fields<'_>, scope: &Scope, raise: Option<&Clause>, impulse: bool, known: bool) -> Option<Clear> {
    let negation = |hold: Span| raise.map(|raise| Clear::When(Clause { when: raise.when.negated(), hold }));
    let Some(table) = fields.table_at("clear") else {
        return if impulse { Some(Clear::ByPerson) } else { negation(Span::ZERO) };
    };
    let quiet = table.span("quiet");
    let hold = table.span("for");
    let when = if known { table.clause("when", scope) } else { None };
    let wrong = match (impulse, table.has("quiet"), table.has("when") || table.has("for")) {
        (true, _, true) => Some("an impulse has no \"not so\": only quiet time or a person clears it"),
        (false, true, _) => Some("`quiet` is for impulses: this kind says itself when it is over"),
        _ => None,
    };
    if let Some(wrong) = wrong {
        table.wrong("when", wrong, "write clear = { quiet = \"15m\" } or clear = { when = \"…\", for = \"1m\" }");
    }
    let given = table.has("when");
    table.finish();
    let hold = hold.unwrap_or(Span::ZERO);
    match (impulse, quiet) {
        (true, Some(quiet)) => Some(Clear::Quiet(quiet)),
        (true, None) => Some(Clear::ByPerson),
        (false, _) if given => when.map(|when| Clear::When(Clause { when, hold })),
        (false, _) => negation(hold),
    }
}

fn blind(fields: Fields<'_>) -> Option<BlindSpec> {
    fields.need_text("after");
    let (after, case_after) = (fields.span("after"), fields.span("case_after"));
    if after == Some(Span::ZERO) {
        fields.wrong("after", "silence of no time is not silence", "write after = \"60s\"");
    }
    fields.finish();
    after.map(|after| BlindSpec { after, case_after })
}

fn only_grids(fields: &Fields<'_>) -> Vec<GridId> {
    fields
        .texts("only_grids", 256)
        .into_iter()
        .filter_map(|text| fields.named("only_grids", GridId::parse(text)))
        .collect()
}

fn ladder(fields: &Fields<'_>, scope: &Scope) -> Vec<Respond> {
    let outcomes = Scope { fields: Vec::new(), props: scope.props.clone(), outcomes: true };
    let mut steps: Vec<Respond> = Vec::new();
    for table in fields.tables("respond", MAX_STEPS) {
        let call = table.text("call").map(str::to_owned);
        if call.as_deref().is_some_and(|call| !is_name(call)) {
            table.wrong("call", "a call has a name", "use letters, digits and _, such as roll_call");
        }
        let step = Respond {
            after: table.span("after").unwrap_or(Span::ZERO),
            call,
            warn: table.words("warn"),
            unless: asked(&table, "unless", &outcomes, &steps),
            requires: asked(&table, "requires", &outcomes, &steps),
            while_easing: table.flag("while_easing").unwrap_or(false),
            seats: seats(&table),
        };
        table.need_text("after");
        if step.names().next().is_none() {
            table.wrong("call", "a step that does nothing", "give it a call, a warn or seats");
        }
        if steps.last().is_some_and(|before| before.after > step.after) {
            table.wrong("after", "a step before the one above it", "order the steps by `after`");
        }
        table.finish();
        steps.push(step);
    }
    steps
}

/// A clause over outcomes; it may only ask about calls that a step above has made.
fn asked(fields: &Fields<'_>, key: &'static str, scope: &Scope, above: &[Respond]) -> Option<Expr> {
    let clause = fields.clause(key, scope)?;
    let made = |name: &str| above.iter().any(|step| step.names().any(|made| made == name));
    if let Some(unmade) = clause.calls().into_iter().find(|name| !made(name)) {
        fields.wrong(key, format!("no step above makes the call `{unmade}`"), "put the call on an earlier step");
    }
    Some(clause)
}
