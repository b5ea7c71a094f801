//! The watch engine: a pure function of one partition's records and the configuration versions they name (ENGINE).
//!
//! [`Engine::apply`] takes one record after another and says what changed. Read `belief` for the life of a condition,
//! `voice` and `answer` for what sources say and cover, `hold` for time, `sight` for blindness, `ladder` for what is
//! done. Signals, levels and plans (ENGINE §6), inhibition and upstreams have their place beside `answer` and
//! `built_in`; nothing stands there yet.

mod answer;
mod belief;
mod built_in;
mod checkpoint;
mod codec;
mod condition;
mod configure;
mod explain;
mod hold;
mod ladder;
mod reason;
mod sight;
mod tick;
mod voice;
mod wakes;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use muster_domain::condition::{Change, ConditionKey, State, Subject};
use muster_domain::id::{AdapterName, ClassId, DeviceId, EpisodeId, ObservationKind, PlaceId, RuleId};
use muster_domain::record::{Health, LogRecord, Observation};
use muster_domain::time::{LogTime, Received, Seen};
use rustc_hash::FxHashMap;

pub use checkpoint::CheckpointError;
pub use explain::{ClauseShown, Explanation, HoldShown, SourceShown};

use crate::config::Config;
use crate::rulebook::{ADAPTER_SILENT, HEALTH_KIND};
use built_in::{About, Adapter, Dark};
use condition::{Condition, Now};
use wakes::Wakes;

/// A record is live when it was taken in and seen within this long of log time (ENGINE §2).
const LIVE: i64 = 10_000_000;

/// The watch over one partition.
#[derive(Debug)]
pub struct Engine {
    generation: String,
    partition: u32,
    partitions: u32,
    config: Option<Arc<Config>>,
    offset: Option<u64>,
    clock: Clock,
    adapters: BTreeMap<AdapterName, Adapter>,
    devices: BTreeMap<DeviceId, Dark>,
    /// In the order of places, then rules.
    conditions: Vec<Condition>,
    /// Places come from the catalogue alone, so nobody outside chooses what meets in this table.
    routes: FxHashMap<PlaceId, Vec<Route>>,
    wakes: Wakes,
    climbing: BTreeSet<u32>,
    counters: Counters,
}

/// What ticks have said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Clock {
    epoch: Option<u64>,
    time: Option<i64>,
    outage_end: Option<i64>,
}

/// Where an observation of a device at a place goes.
#[derive(Debug, Clone)]
struct Route {
    device: DeviceId,
    kind: ObservationKind,
    condition: u32,
    source: u8,
}

/// What stops a partition: a record that cannot be applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EngineFault {
    /// A configuration record names a version that the store does not have.
    #[error("offset {offset} names configuration version {version}, which is not there; restore it in the store")]
    NoConfig {
        /// The record's offset.
        offset: u64,
        /// The version it names.
        version: u64,
    },
    /// A record came again, or out of order.
    #[error("offset {offset} came after offset {after}; read the partition from after its checkpoint")]
    Order {
        /// The record's offset.
        offset: u64,
        /// The offset applied before it.
        after: u64,
    },
}

/// What was counted since this engine was made; not part of its state.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counters {
    /// Records applied.
    pub records: u64,
    /// Observations that some rule took as evidence or health.
    pub observations: u64,
    /// Observations that no rule cares about.
    pub unwatched: u64,
    /// Observations not newer than the last applied.
    pub stale: u64,
    /// Observations too old to decide anything.
    pub late: u64,
    /// Observations marked as a test.
    pub test: u64,
    /// Ticks counted.
    pub ticks: u64,
    /// Ticks of another epoch, or not later than log time.
    pub ticks_ignored: u64,
    /// Outages of our own.
    pub outages: u64,
}

/// A condition as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct ConditionView<'a> {
    /// Rule and subject.
    pub key: ConditionKey,
    /// The rule's version.
    pub rule_version: u32,
    /// The state.
    pub state: State,
    /// The flag.
    pub blind: bool,
    /// The instant of the last change of state; `None` while nothing was ever said.
    pub since: Option<Seen>,
    /// The episode under way.
    pub episode: Option<&'a EpisodeId>,
    /// Whether its case was opened.
    pub opened: Option<LogTime>,
}

impl Engine {
    /// An engine that has read nothing. It watches the places of one of `partitions` partitions.
    #[must_use]
    pub fn new(generation: &str, partition: u32, partitions: u32) -> Self {
        Self {
            generation: generation.to_owned(),
            partition,
            partitions,
            config: None,
            offset: None,
            clock: Clock::default(),
            adapters: BTreeMap::new(),
            devices: BTreeMap::new(),
            conditions: Vec::new(),
            routes: FxHashMap::default(),
            wakes: Wakes::default(),
            climbing: BTreeSet::new(),
            counters: Counters::default(),
        }
    }

