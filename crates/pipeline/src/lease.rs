//! A named lease in the store: work that only one process may do at a time.

use std::sync::Arc;
use std::time::Duration;

use muster_store::{Store, Tx};
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
    name: Arc<str>,
    owner: String,
    held: Mutex<Option<Held>>,
}

/// A lease as it was taken: renewing it changes nothing, taking it again does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    name: Arc<str>,
    pub(crate) epoch: u64,
}

#[derive(Debug)]
struct Held {
    grant: Grant,
    /// When it was last asked for, in the counted time of the clock, which goes on while the machine sleeps.
    asked: Duration,
}

impl Grant {
    /// Lets a transaction be committed only while nobody else has taken the lease.
    pub(crate) async fn guard(&self, tx: &mut Tx) -> Result<(), PipelineError> {
        Ok(tx.hold_lease(&self.name, self.epoch).await?)
    }
}

impl Held {
    /// Whether so much time has passed since it was asked for. How long the answer took counts.
    fn is_older(&self, than: Duration, clock: &Clock) -> bool {
        clock.counted().saturating_sub(self.asked) >= than
    }
}

impl Lease {
    /// A lease under this name, for this owner.
    #[must_use]
    pub fn new(store: Store, clock: Clock, name: &str, owner: &str) -> Self {
        let held = Mutex::new(None);
        Self(Arc::new(Inner { store, clock, name: name.into(), owner: owner.to_owned(), held }))
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
        if let Some(ours) = held.as_ref().filter(|ours| !ours.is_older(LASTS / 3, clock)) {
            return Ok(Some(ours.grant.clone()));
        }
        clock.agrees_with(store).await?;
        let asked = clock.counted();
        let lease = store.lease_acquire(name, owner, micros, clock.micros()).await?;
        *held = lease.map(|lease| Held { grant: Grant { name: Arc::clone(name), epoch: lease.epoch }, asked });
        Ok(held.as_ref().filter(|ours| !ours.is_older(LASTS, clock)).map(|ours| ours.grant.clone()))
    }

    /// Keeps the lease; whether it is ours without a gap since it was granted. Who read something then may rely on it.
    ///
    /// # Errors
    /// As [`hold`](Self::hold).
    pub(crate) async fn holds_on(&self, grant: &Grant) -> Result<bool, PipelineError> {
        Ok(self.hold().await?.is_some_and(|now| now == *grant))
    }

    /// Whether it was ours when last looked at, and cannot have run out since.
    pub async fn is_held(&self) -> bool {
        let Inner { clock, held, .. } = &*self.0;
        held.lock().await.as_ref().is_some_and(|held| !held.is_older(LASTS, clock))
    }

    /// Gives it back, so that the next holder need not wait for it to run out.
    pub async fn release(&self) {
        let Inner { store, name, owner, held, .. } = &*self.0;
        if held.lock().await.take().is_some()
            && let Err(error) = store.lease_release(name, owner).await
        {
            tracing::warn!(lease = %name, %error, "the lease was not given back and will run out");
        }
    }
}

#[cfg(test)]
mod tests {
    use muster_store::StoreSettings;
    use muster_tests::eventually;

    use super::*;
    use crate::clock::tests::Bent;

    #[tokio::test]
    async fn a_lease_runs_out_while_the_machine_sleeps() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("store.db").display());
        let store = Store::open(&StoreSettings { url, max_connections: 2 }).await.unwrap();
        store.migrate(0).await.unwrap();
        let hands = Bent::by(0);
        let lease = Lease::new(store, Clock::made_of(hands.clone()), "work", "ours");
        assert!(lease.hold().await.unwrap().is_some() && lease.is_held().await);
        hands.count_on(11);
        assert!(!lease.is_held().await);
    }

    #[tokio::test]
    async fn a_lease_is_believed_no_longer_than_it_lasts_however_late_the_answer_comes() {
        let Some(database) = muster_tests::database() else { return };
        let store = Store::open(&StoreSettings { url: database.url(), max_connections: 4 }).await.unwrap();
        store.migrate(0).await.unwrap();
        // It was another's and has run out; somebody's transaction keeps its row.
        let before = store.lease_acquire("work", "theirs", -1, 0).await.unwrap().unwrap();
        let mut tx = store.begin().await.unwrap();
        tx.hold_lease("work", before.epoch).await.unwrap();
        let hands = Bent::by(0);
        let lease = Lease::new(store, Clock::made_of(hands.clone()), "work", "ours");
        let asks = lease.clone();
        let asks = tokio::spawn(async move { asks.hold().await });
        let waiting = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
        let waits = async || (!database.query(waiting).unwrap().is_empty()).then_some(());
        eventually("the question to wait", Duration::from_secs(9), waits).await;
        hands.count_on(11);
        tx.commit().await.unwrap();
        assert_eq!(asks.await.unwrap().unwrap(), None);
        assert!(!lease.is_held().await);
    }
}
