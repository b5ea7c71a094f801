//! A named lease in the store: work that only one process may do at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use muster_store::Store;

use crate::PipelineError;
use crate::clock::Clock;

/// A lease that is taken when it is free and renewed with every look at it.
#[derive(Debug, Clone)]
pub struct Lease {
    store: Store,
    clock: Clock,
    name: &'static str,
    owner: String,
    micros: i64,
    epoch: Arc<AtomicU64>,
}

impl Lease {
    /// A lease of ten seconds of real time under this name.
    #[must_use]
    pub fn new(store: Store, clock: Clock, name: &'static str, owner: &str) -> Self {
        let micros = (10e6 * clock.speed().max(1.0)) as i64;
        Self { store, clock, name, owner: owner.to_owned(), micros, epoch: Arc::default() }
    }

    /// Takes or renews the lease; says whether it is ours now.
    ///
    /// # Errors
    /// [`PipelineError`] if the store cannot say.
    pub async fn hold(&self) -> Result<bool, PipelineError> {
        let lease = self.store.lease_acquire(self.name, &self.owner, self.micros, self.clock.micros()).await?;
        self.epoch.store(lease.as_ref().map_or(0, |lease| lease.epoch), Ordering::Relaxed);
        Ok(lease.is_some())
    }

    /// The epoch under which it is held; 0 if it is not.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Relaxed)
    }

    /// Gives it back, so that the next holder need not wait for it to run out.
    pub async fn release(&self) {
        if let Err(error) = self.store.lease_release(self.name, &self.owner).await {
            tracing::warn!(lease = self.name, %error, "the lease was not given back and will run out");
        }
    }
}
