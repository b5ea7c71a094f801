//! Gathering the facts: thin reading, without changing anything, and whatever cannot be had is left out.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use muster_domain::condition::{Change, State};
use muster_log::inspect::{Inspection, Unseen, barred, inspect};
use muster_log::{Bounds, EventLog, LogSettings, Topic};
use muster_rules::rulebook::{ADAPTER_SILENT, DEVICE_BLIND};
use muster_rules::watch::Engine;
use muster_store::{
    CheckpointAt, CheckpointRow, ConditionFilter, ConditionRow, DeadLetterState, PartitionRow, Store, StoreError,
    StoreSettings,
};

use super::detail::{Detail, Thing};
use super::facts::{ConfigSeen, Facts, Followed, PartitionSeen, Setup, StoreFacts, StoreSeen, Work};
use super::finding::{counted, lasting};
use super::pages;
use crate::clock::Clock;
use crate::configs::Configs;
use crate::metrics::{Metrics, shown_hash};
use crate::watch::Troubles;
use crate::{PipelineError, docs, late, pair, waiting};

/// The newest records of a partition that are looked through for takeovers.
const TAIL: u64 = 500;
/// How long one read of the log may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// The most conditions that are read.
const MOST: u32 = 500;

/// Where to look, as the settings say it.
#[derive(Debug, Clone)]
pub struct Doctor {
    /// The settings of the log.
    pub log: LogSettings,
    /// The settings of the store.
    pub store: StoreSettings,
    /// What the settings and the files they name say, read whenever it is asked.
    pub setup: SetupOf,
}

/// Reads what the settings and the files they name say.
#[derive(Clone)]
pub struct SetupOf(Arc<dyn Fn() -> Setup + Send + Sync>);

impl SetupOf {
    /// By this function.
    #[must_use]
    pub fn by(read: impl Fn() -> Setup + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }
}

impl fmt::Debug for SetupOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetupOf").finish_non_exhaustive()
    }
}

/// What is open to look at.
#[derive(Debug)]
pub struct Sight<'a> {
    /// The clock of this process.
    pub clock: &'a Clock,
    /// The configurations that are known here.
    pub configs: &'a Configs,
    /// The store.
    pub store: &'a Store,
    /// The log, where it is open.
    pub log: Option<&'a Arc<dyn EventLog>>,
    /// This process is the one that works.
    pub own: bool,
    /// What it counts, where it is.
    pub metrics: Option<&'a Metrics>,
    /// What its partitions do not get over, where it is.
    pub troubles: Option<&'a Troubles>,
    /// Whether files are opened and checkpoints summed up too, which takes longer.
    pub thorough: bool,
}

impl Doctor {
    /// Looks with what this process has open.
    pub async fn look(&self, sight: &Sight<'_>) -> Facts {
        let log = inspect(&self.log, sight.thorough).await;
        let mut facts = self.look_on(log, sight).await;
        if sight.thorough {
            pages::look(&mut facts, &self.store).await;
        }
        facts
    }

    /// Opens what can be opened without changing anything, looks, and closes it again. `others` = another process has
    /// the data folder, and only what is no matter of its own is looked at.
    pub async fn examine(&self, clock: &Clock, others: bool) -> Facts {
        let log = inspect(&self.log, true).await;
        let events = self.events(&log).await;
        let opened = if others { Err(StoreSeen::NotAsked) } else { open(&self.store).await };
        let mut facts = match opened {
            Ok(store) => {
                let (log_open, configs) = (events.as_ref(), Configs::new(store.clone()));
                let (metrics, troubles) = (None, None);
                let sight = Sight {
                    clock,
                    configs: &configs,
                    store: &store,
                    log: log_open,
                    own: false,
                    metrics,
                    troubles,
                    thorough: true,
                };
                let facts = self.look_on(log, &sight).await;
                store.close().await;
                facts
            }
            Err(seen) => self.facts(log, seen, clock, false),
        };
        facts.orphaned = is_orphaned(&facts, events.as_ref()).await;
        if let Some(events) = events {
            events.close().await;
        }
        pages::look(&mut facts, &self.store).await;
        facts
    }

    async fn look_on(&self, log: Result<Inspection, Unseen>, sight: &Sight<'_>) -> Facts {
        let store = match store_facts(sight).await {
            Ok(store) => store,
            Err(error) => return self.facts(log, StoreSeen::Closed(error), sight.clock, sight.own),
        };
        let ours = store.schema.is_none();
        let mut facts = self.facts(log, StoreSeen::Open(store), sight.clock, sight.own);
        facts.now = sight.store.now_micros(facts.now).await.unwrap_or(facts.now);
        if ours {
            facts.config = config(sight).await.ok();
            match work(sight, facts.log.as_ref().ok()).await {
                Ok(work) => facts.work = Some(work),
                Err(error) => facts.store = StoreSeen::Closed(error),
            }
        }
        facts
    }

