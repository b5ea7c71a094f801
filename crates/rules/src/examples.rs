//! Runs the examples of a rule book through the watch engine (INTERFACE §8): a book whose examples fail is refused.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use muster_domain::catalogue::{Catalogue, Coverage, Device, DeviceKind, Place};
use muster_domain::condition::{Change, ConditionKey, State, Subject};
use muster_domain::id::{
    ActId, AdapterName, CaseId, DeviceId, EffectId, EpisodeId, ObservationKind, PlaceId, RuleId, SourceId, SourceName,
};
use muster_domain::record::{Act, ActKind, Health, LogRecord, Observation, Outcome, Value, ValueName};
use muster_domain::time::{Filed, LogTime, Received, Seen, Span};

use crate::config::Config;
use crate::rulebook::{ActStep, Example, Expectation, HEALTH_KIND, Mode, Rule, RuleBook, RuleError, Step, StepKind};
use crate::watch::Engine;

/// What became of one example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The rule.
    pub rule: RuleId,
    /// The example's name.
    pub example: String,
    /// `None` when everything came as expected; else what did not.
    pub failed: Option<RuleError>,
}

impl Verdict {
    /// Whether everything came as expected.
    #[must_use]
    pub const fn is_ok(&self) -> bool {
        self.failed.is_none()
    }
}

/// Runs every example of every rule, in the order of rules and examples.
#[must_use]
pub fn run(book: &RuleBook) -> Vec<Verdict> {
    let examples = book.rules.values().flat_map(|rule| rule.examples.iter().map(move |example| (rule, example)));
    examples
        .map(|(rule, example)| Verdict {
            rule: rule.id.clone(),
            example: example.name.clone(),
            failed: run_one(book, rule, example).err(),
        })
        .collect()
}

/// Runs one example.
///
/// # Errors
/// The first expectation that did not come true, at its line.
pub fn run_one(book: &RuleBook, rule: &Rule, example: &Example) -> Result<(), RuleError> {
    let impossible = |message: String| example.error(message, "mend the example");
    let stage = Stage::set(book, rule, example).map_err(impossible)?;
    stage.play(example)
}

/// Second 0 of every example; any instant would do.
const START: i64 = 1_750_000_000_000_000;
const SECOND: i64 = 1_000_000;

/// A street of one place, and an engine that watches it by one rule.
struct Stage<'a> {
    rule: &'a Rule,
    config: Arc<Config>,
    engine: Engine,
    place: PlaceId,
    adapter: AdapterName,
    health: ObservationKind,
    offset: u64,
    /// The last episode that began.
    episode: Option<EpisodeId>,
    episodes: u32,
    responded: Vec<String>,
    mail: Vec<Mail<'a>>,
}

/// Something that arrives.
struct Mail<'a> {
    arrives: i64,
    seen: i64,
    step: &'a Step,
}

impl<'a> Stage<'a> {
    fn set(book: &RuleBook, rule: &'a Rule, example: &'a Example) -> Result<Self, String> {
        let text = |error: muster_domain::id::IdError| error.to_string();
        let place = PlaceId::parse("example").map_err(text)?;
        let config = street(book, rule, example, &place)?;
        let mut mail: Vec<Mail<'a>> = Vec::new();
        for step in &example.steps {
            let late_by = match &step.kind {
                StepKind::See { late_by, .. } | StepKind::Health { late_by, .. } => late_by.micros(),
                StepKind::Act(_) | StepKind::Outcome { .. } => 0,
                StepKind::Outage | StepKind::Expect(_) => continue,
            };
            let seen = step.times().map(|at| START + at.micros());
            mail.extend(seen.map(|seen| Mail { arrives: seen + late_by, seen, step }));
        }
        if mail.len() > MAX_MAIL {
            return Err(format!("more than {MAX_MAIL} records"));
        }
        // A stable order: what arrives together is read in the order in which it was seen, then written.
        mail.sort_by_key(|mail| (mail.arrives, mail.seen));
        mail.reverse();
        Ok(Self {
            rule,
            config,
            engine: Engine::new("example", 0, 1),
            place,
            adapter: AdapterName::parse("example").map_err(text)?,
            health: ObservationKind::parse(HEALTH_KIND).map_err(text)?,
            offset: 0,
            episode: None,
            episodes: 0,
            responded: Vec::new(),
            mail,
        })
    }

