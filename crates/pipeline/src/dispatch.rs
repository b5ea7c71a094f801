//! Dispatch: one holder of a lease fills wanted seats, so that nobody is booked twice.

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
use crate::lease::Lease;
use crate::operate::{Expects, Operate, Order, OrderError};

/// Cases looked at in one go.
const BATCH: u32 = 200;

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
        while !stop.is_cancelled() {
            let full = match self.round().await {
                Ok(filled) => filled,
                Err(error) => {
                    tracing::warn!(error = %crate::chain(&error), "seats wait to be filled");
                    false
                }
            };
            if !full {
                tokio::select! {
                    () = stop.cancelled() => break,
                    () = bell.notified() => {}
                    () = tokio::time::sleep(Duration::from_secs(1)) => {}
                }
            }
        }
        self.lease.release().await;
    }

    /// Fills what is wanted now; says whether it got anything done.
    ///
    /// # Errors
    /// [`PipelineError`] if the store cannot be used.
    pub async fn round(&self) -> Result<bool, PipelineError> {
        if self.lease.hold().await?.is_none() {
            return Ok(false);
        }
        let Some(config) = self.configs.latest() else { return Ok(false) };
        let store = &self.operate.store;
        let wanting = store.cases_wanting_seats(BATCH).await?;
        if wanting.is_empty() {
            return Ok(false);
        }
        let mut load: BTreeMap<String, u32> = store.live_load().await?;
        let mut filled = false;
        for row in wanting {
            let case = docs::case(&row.doc)?;
            filled |= self.fill(&config, &case, &mut load).await?;
        }
        Ok(filled)
    }

    async fn fill(
        &self,
        config: &Config,
        case: &Case,
        load: &mut BTreeMap<String, u32>,
    ) -> Result<bool, PipelineError> {
        let mut filled = false;
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
                    filled = true;
                    Command::Ask(seat.id.clone(), unit, choice.why, choice.fallback)
                }
                None => Command::NoRoute(seat.id.clone(), choice.why),
            };
            let order = Order { by: Actor::Dispatch, command, reason: None, expects: Expects::default() };
            match self.operate.order(&case.id, &order).await {
                Ok(_) | Err(OrderError::NoCase | OrderError::Refused(..) | OrderError::Changed(_)) => {}
                Err(OrderError::Failed(error)) => return Err(error),
            }
        }
        Ok(filled)
    }
}