    fn facts(&self, log: Result<Inspection, Unseen>, store: StoreSeen, clock: &Clock, own: bool) -> Facts {
        Facts {
            setup: (self.setup.0)(),
            wanted: self.log.clone(),
            log,
            own,
            store,
            orphaned: false,
            config: None,
            work: None,
            now: clock.micros(),
            speed: clock.speed(),
        }
    }

    /// The log of a Kafka that has all its topics: opening it then makes nothing. An embedded one is not opened, since
    /// that would be to hold it.
    async fn events(&self, seen: &Result<Inspection, Unseen>) -> Option<Arc<dyn EventLog>> {
        let Ok(Inspection::Cluster(cluster)) = seen else { return None };
        let fits = cluster
            .topics
            .iter()
            .all(|topic| topic.there && topic.wanted.is_none_or(|wanted| wanted == topic.partitions));
        if !fits {
            return None;
        }
        // Why it cannot be opened is told by what was seen of it.
        muster_log::open(&self.log).await.ok()
    }
}

/// Opens a store that is there; a SQLite file is not made.
async fn open(settings: &StoreSettings) -> Result<Store, StoreSeen> {
    if let Some(path) = muster_store::sqlite_file(&settings.url) {
        let beside = path.parent().filter(|folder| *folder != Path::new(""));
        if let Some(why) = beside.into_iter().chain([path.as_path()]).find_map(barred) {
            return Err(StoreSeen::Barred(why));
        }
        if !path.exists() {
            return Err(StoreSeen::NoFile(path));
        }
    }
    Store::open(settings).await.map_err(StoreSeen::Closed)
}

/// Whether the log holds records whose results are in no store that is seen.
async fn is_orphaned(facts: &Facts, log: Option<&Arc<dyn EventLog>>) -> bool {
    let without = match &facts.store {
        StoreSeen::NoFile(_) | StoreSeen::Closed(StoreError::NoDatabase { .. }) => true,
        // What a newer program has pinned may not be seen.
        StoreSeen::Open(StoreFacts { schema: Some(StoreError::Newer { .. }), .. }) => false,
        StoreSeen::Open(store) => store.pinned.is_none(),
        StoreSeen::NotAsked | StoreSeen::Barred(_) | StoreSeen::Closed(_) => false,
    };
    match (&facts.log, log) {
        _ if !without => false,
        (Ok(Inspection::Folder(folder)), _) => folder.bounds.iter().any(|bounds| !bounds.is_empty()),
        (_, Some(log)) => pair::is_used(log).await.unwrap_or(false),
        _ => false,
    }
}

async fn store_facts(sight: &Sight<'_>) -> Result<StoreFacts, StoreError> {
    let store = sight.store;
    let schema = store.check_version().await.err();
    if let Some(StoreError::Unavailable { .. }) = schema {
        return Err(schema.unwrap_or(StoreError::Refused(String::new())));
    }
    let apart = match sight.clock.agrees_with(store).await {
        Err(PipelineError::ClockApart { seconds }) => Some(seconds),
        _ => None,
    };
    let (profile, settings, pinned) = (store.profile(), store.facts().await?, store.identity().await?);
    Ok(StoreFacts { profile, settings, schema, apart, pinned, damage: None })
}

async fn config(sight: &Sight<'_>) -> Result<ConfigSeen, StoreError> {
    let newest = match sight.configs.newest().await {
        Ok(newest) => newest.map(Ok),
        Err(PipelineError::Store(error)) => return Err(error),
        Err(PipelineError::RuleBook(faults)) => {
            let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            Some(Err(faults.join("; ")))
        }
        Err(error) => Some(Err(crate::chain(&error))),
    };
    Ok(ConfigSeen { newest, ready: sight.store.config_ready_latest().await? })
}

