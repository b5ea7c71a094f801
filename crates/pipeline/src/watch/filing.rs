//! Reports to cases without a log in between, for measurements: there a batch is as large as they want it.

use muster_domain::record::Report;

use super::commit::{Consequence, Meaning, commit};
use super::owner::Watch;
use super::worker::Held;
use crate::PipelineError;

/// A partition held only to file what is given.
#[derive(Debug)]
pub struct Filing {
    watch: Watch,
    held: Held,
}

impl Filing {
    /// Takes a partition that nobody holds; `None` if somebody does.
    ///
    /// # Errors
    /// [`PipelineError`] if log or store do not answer.
    pub async fn take(watch: Watch, partition: u32) -> Result<Option<Self>, PipelineError> {
        Ok(watch.take(partition).await?.map(|held| Self { watch, held }))
    }

    /// Commits reports in one transaction, exactly as the watch commits what a batch of its log means. The offset moves by
    /// one for each, whatever lies in the log.
    ///
    /// # Errors
    /// [`PipelineError`] if no configuration holds, or the store fails.
    pub async fn commit(&mut self, reports: Vec<Report>) -> Result<(), PipelineError> {
        let config = self.watch.configs.latest();
        let config = config.ok_or(PipelineError::Broken("no configuration holds yet"))?;
        let to = self.held.committed + reports.len() as u64;
        let consequence = |report: Report| Consequence {
            cause: tracing::Span::none(),
            received: report.received.micros(),
            changes: vec![],
            report: Some(report),
        };
        let consequences = reports.into_iter().map(consequence).collect();
        let meaning = Meaning { to, consequences, ..Meaning::new(self.held.committed) };
        commit(&self.watch, &self.held, &config, meaning).await?;
        self.held.committed = to;
        Ok(())
    }
}
