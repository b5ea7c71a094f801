//! Examples inside a rule: what is sent when, and what must be believed then (INTERFACE §8).

use std::collections::BTreeMap;

use muster_domain::catalogue::Combine;
use muster_domain::condition::State;
use muster_domain::record::{Health, OutcomeState, Value, ValueName};
use muster_domain::time::Span;

use super::clauses::as_type;
use super::read::{Fields, Spot, value_of};
use super::rule::COMBINES;
use super::tables::PARTS;
use super::{Rule, RuleError};

/// One example of a rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// What it shows.
    pub name: String,
    /// Properties of its place, over the defaults of the class.
    pub place: BTreeMap<String, Value>,
    /// How its sources combine, where its place says otherwise than the rule.
    pub combine: Option<Combine>,
    /// What happens, in any order.
    pub steps: Vec<Step>,
    /// Where it stands.
    pub(super) spot: Spot,
}

/// One line of an example.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// When, counted from the start of the example; the first time of several.
    pub from: Span,
    /// The last time, included; for an outage its end.
    pub to: Span,
    /// How long between one time and the next.
    pub every: Span,
    /// What happens.
    pub kind: StepKind,
    /// Where it stands.
    pub(super) spot: Spot,
}

/// What happens in a step.
#[derive(Debug, Clone, PartialEq)]
pub enum StepKind {
    /// A source says what it sees.
    See {
        /// Which source; `a` where none is named.
        source: String,
        /// The values, by name.
        values: Vec<(ValueName, Value)>,
        /// What it says about its health with them.
        health: Option<Health>,
        /// It arrives this much later than it was seen.
        late_by: Span,
    },
    /// A source says how it is, and nothing about the place.
    Health {
        /// Which source.
        source: String,
        /// How it is, and of which part.
        health: Health,
        /// It arrives this much later.
        late_by: Span,
    },
    /// Ours: no ticks, nothing read; what was sent is read afterwards.
    Outage,
    /// A person decides.
    Act(ActStep),
    /// A call comes to something.
    Outcome {
        /// The call.
        call: String,
        /// What became of it.
        state: OutcomeState,
    },
    /// What must be believed after the tick of this second.
    Expect(Expectation),
}

/// What a person decides in an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActStep {
    /// Ends the case while the condition is present.
    CaseEnded,
    /// Checks the place and finds it clear.
    PostChecked,
}

/// What must be believed; what is not stated is not looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expectation {
    /// The state.
    pub state: Option<State>,
    /// The flag.
    pub blind: Option<bool>,
    /// Episodes begun so far.
    pub episodes: Option<u32>,
    /// What the ladder did so far, in order: calls, `warn`, competences asked for.
    pub responded: Option<Vec<String>>,
}

impl Example {
    /// Something wrong with it, at its line.
    pub(crate) fn error(&self, message: String, hint: &str) -> RuleError {
        self.spot.error(message, hint)
    }
}

impl Step {
    /// Something wrong with it, at its line.
    pub(crate) fn error(&self, message: String, hint: &str) -> RuleError {
        self.spot.error(message, hint)
    }

    /// The source that speaks in it.
    #[must_use]
    pub fn source(&self) -> Option<&str> {
        match &self.kind {
            StepKind::See { source, .. } | StepKind::Health { source, .. } => Some(source),
            _ => None,
        }
    }

    /// The times at which it happens.
    pub fn times(&self) -> impl Iterator<Item = Span> + '_ {
        let single = self.every == Span::ZERO;
        let next = move |at: &Span| (!single).then(|| at.plus(self.every));
        std::iter::successors(Some(self.from), next).take_while(|at| *at <= self.to)
    }
}

/// The longest example, and the most that can happen in it.
const MAX_EXAMPLE: Span = Span::from_secs(48 * 3_600);
const MAX_TIMES: i64 = 20_000;
const MAX_STEPS: usize = 512;

/// Reads the examples of a rule.
pub(super) fn read_all(fields: &Fields<'_>, rule: &mut Rule) {
    for table in fields.tables("example", 64) {
        let name = table.need_text("name").unwrap_or_default().to_owned();
        let place = table.table_at("place").map(|props| read_props(&props, rule)).unwrap_or_default();
        let combine = table.one_of("combine", COMBINES);
        let spot = table.spot();
        let steps: Vec<Step> = table.tables("steps", MAX_STEPS).into_iter().filter_map(|s| step(s, rule)).collect();
        if !steps.iter().any(|step| matches!(step.kind, StepKind::Expect(_))) {
            table.wrong(
                "steps",
                "an example that expects nothing proves nothing",
                "add { at = \"…\", expect = \"clear\" }",
            );
        }
        table.finish();
        rule.examples.push(Example { name, place, combine, steps, spot });
    }
}

fn read_props(fields: &Fields<'_>, rule: &Rule) -> BTreeMap<String, Value> {
    let mut props = BTreeMap::new();
    for (key, value) in fields.table {
        let name = key.get_ref().as_ref();
        let kind = rule.scope.props.iter().find(|(known, _)| known == name).map(|(_, kind)| *kind);
        match kind.and_then(|kind| as_type(&value_of(value.get_ref())?, kind)) {
            Some(value) => drop(props.insert(name.to_owned(), value)),
            None => fields.sheet.wrong(
                &value.span(),
                format!("`{name}` is no property of the class of this type"),
                "see its place_class",
            ),
        }
    }
    props
}

fn step(fields: Fields<'_>, rule: &Rule) -> Option<Step> {
    let (from, to, every) = times(&fields);
    let spot = fields.spot();
    let kind = kind(&fields, rule);
    fields.finish();
    let (from, kind) = (from?, kind?);
    Some(Step { from, to: to.unwrap_or(from), every: every.unwrap_or(Span::ZERO), kind, spot })
}

