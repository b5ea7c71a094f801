//! The reference: ENGINE §1 to §5, §8 and §9 as a slow program that computes everything afresh from all evidence.
//!
//! It says what the watch engine must say, and is what the engine is tested against. Nothing is kept but the records
//! that were applied and the changes that stand; at every record and tick it walks from the last change over all of
//! them again. Read in this order: this file (§1, §2: records and times), `cover` (§3: what a source says and how far),
//! `answer` (§3: several sources), `walk` (§4, §5: holds), `condition` (what is said about it), `ladder` (§8).

mod answer;
mod condition;
mod cover;
mod ladder;
mod setting;
mod walk;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use muster_domain::condition::{Change, ConditionKey, State, Subject};
use muster_domain::id::{AdapterName, PlaceId, RuleId};
use muster_domain::partition;
use muster_domain::record::{LogRecord, Observation};
use muster_domain::time::{LogTime, Received, Span};

use self::condition::{Condition, Now};
use self::setting::Setting;
use crate::config::Config;

/// One partition, computed slowly.
#[derive(Debug, Clone)]
pub struct Reference {
    generation: String,
    partition: u32,
    partitions: u32,
    epoch: Option<u64>,
    /// Log time `T`.
    log: Option<LogTime>,
    intake: Intake,
    conditions: BTreeMap<ConditionKey, Condition>,
}

/// What is known of the way in.
#[derive(Debug, Clone, Default)]
struct Intake {
    /// The end of our last outage; the first counted tick ends the time before everything.
    outage: Option<LogTime>,
    alive: BTreeMap<AdapterName, Received>,
    /// Adapters found silent at a tick, and not heard since.
    silent: BTreeSet<AdapterName>,
    /// Log time when a silent adapter was heard again: what waited behind it is given the time to arrive.
    back: BTreeMap<AdapterName, LogTime>,
}

/// §1: "a step of more than 10 s between ticks is our outage".
const OUTAGE: Span = Span::from_secs(10);
/// §3: "no intake record for 15 s".
const UNSERVED: Span = Span::from_secs(15);
/// §2: "a record is live when received ≤ `T` + 10 s and `e` ≥ received − 10 s".
const LIVE: Span = Span::from_secs(10);

impl Reference {
    /// A partition of which nothing was read yet.
    #[must_use]
    pub fn new(generation: &str, partition: u32, partitions: u32) -> Self {
        Self {
            generation: generation.to_owned(),
            partition,
            partitions,
            epoch: None,
            log: None,
            intake: Intake::default(),
            conditions: BTreeMap::new(),
        }
    }

    /// Reads the next record and says what changed. A configuration version that `configs` does not know changes
    /// nothing.
    pub fn apply(
        &mut self,
        offset: u64,
        record: &LogRecord,
        configs: &mut dyn FnMut(u64) -> Option<Arc<Config>>,
    ) -> Vec<Change> {
        let mut out = Vec::new();
        match record {
            LogRecord::Observation(said) => self.observe(offset, said, &mut out),
            LogRecord::Report(_) => {}
            LogRecord::Takeover { epoch, .. } => self.epoch = Some(*epoch),
            LogRecord::Tick { epoch, at } => {
                // §1: "a tick counts only with the epoch of the last takeover read, and only if it is later than `T`".
                if self.epoch == Some(*epoch) && self.log.is_none_or(|log| *at > log) {
                    self.tick(offset, *at, &mut out);
                }
            }
            LogRecord::Config { version } => {
                if let Some(config) = configs(*version) {
                    self.configure(offset, &config, &mut out);
                }
            }
            LogRecord::Intake { adapter, at } => {
                // A beat that comes again says nothing of now.
                if self.intake.alive.get(adapter).is_some_and(|alive| at <= alive) {
                    return out;
                }
                self.intake.alive.insert(adapter.clone(), *at);
                if self.intake.silent.remove(adapter) {
                    let heard = LogTime::from_micros(at.micros());
                    self.intake.back.insert(adapter.clone(), self.log.map_or(heard, |log| log.max(heard)));
                }
            }
            LogRecord::Act(act) => {
                let key = key(&act.rule, &act.place);
                let now = now(&self.generation, self.partition, offset, self.log, false);
                if let Some(condition) = self.conditions.get_mut(&key) {
                    condition.act(act, &now, &mut out);
                }
            }
            LogRecord::Outcome(outcome) => {
                if let Some(condition) = self.conditions.get_mut(&key(&outcome.rule, &outcome.place)) {
                    condition.outcome(outcome);
                }
            }
        }
        out
    }

