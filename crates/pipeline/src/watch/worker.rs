//! One partition: read, watch, commit; and start again from the last checkpoint when something breaks.

mod stand_up;

use std::sync::Arc;
use std::time::Duration;

use muster_domain::record::LogRecord;
use muster_domain::time::LogTime;
use muster_log::{Batch, Fetched, LogReader, Topic};
use muster_rules::config::Config;
use muster_rules::watch::Engine;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::apply::{Fault, apply, caught, cause};
use super::commit::{Consequence, Meaning, commit};
use super::owner::Watch;
use super::ticker;
use crate::metrics::shown_hash;
use crate::{PipelineError, docs};

const MAX_RECORDS: usize = 10_000;
const MAX_BYTES: usize = 4 << 20;
/// After so many records others have their turn: who waits for the database is not to wait for a whole batch.
const BREATH: usize = 256;
/// How long a batch without results may leave the offset where it is.
const OFFSET_RESTS: Duration = Duration::from_secs(2);
/// What is gathered of a backlog for one transaction, at most.
const GATHERED: usize = 1_000;

/// A partition that this process holds.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) partition: u32,
    pub(crate) epoch: u64,
    /// Where the record lies with which it was taken.
    pub(crate) takeover: u64,
    pub(crate) committed: u64,
    pub(crate) generation: String,
    /// When its lease was last asked for.
    pub(crate) renewed: Instant,
}

/// The work on one partition.
#[derive(Debug)]
pub(crate) struct Worker {
    watch: Watch,
    held: Held,
    faulted: Option<u64>,
    /// Up to here records are taken one by one: among them is one whose work cannot be done.
    careful: u64,
    /// How far it has ever got.
    reached: u64,
}

/// What a worker keeps between batches.
struct Standing {
    engine: Engine,
    reader: Box<dyn LogReader>,
    next: u64,
    /// What was watched and is not committed yet.
    gathered: Meaning,
    skip: Vec<u64>,
    saved: Instant,
    moved: Instant,
    ticked: Instant,
    /// When gathering began.
    began: Instant,
}

impl Worker {
    pub(crate) fn new(watch: Watch, held: Held) -> Self {
        Self { watch, held, faulted: None, careful: 0, reached: 0 }
    }