    /// Each second: first what arrives, then a tick, then what is expected.
    fn play(mut self, example: &Example) -> Result<(), RuleError> {
        let broken = |message: String| example.error(message, "mend the example");
        self.read(LogRecord::Takeover { epoch: 1, owner: "example".to_owned() }).map_err(broken)?;
        self.read(LogRecord::Config { version: 1 }).map_err(broken)?;
        let last = example.steps.iter().map(|step| step.to.micros()).max().unwrap_or(0);
        let expected = expected(example);
        let mut served = i64::MIN;
        for second in 0..=(last + SECOND - 1) / SECOND {
            let now = START + second * SECOND;
            if is_out(example, second * SECOND) {
                continue;
            }
            if now.saturating_sub(served) >= 5 * SECOND {
                let at = Received::from_micros(now);
                self.read(LogRecord::Intake { adapter: self.adapter.clone(), at }).map_err(broken)?;
                served = now;
            }
            while let Some(mail) = self.mail.pop_if(|mail| mail.arrives <= now) {
                if let Some(record) = self.record(&mail) {
                    self.read(record).map_err(broken)?;
                }
            }
            self.read(LogRecord::Tick { epoch: 1, at: LogTime::from_micros(now) }).map_err(broken)?;
            for (step, expectation) in expected.get(&second).into_iter().flatten() {
                self.compare(expectation).map_err(|why| {
                    step.error(format!("\"{}\": {why}", example.name), "mend the rule or the example")
                })?;
            }
        }
        Ok(())
    }