    /// Applies one record and appends what changed to `out`, in the order of effect.
    ///
    /// # Errors
    /// [`EngineFault`] when the record cannot be applied; the state is then as before it.
    pub fn apply(
        &mut self,
        offset: u64,
        record: &LogRecord,
        configs: &mut dyn FnMut(u64) -> Option<Arc<Config>>,
        out: &mut Vec<Change>,
    ) -> Result<(), EngineFault> {
        if let Some(after) = self.offset.filter(|after| offset <= *after) {
            return Err(EngineFault::Order { offset, after });
        }
        if let LogRecord::Config { version } = record {
            let config = configs(*version).ok_or(EngineFault::NoConfig { offset, version: *version })?;
            self.configure(&config, offset, out);
        }
        self.offset = Some(offset);
        self.counters.records += 1;
        match record {
            LogRecord::Observation(said) => self.observe(offset, said, out),
            LogRecord::Tick { epoch, at } => self.tick(offset, *epoch, at.micros(), out),
            // Also where it is lower: a store of an earlier time came back, and counts its epochs from there.
            LogRecord::Takeover { epoch, .. } => self.clock.epoch = Some(*epoch),
            LogRecord::Intake { adapter, at } => self.intake(adapter, *at, out),
            LogRecord::Act(act) => {
                if let Some(n) = self.position(&act.rule, &act.place) {
                    let now = now(&self.generation, self.partition, offset, self.clock.time, true);
                    self.conditions[n].act(act, &now, out);
                    self.touched(n);
                }
            }
            LogRecord::Outcome(outcome) => {
                if let Some(n) = self.position(&outcome.rule, &outcome.place) {
                    self.conditions[n].outcome(outcome);
                }
            }
            LogRecord::Report(_) | LogRecord::Config { .. } => {}
        }
        Ok(())
    }

    fn observe(&mut self, offset: u64, said: &Observation, out: &mut Vec<Change>) {
        if said.late {
            self.counters.late += 1;
            return;
        }
        if said.health.is_some_and(|health| health.test == Some(true)) {
            self.counters.test += 1;
            return;
        }
        let Some(routes) = self.routes.get(&said.place) else {
            self.counters.unwatched += 1;
            return;
        };
        let is_health = said.kind.as_str() == HEALTH_KIND;
        let now = now(&self.generation, self.partition, offset, self.clock.time, is_live(said, self.clock.time));
        let (mut meant, mut news) = (false, false);
        for route in routes.iter().filter(|route| route.device == said.device && (is_health || route.kind == said.kind))
        {
            meant = true;
            let (n, source, before) = (route.condition as usize, usize::from(route.source), out.len());
            let condition = &mut self.conditions[n];
            let was_out = condition.voices[source].out_since().is_some();
            let applied = if is_health {
                // A health record that names no part speaks of the part that makes such records.
                let heartbeat = self.config.as_ref().and_then(|config| config.rulebook.kinds.get(HEALTH_KIND));
                let part = |health: Health| health.of.or(heartbeat.map(|kind| kind.made_by));
                let voice = &mut condition.voices[source];
                let heard = said
                    .health
                    .is_some_and(|health| voice.hear_health(said.seen.micros(), Health { of: part(health), ..health }));
                if heard && voice.adapter.as_ref() != Some(&said.adapter) {
                    voice.adapter = Some(said.adapter.clone());
                }
                heard
            } else {
                condition.observe(source, said, &now, out)
            };
            if !applied {
                continue;
            }
            news = true;
            let is_out = condition.voices[source].out_since().is_some();
            let look = if out.len() > before || was_out || is_out { i64::MIN } else { condition.edge(!is_health) };
            self.wakes.by(route.condition, look);
            if condition.is_climbing() {
                self.climbing.insert(route.condition);
            }
        }
        match (meant, news) {
            (true, true) => self.counters.observations += 1,
            (true, false) => self.counters.stale += 1,
            (false, _) => self.counters.unwatched += 1,
        }
    }

    fn intake(&mut self, name: &AdapterName, at: Received, out: &mut Vec<Change>) {
        let adapter = self.adapters.entry(name.clone()).or_default();
        // A beat that comes again says nothing of now.
        if at.micros() <= adapter.heard {
            return;
        }
        adapter.heard = at.micros();
        let time = self.clock.time.map_or(at.micros(), |time| time.max(at.micros()));
        if adapter.is_silent() {
            adapter.back = Some(time);
            let subject = Subject::Adapter(name.clone());
            let about = About { name: ADAPTER_SILENT, subject, config: self.config.as_deref() };
            out.extend(adapter.alarm.end(time, &about, muster_domain::condition::EndedHow::SeenClear));
        }
    }