    /// Works until told to stop or until the partition is somebody else's.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        let partition = self.held.partition;
        while !stop.is_cancelled() {
            let worked = caught(self.work(&stop)).await;
            match worked.unwrap_or_else(|what| Err(PipelineError::Panicked { partition, what })) {
                Ok(()) => break,
                Err(PipelineError::Fenced) => {
                    tracing::warn!(partition, epoch = self.held.epoch, "the partition has another owner now");
                    self.watch.metrics.watch_interruptions.with_label_values(&["overtaken"]).inc();
                    self.forget();
                    return;
                }
                Err(error @ PipelineError::ClockApart { .. }) => {
                    tracing::error!(partition, error = %crate::chain(&error), "gives the partition back");
                    break;
                }
                Err(error) => {
                    let (pause, error) = (error.retry_after(), crate::chain(&error));
                    tracing::error!(partition, %error, "begins again from the last checkpoint");
                    self.watch.metrics.watch_interruptions.with_label_values(&["failed"]).inc();
                    self.watch.troubles.failed(partition, error);
                    tokio::select! { () = stop.cancelled() => break, () = tokio::time::sleep(pause) => {} }
                }
            }
        }
        self.forget();
        let release = self.watch.store.partition_release(partition, &self.watch.settings.owner, self.held.epoch);
        if let Err(error) = release.await {
            tracing::warn!(partition, %error, "the lease was not given back and will run out");
        }
    }

    /// Takes away what was said of the partition here: whoever holds it now says it.
    fn forget(&self) {
        self.watch.metrics.forget_partition(self.held.partition);
        self.watch.troubles.is_over(self.held.partition);
    }

    async fn work(&mut self, stop: &CancellationToken) -> Result<(), PipelineError> {
        let Some(mut standing) = self.stand_up(stop).await? else { return Ok(()) };
        let tick = self.watch.settings.tick;
        while !stop.is_cancelled() {
            self.keep(&mut standing).await?;
            let wait = tick.saturating_sub(standing.ticked.elapsed()).min(Duration::from_millis(500));
            let most = if standing.next < self.careful { 1 } else { MAX_RECORDS };
            let batch = tokio::select! {
                () = stop.cancelled() => break,
                batch = standing.reader.next(most, MAX_BYTES, wait.max(Duration::from_millis(1))) => batch?,
            };
            self.observe_lag(&batch, standing.engine.time().map(|time| time.micros()));
            for fetched in &batch.records {
                self.watch.configs.prepare(&fetched.record).await?;
            }
            let last = batch.records.last().map_or(standing.next, |fetched| fetched.offset);
            let (partition, alone) = (self.held.partition, batch.records.len() == 1 && standing.gathered.is_empty());
            let digested = caught(self.digest(&mut standing, batch)).await;
            let digested = digested.unwrap_or_else(|what| Err(PipelineError::Panicked { partition, what }));
            if let Err(error) = digested {
                return Err(self.broke_off(error, last, alone).await);
            }
            if standing.next > self.reached {
                self.reached = standing.next;
                self.watch.troubles.is_over(self.held.partition);
            }
        }
        self.commit(standing.gathered, standing.engine.config().cloned()).await?;
        self.save(&standing.engine, standing.next).await
    }

    /// Lets the engine have a batch, and commits what it means; with a backlog of more than a batch, together with that.
    async fn digest(&mut self, standing: &mut Standing, batch: Batch) -> Result<(), PipelineError> {
        if standing.gathered.is_empty() {
            standing.began = Instant::now();
        }
        let backlog = batch.end.saturating_sub(batch.next) > MAX_RECORDS as u64;
        for (n, fetched) in (1..).zip(batch.records) {
            let offset = fetched.offset;
            if n % BREATH == 0 {
                tokio::task::yield_now().await;
            }
            if let Err(fault) = self.take_in(standing, fetched) {
                return Err(self.fault(fault).await);
            }
            standing.next = offset + 1;
            standing.gathered.to = standing.next;
        }
        let gathered = &standing.gathered;
        let gathers = gathered.consequences.len() < GATHERED && standing.began.elapsed() < self.watch.settings.gather;
        if backlog && gathers && standing.next >= self.careful {
            return Ok(());
        }
        if !gathered.is_empty() || (standing.moved.elapsed() > OFFSET_RESTS && gathered.to > gathered.from) {
            let meaning = std::mem::replace(&mut standing.gathered, Meaning::new(standing.next));
            self.commit(meaning, standing.engine.config().cloned()).await?;
            standing.moved = Instant::now();
        }
        Ok(())
    }

    /// Keeps lease, ticks and checkpoints going.
    async fn keep(&mut self, standing: &mut Standing) -> Result<(), PipelineError> {
        self.renew().await?;
        let Watch { settings, clock, log, .. } = &self.watch;
        let Held { partition, epoch, takeover, .. } = self.held;
        if standing.ticked.elapsed() >= settings.tick {
            // One that was overtaken has said only now that it begins: the ticks are still ours.
            if standing.next > takeover && standing.engine.epoch().is_some_and(|last| last < epoch) {
                self.watch.says_so(partition, epoch).await?;
            }
            let record = LogRecord::Tick { epoch, at: clock.log_time() };
            ticker::control(log, clock, partition, &record).await?;
            standing.ticked = Instant::now();
        }
        if standing.saved.elapsed() > settings.checkpoint && self.held.committed == standing.next {
            self.save(&standing.engine, standing.next).await?;
            standing.saved = Instant::now();
        }
        Ok(())
    }

    /// Keeps the lease going; fails once the partition is another's, or the clock is not to be trusted.
    async fn renew(&mut self) -> Result<(), PipelineError> {
        let Watch { settings, clock, store, .. } = &self.watch;
        let Held { partition, epoch, renewed, .. } = self.held;
        if renewed.elapsed() > settings.lease / 3 {
            let (asked, length) = (Instant::now(), self.watch.lease_micros());
            if !store.partition_renew(partition, &settings.owner, epoch, length, clock.micros()).await? {
                return Err(PipelineError::Fenced);
            }
            clock.agrees_with(store).await?;
            self.held.renewed = asked;
        }
        Ok(())
    }

    /// Writes the checkpoint of an offset: what the engine is after every record before it.
    async fn save(&self, engine: &Engine, next: u64) -> Result<(), PipelineError> {
        let bytes = engine.checkpoint();
        self.watch.store.checkpoint_put(self.held.partition, next, self.watch.clock.micros(), &bytes).await?;
        let hash = shown_hash(engine.state_hash());
        self.watch.metrics.partition_state_hash.with_label_values(&[&self.held.partition.to_string()]).set(hash);
        Ok(())
    }

    fn take_in(&self, standing: &mut Standing, fetched: Fetched) -> Result<(), Fault> {
        if standing.skip.contains(&fetched.offset) {
            return Ok(());
        }
        let mut changes = Vec::new();
        let (time, outages) = (standing.engine.time(), standing.engine.counters().outages);
        let record = apply(&mut standing.engine, &self.watch, &fetched, &mut changes)?;
        if standing.engine.counters().outages > outages {
            self.mark_outage(time, standing.engine.time());
        }
        if changes.is_empty() && !matches!(record, LogRecord::Report(_)) {
            return Ok(());
        }
        let cause = cause(&record, self.held.partition, fetched.offset);
        let report = if let LogRecord::Report(report) = record { Some(report) } else { None };
        let consequence = Consequence { cause, received: fetched.record.timestamp_us, changes, report };
        standing.gathered.consequences.push(consequence);
        Ok(())
    }

    async fn commit(&mut self, meaning: Meaning, config: Option<Arc<Config>>) -> Result<(), PipelineError> {
        let Some(config) = config.or_else(|| self.watch.configs.latest()) else {
            return Ok(());
        };
        let to = meaning.to;
        commit(&self.watch, &self.held, &config, meaning).await?;
        self.held.committed = to;
        self.faulted = self.faulted.filter(|offset| *offset >= to);
        Ok(())
    }

    /// The first time a record faults, everything begins again; the second time the record is parked and skipped.
    async fn fault(&mut self, fault: Fault) -> PipelineError {
        let offset = fault.offset;
        if self.faulted != Some(offset) {
            self.faulted = Some(offset);
        } else if let Err(error) = self.park(&fault).await {
            return error;
        }
        PipelineError::Fault { partition: self.held.partition, offset, what: fault.what() }
    }

    async fn park(&mut self, fault: &Fault) -> Result<(), PipelineError> {
        let (watch, partition, offset, what) = (&self.watch, self.held.partition, fault.offset, fault.what());
        let bounds = watch.log.bounds(&Topic::Observation, partition).await?;
        tracing::error!(partition, offset, end = bounds.end, what, "a record is parked: it cannot be watched");
        let mut reader = watch.log.reader(&Topic::Observation, partition, offset).await?;
        let batch = reader.next(1, MAX_BYTES, Duration::from_secs(5)).await?;
        if let Some(found) = batch.records.into_iter().find(|found| found.offset == offset) {
            if let Ok(LogRecord::Report(report)) = docs::decode(&found.record) {
                let mut tx = watch.store.begin().await?;
                let now = watch.clock.micros();
                tx.report_refused(report.source.as_str(), report.id.as_str(), &what, now).await?;
                tx.commit().await?;
            }
            crate::park::faulted(watch, partition, found, fault).await?;
        }
        watch.store.skip_put(partition, offset, &what, watch.clock.micros()).await?;
        self.faulted = None;
        Ok(())
    }

    /// What a batch means could not be done. Where that lies in the batch, its records are taken again one by one, and a
    /// single one is a fault; where it lies in the world around, it is tried until that has healed.
    async fn broke_off(&mut self, error: PipelineError, last: u64, alone: bool) -> PipelineError {
        if !error.is_of_the_matter() {
            return error;
        }
        if alone {
            let what = if let PipelineError::Panicked { what, .. } = error { what } else { crate::chain(&error) };
            return self.fault(Fault::broke(last, &what)).await;
        }
        self.careful = last + 1;
        error
    }

    /// Nobody ticked the partition for a while: ours to say, since silence and clocks were not held against anybody.
    fn mark_outage(&self, from: Option<LogTime>, to: Option<LogTime>) {
        let partition = self.held.partition;
        let seconds = to.zip(from).map_or(0, |(to, from)| to.micros() - from.micros()) / 1_000_000;
        tracing::warn!(
            partition,
            seconds,
            "nobody watched this partition for a while: silence in it counts for nothing"
        );
        self.watch.metrics.outages.with_label_values(&[&partition.to_string()]).inc();
    }

    fn observe_lag(&self, batch: &Batch, time: Option<i64>) {
        let partition = self.held.partition.to_string();
        let metrics = &self.watch.metrics;
        let lag = batch.end.saturating_sub(batch.next);
        metrics.log_lag_records.with_label_values(&[&partition]).set(lag as i64);
        // Who has read to the end is behind by nothing, however long ago the last record was.
        let oldest = time.filter(|_| lag > 0);
        let behind = oldest.map_or(0, |time| self.watch.clock.micros().saturating_sub(time)).max(0);
        metrics.log_lag_seconds.with_label_values(&[&partition]).set(behind as f64 / 1e6);
        metrics.log_last_poll_seconds.with_label_values(&[&partition]).set(self.watch.clock.micros() as f64 / 1e6);
    }
}
