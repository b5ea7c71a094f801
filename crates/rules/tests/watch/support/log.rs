//! From a world to the log of one partition, and the log as a script.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use muster_domain::condition::Change;
use muster_domain::id::{
    ActId, AdapterName, CaseId, CaseKind, DeviceId, EffectId, EpisodeId, ObservationKind, PlaceId, RuleId, SourceId,
    SourceName,
};
use muster_domain::record::{
    Act, ActKind, Health, LogRecord, Observation, Outcome, OutcomeState, Part, Value, ValueName,
};
use muster_domain::time::{Filed, LogTime, Received, Seen};
use muster_rules::config::Config;
use muster_rules::reference::Reference;

use super::book::{DEVICES, PLACES};
use super::said::line;
use super::world::{Claims, Happening, Healths, Sees, World};

/// Second 0 in microseconds since 1970.
pub(crate) const START: i64 = 1_790_000_000_000_000;
/// The generation of every random log.
pub(crate) const GENERATION: &str = "g1";
/// Offsets are this far apart, so that repeats fit between.
pub(crate) const STRIDE: u64 = 10;

/// The log of a world with what the reference says to each record.
#[derive(Clone)]
pub(crate) struct Log {
    pub(crate) configs: BTreeMap<u64, Arc<Config>>,
    pub(crate) records: Vec<(u64, LogRecord)>,
    pub(crate) said: Vec<Vec<Change>>,
    texts: Vec<String>,
}

/// What waits for its turn: by time, then by what comes first within a second.
struct Coming {
    at: i64,
    rank: u8,
    what: What,
}

enum What {
    Record(Box<LogRecord>),
    Tick { epoch: u64 },
    Takeover,
    Restored,
    Act { rule: usize, place: usize, kind: ActKind, named: bool },
    Outcome { rule: usize, place: usize, state: OutcomeState },
}

impl World {
    /// The log of this world: everything in the order of its arrival.
    pub(crate) fn log(&self) -> Log {
        let mut configs = BTreeMap::from([(1, self.first.config(1))]);
        let mut texts = vec![self.first.text(1)];
        if let Some((_, second)) = &self.second {
            configs.insert(2, second.config(2));
            texts.push(second.text(2));
        }
        let mut coming = self.coming();
        coming.sort_by_key(|coming| (coming.at, coming.rank));
        let mut build = Build {
            reference: Reference::new(GENERATION, 0, 1),
            episodes: BTreeMap::new(),
            epoch: 1,
            log: Log { configs, records: Vec::new(), said: Vec::new(), texts },
        };
        build.append(LogRecord::Takeover { epoch: 1, owner: "one".to_owned() });
        build.append(LogRecord::Config { version: 1 });
        for coming in coming {
            build.happen(coming);
        }
        build.log
    }

    fn coming(&self) -> Vec<Coming> {
        let mut coming = Vec::new();
        let mut put = |at, rank, what| coming.push(Coming { at, rank, what });
        let down = |at: i64| {
            let outage = |happening: &Happening| match happening {
                Happening::Outage { from, length } if (*from..from + length).contains(&at) => Some(from + length),
                _ => None,
            };
            self.happenings.iter().find_map(outage)
        };
        let up = |at: i64| std::iter::successors(Some(at), |at| down(*at)).last().unwrap_or(at);
        let silent = |at: i64| {
            self.happenings.iter().any(|happening| {
                matches!(happening, Happening::AdapterSilent { from, length } if (*from..from + length).contains(&at))
            })
        };
        for at in (0..=self.length).step_by(5).filter(|at| !silent(*at)) {
            let adapter = AdapterName::parse("http").unwrap();
            put(
                up(at),
                2,
                What::Record(Box::new(LogRecord::Intake { adapter, at: Received::from_micros(micros(at)) })),
            );
        }
        for at in (0..=self.length).step_by(usize::try_from(self.tick_every).unwrap()).filter(|at| down(*at).is_none())
        {
            put(at, 9, What::Tick { epoch: 0 });
        }
        if let Some((at, _)) = self.second {
            put(up(at), 1, What::Record(Box::new(LogRecord::Config { version: 2 })));
        }
        for (number, happening) in self.happenings.iter().enumerate() {
            match happening {
                Happening::Sees(sees) => {
                    for n in 0..sees.times {
                        let record = sees.record(n, number);
                        put(up(sees.arrival(n)), 3, What::Record(Box::new(record)));
                    }
                }
                Happening::Healths(healths) => {
                    for n in 0..healths.times {
                        let record = healths.record(n, number);
                        put(up(healths.from + n * healths.every + healths.delay), 3, What::Record(Box::new(record)));
                    }
                }
                Happening::Act { at, rule, place, kind, named } => {
                    put(up(*at), 4, What::Act { rule: *rule, place: *place, kind: *kind, named: *named });
                }
                Happening::Outcome { at, rule, place, state } => {
                    put(up(*at), 4, What::Outcome { rule: *rule, place: *place, state: *state });
                }
                Happening::Takeover { at, lingers } => {
                    put(up(*at), 0, What::Takeover);
                    for late in 0..*lingers {
                        put(up(at + late), 8, What::Tick { epoch: 1 });
                    }
                }
                Happening::Restored { at } => put(up(*at), 0, What::Restored),
                Happening::Outage { .. } | Happening::AdapterSilent { .. } => {}
            }
        }
        coming
    }
}

