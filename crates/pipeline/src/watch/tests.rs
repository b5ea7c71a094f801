//! A record whose work cannot be done is parked and skipped, wherever that breaks off, and everything after it goes on.

mod backlog;
mod reading_up;

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use muster_domain::catalogue::Catalogue;
use muster_domain::id::{AdapterName, GridId, SourceId};
use muster_domain::record::LogRecord;
use muster_domain::time::Span;
use muster_log::{Append, DlqOf, EventLog, Fetched, Headers, LogSettings, Record, Surroundings, Topic};
use muster_rules::watch::EngineFault;
use muster_store::{DeadLetterFilter, DeadLetterState, Identity, Store, StoreSettings};
use muster_tests::eventually;
use muster_wire::fault::Kept;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{Fault, Troubles, Watch, WatchSettings};
use crate::admit::{Admit, AdmitSettings, Sender, Sent};
use crate::clock::Clock;
use crate::clock::tests::Bent;
use crate::configs::Configs;
use crate::graveyard::Graveyard;
use crate::metrics::Metrics;
use crate::numbering::Numbering;
use crate::park::header;
use crate::wake::Wake;

const RULES: &str = r#"
[[case_kind]]
kind = "street.litter"
name = { zh = "暴露垃圾", en = "Litter" }
severity = 1
limits = { accept = "15m", arrive = "1h", close = "4h" }
seats = [{ role = "lead", competence = "property" }]
"#;

/// How long the log keeps a day.
const DAY: Duration = Duration::from_secs(24 * 3600);

/// What bounds a failure.
const PATIENCE: Duration = Duration::from_secs(60);

/// Whether what was harmless when it was watched has become harmful since, as with a newer program.
static TURNED: AtomicBool = AtomicBool::new(false);

/// Panics where a report asks for it by its id.
pub(super) fn blow(stage: &str, record: &LogRecord) {
    let LogRecord::Report(report) = record else { return };
    let id = report.id.as_str();
    let turned = id == "later-engine" && TURNED.load(Ordering::SeqCst);
    assert!(id != format!("bang-{stage}") && !(turned && stage == "engine"), "{id} blows up");
}

/// One partition of an embedded log with its store.
struct Bench {
    watch: Watch,
    admit: Admit,
}

impl Bench {
    async fn set_up(folder: &Path) -> Self {
        Self::set_up_in(folder, Clock::real(), Surroundings::real()).await
    }

    async fn set_up_in(folder: &Path, clock: Clock, surroundings: Surroundings) -> Self {
        let retention = DAY;
        let log = LogSettings { data_dir: folder.into(), partitions: 1, retention, ..LogSettings::default() };
        let log: Arc<dyn EventLog> = muster_log::open_in(&log, surroundings).await.unwrap();
        let url = format!("sqlite:{}", folder.join("muster.db").display());
        let store = Store::open(&StoreSettings { url, max_connections: 4 }).await.unwrap();
        store.migrate(clock.micros()).await.unwrap();
        let generation = log.identity().of(&Topic::Observation).unwrap().generation.clone();
        let (profile, cluster) = ("embedded".to_owned(), log.identity().cluster.clone());
        store.pin_identity(&Identity { profile, cluster, topics: vec![], generation, partitions: 1 }).await.unwrap();
        let configs = Configs::new(store.clone());
        let rules = vec![("rules.toml".to_owned(), RULES.to_owned())];
        configs.adopt(&log, &clock, &rules, &Catalogue::default(), "test").await.unwrap();
        let metrics = Metrics::new().unwrap();
        let admit = Admit::new(
            Arc::clone(&log),
            store.clone(),
            configs.clone(),
            clock.clone(),
            metrics.clone(),
            AdmitSettings { skew: Span::from_secs(5), late_after: Span::from_mins(60), in_flight: 1 << 20 },
        );
        let zone = jiff::tz::TimeZone::UTC;
        let numbering = Numbering { jurisdiction: GridId::parse("500103005").unwrap(), zone };
        let (wake, settings) = (Wake::default(), WatchSettings::alone("test"));
        Self {
            watch: Watch {
                log,
                store,
                configs,
                clock,
                metrics,
                numbering,
                wake,
                troubles: Troubles::default(),
                settings,
            },
            admit,
        }
    }