fn times(fields: &Fields<'_>) -> (Option<Span>, Option<Span>, Option<Span>) {
    let (at, from) = (fields.span("at"), fields.span("from"));
    let (to, every) = (fields.span("to"), fields.span("every"));
    if at.is_some() == from.is_some() {
        fields.wrong("at", "when does it happen", "write at = \"10s\", or from = \"0s\", to = \"1m\", every = \"10s\"");
    }
    if from.is_some() && (to.is_none() || to < from) {
        fields.wrong("to", "`to` must not be before `from`", "write from = \"0s\", to = \"1m\"");
    }
    if from.is_some() && every.is_none() && !fields.has("outage") {
        fields.wrong("every", "`every` is missing", "write every = \"10s\"");
    }
    if at.is_some_and(|at| at > MAX_EXAMPLE) || to.is_some_and(|to| to > MAX_EXAMPLE) {
        fields.wrong("at", "an example lasts at most two days", "shorten it");
        return (None, None, None);
    }
    if let (Some(from), Some(to), Some(every)) = (from, to, every)
        && (every == Span::ZERO || to.minus(from).micros() / every.micros().max(1) > MAX_TIMES)
    {
        fields.wrong("every", format!("too often: at most {MAX_TIMES} times"), "choose a longer `every`");
        return (None, None, None);
    }
    (at.or(from), to, every)
}

fn kind(fields: &Fields<'_>, rule: &Rule) -> Option<StepKind> {
    let named = ["see", "outage", "act", "outcome"].into_iter().filter(|key| fields.has(key)).count();
    let health_alone = fields.has("health") && !fields.has("see");
    let expects = ["expect", "blind", "episodes", "responded"].into_iter().any(|key| fields.has(key));
    if named + usize::from(health_alone) + usize::from(expects) != 1 {
        fields.wrong(
            "see",
            "a step does one thing",
            "write one of see, health, outage, act, outcome, or what is expected",
        );
        return None;
    }
    if expects {
        return Some(StepKind::Expect(expectation(fields)));
    }
    if let Some(outage) = fields.flag("outage") {
        if !outage || !fields.has("from") {
            fields.wrong(
                "outage",
                "an outage lasts from … to …",
                "write { from = \"2m\", to = \"5m\", outage = true }",
            );
        }
        return Some(StepKind::Outage);
    }
    if fields.has("act") {
        return act(fields);
    }
    if fields.has("outcome") {
        fields.need_text("call");
        let state = fields.one_of("outcome", OUTCOMES)?;
        return Some(StepKind::Outcome { call: fields.text("call")?.to_owned(), state });
    }
    let source = fields.text("source").unwrap_or("a").to_owned();
    let late_by = fields.span("late_by").unwrap_or(Span::ZERO);
    let health = health(fields);
    match fields.table_at("see") {
        Some(see) => Some(StepKind::See { source, values: values(&see, rule), health, late_by }),
        None => health.map(|health| StepKind::Health { source, health, late_by }),
    }
}

const OUTCOMES: &[(&str, OutcomeState)] = &[
    ("sent", OutcomeState::Sent),
    ("delivered", OutcomeState::Delivered),
    ("answered", OutcomeState::Answered),
    ("failed", OutcomeState::Failed),
    ("expired", OutcomeState::Expired),
];

fn act(fields: &Fields<'_>) -> Option<StepKind> {
    let act = fields.one_of(
        "act",
        &[
            ("closed", ActStep::CaseEnded),
            ("verdict", ActStep::CaseEnded),
            ("void", ActStep::CaseEnded),
            ("exempt", ActStep::CaseEnded),
            ("post_check", ActStep::PostChecked),
        ],
    )?;
    let value = fields.text("value");
    if fields.text("act") == Some("verdict") && value != Some("false") {
        fields.wrong("value", "only a verdict of false changes what a rule believes", "write value = \"false\"");
    }
    Some(StepKind::Act(act))
}

fn expectation(fields: &Fields<'_>) -> Expectation {
    let state = fields.text("expect").and_then(|name| {
        let state = State::parse(name);
        if state.is_none() {
            fields.wrong("expect", format!("`{name}` is no state"), "use unknown, clear, suspected, present or easing");
        }
        state
    });
    let responded =
        fields.has("responded").then(|| fields.texts("responded", 64).into_iter().map(str::to_owned).collect());
    let episodes = fields.int("episodes", 0, 100_000).and_then(|n| u32::try_from(n).ok());
    Expectation { state, blind: fields.flag("blind"), episodes, responded }
}

fn values(fields: &Fields<'_>, rule: &Rule) -> Vec<(ValueName, Value)> {
    let mut values = Vec::new();
    for (key, value) in fields.table {
        let name = key.get_ref().as_ref();
        let kind = rule.scope.fields.iter().find(|(known, _)| known == name).map(|(_, kind)| *kind);
        match kind.and_then(|kind| as_type(&value_of(value.get_ref())?, kind)) {
            Some(value) => values.push((name.into(), value)),
            None => {
                let message = format!("`{name}` is no value of {} of this type", rule.sees);
                fields.sheet.wrong(&value.span(), message, "see its [[observation]]");
            }
        }
    }
    values
}

fn health(fields: &Fields<'_>) -> Option<Health> {
    let table = fields.table_at("health")?;
    let of = fields.one_of("of", PARTS);
    let health = Health {
        of: of.or_else(|| table.one_of("of", PARTS)),
        online: table.flag("online"),
        fresh: table.flag("fresh"),
        occluded: table.flag("occluded"),
        dark: table.flag("dark"),
        test: table.flag("test"),
    };
    table.finish();
    Some(health)
}