    /// The state of a condition and whether it is blind.
    #[must_use]
    pub fn state(&self, key: &ConditionKey) -> Option<(State, bool)> {
        self.conditions.get(key).map(|condition| (condition.state(), condition.blind))
    }

    fn observe(&mut self, offset: u64, said: &Observation, out: &mut Vec<Change>) {
        let live = self.log.is_some_and(|log| {
            said.received <= Received::from_micros(log.plus(LIVE).micros())
                && said.seen.micros() >= said.received.minus(LIVE).micros()
        });
        let now = now(&self.generation, self.partition, offset, self.log, live);
        for condition in self.conditions.values_mut().filter(|c| c.key.subject.place() == Some(&said.place)) {
            condition.hear(said, &now, out);
        }
    }

    fn tick(&mut self, offset: u64, at: LogTime, out: &mut Vec<Change>) {
        let step = self.log.map(|log| at.since(log)).filter(|step| *step <= OUTAGE);
        if step.is_none() {
            self.intake.outage = Some(at);
        }
        self.log = Some(at);
        self.intake.listen(at);
        let now = now(&self.generation, self.partition, offset, self.log, true);
        for condition in self.conditions.values_mut() {
            condition.wait(step.unwrap_or_default());
            condition.look(at, &now, out);
            condition.flag(at, &self.intake, out);
            condition.climb(&now, out);
        }
    }

    /// §10: new rules and places begin `unknown`, changed ones go on, withdrawn ones end.
    fn configure(&mut self, offset: u64, config: &Config, out: &mut Vec<Change>) {
        let now = now(&self.generation, self.partition, offset, self.log, false);
        let mut holds = BTreeSet::new();
        for (rule, place) in config.watched() {
            if partition::of_place(&place.id, self.partitions) != self.partition {
                continue;
            }
            let (key, setting) = (key(&rule.id, &place.id), Arc::new(Setting::of(config, rule, place)));
            holds.insert(key.clone());
            match self.conditions.get_mut(&key) {
                Some(condition) => condition.reset(setting, &now, out),
                None => drop(self.conditions.insert(key.clone(), Condition::new(key, setting, self.log))),
            }
        }
        let (stay, go) = std::mem::take(&mut self.conditions).into_iter().partition(|(key, _)| holds.contains(key));
        self.conditions = stay;
        let go: BTreeMap<ConditionKey, Condition> = go;
        go.into_values().for_each(|condition| condition.withdraw(&now, out));
    }
}

impl Intake {
    /// §3: "while its adapter is silent (no intake record for 15 s) a source is not served"; after an outage of ours
    /// "every allowance for silence starts afresh".
    fn listen(&mut self, at: LogTime) {
        for (adapter, alive) in &self.alive {
            let alive = LogTime::from_micros(alive.micros());
            if at >= Some(alive).max(self.outage).unwrap_or(alive).plus(UNSERVED) {
                self.silent.insert(adapter.clone());
            }
        }
    }
}

fn key(rule: &RuleId, place: &PlaceId) -> ConditionKey {
    ConditionKey { rule: rule.clone(), subject: Subject::Place(place.clone()) }
}

fn now<'a>(generation: &'a str, partition: u32, offset: u64, log: Option<LogTime>, opens: bool) -> Now<'a> {
    Now { generation, partition, offset, log, opens }
}
