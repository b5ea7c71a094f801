//! Publish: committed outbox rows get their number under a lease and go out in that order, each destination by itself.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use muster_domain::time::Span;
use muster_log::{Append, EventLog, Topic};
use muster_store::{DestinationRow, Published, Store};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::PipelineError;
use crate::clock::Clock;
use crate::docs;
use crate::lease::Lease;
use crate::metrics::Metrics;
use crate::outbox;
use crate::sweep::Sweep;
use crate::wake::Wake;

const BATCH: u32 = 500;

/// Where outbox rows go. Delivering one twice must do no harm.
#[async_trait]
pub trait Destination: Debug + Send + Sync {
    /// The name under which rows are written for it.
    fn name(&self) -> &'static str;

    /// Delivers rows in order; says how many of them from the front are settled (delivered, expired or given up).
    ///
    /// # Errors
    /// [`PipelineError`] with what stopped it; the rows not settled are tried again later.
    async fn deliver(&self, rows: &[Published]) -> (usize, Result<(), PipelineError>);
}

/// Numbers and delivers while it holds the lease.
#[derive(Debug)]
pub struct Publish {
    /// The store.
    pub store: Store,
    /// The clock.
    pub clock: Clock,
    /// The counters.
    pub metrics: Metrics,
    /// Who is woken.
    pub wake: Wake,
    /// The lease of this work.
    pub lease: Lease,
    /// Where rows go.
    pub destinations: Vec<Arc<dyn Destination>>,
    /// How long delivered rows and settled dead letters stay: as long as the records that they are of.
    pub keep: Span,
}

impl Publish {
    /// Publishes until told to stop, woken by commits.
    pub async fn run(self, stop: CancellationToken) {
        let mut tasks: Vec<JoinHandle<()>> = self
            .destinations
            .iter()
            .map(|destination| tokio::spawn(self.delivery(Arc::clone(destination)).run(stop.child_token())))
            .collect();
        tasks.push(tokio::spawn(self.sweep().run(stop.child_token())));
        let bell = Arc::clone(&self.wake.publish);
        while !stop.is_cancelled() {
            let full = self.number().await.unwrap_or_else(|error| {
                tracing::warn!(error = %crate::chain(&error), "the outbox waits");
                false
            });
            if !full {
                tokio::select! {
                    () = stop.cancelled() => break,
                    () = bell.notified() => {}
                    () = tokio::time::sleep(Duration::from_millis(250)) => {}
                }
            }
        }
        for task in tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "a destination or the sweep ended badly");
            }
        }
        self.lease.release().await;
    }

    /// Numbers what is committed; says whether there may be more.
    ///
    /// # Errors
    /// [`PipelineError`] if the store cannot be used.
    pub async fn number(&self) -> Result<bool, PipelineError> {
        let Some(grant) = self.lease.hold().await? else { return Ok(false) };
        let timer = self.metrics.store_timer("number");
        let numbered = self.store.outbox_number(grant.epoch, BATCH).await?;
        timer.observe_duration();
        if let Some(last) = numbered.last {
            self.wake.published(last);
        }
        Ok(numbered.count >= u64::from(BATCH))
    }

    /// Who removes what has had its time.
    pub(crate) fn sweep(&self) -> Sweep {
        Sweep { store: self.store.clone(), clock: self.clock.clone(), lease: self.lease.clone(), keep: self.keep }
    }

    fn delivery(&self, destination: Arc<dyn Destination>) -> Delivery {
        Delivery {
            store: self.store.clone(),
            lease: self.lease.clone(),
            wake: self.wake.clone(),
            clock: self.clock.clone(),
            destination,
        }
    }

    /// Delivers everything that is numbered, to every destination, once.
    ///
    /// # Errors
    /// [`PipelineError`] if the store cannot be used.
    pub async fn settle(&self) -> Result<(), PipelineError> {
        while self.number().await? {}
        for destination in &self.destinations {
            while self.delivery(Arc::clone(destination)).round().await? {}
        }
        Ok(())
    }
}

