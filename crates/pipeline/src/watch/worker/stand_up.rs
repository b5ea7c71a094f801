//! Standing up: from the last checkpoint to the committed offset without a word, the lease kept going on the way.

use std::sync::Arc;

use muster_domain::record::LogRecord;
use muster_log::Topic;
use muster_rules::watch::Engine;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{BREATH, Held, MAX_BYTES, MAX_RECORDS, Standing, Worker};
use crate::watch::apply::apply;
use crate::watch::commit::{Consequence, Meaning};
use crate::watch::corrections::corrections;
use crate::{PipelineError, late};

impl Worker {
    /// Loads the last checkpoint, reads from there to the committed offset without a word, and goes on. `None` = told to stop
    /// before that was done.
    pub(super) async fn stand_up(&mut self, stop: &CancellationToken) -> Result<Option<Standing>, PipelineError> {
        let Held { partition, generation, committed, .. } = self.held.clone();
        let skip = self.watch.store.skips(partition).await?;
        let (mut engine, from) = self.restore(partition, &generation, committed).await?;
        let bounds = self.watch.log.bounds(&Topic::Observation, partition).await?;
        let next = late::read_on(&self.watch.metrics, &Topic::Observation, partition, from, bounds.start);
        if next > from {
            let unwatched = bounds.start.saturating_sub(committed);
            tracing::error!(partition, unwatched, "conditions start unknown: what they rest on is gone");
            engine = self.afresh(&generation, next).await?;
        }
        if bounds.end < committed {
            let end = bounds.end;
            return Err(PipelineError::LogBehind { partition, end, committed });
        }
        if !self.read_up(&mut engine, &skip, next, stop).await? {
            return Ok(None);
        }
        self.correct(&engine).await?;
        let behind = engine.time().map_or(0, |time| time.micros() - self.watch.clock.micros()) / 1_000_000;
        if behind > 2 {
            tracing::error!(
                partition,
                seconds = behind,
                "the clock is behind the log: nothing runs out until it is there"
            );
        }
        // What was read ahead of the committed offset is read again, this time aloud.
        let next = next.max(committed);
        let reader = self.watch.log.reader(&Topic::Observation, partition, next).await?;
        let now = Instant::now();
        let gathered = Meaning { to: next, ..Meaning::new(committed) };
        Ok(Some(Standing { engine, reader, next, gathered, skip, saved: now, moved: now, ticked: now, began: now }))
    }

    /// Reads to the committed offset; `false` = told to stop before. It may take longer than a lease lasts, and as long again
    /// for whoever must begin anew: so the lease is renewed and checkpoints are saved meanwhile. They are what any of their
    /// offset is, since it is records and the skip list that make a state, and not who read them or when.
    async fn read_up(
        &mut self,
        engine: &mut Engine,
        skip: &[u64],
        from: u64,
        stop: &CancellationToken,
    ) -> Result<bool, PipelineError> {
        let Held { partition, committed, .. } = self.held;
        let mut reader = self.watch.log.reader(&Topic::Observation, partition, from).await?;
        let (mut next, mut saved) = (from, Instant::now());
        while next < committed {
            self.renew().await?;
            if saved.elapsed() > self.watch.settings.checkpoint {
                self.save(engine, next).await?;
                saved = Instant::now();
                tracing::info!(partition, next, committed, "reads up to what is committed");
            }
            let most = usize::try_from(committed - next).unwrap_or(MAX_RECORDS).min(MAX_RECORDS);
            let batch = tokio::select! {
                () = stop.cancelled() => break,
                batch = reader.next(most, MAX_BYTES, self.watch.settings.lease / 3) => batch?,
            };
            for (n, fetched) in (1..).zip(batch.records.into_iter().take_while(|fetched| fetched.offset < committed)) {
                if n % BREATH == 0 {
                    tokio::task::yield_now().await;
                }
                if !skip.contains(&fetched.offset) {
                    self.watch.configs.prepare(&fetched.record).await?;
                    let mut silent = Vec::new();
                    if let Err(fault) = apply(engine, &self.watch, &fetched, &mut silent) {
                        return Err(self.fault(fault).await);
                    }
                }
                next = fetched.offset + 1;
            }
        }
        if next < committed && next > from {
            self.save(engine, next).await?;
        }
        Ok(next >= committed)
    }

    /// Compares with the condition table at the committed offset, and commits every difference as a correction.
    async fn correct(&mut self, engine: &Engine) -> Result<(), PipelineError> {
        let Held { partition, committed, .. } = self.held;
        let rows = self.watch.store.conditions_of_partition(partition).await?;
        let changes = corrections(engine, &rows);
        for change in &changes {
            tracing::warn!(partition, offset = committed, ?change, "the condition table is corrected");
        }
        if changes.is_empty() {
            return Ok(());
        }
        let cause = tracing::info_span!("corrections", partition, offset = committed);
        let correction = Consequence { cause, received: self.watch.clock.micros(), changes, report: None };
        let meaning = Meaning { consequences: vec![correction], ..Meaning::new(committed) };
        self.commit(meaning, engine.config().cloned()).await
    }

    async fn restore(&self, partition: u32, generation: &str, committed: u64) -> Result<(Engine, u64), PipelineError> {
        for checkpoint in self.watch.store.checkpoints(partition).await? {
            if checkpoint.offset > committed {
                continue;
            }
            self.watch.configs.prepare_all().await?;
            let configs = &self.watch.configs;
            match Engine::restore(&checkpoint.bytes, &mut |version| configs.get(version)) {
                Ok(engine) => return Ok((engine, checkpoint.offset)),
                Err(error) => {
                    tracing::error!(partition, offset = checkpoint.offset, %error, "a checkpoint cannot be read");
                }
            }
        }
        Ok((Engine::new(generation, partition, self.partitions()), 0))
    }

    /// An engine that knows nothing from before `next` but the configuration, whose announcement is gone as well: what
    /// holds stands in the place of the last record that is gone. Whatever else was announced since follows in the log.
    async fn afresh(&self, generation: &str, next: u64) -> Result<Engine, PipelineError> {
        let (partition, offset) = (self.held.partition, next.saturating_sub(1));
        let mut engine = Engine::new(generation, partition, self.partitions());
        self.watch.configs.refresh().await?;
        if let Some(config) = self.watch.configs.latest() {
            let record = LogRecord::Config { version: config.version };
            let announced = engine.apply(offset, &record, &mut |_| Some(Arc::clone(&config)), &mut Vec::new());
            announced.map_err(|fault| PipelineError::Fault { partition, offset, what: fault.to_string() })?;
        }
        Ok(engine)
    }

    fn partitions(&self) -> u32 {
        self.watch.log.partitions(&Topic::Observation)
    }
}