    /// Reports in one append, so that they come in one batch.
    async fn report(&self, ids: &[&str]) {
        let one = |id: &&str| format!(r#"{{"source":"test","id":"{id}","kind":"street.litter","text":"垃圾"}}"#);
        let body = Bytes::from(format!("[{}]", ids.iter().map(one).collect::<Vec<_>>().join(",")));
        let sender = Sender { adapter: AdapterName::parse("http").unwrap(), name: "test".to_owned(), may: None };
        let items = muster_wire::report::reports(&body).unwrap();
        let sent = Sent { sender: &sender, body: &body, headers: Headers::default(), origin: None };
        let admitted = self.admit.reports(sent, items).await.unwrap();
        assert_eq!((admitted.accepted, admitted.parked.len()), (ids.len(), 0));
    }

    fn start(&self) -> (CancellationToken, JoinHandle<()>) {
        let stop = CancellationToken::new();
        (stop.clone(), tokio::spawn(self.watch.clone().run(stop)))
    }

    async fn case_of(&self, id: &str) -> Option<String> {
        let mut tx = self.watch.store.begin().await.unwrap();
        let case =
            tx.cases_of_reports(&[("test".to_owned(), id.to_owned())]).await.unwrap().pop().map(|link| link.case);
        tx.rollback().await;
        case
    }

    async fn has_case(&self, id: &str) {
        eventually(id, PATIENCE, async || self.case_of(id).await).await;
    }

    async fn skipped(&self) -> usize {
        self.watch.store.skips(0).await.unwrap().len()
    }

    /// A record in the log that is none of ours.
    async fn rumour(&self) {
        let record = Record::new("{}", self.watch.clock.micros()).with_header("ce_type", "muster.rumour.v1");
        self.watch.log.append(vec![Append { topic: Topic::Observation, partition: 0, record }]).await.unwrap();
    }

    /// Appends a record past admit.
    async fn append(&self, record: &LogRecord) {
        let Watch { log, clock, .. } = &self.watch;
        super::ticker::control(log, clock, 0, record).await.unwrap();
    }

    /// Why the parked records were, as the Chinese screen says it.
    async fn reasons(&self, count: usize) -> Vec<String> {
        let mut reader = self.watch.log.reader(&Topic::DeadLetter(DlqOf::Observation), 0, 0).await.unwrap();
        let parked = reader.next(count, 1 << 20, PATIENCE).await.unwrap().records;
        let said = |fetched: &Fetched| {
            let fault = std::str::from_utf8(fetched.record.header(header::FAULT).unwrap()).unwrap();
            let kept = Kept::read(fault).unwrap();
            format!("{}：{}", kept.pointer, kept.chinese().unwrap())
        };
        parked.iter().map(said).collect()
    }

    /// How often a record was counted as one that broke the watch.
    fn faults(&self) -> u64 {
        self.watch.metrics.dead_letters.with_label_values(&["observation.v1", "fault"]).get()
    }

    /// Copies dead letters as a process with the role publish does.
    async fn copy_letters(&self) {
        let Watch { log, store, metrics, clock, .. } = self.watch.clone();
        Graveyard { log, store, metrics, clock }.catch_up().await.unwrap();
    }

    /// How often a topic was found to begin too late.
    fn late(&self, topic: &Topic) -> u64 {
        self.watch.metrics.log_begins_late.with_label_values(&[&topic.to_string()]).get()
    }

    async fn parked(&self) -> u64 {
        self.watch.log.bounds(&Topic::DeadLetter(DlqOf::Observation), 0).await.unwrap().end
    }
}

async fn stopped((stop, task): (CancellationToken, JoinHandle<()>)) {
    stop.cancel();
    task.await.unwrap();
}

#[tokio::test]
async fn a_record_that_makes_the_work_panic_is_parked_and_the_rest_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::set_up(folder.path()).await;
    let run = bench.start();
    bench.report(&["a", "bang-engine", "b", "bang-commit", "c"]).await;
    for id in ["a", "b", "c"] {
        bench.has_case(id).await;
    }
    for id in ["bang-engine", "bang-commit"] {
        assert_eq!(bench.case_of(id).await, None);
        let stands = bench.watch.store.report("test", id).await.unwrap().unwrap();
        let why = stands.reason.unwrap_or_default();
        assert!(stands.state == "refused" && why.contains(&format!("{id} blows up")), "{id}: {} {why}", stands.state);
    }
    assert_eq!((bench.skipped().await, bench.parked().await, bench.faults()), (2, 2, 2));
    stopped(run).await;

    let run = bench.start();
    bench.report(&["d"]).await;
    bench.has_case("d").await;
    assert_eq!((bench.skipped().await, bench.parked().await), (2, 2), "a replay skips what is parked");
    assert_eq!(bench.faults(), 2, "and counts nothing anew");
    stopped(run).await;
}

