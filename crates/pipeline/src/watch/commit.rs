//! One transaction for everything that a batch means: conditions, cases, journal, outbox and offset.

use std::sync::Arc;

use muster_domain::condition::Change;
use muster_domain::record::Report;
use muster_rules::config::Config;
use tracing::{Instrument as _, Span};

use super::owner::Watch;
use super::worker::Held;
use crate::PipelineError;
use crate::docket::{Docket, Wanted, Written};
use crate::open::Opener;

/// How often a transaction is tried when somebody else was first.
const TRIES: u32 = 20;

/// What a batch of records means.
#[derive(Debug)]
pub(crate) struct Meaning {
    /// The offset that the store has.
    pub(crate) from: u64,
    /// The offset after the batch.
    pub(crate) to: u64,
    /// What single records mean, in their order; most mean nothing.
    pub(crate) consequences: Vec<Consequence>,
}

/// What one record means.
#[derive(Debug)]
pub(crate) struct Consequence {
    /// What it is traced in: who said it and where it lies.
    pub(crate) cause: Span,
    /// When it was received.
    pub(crate) received: i64,
    /// Changes of belief, in order.
    pub(crate) changes: Vec<Change>,
    /// The report that it is.
    pub(crate) report: Option<Report>,
}

impl Meaning {
    pub(crate) fn new(from: u64) -> Self {
        Self { from, to: from, consequences: vec![] }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.consequences.is_empty()
    }
}

/// Commits what a batch means, and moves the offset in the same transaction.
pub(crate) async fn commit(
    watch: &Watch,
    held: &Held,
    config: &Arc<Config>,
    meaning: Meaning,
) -> Result<(), PipelineError> {
    for attempt in 1.. {
        match attempt_commit(watch, held, config, &meaning).await {
            Ok(written) => {
                told(watch, &meaning, &written);
                return Ok(());
            }
            Err(error) if error.is_conflict() && attempt < TRIES => {}
            Err(error) if error.is_unknown_fate() => return find_out(watch, held, &meaning, error).await,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

async fn attempt_commit(
    watch: &Watch,
    held: &Held,
    config: &Arc<Config>,
    meaning: &Meaning,
) -> Result<Written, PipelineError> {
    let timer = watch.metrics.store_timer("commit");
    let mut tx = watch.store.begin().await?;
    tx.move_offset(held.partition, held.epoch, meaning.from, meaning.to).await?;
    let now = muster_domain::time::Filed::from_micros(tx.now_micros(watch.clock.micros()).await?);
    let mut docket = Docket::new(now);
    let opener = Opener { config, numbering: &watch.numbering };
    let mut wanted = Wanted::default();
    for Consequence { cause, changes, report, .. } in &meaning.consequences {
        cause.in_scope(|| changes.iter().for_each(|change| opener.belief(&mut docket, change)));
        opener.wants(&mut wanted, changes, report.as_ref());
    }
    docket.write_beliefs(&mut tx).await?;
    docket.look_up(&mut tx, &wanted).await?;
    for consequence in &meaning.consequences {
        carry(&opener, &mut tx, &mut docket, consequence).instrument(consequence.cause.clone()).await?;
    }
    let written = docket.write(&mut tx).await?;
    tx.commit().await?;
    timer.observe_duration();
    Ok(written)
}

async fn carry(
    opener: &Opener<'_>,
    tx: &mut muster_store::Tx,
    docket: &mut Docket,
    consequence: &Consequence,
) -> Result<(), PipelineError> {
    for change in &consequence.changes {
        opener.change(tx, docket, change).await?;
    }
    if let Some(report) = &consequence.report {
        #[cfg(test)]
        super::tests::blow("commit", &muster_domain::record::LogRecord::Report(report.clone()));
        let case = opener.report(tx, docket, report).await?;
        docket.settle(&report.source, &report.id, case);
    }
    Ok(())
}

/// After a commit whose answer was lost: our epoch with our offset means that it was done.
async fn find_out(watch: &Watch, held: &Held, meaning: &Meaning, error: PipelineError) -> Result<(), PipelineError> {
    let row = watch.store.partition(held.partition).await?;
    match row {
        Some(row) if row.epoch == held.epoch && row.offset == meaning.to && meaning.to != meaning.from => Ok(()),
        Some(row) if row.epoch != held.epoch => Err(PipelineError::Fenced),
        _ => Err(error),
    }
}

fn told(watch: &Watch, meaning: &Meaning, written: &Written) {
    watch.metrics.written(written);
    let now = watch.clock.micros();
    let opens = |one: &&Consequence| one.changes.iter().any(|change| matches!(change, Change::Opened(_)));
    for opened in meaning.consequences.iter().filter(opens) {
        watch.metrics.observation_to_case_seconds.observe((now - opened.received).max(0) as f64 / 1e6);
    }
    if written.wants_seat {
        watch.wake.dispatch.notify_one();
    }
    if !meaning.is_empty() {
        watch.wake.publish.notify_one();
    }
}
