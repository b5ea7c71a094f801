//! What a rule must say beyond being readable.

use muster_domain::catalogue::{Combine, Reports, ValueType};
use muster_domain::text::Words;
use muster_domain::time::Span;

use super::read::Fields;
use super::{Clear, Rule, RuleBook};

/// Names everything about a rule that cannot be meant.
pub(super) fn rule(fields: &Fields<'_>, rule: &Rule, book: &RuleBook, combine_stated: bool) {
    holds(fields, rule, book);
    combination(fields, rule, combine_stated);
    if let Some(why) = &rule.why {
        sentence(fields, rule, why);
    }
    if rule.examples.is_empty() {
        fields.wrong(
            "example",
            "a rule without an example",
            "add a [[rule.example]]: it is run before the book is accepted",
        );
    }
    let mut names: Vec<&str> = rule.examples.iter().map(|example| example.name.as_str()).collect();
    names.sort_unstable();
    if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        fields.wrong("example", format!("two examples are called \"{}\"", twice[0]), "name each after what it shows");
    }
}

fn holds(fields: &Fields<'_>, rule: &Rule, book: &RuleBook) {
    let clears = match &rule.clear {
        Clear::When(clause) => clause.hold,
        Clear::Quiet(quiet) => *quiet,
        Clear::ByPerson => Span::ZERO,
    };
    let Some(blind) = rule.blind else {
        if rule.raise.hold > Span::ZERO || clears > Span::ZERO {
            fields.wrong(
                "blind",
                "`blind.after` is missing: what holds for a time must say when it is not seen",
                "add blind = { after = \"60s\" }",
            );
        }
        return;
    };
    if let Some(Reports::Every(every)) = book.kinds.get(&rule.sees).map(|kind| kind.reports)
        && blind.after < every
    {
        fields.wrong(
            "blind",
            format!("{} reports every {every}: it would be blind between two words", rule.sees),
            "choose a longer blind.after",
        );
    }
    if rule.is_impulse() && rule.raise.hold > Span::ZERO {
        fields.wrong("raise", "an impulse holds for no time", "leave `for` out");
    }
    if matches!(rule.clear, Clear::Quiet(quiet) if quiet <= blind.after) {
        fields.wrong(
            "clear",
            "`quiet` must be longer than `blind.after`, or an impulse would vouch for its own silence",
            "choose a longer one",
        );
    }
    // A doubt as long as the hold would be forgotten as a pause before it could count (ENGINE §4).
    let shortest = [rule.raise.hold, clears].into_iter().filter(|hold| *hold > Span::ZERO).min();
    if shortest.is_some_and(|hold| rule.tolerate > hold) {
        fields.wrong("tolerate", "longer than a hold: contrary evidence would never count", "choose a shorter one");
    }
}

fn combination(fields: &Fields<'_>, rule: &Rule, stated: bool) {
    let used = rule.used_fields();
    let numbers = used.iter().any(|slot| matches!(rule.scope.fields[*slot].1, ValueType::Int | ValueType::Number));
    if numbers && !stated {
        fields.wrong(
            "combine",
            "a rule that compares a number must say how several sources combine",
            "add combine = \"max\" (views overlap), \"sum\" (they do not), \"any\" or \"all\"",
        );
    }
    if matches!(rule.combine, Combine::Max | Combine::Sum) && !rule.compares_numbers() {
        fields.wrong("combine", "only numbers have a largest one or a sum", "use any or all");
    }
    if rule.is_impulse() && rule.combine != Combine::Any {
        fields.wrong("combine", "impulses do not combine", "use any");
    }
}

/// A sentence may only use names that have a value when it is said.
fn sentence(fields: &Fields<'_>, rule: &Rule, why: &Words) {
    for text in [&why.zh, &why.en] {
        for part in text.split('{').skip(1) {
            let Some((name, _)) = part.split_once('}') else {
                fields.wrong("why", "a brace that does not close", "write {persons}");
                continue;
            };
            let field = rule.scope.fields.iter().any(|(known, _)| known == name);
            let prop =
                name.strip_prefix("place.").is_some_and(|prop| rule.scope.props.iter().any(|(known, _)| known == prop));
            if !(field || prop || matches!(name, "held" | "needed" | "place")) {
                fields.wrong(
                    "why",
                    format!("{{{name}}} has no value"),
                    "use values of the kind, place.name, held, needed or place",
                );
            }
        }
    }
}