async fn work(sight: &Sight<'_>, seen: Option<&Inspection>) -> Result<Work, StoreError> {
    let store = sight.store;
    let mut letters: BTreeMap<String, u64> = BTreeMap::new();
    for count in store.dead_letter_counts().await?.into_iter().filter(|count| count.state == DeadLetterState::Open) {
        *letters.entry(count.code).or_default() += u64::try_from(count.letters).unwrap_or(0);
    }
    let blind = ConditionFilter { blind: Some(true), ..ConditionFilter::default() };
    let present = |rule: &str| ConditionFilter {
        rule: Some(rule.to_owned()),
        state: Some(State::Present.name().to_owned()),
        ..ConditionFilter::default()
    };
    let conditions = async |filter: &ConditionFilter| store.conditions(filter, MOST, None).await.map(|page| page.items);
    let now = sight.clock.micros();
    let of = |thing, rows: Vec<ConditionRow>| rows.iter().map(|row| since(thing, row, now)).collect();
    let mut blind = conditions(&blind).await?;
    blind.retain(|row| row.place.is_some());
    // What a place cannot be seen for stands together.
    blind.sort_by(|one, other| (&one.place, &one.rule).cmp(&(&other.place, &other.rule)));
    Ok(Work {
        partitions: partitions(sight, seen).await?,
        failing: sight.troubles.map(Troubles::lasting).unwrap_or_default(),
        leases: store.leases().await?,
        destinations: store.destinations().await?,
        pending: Some(store.outbox_pending().await?),
        last_number: store.outbox_ends().await?.last.unwrap_or(0),
        followed: followed(sight).await?,
        began_late: began_late(sight),
        off_the_machines: sight.clock.off_the_machines().filter(|_| sight.own),
        letters,
        oldest_letter: store.oldest_dead_letter().await?,
        skipped: store.skipped().await?,
        silent_adapters: of(Thing::Adapter, conditions(&present(ADAPTER_SILENT)).await?),
        blind_places: blind.iter().map(|row| sightless(row, now)).collect(),
        blind_devices: of(Thing::Device, conditions(&present(DEVICE_BLIND)).await?),
        unfilled: unfilled(store).await?,
        overdue: overdue(store).await?,
    })
}

/// What a condition is about, and since when it is so.
fn since(thing: Thing, row: &ConditionRow, now: i64) -> Detail {
    let subject = row.subject.split_once(':').map_or(row.subject.as_str(), |(_, subject)| subject);
    let (zh, en) = lasting(now - row.since);
    Detail::of(thing, subject).say(format!("：{zh}"), format!(": for {en}"))
}

/// A place that cannot be seen, with the sources that do not cover it.
fn sightless(row: &ConditionRow, now: i64) -> Detail {
    let change = row.blind_doc.as_deref().and_then(|doc| muster_wire::condition::read(doc).ok());
    let sources = if let Some(Change::Blind(blind)) = change { blind.sources } else { vec![] };
    let (place, rule) = (row.place.as_deref().unwrap_or_default(), &row.rule);
    let (zh, en) = row.blind_since.map_or(("?".to_owned(), "?".to_owned()), |since| lasting(now - since));
    let detail = Detail::of(Thing::Place, place).say(" · ", " · ").and(Thing::Rule, rule);
    let Some((first, others)) = sources.split_first() else {
        return detail.say(format!("：{zh}，没有来源"), format!(": for {en}, no source"));
    };
    let detail =
        detail.say(format!("：{zh}，来源 "), format!(": for {en}, sources ")).and(Thing::Device, &first.source);
    others.iter().fold(detail, |detail, other| detail.say("、", ", ").and(Thing::Device, &other.source))
}

/// Seats for which dispatch has looked and found nobody, by competence. No case is named: not everybody may see each.
async fn unfilled(store: &Store) -> Result<Vec<Detail>, StoreError> {
    let mut seats: BTreeMap<String, usize> = BTreeMap::new();
    waiting::each(store, |seat| {
        if seat.why.is_some() {
            *seats.entry(seat.competence.to_string()).or_default() += 1;
        }
    })
    .await?;
    Ok(seats.iter().map(|(competence, count)| counted(Thing::Competence, competence, count)).collect())
}

/// Live cases of which a clock has run out, by kind.
async fn overdue(store: &Store) -> Result<Vec<Detail>, StoreError> {
    let mut cases: BTreeMap<String, i64> = BTreeMap::new();
    for count in store.case_counts().await?.into_iter().filter(|count| count.overdue > 0) {
        *cases.entry(count.kind).or_default() += count.overdue;
    }
    Ok(cases.iter().map(|(kind, count)| counted(Thing::CaseKind, kind, count)).collect())
}

/// Topics besides the observation topic that somebody has begun to read.
async fn followed(sight: &Sight<'_>) -> Result<Vec<Followed>, StoreError> {
    let Some(log) = sight.log.filter(|_| sight.thorough) else { return Ok(vec![]) };
    let mut reads = tokio::task::JoinSet::new();
    for topic in log.identity().topics.iter().map(|known| known.topic.clone()) {
        for partition in 0..log.partitions(&topic) {
            let name = topic.to_string();
            let Some(next) = sight.store.source_offset(&late::source(&topic, partition)).await? else { continue };
            let (log, topic) = (Arc::clone(log), topic.clone());
            reads.spawn(async move {
                let start = log.bounds(&topic, partition).await.ok()?.start;
                Some(Followed { topic: name, partition, next, start })
            });
        }
    }
    let mut followed: Vec<Followed> = reads.join_all().await.into_iter().flatten().collect();
    followed.sort_by(|one, other| (&one.topic, one.partition).cmp(&(&other.topic, other.partition)));
    Ok(followed)
}