/// A log that grows, with the reference reading it: acts need to know the episode under way.
struct Build {
    reference: Reference,
    episodes: BTreeMap<(usize, usize), EpisodeId>,
    epoch: u64,
    log: Log,
}

impl Build {
    fn append(&mut self, record: LogRecord) {
        let offset = STRIDE * (self.log.records.len() as u64 + 1);
        let configs = &self.log.configs;
        let changes = self.reference.apply(offset, &record, &mut |version| configs.get(&version).cloned());
        for change in &changes {
            let key = super::said::key_of(change);
            let rule = key.rule.as_str()[1..].parse().unwrap();
            let place = PLACES.iter().position(|place| key.subject.key() == format!("place:{place}")).unwrap();
            match change {
                Change::Moved(moved) if moved.episode.is_some() => {
                    self.episodes.insert((rule, place), moved.episode.clone().unwrap());
                }
                Change::Ended(_) => drop(self.episodes.remove(&(rule, place))),
                _ => {}
            }
        }
        self.log.records.push((offset, record));
        self.log.said.push(changes);
    }

    fn happen(&mut self, coming: Coming) {
        match coming.what {
            What::Record(record) => self.append(*record),
            What::Tick { epoch } => {
                let epoch = if epoch == 0 { self.epoch } else { self.epoch.saturating_sub(epoch) };
                self.append(LogRecord::Tick { epoch, at: LogTime::from_micros(micros(coming.at)) });
            }
            What::Takeover | What::Restored => {
                self.epoch = if matches!(coming.what, What::Takeover) { self.epoch + 1 } else { self.epoch - 1 };
                self.append(LogRecord::Takeover { epoch: self.epoch, owner: format!("owner {}", self.epoch) });
            }
            What::Act { rule, place, kind, named } => {
                let Some(episode) = self.episodes.get(&(rule, place)).cloned() else { return };
                let (rule, place) = (rule_id(rule), PlaceId::parse(PLACES[place]).unwrap());
                let case = CaseId::of(&CaseKind::parse("kind").unwrap(), "place", episode.as_str());
                let id = ActId::of(&case, 1, &episode);
                let episode = named.then_some(episode);
                let at = Filed::from_micros(micros(coming.at));
                let reason = "seen by a person".to_owned();
                self.append(LogRecord::Act(Act { id, place, rule, episode, case, kind, at, reason }));
            }
            What::Outcome { rule, place, state } => {
                let Some(episode) = self.episodes.get(&(rule, place)).cloned() else { return };
                let (rule, place) = (rule_id(rule), PlaceId::parse(PLACES[place]).unwrap());
                let effect = EffectId::of(episode.as_str(), "roll_call");
                let (name, at) = ("roll_call".to_owned(), Received::from_micros(micros(coming.at)));
                self.append(LogRecord::Outcome(Outcome { effect, episode, rule, place, name, state, at }));
            }
        }
    }
}

fn rule_id(number: usize) -> RuleId {
    RuleId::parse(&format!("r{number}")).unwrap()
}

fn micros(second: i64) -> i64 {
    START + second * 1_000_000
}

impl Sees {
    fn arrival(&self, n: i64) -> i64 {
        (self.from + n * self.every + self.delay).max(self.cut_until)
    }