    /// Something happened to a condition: look at it with the next tick.
    fn touched(&mut self, n: usize) {
        let position = u32::try_from(n).unwrap_or(u32::MAX);
        self.wakes.by(position, i64::MIN);
        if self.conditions[n].is_climbing() {
            self.climbing.insert(position);
        }
    }

    fn position(&self, rule: &RuleId, place: &PlaceId) -> Option<usize> {
        let key = (place, rule);
        self.conditions.binary_search_by(|condition| (&condition.place.id, &condition.rule.id).cmp(&key)).ok()
    }

    /// Log time: the last counted tick.
    #[must_use]
    pub fn time(&self) -> Option<LogTime> {
        self.clock.time.map(LogTime::from_micros)
    }

    /// The epoch whose ticks count: that of the last takeover.
    #[must_use]
    pub fn epoch(&self) -> Option<u64> {
        self.clock.epoch
    }

    /// The offset applied last.
    #[must_use]
    pub fn offset(&self) -> Option<u64> {
        self.offset
    }

    /// The configuration that holds.
    #[must_use]
    pub fn config(&self) -> Option<&Arc<Config>> {
        self.config.as_ref()
    }

    /// What was counted since this engine was made.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// How many places of each class are not seen by some rule.
    #[must_use]
    pub fn blind_places(&self) -> BTreeMap<ClassId, u64> {
        let mut places: BTreeMap<ClassId, BTreeSet<&PlaceId>> = BTreeMap::new();
        for condition in self.conditions.iter().filter(|condition| condition.sight.blind_from.is_some()) {
            places.entry(condition.place.class.clone()).or_default().insert(&condition.place.id);
        }
        places.into_iter().map(|(class, places)| (class, places.len() as u64)).collect()
    }

    /// Every condition: those of rules by place and rule, then devices, then adapters.
    pub fn conditions(&self) -> impl Iterator<Item = ConditionView<'_>> {
        let devices = self.devices.iter().filter(|(_, dark)| dark.alarm.known);
        let devices =
            devices.map(|(id, dark)| built_in(crate::rulebook::DEVICE_BLIND, Subject::Device(id.clone()), &dark.alarm));
        let adapters = self.adapters.iter().filter(|(_, adapter)| adapter.alarm.known);
        let adapters =
            adapters.map(|(name, adapter)| built_in(ADAPTER_SILENT, Subject::Adapter(name.clone()), &adapter.alarm));
        self.conditions.iter().map(Condition::shown).chain(devices.flatten()).chain(adapters.flatten())
    }

    /// One condition.
    #[must_use]
    pub fn condition(&self, key: &ConditionKey) -> Option<ConditionView<'_>> {
        match &key.subject {
            Subject::Place(place) => self.position(&key.rule, place).map(|n| self.conditions[n].shown()),
            _ => self.conditions().find(|view| view.key == *key),
        }
    }
}

fn now(generation: &str, partition: u32, offset: u64, time: Option<i64>, prompt: bool) -> Now<'_> {
    Now { generation, partition, offset, time, prompt }
}

fn is_live(said: &Observation, time: Option<i64>) -> bool {
    let received = said.received.micros();
    time.is_some_and(|time| received <= time.saturating_add(LIVE))
        && said.seen.micros() >= received.saturating_sub(LIVE)
}

fn built_in<'a>(rule: &str, subject: Subject, alarm: &'a built_in::Alarm) -> Option<ConditionView<'a>> {
    Some(ConditionView {
        key: ConditionKey { rule: RuleId::parse(rule).ok()?, subject },
        rule_version: 1,
        state: alarm.state(),
        blind: false,
        since: Some(Seen::from_micros(alarm.since)),
        episode: alarm.episode.as_ref(),
        opened: alarm.episode.as_ref().map(|_| LogTime::from_micros(alarm.since)),
    })
}

impl Condition {
    /// The first instant at which this condition needs a look if nobody says a word more, sight included. What evidence
    /// changed was judged with it; what health changed is judged by a look.
    fn edge(&self, judged: bool) -> i64 {
        let silent = self.voices.iter().filter_map(|voice| Some(voice.last_word()?.saturating_add(voice.after))).min();
        let next = if judged && !self.is_waiting() {
            self.belief.next_edge(&self.view(), i64::MIN)
        } else {
            self.next_look(i64::MIN)
        };
        next.min(silent.unwrap_or(i64::MAX))
    }

    fn shown(&self) -> ConditionView<'_> {
        ConditionView {
            key: self.key(),
            rule_version: self.rule.version,
            state: self.belief.state,
            blind: self.sight.blind_from.is_some(),
            since: (self.belief.state != State::Unknown).then(|| Seen::from_micros(self.belief.since)),
            episode: self.episode.as_ref().map(|episode| &episode.id),
            opened: self.episode.as_ref().and_then(|episode| episode.opened).map(LogTime::from_micros),
        }
    }
}

#[cfg(test)]
mod tests;
