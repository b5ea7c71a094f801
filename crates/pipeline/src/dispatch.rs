//! Dispatch: one holder of a lease fills wanted seats, and asks only while it holds it, so that nobody is booked twice.

use std::collections::BTreeMap;
use std::time::Duration;

use muster_domain::case::{Actor, Case, SeatState};
use muster_domain::id::UnitId;
use muster_domain::lifecycle::Command;
use muster_rules::config::Config;
use muster_rules::dispatch::{SeatRequest, choose};
use tokio_util::sync::CancellationToken;

use crate::PipelineError;
use crate::configs::Configs;
use crate::docs;
use crate::lease::{Grant, Lease};
use crate::operate::{Expects, Operate, Order, OrderError};

#[cfg(test)]
mod fenced;
#[cfg(test)]
mod tests;

/// Cases looked at in one go, and about how many orders are given before the most urgent are looked at again.
const BATCH: u32 = 200;
/// So many goes are one round. Who waits in vain is looked at again and again, which must not grow without bound.
const GOES: usize = 5;

/// Fills seats while it holds the lease.
#[derive(Debug, Clone)]
pub struct Dispatch {
    /// How commands get to cases.
    pub operate: Operate,
    /// Where units are.
    pub configs: Configs,
    /// The lease of this work.
    pub lease: Lease,
}

impl Dispatch {
    /// Fills seats until told to stop, woken by commits.
    pub async fn run(self, stop: CancellationToken) {
        let bell = self.operate.wake.dispatch.clone();
        let mut rest = None;
        while !stop.is_cancelled() {
            let busy = match self.round(&mut rest).await {
                Ok(busy) => busy,
                Err(error) => {
                    tracing::warn!(error = %crate::chain(&error), "seats wait to be filled");
                    false
                }
            };
            if !busy {
                tokio::select! {
                    () = stop.cancelled() => break,
                    () = bell.notified() => {}
                    () = tokio::time::sleep(Duration::from_secs(1)) => {}
                }
            }
        }
        self.lease.release().await;
    }

    /// Fills what is wanted now: in every round the most urgent come first, and behind them it goes on where the last round
    /// left the `rest`. So nobody holds up others by waiting in vain. Says whether it got anything done.
    ///
    /// # Errors
    /// [`PipelineError`] if the store cannot be used.
    pub async fn round(&self, rest: &mut Option<String>) -> Result<bool, PipelineError> {
        let Some(grant) = self.lease.hold().await? else { return Ok(false) };
        let Some(config) = self.configs.latest() else { return Ok(false) };
        let store = &self.operate.store;
        let mut load: BTreeMap<String, u32> = store.live_load().await?;
        let (mut orders, mut next) = (0, None::<String>);
        for _ in 0..GOES {
            let page = store.cases_wanting_seats(BATCH, next.as_deref()).await?;
            for row in page.items {
                // Who has what was read under this grant: under another it may be otherwise.
                if !self.lease.holds_on(&grant).await? {
                    return Ok(orders > 0);
                }
                let case = docs::case(&row.doc)?;
                orders += self.fill(&grant, &config, &case, &mut load).await?;
            }
            next = page.next.map(|next| rest.take().unwrap_or(next));
            if next.is_none() || orders >= BATCH {
                break;
            }
        }
        *rest = next;
        Ok(orders > 0)
    }

    /// Fills the seats of one case; says how many orders that took.
    async fn fill(
        &self,
        grant: &Grant,
        config: &Config,
        case: &Case,
        load: &mut BTreeMap<String, u32>,
    ) -> Result<u32, PipelineError> {
        let mut orders = 0;
        let mut engaged: Vec<UnitId> = case.live_seats().filter_map(|seat| seat.unit.clone()).collect();
        for seat in case.live_seats().filter(|seat| seat.state == SeatState::Wanted) {
            let mut excluded = seat.passed_over.clone();
            excluded.extend(engaged.iter().cloned());
            let request = SeatRequest {
                competence: &seat.competence,
                place: case.place(),
                grid: case.grid.as_ref(),
                unlocated: case.is_unlocated(),
                excluded: &excluded,
                now: self.operate.clock.filed(),
            };
            let choice = choose(&config.catalogue, &request, &|unit| load.get(unit.as_str()).copied().unwrap_or(0));
            let command = match choice.unit {
                Some(unit) => {
                    *load.entry(unit.to_string()).or_default() += 1;
                    engaged.push(unit.clone());
                    Command::Ask(seat.id.clone(), unit, choice.why, choice.fallback)
                }
                // Its case says so already.
                None if seat.why.as_ref() == Some(&choice.why) => continue,
                None => Command::NoRoute(seat.id.clone(), choice.why),
            };
            orders += 1;
            let order = Order { by: Actor::Dispatch, command, reason: None, expects: Expects::default() };
            match self.operate.order_under(grant, &case.id, &order).await {
                Ok(_) | Err(OrderError::NoCase | OrderError::Refused(..) | OrderError::Changed(_)) => {}
                Err(OrderError::Failed(error)) => return Err(error),
            }
        }
        Ok(orders)
    }
}