#[tokio::test]
async fn a_record_whose_commit_is_refused_is_parked_and_the_rest_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::set_up(folder.path()).await;
    let run = bench.start();
    bench.report(&["a"]).await;
    bench.has_case("a").await;
    let mut reader = bench.watch.log.reader(&Topic::Observation, 0, 0).await.unwrap();
    let records = reader.next(1_000, 1 << 20, PATIENCE).await.unwrap().records;
    let report = |found: &Fetched| match crate::docs::decode(&found.record) {
        Ok(LogRecord::Report(report)) => Some(report),
        _ => None,
    };
    let mut report = records.iter().find_map(report).unwrap();
    report.id = SourceId::parse("never").unwrap();
    report.text = "没有数据库存得下\0".to_owned();
    bench.append(&LogRecord::Report(report)).await;
    bench.report(&["b"]).await;
    bench.has_case("b").await;
    bench.append(&LogRecord::Config { version: 9 }).await;
    bench.report(&["c"]).await;
    bench.has_case("c").await;
    assert_eq!((bench.case_of("never").await, bench.skipped().await, bench.faults()), (None, 2, 2));
    let reasons = bench.reasons(2).await;
    assert!(reasons[0].ends_with("a text holds a NUL character, which cannot be stored"), "{reasons:?}");
    assert_eq!(reasons[1], "：它指的是第 9 版配置，数据库里没有这一版；请恢复后重放");
    stopped(run).await;
}

#[tokio::test]
async fn why_a_record_is_parked_is_said_in_full_in_chinese() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::set_up(folder.path()).await;
    let run = bench.start();
    bench.report(&["bang-engine"]).await;
    bench.rumour().await;
    bench.report(&["a"]).await;
    bench.has_case("a").await;
    let wanted =
        ["：值守程序处理到它时出错中断，已跳过；程序自己的话是：bang-engine blows up", "/type：不是观测主题里的类型"];
    assert_eq!(bench.reasons(2).await, wanted);
    for (fault, wanted) in [
        (EngineFault::NoConfig { offset: 7, version: 9 }, "它指的是第 9 版配置，数据库里没有这一版；请恢复后重放"),
        (EngineFault::Order { offset: 7, after: 8 }, "它来在第 8 条之后，次序乱了；请从检查点之后重读这个分区"),
    ] {
        assert_eq!(Fault::refused(7, &fault).said().chinese().as_deref(), Some(wanted));
    }
    stopped(run).await;
}

#[test]
fn a_record_that_only_a_replay_cannot_take_is_parked_as_well() {
    let folder = tempfile::tempdir().unwrap();
    // What ends with its runtime ends as by `kill -9`: without a checkpoint, so that everything is read again.
    let life = |work: fn(&Path) -> Pin<Box<dyn Future<Output = ()> + '_>>| {
        Runtime::new().unwrap().block_on(work(folder.path()));
    };
    life(|folder| {
        Box::pin(async move {
            let bench = Bench::set_up(folder).await;
            let _run = bench.start();
            bench.report(&["later-engine", "a"]).await;
            bench.has_case("a").await;
        })
    });
    TURNED.store(true, Ordering::SeqCst);
    life(|folder| {
        Box::pin(async move {
            let bench = Bench::set_up(folder).await;
            let run = bench.start();
            bench.report(&["b"]).await;
            bench.has_case("b").await;
            assert_eq!((bench.skipped().await, bench.parked().await), (1, 1));
            stopped(run).await;
        })
    });
}

/// The epochs of the takeovers of the partition, in the order of the log.
async fn takeovers(log: &Arc<dyn EventLog>) -> Vec<u64> {
    let mut reader = log.reader(&Topic::Observation, 0, 0).await.unwrap();
    let batch = reader.next(10_000, 1 << 20, PATIENCE).await.unwrap();
    let epoch = |found: &muster_log::Fetched| match crate::docs::decode(&found.record) {
        Ok(LogRecord::Takeover { epoch, .. }) => Some(epoch),
        _ => None,
    };
    batch.records.iter().filter_map(epoch).collect()
}

#[tokio::test]
async fn an_owner_says_again_that_it_began_where_one_that_was_overtaken_says_so_late() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::set_up(folder.path()).await;
    let run = bench.start();
    bench.report(&["a"]).await;
    bench.has_case("a").await;
    bench.append(&LogRecord::Takeover { epoch: 0, owner: "overtaken".to_owned() }).await;
    let log = &bench.watch.log;
    let again = async || (takeovers(log).await == [1, 0, 1]).then_some(());
    eventually("the owner to say it again", PATIENCE, again).await;
    bench.report(&["b"]).await;
    bench.has_case("b").await;
    assert_eq!(takeovers(log).await, [1, 0, 1], "and no more than once");
    stopped(run).await;
}

