//! A named lease in the store: work that only one process may do at a time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use muster_store::{Lease as Grant, Store};
use tokio::sync::Mutex;

use crate::PipelineError;
use crate::clock::Clock;

/// How long a lease lasts without renewal, in real time.
const LASTS: Duration = Duration::from_secs(10);

/// A lease that is taken when it is free and kept while it is looked at. Cheap to clone; clones share it.
#[derive(Debug, Clone)]
pub struct Lease(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Store,
    clock: Clock,
    name: String,
    owner: String,
    held: Mutex<Option<Held>>,
}

#[derive(Debug, Clone, Copy)]
struct Held {
    grant: Grant,
    renewed: Instant,
}

impl Lease {
    /// A lease under this name, for this owner.
    #[must_use]
    pub fn new(store: Store, clock: Clock, name: &str, owner: &str) -> Self {
        let held = Mutex::new(None);
        Self(Arc::new(Inner { store, clock, name: name.to_owned(), owner: owner.to_owned(), held }))
    }

    /// Takes or keeps the lease; what it was granted under, if it is ours now. Whoever works under a lease stamps and compares
    /// times, so a clock that is wrong gets none.
    ///
    /// # Errors
    /// [`PipelineError::ClockApart`], or another if the store cannot say.
    pub async fn hold(&self) -> Result<Option<Grant>, PipelineError> {
        let Inner { store, clock, name, owner, held } = &*self.0;
        let mut held = held.lock().await;
        let micros = (LASTS.as_secs_f64() * 1e6 * clock.speed().max(1.0)) as i64;
        if let Some(ours) = *held
            && ours.renewed.elapsed() < LASTS / 3
        {
            return Ok(Some(ours.grant));
        }
        clock.agrees_with(store).await?;
        let grant = store.lease_acquire(name, owner, micros, clock.micros()).await?;
        *held = grant.map(|grant| Held { grant, renewed: Instant::now() });
        Ok(grant)
    }

    /// Whether it was ours when last looked at, and cannot have run out since.
    pub async fn is_held(&self) -> bool {
        self.0.held.lock().await.is_some_and(|held| held.renewed.elapsed() < LASTS)
    }

    /// Gives it back, so that the next holder need not wait for it to run out.
    pub async fn release(&self) {
        let Inner { store, name, owner, held, .. } = &*self.0;
        if held.lock().await.take().is_some()
            && let Err(error) = store.lease_release(name, owner).await
        {
            tracing::warn!(lease = name, %error, "the lease was not given back and will run out");
        }
    }
}
