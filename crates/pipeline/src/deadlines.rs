//! Clocks that ran out become commands: one holder of a lease looks once a second.

use muster_domain::case::{Actor, Case, CaseState, ClockKind};
use muster_domain::lifecycle::Command;
use muster_domain::time::Span;
use tokio_util::sync::CancellationToken;

use crate::PipelineError;
use crate::docs;
use crate::lease::Lease;
use crate::operate::{Expects, Operate, Order, OrderError};

const BATCH: u32 = 500;

/// Applies deadlines while it holds the lease.
#[derive(Debug, Clone)]
pub struct Deadlines {
    /// How commands get to cases.
    pub operate: Operate,
    /// The lease of this work.
    pub lease: Lease,
}

impl Deadlines {
    /// Looks once a second of the world's time until told to stop.
    pub async fn run(self, stop: CancellationToken) {
        let pause = self.operate.clock.real_time(Span::from_secs(1));
        while !stop.is_cancelled() {
            if let Err(error) = self.round().await {
                tracing::warn!(error = %crate::chain(&error), "deadlines wait");
            }
            tokio::select! { () = stop.cancelled() => break, () = tokio::time::sleep(pause) => {} }
        }
        self.lease.release().await;
    }

    /// Applies what is due now.
    ///
    /// # Errors
    /// [`PipelineError`] if the store cannot be used.
    pub async fn round(&self) -> Result<(), PipelineError> {
        let Some(grant) = self.lease.hold().await? else { return Ok(()) };
        let now = self.operate.clock.filed();
        for row in self.operate.store.cases_due(now.micros(), BATCH).await? {
            if !self.lease.holds_on(&grant).await? {
                break;
            }
            let case = docs::case(&row.doc)?;
            let due: Vec<_> = case.clocks.iter().filter(|clock| !clock.lapsed && clock.due <= now).cloned().collect();
            for clock in due {
                let command = match clock.kind {
                    ClockKind::PostCheck if self.sees(&case).await? => Command::SeenStill,
                    kind => Command::Lapse(kind, clock.seat),
                };
                let order = Order { by: Actor::Clock, command, reason: None, expects: Expects::default() };
                match self.operate.order_under(&grant, &case.id, &order).await {
                    Ok(_) | Err(OrderError::NoCase | OrderError::Refused(..) | OrderError::Changed(_)) => {}
                    Err(OrderError::Failed(error)) => return Err(error),
                }
            }
        }
        Ok(())
    }

    /// Whether the watch sees the case's place and still finds it so: in an episode that it has itself not forgotten.
    async fn sees(&self, case: &Case) -> Result<bool, PipelineError> {
        if case.state != CaseState::Handled || !case.is_present() {
            return Ok(false);
        }
        for link in case.episodes.iter().filter(|link| link.ended.is_none()) {
            let key = muster_domain::condition::ConditionKey { rule: link.rule.clone(), subject: case.subject.clone() };
            let row = self.operate.store.condition(&docs::condition_id(&key)).await?;
            if row.is_some_and(|row| !row.blind && row.episode.as_deref() == Some(link.episode.as_str())) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