/// Topics that this process found beginning too late.
fn began_late(sight: &Sight<'_>) -> BTreeMap<String, u64> {
    let (Some(metrics), Some(log)) = (sight.metrics, sight.log) else { return BTreeMap::new() };
    let topics = log.identity().topics.iter().map(|known| known.topic.to_string());
    topics
        .map(|topic| (metrics.log_begins_late.with_label_values(&[&topic]).get(), topic))
        .filter(|(times, _)| *times > 0)
        .map(|(times, topic)| (topic, times))
        .collect()
}

async fn partitions(sight: &Sight<'_>, seen: Option<&Inspection>) -> Result<Vec<PartitionSeen>, StoreError> {
    let checkpoints = sight.store.checkpoints_at().await?;
    let rows = sight.store.partitions().await?;
    let mut tails = tails(sight, &rows).await;
    let mut partitions = Vec::new();
    for row in rows {
        let checkpoint = checkpoints.iter().find(|checkpoint| checkpoint.partition == row.partition).copied();
        let whole = if sight.thorough { whole(sight.store, checkpoint).await? } else { None };
        let tail = tails.remove(&row.partition).unwrap_or_default();
        let bounds = tail.bounds.or_else(|| folder_bounds(seen, row.partition));
        let Tail { oldest_unwatched, takeovers, .. } = tail;
        let damaged = sight.thorough && checkpoint.is_some() && whole.is_none();
        let state = whole.and_then(|whole| Engine::hash_in(&whole.bytes)).map(shown_hash);
        partitions.push(PartitionSeen { row, bounds, oldest_unwatched, takeovers, checkpoint, damaged, state });
    }
    Ok(partitions)
}

/// The end of each partition's log, read side by side: a Kafka takes its time for each.
async fn tails(sight: &Sight<'_>, rows: &[PartitionRow]) -> BTreeMap<u32, Tail> {
    let Some(log) = sight.log else { return BTreeMap::new() };
    let mut reads = tokio::task::JoinSet::new();
    for row in rows {
        let (log, row, thorough) = (Arc::clone(log), row.clone(), sight.thorough);
        reads.spawn(async move { (row.partition, tail(&log, &row, thorough).await) });
    }
    reads.join_all().await.into_iter().collect()
}

/// What the log says of a partition.
#[derive(Debug, Default)]
struct Tail {
    bounds: Option<Bounds>,
    oldest_unwatched: Option<i64>,
    takeovers: Vec<i64>,
}

/// The newest checkpoint, if it is what was written.
async fn whole(store: &Store, newest: Option<CheckpointAt>) -> Result<Option<CheckpointRow>, StoreError> {
    let Some(newest) = newest else { return Ok(None) };
    let whole = store.checkpoints(newest.partition).await?;
    Ok(whole.into_iter().next().filter(|whole| whole.offset >= newest.offset))
}

fn folder_bounds(seen: Option<&Inspection>, partition: u32) -> Option<Bounds> {
    match seen {
        Some(Inspection::Folder(folder)) => folder.bounds.get(partition as usize).copied(),
        _ => None,
    }
}

/// The bounds of a partition, when its oldest record was written that is not watched yet, and when it changed hands.
async fn tail(log: &Arc<dyn EventLog>, row: &PartitionRow, thorough: bool) -> Tail {
    let Ok(bounds) = log.bounds(&Topic::Observation, row.partition).await else { return Tail::default() };
    let mut tail = Tail { bounds: Some(bounds), ..Tail::default() };
    let next = row.offset.max(bounds.start);
    if next < bounds.end {
        tail.oldest_unwatched = records(log, row.partition, next, 1).await.first().map(|(at, _)| *at);
    }
    if thorough {
        let from = bounds.end.saturating_sub(TAIL).max(bounds.start);
        let newest = records(log, row.partition, from, bounds.end - from).await;
        tail.takeovers = newest.into_iter().filter(|(_, takeover)| *takeover).map(|(at, _)| at).collect();
    }
    tail
}

/// When records were written, and which of them are takeovers; what cannot be read is left out.
async fn records(log: &Arc<dyn EventLog>, partition: u32, from: u64, count: u64) -> Vec<(i64, bool)> {
    let mut found = Vec::new();
    let Ok(mut reader) = log.reader(&Topic::Observation, partition, from).await else { return found };
    let (mut next, end) = (from, from + count);
    while next < end {
        let most = usize::try_from(end - next).unwrap_or(usize::MAX);
        let Ok(batch) = reader.next(most, 4 << 20, PATIENCE).await else { break };
        if batch.records.is_empty() {
            break;
        }
        next = batch.next;
        found.extend(batch.records.iter().map(|fetched| {
            let kind = fetched.record.header("ce_type");
            (fetched.record.timestamp_us, kind.is_some_and(|kind| kind == docs::TAKEOVER_TYPE.as_bytes()))
        }));
    }
    found
}