    fn record(&self, n: i64, number: usize) -> LogRecord {
        let at = self.from + n * self.every;
        let health = match self.claims {
            Claims::Nothing => None,
            Claims::Healthy => Some(Health { online: Some(true), ..Health::default() }),
            Claims::Occluded => Some(Health { of: Some(Part::Camera), occluded: Some(true), ..Health::default() }),
            Claims::Test => Some(Health { test: Some(true), ..Health::default() }),
        };
        let values = vec![("persons".into(), Value::Int(self.persons))];
        let (place, kind) = (self.place, self.kind.name());
        let received = self.arrival(n);
        let said = Saying { device: self.device, place, kind, at, received, health, values, late: self.late };
        said.record(&format!("{number}.{n}"))
    }
}

impl Healths {
    fn record(&self, n: i64, number: usize) -> LogRecord {
        let at = self.from + n * self.every;
        let health = Some(Health { of: Some(self.part), online: Some(self.healthy), ..Health::default() });
        let Self { device, place, delay, .. } = *self;
        let received = at + delay;
        let said = Saying { device, place, kind: "health", at, received, health, values: Vec::new(), late: false };
        said.record(&format!("{number}.{n}"))
    }
}

/// One observation in few words.
struct Saying<'a> {
    device: usize,
    place: usize,
    kind: &'a str,
    at: i64,
    received: i64,
    health: Option<Health>,
    values: Vec<(ValueName, Value)>,
    late: bool,
}

impl Saying<'_> {
    fn record(self, id: &str) -> LogRecord {
        LogRecord::Observation(Observation {
            source: SourceName::parse("street").unwrap(),
            id: SourceId::parse(id).unwrap(),
            adapter: AdapterName::parse("http").unwrap(),
            device: DeviceId::parse(DEVICES[self.device]).unwrap(),
            place: PlaceId::parse(PLACES[self.place]).unwrap(),
            kind: ObservationKind::parse(self.kind).unwrap(),
            values: self.values,
            confidence: None,
            health: self.health,
            evidence: Vec::new(),
            seen: Seen::from_micros(micros(self.at)),
            received: Received::from_micros(micros(self.received)),
            skewed: false,
            late: self.late,
            config: 1,
        })
    }
}

/// The script of a log, up to and including a record, with what the reference said.
pub(crate) fn script(log: &Log, until: usize) -> String {
    let mut text = String::new();
    for (number, rules) in log.texts.iter().enumerate() {
        let rules = rules.split_once("id = \"room\"\n").map_or(rules.as_str(), |(_, rules)| rules);
        text.push_str(&format!("configuration {}:{rules}\n", number + 1));
    }
    for config in log.configs.values() {
        for device in config.catalogue.devices.values() {
            let places: Vec<&str> = device.places.iter().map(|covered| covered.place.as_str()).collect();
            text.push_str(&format!(
                "config {} device {} at {places:?} {:?}\n",
                config.version, device.id, device.reports
            ));
        }
    }
    for ((offset, record), said) in log.records.iter().zip(&log.said).take(until + 1) {
        text.push_str(&format!("@{offset} {}\n", describe(record)));
        said.iter().for_each(|change| text.push_str(&format!("        {}\n", line(change))));
    }
    text
}

fn describe(record: &LogRecord) -> String {
    let second = |micros: i64| (micros - START) / 1_000_000;
    match record {
        LogRecord::Observation(said) => {
            let values: Vec<String> = said.values.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let late = if said.late { " late" } else { "" };
            let health = said.health.map_or(String::new(), |health| format!(" {health:?}"));
            let (at, received) = (second(said.seen.micros()), second(said.received.micros()));
            let (device, place, kind) = (&said.device, &said.place, &said.kind);
            format!("{device} at {place}: {kind} {} e={at} received={received}{late}{health}", values.join(" "))
        }
        LogRecord::Tick { epoch, at } => format!("tick {} (epoch {epoch})", second(at.micros())),
        LogRecord::Takeover { epoch, .. } => format!("takeover, epoch {epoch}"),
        LogRecord::Config { version } => format!("config {version}"),
        LogRecord::Intake { adapter, at } => format!("intake {adapter} at {}", second(at.micros())),
        LogRecord::Act(act) => format!("act {:?} {} {} of {:?}", act.kind, act.rule, act.place, act.episode),
        LogRecord::Outcome(outcome) => format!("outcome {:?} of {}", outcome.state, outcome.episode),
        LogRecord::Report(report) => format!("report {}", report.id),
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let log = self.log();
        writeln!(f, "{}", script(&log, log.records.len()))
    }
}