/// One destination with its own cursor and back-off.
#[derive(Debug)]
struct Delivery {
    store: Store,
    lease: Lease,
    wake: Wake,
    clock: Clock,
    destination: Arc<dyn Destination>,
}

impl Delivery {
    async fn run(self, stop: CancellationToken) {
        let mut published = self.wake.follow();
        let mut failures = 0_u32;
        while !stop.is_cancelled() {
            let pause = match self.round().await {
                Ok(true) => {
                    failures = 0;
                    continue;
                }
                Ok(false) => {
                    failures = 0;
                    Duration::from_millis(500)
                }
                Err(error) => {
                    failures += 1;
                    let destination = self.destination.name();
                    tracing::warn!(destination, failures, error = %crate::chain(&error), "delivery is tried again");
                    Duration::from_millis(200) * 2_u32.saturating_pow(failures.min(8))
                }
            };
            tokio::select! {
                () = stop.cancelled() => break,
                _ = published.changed(), if failures == 0 => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Delivers one batch; says whether there may be more.
    async fn round(&self) -> Result<bool, PipelineError> {
        if !self.lease.is_held().await {
            return Ok(false);
        }
        let name = self.destination.name();
        let at: DestinationRow = self.store.destination(name).await?;
        let rows = self.store.outbox_after(name, at.cursor, BATCH).await?;
        if rows.is_empty() {
            return Ok(false);
        }
        let (settled, result) = self.destination.deliver(&rows).await;
        if let Some(last) = settled.checked_sub(1).and_then(|index| rows.get(index)) {
            self.store.destination_advance(name, at.cursor, last.publish_no, self.clock.micros()).await?;
        }
        if let Err(error) = &result {
            let at = rows.get(settled.wrapping_sub(1)).map_or(at.cursor, |row| row.publish_no);
            self.store.destination_failed(name, at, self.clock.micros(), &crate::chain(error)).await?;
        }
        result.map(|()| rows.len() >= BATCH as usize)
    }
}

/// The condition, case and observation topics as destinations.
#[derive(Debug)]
pub struct LogDestination {
    log: Arc<dyn EventLog>,
    clock: Clock,
    name: &'static str,
    topic: Topic,
}

impl LogDestination {
    /// One destination for each topic that publish writes.
    #[must_use]
    pub fn all(log: &Arc<dyn EventLog>, clock: &Clock) -> Vec<Arc<dyn Destination>> {
        [(outbox::CASE, Topic::Case), (outbox::CONDITION, Topic::Condition), (outbox::ACT, Topic::Observation)]
            .into_iter()
            .map(|(name, topic)| {
                Arc::new(Self { log: Arc::clone(log), clock: clock.clone(), name, topic }) as Arc<dyn Destination>
            })
            .collect()
    }

    fn append(&self, row: &Published) -> Result<Append, PipelineError> {
        let partitions = self.log.partitions(&self.topic);
        let partition = muster_domain::partition::partition(docs::place_of(&row.ordering_key), partitions);
        let record = docs::published(row, self.clock.micros())?;
        Ok(Append { topic: self.topic.clone(), partition, record })
    }
}

/// What open screens alone are told: they read it themselves once it has its number.
#[derive(Debug)]
pub struct Screens;

#[async_trait]
impl Destination for Screens {
    fn name(&self) -> &'static str {
        outbox::LETTER
    }

    async fn deliver(&self, rows: &[Published]) -> (usize, Result<(), PipelineError>) {
        (rows.len(), Ok(()))
    }
}

#[async_trait]
impl Destination for LogDestination {
    fn name(&self) -> &'static str {
        self.name
    }

    async fn deliver(&self, rows: &[Published]) -> (usize, Result<(), PipelineError>) {
        let mut appends = Vec::with_capacity(rows.len());
        for row in rows {
            match self.append(row) {
                Ok(append) => appends.push(append),
                // A row of our own that does not read back would fail again: it is said loudly and passed over.
                Err(error) => {
                    tracing::error!(row = row.publish_no, error = %crate::chain(&error), "cannot be published")
                }
            }
        }
        match self.log.append(appends).await {
            Ok(_) => (rows.len(), Ok(())),
            Err(error) => (0, Err(error.into())),
        }
    }
}
