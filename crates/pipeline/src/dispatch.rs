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
        let Some(grant) = self.lease.hold().await? else { return Ok(false) };
        let Some(config) = self.configs.latest() else { return Ok(false) };
        let store = &self.operate.store;
        let wanting = store.cases_wanting_seats(BATCH).await?;
        if wanting.is_empty() {
            return Ok(false);
        }
        let mut load: BTreeMap<String, u32> = store.live_load().await?;
        let mut filled = false;
        for row in wanting {
            // Who has what was read under this grant: under another it may be otherwise.
            if !self.lease.holds_on(&grant).await? {
                break;
            }
            let case = docs::case(&row.doc)?;
            filled |= self.fill(&grant, &config, &case, &mut load).await?;
        }
        Ok(filled)
    }

    async fn fill(
        &self,
        grant: &Grant,
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
            match self.operate.order_under(grant, &case.id, &order).await {
                Ok(_) | Err(OrderError::NoCase | OrderError::Refused(..) | OrderError::Changed(_)) => {}
                Err(OrderError::Failed(error)) => return Err(error),
            }
        }
        Ok(filled)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use muster_domain::case::{FiledAs, Role, WantedSeat};
    use muster_domain::catalogue::{Catalogue, Unit};
    use muster_domain::condition::Subject;
    use muster_domain::id::{CaseId, Competence};
    use muster_domain::time::Filed;
    use muster_rules::rulebook::RuleBook;
    use muster_store::{Store, StoreSettings};

    use super::*;
    use crate::clock::Clock;
    use crate::docket::Docket;
    use crate::docket::tests::filed_as;
    use crate::metrics::Metrics;
    use crate::wake::Wake;

    /// A unit that can take one case.
    fn one_unit() -> Arc<Config> {
        let id = UnitId::parse("property-1").unwrap();
        let unit = Unit {
            id: id.clone(),
            name: "物业一队".to_owned(),
            kind: "property".to_owned(),
            grids: vec![],
            competence: vec![Competence::parse("property").unwrap()],
            capacity: Some(1),
            phone: None,
            valid_from: None,
            valid_to: None,
        };
        let catalogue = Catalogue { units: BTreeMap::from([(id, Arc::new(unit))]), ..Catalogue::default() };
        Config::new(1, RuleBook::parse(&[]).unwrap(), catalogue).unwrap()
    }

    /// Two cases, each of which wants a unit.
    async fn two_cases(store: &Store) -> Vec<Case> {
        let (desk, mut docket) = (Actor::Desk("desk".to_owned()), Docket::new(Filed::from_micros(1)));
        for number in ["C1", "C2"] {
            let filed = FiledAs { subject: Subject::Report(format!("test/{number}")), ..filed_as(number) };
            let id = CaseId::of(&filed.kind, &filed.subject.key(), number);
            docket.file(id.clone(), filed, &desk);
            let competence = Competence::parse("property").unwrap();
            let seat = WantedSeat { role: Role::Lead, competence, passed_over: vec![] };
            docket.decide(&id, &desk, Command::WantSeats(vec![seat]), None).unwrap();
        }
        let cases = docket.cases().cloned().collect();
        let mut tx = store.begin().await.unwrap();
        docket.write(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        cases
    }

    #[tokio::test]
    async fn who_goes_on_after_another_has_taken_over_asks_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let database = muster_tests::database();
        let sqlite = format!("sqlite:{}", folder.path().join("store.db").display());
        for url in [Some(sqlite), database.as_ref().map(|database| database.url())].into_iter().flatten() {
            let store = Store::open(&StoreSettings { url, max_connections: 4 }).await.unwrap();
            store.migrate(0).await.unwrap();
            let (config, cases) = (one_unit(), two_cases(&store).await);
            let dispatch = |owner: &str| {
                let (clock, metrics) = (Clock::real(), Metrics::new().unwrap());
                let lease = Lease::new(store.clone(), clock.clone(), "dispatch", owner);
                let operate = Operate { store: store.clone(), clock, metrics, wake: Wake::default() };
                Dispatch { operate, configs: Configs::new(store.clone()), lease }
            };
            let (stalls, takes_over) = (dispatch("stalls"), dispatch("takes over"));
            let before = stalls.lease.hold().await.unwrap().unwrap();
            let load = store.live_load().await.unwrap();
            // It stands still until its lease is over, which is as if it had given it back.
            store.lease_release("dispatch", "stalls").await.unwrap();
            let grant = takes_over.lease.hold().await.unwrap().unwrap();
            assert!(takes_over.fill(&grant, &config, &cases[0], &mut load.clone()).await.unwrap());
            let late = stalls.fill(&before, &config, &cases[1], &mut load.clone()).await;
            assert!(matches!(late, Err(PipelineError::Fenced)), "{late:?}");
            assert_eq!(store.live_load().await.unwrap().into_values().collect::<Vec<_>>(), [1]);
            store.close().await;
        }
    }
}
