//! Lists of cases: what a filter finds, what is near, what is due, what is counted.

use muster_store::{CaseFilter, CaseRow, CasesInState, SeatRow, Store, StoreError};

use crate::bed::{Bed, NOW, case, filed, pages, seat};
use crate::singly::Singly as _;

fn ids(rows: Vec<CaseRow>) -> Vec<String> {
    rows.into_iter().map(|row| row.id).collect()
}

/// Four cases, each found by something of its own.
async fn street(store: &Store) {
    let fire = CaseRow {
        kind: "fire".to_owned(),
        severity: 5,
        grid: Some("g/1".to_owned()),
        search: "lane 50%_! 点兵".to_owned(),
        ..case("fire", "place:1")
    };
    let late = CaseRow {
        severity: 4,
        next_due: Some(NOW + 5),
        state: "accepted".to_owned(),
        grid: Some("g/10".to_owned()),
        search: "lane 500".to_owned(),
        ..case("late", "place:2")
    };
    let over = CaseRow { severity: 3, overdue: true, wants_seat: true, ..case("over", "place:3") };
    let ended = CaseRow {
        live: false,
        state: "closed".to_owned(),
        outcome: Some("done".to_owned()),
        jurisdiction: "street-2".to_owned(),
        ..case("ended", "place:3")
    };
    for row in [&ended, &over, &late, &fire] {
        filed(store, row).await;
    }
    let mut tx = store.begin().await.unwrap();
    tx.seats_put(&[SeatRow { unit: Some("u".to_owned()), ..seat("s", "late") }]).await.unwrap();
    tx.commit().await.unwrap();
}

pub(crate) async fn filters_find_what_they_name(bed: &Bed) {
    let store = bed.store().await;
    street(&store).await;
    let found = async |filter: CaseFilter| ids(store.cases(&filter, 100, None).await.unwrap().items);
    let none = CaseFilter::default();
    let text = |text: &str| Some(text.to_owned());
    let grids = |grids: &[&str]| CaseFilter {
        grids: grids.iter().map(|grid| (*grid).to_owned()).collect(),
        ..CaseFilter::default()
    };
    assert_eq!(found(none.clone()).await, ["fire", "late", "over", "ended"]);
    assert_eq!(found(CaseFilter { state: text("accepted"), ..none.clone() }).await, ["late"]);
    assert_eq!(found(CaseFilter { live: Some(true), ..none.clone() }).await, ["fire", "late", "over"]);
    assert_eq!(found(CaseFilter { live: Some(false), ..none.clone() }).await, ["ended"]);
    assert_eq!(found(CaseFilter { kind: text("fire"), ..none.clone() }).await, ["fire"]);
    assert_eq!(found(CaseFilter { subject: text("place:3"), ..none.clone() }).await, ["over", "ended"]);
    assert_eq!(found(CaseFilter { jurisdiction: text("street-2"), ..none.clone() }).await, ["ended"]);
    assert_eq!(found(CaseFilter { unit: text("u"), ..none.clone() }).await, ["late"]);
    assert_eq!(found(CaseFilter { unit: text("v"), ..none.clone() }).await, [""; 0]);
    assert_eq!(found(grids(&["g/1"])).await, ["fire"], "a cell is not its namesake's beginning");
    assert_eq!(found(grids(&["g/10", "g/1", "g/2"])).await, ["fire", "late"]);
    assert_eq!(found(grids(&["g/2"])).await, [""; 0]);
    assert_eq!(found(CaseFilter { overdue: Some((true, NOW + 4)), ..none.clone() }).await, ["over"]);
    assert_eq!(found(CaseFilter { overdue: Some((true, NOW + 5)), ..none.clone() }).await, ["late", "over"]);
    assert_eq!(found(CaseFilter { overdue: Some((false, NOW + 4)), ..none.clone() }).await, ["fire", "late", "ended"]);
    assert_eq!(found(CaseFilter { q: text("lane 50"), ..none.clone() }).await, ["fire", "late"]);
    assert_eq!(found(CaseFilter { q: text("50%_!"), ..none.clone() }).await, ["fire"], "nothing is special");
    assert_eq!(found(CaseFilter { q: text("点"), ..none.clone() }).await, ["fire"]);
    let both = CaseFilter { kind: text("rubbish"), live: Some(true), subject: text("place:3"), ..none };
    assert_eq!(found(both).await, ["over"]);
}

