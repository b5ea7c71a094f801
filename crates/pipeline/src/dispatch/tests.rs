//! Who waits for a unit in vain holds up nobody, and costs little.

use std::path::Path;
use std::sync::Arc;

use muster_domain::case::{FiledAs, Limits, Role, WantedSeat};
use muster_domain::catalogue::{Catalogue, Unit};
use muster_domain::condition::Subject;
use muster_domain::id::{CaseId, CaseKind, Competence, GridId};
use muster_domain::lifecycle::{decide, file};
use muster_domain::record::Severity;
use muster_domain::time::{Filed, Span};
use muster_log::LogSettings;
use muster_store::{Store, StoreSettings};

use super::*;
use crate::clock::Clock;
use crate::metrics::Metrics;
use crate::wake::Wake;

const NOW: i64 = 1_795_509_974_000_000;

const RULES: &str = r#"
[[case_kind]]
kind = "street.noise"
name = { zh = "噪声", en = "Noise" }
severity = 5
limits = { accept = "15m", arrive = "1h", close = "4h" }
seats = [{ role = "lead", competence = "environment" }]
"#;

/// One unit, which is not competent for the environment; and no coordination post.
fn catalogue() -> Catalogue {
    let id = UnitId::parse("u").unwrap();
    let unit = Unit {
        id: id.clone(),
        name: "执法一组".to_owned(),
        kind: "team".to_owned(),
        grids: vec![],
        competence: vec![Competence::parse("enforcement").unwrap()],
        capacity: None,
        phone: None,
        valid_from: None,
        valid_to: None,
    };
    let mut catalogue = Catalogue::default();
    catalogue.units.insert(id, Arc::new(unit));
    catalogue
}

async fn dispatch(folder: &Path) -> Dispatch {
    let log = LogSettings { data_dir: folder.into(), partitions: 1, ..LogSettings::default() };
    let log = muster_log::open(&log).await.unwrap();
    let url = format!("sqlite:{}", folder.join("muster.db").display());
    let store = Store::open(&StoreSettings { url, max_connections: 2 }).await.unwrap();
    store.migrate(NOW).await.unwrap();
    let (clock, metrics, wake) = (Clock::held(NOW), Metrics::new().unwrap(), Wake::default());
    let configs = Configs::new(store.clone());
    let rules = vec![("rules.toml".to_owned(), RULES.to_owned())];
    configs.adopt(&log, &clock, &rules, &catalogue(), "test").await.unwrap();
    let lease = Lease::new(store.clone(), clock.clone(), "dispatch", "test");
    Dispatch { operate: Operate { store, clock, metrics, wake }, configs, lease }
}

impl Dispatch {
    /// Files a case that wants a seat; one that was looked at says already that there is nobody to send.
    async fn file(&self, names: &[String], severity: u8, competence: &str, looked_at: bool) {
        let now = Filed::from_micros(NOW);
        let competence = Competence::parse(competence).unwrap();
        let mut tx = self.operate.store.begin().await.unwrap();
        for name in names {
            let filed = FiledAs {
                number: name.clone(),
                kind: CaseKind::parse("street.noise").unwrap(),
                subject: Subject::parse(&format!("place:{name}")).unwrap(),
                grid: None,
                jurisdiction: GridId::parse("500103005").unwrap(),
                severity: Severity::new(severity).unwrap(),
                limits: Limits {
                    accept: Span::from_mins(15),
                    arrive: Span::from_mins(60),
                    close: Span::from_mins(240),
                    post_check: Span::from_mins(30),
                },
                position: None,
                maybe_same: vec![],
            };
            let (mut case, mut decision) = file(case_id(name), filed, &Actor::Clock, now);
            let seat = WantedSeat { role: Role::Lead, competence: competence.clone(), passed_over: vec![] };
            let wanted = decide(&mut case, &Actor::Clock, Command::WantSeats(vec![seat]), None, now).unwrap();
            decision.events.extend(wanted.events);
            if looked_at {
                let request = SeatRequest {
                    competence: &competence,
                    place: None,
                    grid: None,
                    unlocated: false,
                    excluded: &[],
                    now,
                };
                let nobody = choose(&self.configs.latest().unwrap().catalogue, &request, &|_| 0).why;
                let told = Command::NoRoute(case.seats[0].id.clone(), nobody);
                decision.events.extend(decide(&mut case, &Actor::Dispatch, told, None, now).unwrap().events);
            }
            assert!(tx.cases_insert(&[docs::case_row(&case)]).await.unwrap());
            tx.case_events_append(&docs::event_rows(&decision.events)).await.unwrap();
            tx.seats_put(&docs::seat_rows(&case)).await.unwrap();
        }
        tx.commit().await.unwrap();
    }

    /// The unit of a case's only seat, and whether its case says why it is so.
    async fn seat(&self, name: &str) -> (Option<String>, bool) {
        let row = self.operate.store.case_by_id(case_id(name).as_str()).await.unwrap().unwrap();
        let seat = docs::case(&row.doc).unwrap().seats.remove(0);
        (seat.unit.map(|unit| unit.to_string()), seat.why.is_some())
    }

    fn orders(&self) -> u64 {
        self.operate.metrics.store_seconds.with_label_values(&["order"]).get_sample_count()
    }
}

fn case_id(name: &str) -> CaseId {
    CaseId::parse(&format!("case_{name}")).unwrap()
}

fn names(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|number| format!("{prefix}-{number:05}")).collect()
}

#[tokio::test]
async fn who_waits_in_vain_holds_up_nobody_and_costs_no_order() {
    let folder = tempfile::tempdir().unwrap();
    let dispatch = dispatch(folder.path()).await;
    // More than one round looks at.
    let more = BATCH as usize * GOES + 10;
    dispatch.file(&names("vain", more), 5, "environment", true).await;
    dispatch.file(&names("least", 1), 1, "enforcement", false).await;
    let mut rest = None;
    assert!(!dispatch.round(&mut rest).await.unwrap());
    assert_eq!(dispatch.seat("least-00000").await, (None, false), "it is behind what one round looks at");
    dispatch.file(&names("first", 1), 5, "enforcement", false).await;
    assert!(dispatch.round(&mut rest).await.unwrap());
    let asked = (Some("u".to_owned()), true);
    assert_eq!(dispatch.seat("least-00000").await, asked, "the next round goes on where that one ended");
    assert_eq!(dispatch.seat("first-00000").await, asked, "and the most urgent come first in each");
    for _ in 0..2 {
        assert!(!dispatch.round(&mut rest).await.unwrap());
    }
    assert_eq!(dispatch.orders(), 2, "what says already that there is nobody is not told again");
    assert_eq!(dispatch.seat("vain-00000").await, (None, true));
}

#[tokio::test]
async fn the_most_urgent_are_looked_at_again_after_so_many_orders() {
    let folder = tempfile::tempdir().unwrap();
    let dispatch = dispatch(folder.path()).await;
    let many = names("new", BATCH as usize + 1);
    dispatch.file(&many, 3, "environment", false).await;
    let mut rest = None;
    assert!(dispatch.round(&mut rest).await.unwrap());
    assert_eq!((dispatch.orders(), dispatch.seat(&many[200]).await), (200, (None, false)));
    dispatch.file(&names("urgent", 1), 5, "enforcement", false).await;
    assert!(dispatch.round(&mut rest).await.unwrap());
    assert_eq!(dispatch.seat("urgent-00000").await.0.as_deref(), Some("u"));
    assert_eq!(dispatch.seat(&many[200]).await, (None, true), "and who was left over is told");
    assert_eq!(rest, None);
}
