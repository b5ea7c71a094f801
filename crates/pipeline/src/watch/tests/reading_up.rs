//! Reading up to what is committed takes as long as it takes: the lease is kept, and so is what was done on the way.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use muster_domain::time::Span;
use muster_log::{Append, Batch, Bounds, EventLog, LogError, LogIdentity, LogReader, Surroundings, Topic};
use muster_rules::watch::Engine;
use muster_tests::eventually;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::{Bench, PATIENCE, stopped, takeovers};
use crate::clock::Clock;
use crate::docs;
use crate::watch::{Watch, WatchSettings};

/// A log that gives out one record at a time, each when the test lets it.
#[derive(Debug)]
struct Doled {
    log: Arc<dyn EventLog>,
    leave: Arc<Semaphore>,
    /// Where readers began.
    begun: Mutex<Vec<u64>>,
    /// How many records a reader had had when it was asked for the next.
    had: Arc<AtomicUsize>,
}

#[derive(Debug)]
struct DoledReader {
    reader: Box<dyn LogReader>,
    leave: Arc<Semaphore>,
    had: Arc<AtomicUsize>,
    given: usize,
}

#[async_trait::async_trait]
impl EventLog for Doled {
    fn identity(&self) -> &LogIdentity {
        self.log.identity()
    }

    async fn append(&self, batch: Vec<Append>) -> Result<Vec<u64>, LogError> {
        self.log.append(batch).await
    }

    async fn reader(&self, topic: &Topic, partition: u32, from: u64) -> Result<Box<dyn LogReader>, LogError> {
        self.begun.lock().unwrap().push(from);
        let reader = self.log.reader(topic, partition, from).await?;
        let (leave, had) = (Arc::clone(&self.leave), Arc::clone(&self.had));
        Ok(Box::new(DoledReader { reader, leave, had, given: 0 }))
    }

    async fn bounds(&self, topic: &Topic, partition: u32) -> Result<Bounds, LogError> {
        self.log.bounds(topic, partition).await
    }

    async fn healthy(&self) -> Result<(), LogError> {
        self.log.healthy().await
    }

    async fn close(&self) {
        self.log.close().await;
    }
}

#[async_trait::async_trait]
impl LogReader for DoledReader {
    async fn next(&mut self, _: usize, max_bytes: usize, wait: Duration) -> Result<Batch, LogError> {
        self.had.store(self.given, Ordering::SeqCst);
        let Ok(leave) = tokio::time::timeout(wait, self.leave.acquire()).await else { return Ok(Batch::default()) };
        let batch = self.reader.next(1, max_bytes, wait).await?;
        if !batch.records.is_empty() {
            leave.unwrap().forget();
            self.given += 1;
        }
        Ok(batch)
    }
}

/// More leave than any test has records.
const ALL: usize = 1_000_000;

impl Bench {
    /// A partition with three cases behind it, and no checkpoint that can be read; what is committed of it.
    async fn with_nothing_to_begin_from(&self) -> u64 {
        let run = self.start();
        self.report(&["a", "b", "c"]).await;
        for id in ["a", "b", "c"] {
            self.has_case(id).await;
        }
        stopped(run).await;
        let committed = self.watch.store.partition(0).await.unwrap().unwrap().offset;
        for offset in [committed - 1, committed] {
            self.watch.store.checkpoint_put(0, offset, 0, b"of no engine").await.unwrap();
        }
        committed
    }

    /// The same log, doled out.
    fn doled(&self) -> Arc<Doled> {
        let (log, leave) = (Arc::clone(&self.watch.log), Arc::new(Semaphore::new(0)));
        Arc::new(Doled { log, leave, begun: Mutex::default(), had: Arc::default() })
    }

    /// A process of its own over a doled log.
    fn process(&self, log: &Arc<Doled>, settings: WatchSettings) -> (CancellationToken, tokio::task::JoinHandle<()>) {
        let (log, stop): (Arc<dyn EventLog>, _) = (Arc::<Doled>::clone(log), CancellationToken::new());
        (stop.clone(), tokio::spawn(Watch { log, settings, ..self.watch.clone() }.run(stop)))
    }