    fn read(&mut self, record: LogRecord) -> Result<(), String> {
        let mut changes = Vec::new();
        let config = Arc::clone(&self.config);
        let applied = self.engine.apply(self.offset, &record, &mut |_| Some(Arc::clone(&config)), &mut changes);
        applied.map_err(|fault| fault.to_string())?;
        self.offset += 1;
        for change in changes {
            match change {
                Change::Moved(moved) if moved.from == State::Suspected && moved.to == State::Present => {
                    self.episodes += 1;
                    self.episode = moved.episode;
                }
                Change::Step(step) if step.skipped.is_none() => {
                    let taken = self.rule.respond.get(usize::from(step.step));
                    self.responded.extend(taken.into_iter().flat_map(|step| step.names().map(str::to_owned)));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn record(&self, mail: &Mail<'_>) -> Option<LogRecord> {
        match &mail.step.kind {
            StepKind::See { source, values, health, .. } => {
                self.observation(mail, source, self.rule.sees.clone(), values.clone(), *health)
            }
            StepKind::Health { source, health, .. } => {
                self.observation(mail, source, self.health.clone(), Vec::new(), Some(*health))
            }
            StepKind::Act(act) => self.act(mail, *act),
            StepKind::Outcome { call, state } => Some(LogRecord::Outcome(Outcome {
                effect: EffectId::of("example", call),
                episode: self.episode.clone()?,
                rule: self.rule.id.clone(),
                place: self.place.clone(),
                name: call.clone(),
                state: *state,
                at: Received::from_micros(mail.arrives),
            })),
            StepKind::Outage | StepKind::Expect(_) => None,
        }
    }

    fn observation(
        &self,
        mail: &Mail<'_>,
        source: &str,
        kind: ObservationKind,
        values: Vec<(ValueName, Value)>,
        health: Option<Health>,
    ) -> Option<LogRecord> {
        Some(LogRecord::Observation(Observation {
            source: SourceName::parse("example").ok()?,
            id: SourceId::parse(&self.offset.to_string()).ok()?,
            adapter: self.adapter.clone(),
            device: DeviceId::parse(source).ok()?,
            place: self.place.clone(),
            kind,
            values,
            confidence: None,
            health,
            evidence: Vec::new(),
            seen: Seen::from_micros(mail.seen),
            received: Received::from_micros(mail.arrives),
            skewed: false,
            late: mail.arrives - mail.seen > LATE,
            config: 1,
        }))
    }

    fn act(&self, mail: &Mail<'_>, act: ActStep) -> Option<LogRecord> {
        let case = CaseId::of(&self.rule.kind, "example", "example");
        Some(LogRecord::Act(Act {
            id: ActId::of(&case, self.offset, self.episode.as_ref()?),
            place: self.place.clone(),
            rule: self.rule.id.clone(),
            episode: self.episode.clone(),
            case,
            kind: match act {
                ActStep::CaseEnded => ActKind::CaseEnded,
                ActStep::PostChecked => ActKind::PostChecked,
            },
            at: Filed::from_micros(mail.arrives),
            reason: "example".to_owned(),
        }))
    }

    fn compare(&self, expected: &Expectation) -> Result<(), String> {
        let key = ConditionKey { rule: self.rule.id.clone(), subject: Subject::Place(self.place.clone()) };
        let view = self.engine.condition(&key).ok_or("the rule does not watch the place")?;
        if let Some(state) = expected.state.filter(|state| *state != view.state) {
            return Err(format!("{} was expected, it is {}", state.name(), view.state.name()));
        }
        if let Some(blind) = expected.blind.filter(|blind| *blind != view.blind) {
            return Err(format!("blind = {blind} was expected, it is {}", view.blind));
        }
        if let Some(episodes) = expected.episodes.filter(|episodes| *episodes != self.episodes) {
            return Err(format!("{episodes} episodes were expected, there were {}", self.episodes));
        }
        match &expected.responded {
            Some(responded) if *responded != self.responded => {
                Err(format!("responded = {responded:?} was expected, it was {:?}", self.responded))
            }
            _ => Ok(()),
        }
    }
}

/// The most records in one example, and the age at which a record decides nothing any more (ENGINE §2).
const MAX_MAIL: usize = 200_000;
const LATE: i64 = 3_600 * SECOND;

fn expected(example: &Example) -> BTreeMap<i64, Vec<(&Step, &Expectation)>> {
    let mut expected: BTreeMap<i64, Vec<_>> = BTreeMap::new();
    for step in &example.steps {
        if let StepKind::Expect(expectation) = &step.kind {
            for at in step.times() {
                expected.entry((at.micros() + SECOND - 1) / SECOND).or_default().push((step, expectation));
            }
        }
    }
    expected
}

/// Whether this second falls into an outage; its last second is the first one after it.
fn is_out(example: &Example, at: i64) -> bool {
    let at = Span::from_micros(at);
    example.steps.iter().any(|step| step.kind == StepKind::Outage && step.from <= at && at < step.to)
}

/// One place of the rule's class, and the sources that the steps name.
fn street(book: &RuleBook, rule: &Rule, example: &Example, place: &PlaceId) -> Result<Arc<Config>, String> {
    let rule = Rule { mode: Mode::Live, only_grids: Vec::new(), examples: Vec::new(), ..rule.clone() };
    let mut names: BTreeSet<&str> = example.steps.iter().filter_map(Step::source).collect();
    if names.is_empty() {
        names.insert("a");
    }
    let mut catalogue = Catalogue::default();
    let standing = Place {
        id: place.clone(),
        class: rule.watches.clone(),
        name: example.name.clone(),
        grid: None,
        position: None,
        geometry: None,
        props: example.place.clone(),
        combine: example.combine,
        units: Vec::new(),
    };
    catalogue.places.insert(place.clone(), Arc::new(standing));
    for name in names {
        let id = DeviceId::parse(name).map_err(|error| error.to_string())?;
        let device = Device {
            id: id.clone(),
            kind: DeviceKind::Camera,
            name: name.to_owned(),
            places: vec![Coverage { place: place.clone(), zone: None }],
            upstream: None,
            external_ids: Vec::new(),
            reports: BTreeMap::new(),
            props: BTreeMap::new(),
        };
        catalogue.devices.insert(id, Arc::new(device));
    }
    let mut alone = RuleBook::default();
    alone.kinds.clone_from(&book.kinds);
    alone.classes.clone_from(&book.classes);
    alone.case_kinds.clone_from(&book.case_kinds);
    alone.rules.insert(rule.id.clone(), Arc::new(rule));
    Config::new(1, alone, catalogue).map_err(|error| error.to_string())
}
