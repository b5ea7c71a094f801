//! Sweep: what has had its time is removed a little at a time, so that nobody waits for it.

use std::time::Duration;

use muster_domain::time::Span;
use muster_store::{Store, StoreError};
use tokio_util::sync::CancellationToken;

use crate::PipelineError;
use crate::clock::Clock;
use crate::lease::Lease;

/// How often it is looked for, in real time.
const EVERY: Duration = Duration::from_secs(600);
/// How many rows go at once.
const ROWS: u32 = 2000;
/// How many dead letters, each of which may have a mebibyte.
const LETTERS: u32 = 50;

/// Removes delivered rows, settled dead letters, and keys of requests that have run out, while it holds the lease.
#[derive(Debug)]
pub(crate) struct Sweep {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) lease: Lease,
    pub(crate) keep: Span,
}

impl Sweep {
    /// Looks now and then until told to stop.
    pub(crate) async fn run(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            if let Err(error) = self.round(&stop).await {
                tracing::warn!(error = %crate::chain(&error), "what has had its time stays a while longer");
            }
            tokio::select! { () = stop.cancelled() => break, () = tokio::time::sleep(EVERY) => {} }
        }
    }

    /// Removes all that has had its time.
    async fn round(&self, stop: &CancellationToken) -> Result<(), PipelineError> {
        let now = self.clock.micros();
        let before = now - self.keep.micros();
        let rows = self.all(stop, ROWS, || self.store.outbox_prune(before, ROWS)).await?;
        let letters = self.all(stop, LETTERS, || self.store.dead_letter_prune(before, LETTERS)).await?;
        let keys = self.all(stop, ROWS, || self.store.idempotency_prune(now, ROWS)).await?;
        if rows + letters + keys > 0 {
            tracing::info!(rows, letters, keys, "removed what has had its time");
        }
        Ok(())
    }

    /// Removes `most` again and again, until there are fewer, or until told to stop; says how many went.
    async fn all<F>(&self, stop: &CancellationToken, most: u32, remove: impl Fn() -> F) -> Result<u64, PipelineError>
    where
        F: Future<Output = Result<u64, StoreError>>,
    {
        let mut gone = 0;
        while !stop.is_cancelled() && self.lease.hold().await?.is_some() {
            let removed = remove().await?;
            gone += removed;
            if removed < u64::from(most) {
                break;
            }
            // Whoever waits for the database comes in between.
            tokio::task::yield_now().await;
        }
        Ok(gone)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use async_trait::async_trait;
    use muster_store::{OutboxRow, Published, StoreSettings};

    use super::*;
    use crate::metrics::Metrics;
    use crate::publish::{Destination, Publish};
    use crate::wake::Wake;

    const DAY: i64 = 86_400_000_000;

    #[derive(Debug)]
    struct Takes(&'static str);

    #[async_trait]
    impl Destination for Takes {
        fn name(&self) -> &'static str {
            self.0
        }

        async fn deliver(&self, rows: &[Published]) -> (usize, Result<(), PipelineError>) {
            (rows.len(), Ok(()))
        }
    }

    /// A store on the fortieth day, with rows in its outbox.
    async fn store(folder: &std::path::Path, rows: &[OutboxRow]) -> Store {
        let url = format!("sqlite:{}", folder.join("store.db").display());
        let store = Store::open(&StoreSettings { url, max_connections: 2 }).await.unwrap();
        store.migrate(0).await.unwrap();
        let mut tx = store.begin().await.unwrap();
        tx.outbox_push(rows).await.unwrap();
        tx.commit().await.unwrap();
        store
    }

    fn row(destination: &str, created: i64) -> OutboxRow {
        OutboxRow {
            destination: destination.to_owned(),
            ordering_key: "c-1".to_owned(),
            effect: None,
            body: "{}".to_owned(),
            created,
            not_after: None,
        }
    }

    fn publish(store: &Store, owner: &str) -> Publish {
        let clock = Clock::held(40 * DAY);
        Publish {
            store: store.clone(),
            clock: clock.clone(),
            metrics: Metrics::new().unwrap(),
            wake: Wake::default(),
            lease: Lease::new(store.clone(), clock, "publish", owner),
            destinations: vec![Arc::new(Takes("case"))],
            keep: Span::from_micros(30 * DAY),
        }
    }

    #[tokio::test]
    async fn what_every_reader_has_had_goes_once_it_is_old_and_nothing_else() {
        let (folder, go) = (tempfile::tempdir().unwrap(), CancellationToken::new());
        let rows = [row("case", 9 * DAY), row("case", 11 * DAY), row("nobody", 9 * DAY)];
        let store = store(folder.path(), &rows).await;
        let (ours, theirs) = (publish(&store, "ours"), publish(&store, "theirs"));
        let left = async || {
            let [case, nobody] = [store.outbox_after("case", 0, 9), store.outbox_after("nobody", 0, 9)];
            (case.await.unwrap().len(), nobody.await.unwrap().len())
        };
        ours.settle().await.unwrap();
        theirs.sweep().round(&go).await.unwrap();
        assert_eq!(left().await, (2, 1), "only who holds the lease removes anything");
        ours.sweep().round(&go).await.unwrap();
        assert_eq!(left().await, (1, 1), "what is young stays, and what was not delivered");
    }

    #[tokio::test]
    async fn others_come_in_between_and_a_stop_is_heard() {
        let folder = tempfile::tempdir().unwrap();
        let goes = 10;
        let store = store(folder.path(), &vec![row("case", 0); goes * ROWS as usize]).await;
        let ours = publish(&store, "ours");
        ours.settle().await.unwrap();
        let left = async || store.outbox_after("case", 0, u32::MAX).await.unwrap().len();
        let stopped = CancellationToken::new();
        stopped.cancel();
        ours.sweep().round(&stopped).await.unwrap();
        assert_eq!(left().await, goes * ROWS as usize);

        // Whoever writes waits in one queue with the sweep.
        let (stop, writer) = (CancellationToken::new(), store.clone());
        let others = tokio::spawn({
            let stop = stop.clone();
            async move {
                let mut written = 0;
                while !stop.is_cancelled() {
                    writer.begin().await.unwrap().commit().await.unwrap();
                    written += 1;
                }
                written
            }
        });
        tokio::task::yield_now().await;
        ours.sweep().round(&CancellationToken::new()).await.unwrap();
        stop.cancel();
        let written = others.await.unwrap();
        assert!(written >= goes, "others wrote {written} times while {goes} times something was removed");
        assert_eq!(left().await, 0);
    }
}