pub(crate) async fn queues_have_what_waits_in_order(bed: &Bed) {
    let store = bed.store().await;
    street(&store).await;
    filed(&store, &CaseRow { next_due: Some(NOW + 3), wants_seat: true, severity: 5, ..case("soon", "place:9") }).await;
    let gone = CaseRow { next_due: Some(NOW), live: false, ..case("gone", "place:9") };
    filed(&store, &gone).await;
    assert_eq!(ids(store.cases_due(NOW + 2, 10).await.unwrap()), [""; 0], "what has ended is never due");
    assert_eq!(ids(store.cases_due(NOW + 3, 10).await.unwrap()), ["soon"]);
    assert_eq!(ids(store.cases_due(NOW + 9, 10).await.unwrap()), ["soon", "late"]);
    assert_eq!(ids(store.cases_due(NOW + 9, 1).await.unwrap()), ["soon"]);
    let wanting = pages(async |cursor| store.cases_wanting_seats(1, cursor.as_deref()).await.unwrap()).await;
    assert_eq!(ids(wanting), ["soon", "over"]);
    assert!(matches!(store.cases_wanting_seats(1, Some("x")).await, Err(StoreError::Cursor)));
    let count = |kind: &str, state: &str, cases, overdue| CasesInState {
        kind: kind.to_owned(),
        state: state.to_owned(),
        cases,
        overdue,
    };
    let counts = [count("fire", "filed", 1, 0), count("rubbish", "accepted", 1, 0), count("rubbish", "filed", 2, 1)];
    assert_eq!(store.case_counts().await.unwrap(), counts);
}

pub(crate) async fn what_is_live_nearby_is_named(bed: &Bed) {
    let store = bed.store().await;
    // A degree of latitude is some 111 km: 0.001 of one some 111 m.
    for (id, lon, lat) in [("here", 121.47, 31.23), ("near", 121.47, 31.2309), ("far", 121.47, 31.2411)] {
        filed(&store, &CaseRow { lon: Some(lon), lat: Some(lat), ..case(id, id) }).await;
    }
    let ended = CaseRow { live: false, lon: Some(121.47), lat: Some(31.23), ..case("ended", "ended") };
    let later = CaseRow { filed: NOW + 1, lon: Some(121.4709), lat: Some(31.23), ..case("later", "later") };
    let fire = CaseRow { kind: "fire".to_owned(), lon: Some(121.47), lat: Some(31.23), ..case("fire", "fire") };
    for row in [ended, later, fire, case("nowhere", "nowhere")] {
        filed(&store, &row).await;
    }
    let mut tx = store.begin().await.unwrap();
    let near = tx.live_cases_near("rubbish", 121.47, 31.23, 100.0).await.unwrap();
    assert_eq!(near[1], CaseRow { lon: Some(121.47), lat: Some(31.23), ..case("here", "here") });
    assert_eq!(ids(near), ["later", "here", "near"], "newest first");
    assert_eq!(ids(tx.live_cases_near("rubbish", 121.47, 31.23, 10.0).await.unwrap()), ["here"]);
    assert_eq!(ids(tx.live_cases_near("fire", 121.47, 31.23, 10.0).await.unwrap()), ["fire"]);
    tx.rollback().await;
}

pub(crate) async fn numbers_are_dealt_out_one_by_one(bed: &Bed) {
    let store = bed.store().await;
    let mut tx = store.begin().await.unwrap();
    assert_eq!(tx.next_case_number("street-1", "20261124").await.unwrap(), 1);
    assert_eq!(tx.next_case_number("street-1", "20261124").await.unwrap(), 2);
    assert_eq!(tx.next_case_number("street-2", "20261124").await.unwrap(), 1);
    tx.commit().await.unwrap();
    let mut tx = store.begin().await.unwrap();
    assert_eq!(tx.next_case_number("street-1", "20261124").await.unwrap(), 3);
    tx.rollback().await;
    let mut tx = store.begin().await.unwrap();
    assert_eq!(tx.next_case_number("street-1", "20261124").await.unwrap(), 3, "what was not used is given again");
    tx.commit().await.unwrap();

    let number = |id: &str, at, jurisdiction: &str| CaseRow {
        number: "7".to_owned(),
        filed: at,
        jurisdiction: jurisdiction.to_owned(),
        ..case(id, id)
    };
    filed(&store, &number("old", NOW, "street-1")).await;
    filed(&store, &number("new", NOW + 1, "street-2")).await;
    let spoken = async |jurisdiction| store.case_by_number("7", jurisdiction).await.unwrap().map(|row| row.id);
    assert_eq!(spoken(None).await.as_deref(), Some("new"));
    assert_eq!(spoken(Some("street-1")).await.as_deref(), Some("old"));
    assert_eq!(spoken(Some("street-3")).await, None);
}

pub(crate) async fn the_case_that_ended_last_is_known(bed: &Bed) {
    let store = bed.store().await;
    for (id, changed) in [("a", NOW), ("c", NOW + 2), ("b", NOW + 1)] {
        filed(&store, &CaseRow { live: false, changed, ..case(id, "place:1") }).await;
    }
    filed(&store, &CaseRow { changed: NOW + 9, ..case("live", "place:1") }).await;
    let mut tx = store.begin().await.unwrap();
    assert_eq!(tx.last_closed_case("rubbish", "place:1").await.unwrap().unwrap().id, "c");
    assert_eq!(tx.live_case("rubbish", "place:1").await.unwrap().unwrap().id, "live");
    assert_eq!(tx.last_closed_case("rubbish", "place:2").await.unwrap(), None);
    tx.rollback().await;
}
