//! Taking, keeping and giving back partitions by leases in the store.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use muster_domain::record::LogRecord;
use muster_log::{EventLog, Topic};
use muster_store::Store;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::ticker;
use super::trouble::Troubles;
use super::worker::{Held, Worker};
use crate::PipelineError;
use crate::clock::Clock;
use crate::configs::Configs;
use crate::metrics::Metrics;
use crate::numbering::Numbering;
use crate::wake::Wake;

/// The role under which processes count one another.
const MEMBERS: &str = "watch";

/// How a process watches.
#[derive(Debug, Clone)]
pub struct WatchSettings {
    /// The name under which this process holds leases; unique among processes.
    pub owner: String,
    /// How long a lease lasts without renewal.
    pub lease: Duration,
    /// Real time between ticks.
    pub tick: Duration,
    /// Real time between checkpoints.
    pub checkpoint: Duration,
    /// How long the meaning of a backlog is gathered for one transaction.
    pub gather: Duration,
    /// Whether other processes may want partitions too: then no more than a fair share is held.
    pub shared: bool,
}

impl WatchSettings {
    /// What one process alone does.
    #[must_use]
    pub fn alone(owner: impl Into<String>) -> Self {
        Self {
            owner: owner.into(),
            lease: Duration::from_secs(10),
            tick: Duration::from_secs(1),
            checkpoint: Duration::from_secs(60),
            gather: Duration::from_millis(500),
            shared: false,
        }
    }
}

/// Everything a partition's work needs, shared by all of them.
#[derive(Debug, Clone)]
pub struct Watch {
    /// The event log.
    pub log: Arc<dyn EventLog>,
    /// The store.
    pub store: Store,
    /// Configuration versions.
    pub configs: Configs,
    /// The clock.
    pub clock: Clock,
    /// The counters.
    pub metrics: Metrics,
    /// How cases are numbered.
    pub numbering: Numbering,
    /// Who is woken by commits.
    pub wake: Wake,
    /// What partitions do not get over.
    pub troubles: Troubles,
    /// How this process watches.
    pub settings: WatchSettings,
}

impl Watch {
    /// Holds what partitions it can get until told to stop; then gives them back, each with a checkpoint.
    pub async fn run(self, stop: CancellationToken) {
        let mut held: BTreeMap<u32, (CancellationToken, JoinHandle<()>)> = BTreeMap::new();
        let partitions = self.log.partitions(&Topic::Observation);
        let mut beat = tokio::time::interval(self.settings.lease / 4);
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                _ = beat.tick() => {}
            }
            held.retain(|_, (_, task)| !task.is_finished());
            let clock = &self.clock;
            let agreed = match held.is_empty() {
                true => clock.put_right(&self.store).await,
                false => clock.agrees_with(&self.store).await,
            };
            if let Err(error) = agreed {
                tracing::error!(error = %crate::chain(&error), "no partition is taken");
                continue;
            }
            let fair = self.fair_share(partitions).await;
            // What is more than that is for those who came since; it goes on elsewhere from its checkpoint.
            for (give_back, _) in held.values().skip(fair) {
                give_back.cancel();
            }
            for partition in 0..partitions {
                if held.contains_key(&partition) {
                    continue;
                }
                if held.len() >= fair {
                    self.troubles.is_over(partition);
                    continue;
                }
                match self.take(partition).await {
                    Ok(Some(own)) => {
                        let (worker, give_back) = (Worker::new(self.clone(), own), stop.child_token());
                        let task = tokio::spawn(worker.run(give_back.clone()));
                        held.insert(partition, (give_back, task));
                    }
                    Ok(None) => self.troubles.is_over(partition),
                    Err(error) => {
                        let error = crate::chain(&error);
                        tracing::warn!(partition, %error, "cannot take the partition");
                        self.troubles.failed(partition, error);
                    }
                }
            }
        }
        for (partition, (_, task)) in held {
            if let Err(error) = task.await {
                tracing::error!(partition, %error, "the partition's work ended badly");
            }
        }
        if self.settings.shared
            && let Err(error) = self.store.owner_leaves(MEMBERS, &self.settings.owner).await
        {
            tracing::warn!(%error, "others take this process for present until its lease has run out");
        }
    }

    /// How many partitions this process should hold: all, or its share of those that are shared.
    async fn fair_share(&self, partitions: u32) -> usize {
        if !self.settings.shared {
            return partitions as usize;
        }
        let now = self.clock.micros();
        let owners = self.store.live_owners(MEMBERS, &self.settings.owner, self.lease_micros(), now).await.unwrap_or(1);
        (partitions as usize).div_ceil(owners.max(1))
    }

    /// The length of a lease in the time of this world, which may run faster than the real one.
    pub(super) fn lease_micros(&self) -> i64 {
        (self.settings.lease.as_secs_f64() * 1e6 * self.clock.speed().max(1.0)) as i64
    }

    pub(super) async fn take(&self, partition: u32) -> Result<Option<Held>, PipelineError> {
        let owner = &self.settings.owner;
        let (now, renewed) = (self.clock.micros(), Instant::now());
        let Some(own) = self.store.partition_take(partition, owner, self.lease_micros(), now).await? else {
            return Ok(None);
        };
        let takeover = self.says_so(partition, own.epoch).await?;
        tracing::info!(partition, epoch = own.epoch, offset = own.offset, "took the partition");
        let (epoch, committed, generation) = (own.epoch, own.offset, own.generation);
        Ok(Some(Held { partition, epoch, takeover, committed, generation, renewed }))
    }

    /// Appends the record with which an owner begins, and says where it lies.
    pub(super) async fn says_so(&self, partition: u32, epoch: u64) -> Result<u64, PipelineError> {
        let takeover = LogRecord::Takeover { epoch, owner: self.settings.owner.clone() };
        ticker::control(&self.log, &self.clock, partition, &takeover).await
    }
}