    /// What an engine is that has read everything before an offset, and nothing else.
    async fn checkpoint_of(&self, offset: u64) -> Vec<u8> {
        let Watch { log, configs, .. } = &self.watch;
        let generation = &log.identity().of(&Topic::Observation).unwrap().generation;
        let mut engine = Engine::new(generation, 0, 1);
        let mut reader = log.reader(&Topic::Observation, 0, 0).await.unwrap();
        let records = reader.next(offset as usize, 1 << 20, PATIENCE).await.unwrap().records;
        for found in records {
            let record = docs::decode(&found.record).unwrap();
            engine.apply(found.offset, &record, &mut |version| configs.get(version), &mut vec![]).unwrap();
        }
        engine.checkpoint()
    }

    async fn checkpoint_at(&self, offset: u64) -> Option<Vec<u8>> {
        let kept = self.watch.store.checkpoints(0).await.unwrap();
        kept.into_iter().find(|kept| kept.offset == offset).map(|kept| kept.bytes)
    }
}

/// Waits until a reader that has had so many records asks for the next.
async fn has_had(log: &Doled, records: usize) {
    let had = async || (log.had.load(Ordering::SeqCst) == records).then_some(());
    eventually("the records to be read", PATIENCE, had).await;
}

#[tokio::test]
async fn who_reads_up_for_longer_than_a_lease_lasts_keeps_the_partition() {
    let folder = tempfile::tempdir().unwrap();
    // The lease runs out by this clock, and is renewed by the real one.
    let clock = Clock::held(Clock::real().micros());
    let bench = Bench::set_up_in(folder.path(), clock.clone(), Surroundings::real()).await;
    bench.with_nothing_to_begin_from().await;
    let (log, lease) = (bench.doled(), Duration::from_millis(300));
    let lasts = lease.as_micros() as i64;
    let process = |owner: &str| bench.process(&log, WatchSettings { lease, ..WatchSettings::alone(owner) });
    let row = async || bench.watch.store.partition(0).await.unwrap().unwrap();
    let first = process("first");
    eventually("the first", PATIENCE, async || (row().await.owner.as_deref() == Some("first")).then_some(())).await;
    let second = process("second");
    for _ in 0..6 {
        clock.advance(Span::from_micros(lasts / 3));
        let kept = async || (row().await.lease_until == clock.micros() + lasts).then_some(());
        eventually("the lease to be renewed", PATIENCE, kept).await;
    }
    log.leave.add_permits(ALL);
    bench.report(&["d"]).await;
    bench.has_case("d").await;
    assert_eq!(takeovers(&bench.watch.log).await, [1, 2], "it is taken once more, and not again");
    assert_eq!(row().await.owner.as_deref(), Some("first"));
    stopped(second).await;
    stopped(first).await;
}

#[tokio::test]
async fn what_was_read_up_is_kept_on_the_way_and_by_who_is_told_to_stop() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::set_up(folder.path()).await;
    let committed = bench.with_nothing_to_begin_from().await;
    let outbox = bench.watch.store.outbox_pending().await.unwrap();
    // A process that saves after every record, and one that has no time to save by itself.
    for (checkpoint, records, at) in [(Duration::ZERO, 2, 2), (Duration::from_secs(3600), 1, 3)] {
        let log = bench.doled();
        let run = bench.process(&log, WatchSettings { checkpoint, ..WatchSettings::alone("again") });
        log.leave.add_permits(records);
        has_had(&log, records).await;
        let on_the_way = bench.checkpoint_at(at).await;
        assert_eq!(on_the_way.is_some(), checkpoint.is_zero());
        tokio::time::timeout(PATIENCE, stopped(run)).await.unwrap();
        let kept = bench.checkpoint_at(at).await.unwrap();
        assert!(kept == bench.checkpoint_of(at).await && on_the_way.is_none_or(|saved| saved == kept));
        assert_eq!(log.begun.lock().unwrap()[..], [at - records as u64], "it goes on from where the one before was");
    }
    assert_eq!(bench.watch.store.partition(0).await.unwrap().unwrap().offset, committed);
    assert_eq!(bench.watch.store.outbox_pending().await.unwrap(), outbox, "not a word of it");
    let run = bench.start();
    bench.report(&["d"]).await;
    bench.has_case("d").await;
    stopped(run).await;
}