/// Surroundings whose days a test lets pass.
fn passing() -> (Surroundings, Arc<AtomicI64>) {
    let (real, passed) = (Surroundings::real(), Arc::new(AtomicI64::new(0)));
    let (clock, more) = (real.clock.clone(), Arc::clone(&passed));
    let clock = Arc::new(move || clock() + more.load(Ordering::SeqCst));
    (Surroundings { clock, ..real }, passed)
}

#[tokio::test]
async fn days_that_are_gone_unread_are_said_and_counted_and_the_rest_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (surroundings, passed) = passing();
    let bench = Bench::set_up_in(folder.path(), Clock::real(), surroundings).await;
    let letters = Topic::DeadLetter(DlqOf::Observation);
    bench.copy_letters().await;
    let run = bench.start();
    bench.report(&["a", "bang-engine"]).await;
    bench.has_case("a").await;
    eventually("the letter", PATIENCE, async || (bench.parked().await == 1).then_some(())).await;
    stopped(run).await;
    assert_eq!((bench.late(&Topic::Observation), bench.late(&letters)), (0, 0));

    // Nobody watches, and nobody copies dead letters, while whole days come and go.
    bench.report(&["lost"]).await;
    passed.fetch_add(4 * DAY.as_micros() as i64, Ordering::SeqCst);
    bench.report(&["b"]).await;
    let run = bench.start();
    bench.has_case("b").await;
    bench.copy_letters().await;
    assert_eq!((bench.late(&Topic::Observation), bench.late(&letters)), (1, 1));
    assert_eq!(bench.case_of("lost").await, None);
    stopped(run).await;

    let run = bench.start();
    bench.report(&["c"]).await;
    bench.has_case("c").await;
    assert_eq!(bench.late(&Topic::Observation), 1, "it is told once");
    stopped(run).await;
}

#[tokio::test]
async fn a_letter_that_was_settled_and_removed_does_not_come_back_and_is_not_missed() {
    let folder = tempfile::tempdir().unwrap();
    let (surroundings, passed) = passing();
    let bench = Bench::set_up_in(folder.path(), Clock::real(), surroundings).await;
    let topic = Topic::DeadLetter(DlqOf::Observation);
    bench.copy_letters().await;
    let run = bench.start();
    bench.report(&["bang-engine"]).await;
    eventually("the letter", PATIENCE, async || (bench.parked().await == 1).then_some(())).await;
    stopped(run).await;
    bench.copy_letters().await;
    let letters = async || bench.watch.store.dead_letters(&DeadLetterFilter::default(), 9, None).await.unwrap().items;
    let [letter] = &letters().await[..] else { panic!("one letter was parked") };
    let mut tx = bench.watch.store.begin().await.unwrap();
    assert!(tx.dead_letter_mark(letter.id, DeadLetterState::Replayed, "").await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(bench.watch.store.dead_letter_prune(i64::MAX, 9).await.unwrap(), 1);
    // The log has it still; a start copies what is there.
    bench.copy_letters().await;
    assert_eq!(letters().await, []);
    // Then its day is deleted as well.
    passed.fetch_add(4 * DAY.as_micros() as i64, Ordering::SeqCst);
    bench.report(&["a"]).await;
    assert_eq!(bench.watch.log.bounds(&topic, 0).await.unwrap().start, 1);
    bench.copy_letters().await;
    assert_eq!((bench.late(&topic), letters().await), (0, vec![]), "nothing that was copied is missed");
}

#[tokio::test]
async fn time_in_which_the_machine_slept_is_an_outage_of_ours() {
    let folder = tempfile::tempdir().unwrap();
    let hands = Bent::by(0);
    let bench = Bench::set_up_in(folder.path(), Clock::made_of(hands.clone()), Surroundings::real()).await;
    let outages = || bench.watch.metrics.outages.with_label_values(&["0"]).get();
    let end = async || bench.watch.log.bounds(&Topic::Observation, 0).await.unwrap().end;
    let before = end().await;
    let run = bench.start();
    // A takeover and a tick: from then on somebody has watched.
    eventually("a tick", PATIENCE, async || (end().await >= before + 2).then_some(())).await;
    hands.count_on(3600);
    eventually("the outage", PATIENCE, async || (outages() == 1).then_some(())).await;
    bench.report(&["after"]).await;
    bench.has_case("after").await;
    assert_eq!(outages(), 1, "one, and everything goes on");
    stopped(run).await;
}
