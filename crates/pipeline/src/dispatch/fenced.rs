//! Who looked under a lease that another holds by now asks nobody.

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
        assert_eq!(takes_over.fill(&grant, &config, &cases[0], &mut load.clone()).await.unwrap(), 1);
        let late = stalls.fill(&before, &config, &cases[1], &mut load.clone()).await;
        assert!(matches!(late, Err(PipelineError::Fenced)), "{late:?}");
        assert_eq!(store.live_load().await.unwrap().into_values().collect::<Vec<_>>(), [1]);
        store.close().await;
    }
}
