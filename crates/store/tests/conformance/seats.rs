//! Links and seats: an episode or a report is one case's, and a unit's load is what it is at work on.

use muster_store::{CaseRow, SeatCount, SeatRow, Store, StoreError, UnitLoad};

use crate::bed::{Bed, NOW, case, filed, seat};
use crate::singly::Singly as _;

async fn put(store: &Store, seats: &[SeatRow]) {
    let mut tx = store.begin().await.unwrap();
    tx.seats_put(seats).await.unwrap();
    tx.commit().await.unwrap();
}

pub(crate) async fn an_episode_and_a_report_are_one_cases(bed: &Bed) {
    let store = bed.store().await;
    filed(&store, &case("a", "place:1")).await;
    filed(&store, &case("b", "place:2")).await;
    let mut tx = store.begin().await.unwrap();
    for _ in 0..2 {
        tx.link_episode("e", "a").await.unwrap();
        tx.link_report("12345", "r", "a").await.unwrap();
    }
    tx.link_report("app", "r", "b").await.unwrap();
    tx.commit().await.unwrap();
    for episode in [true, false] {
        let mut tx = store.begin().await.unwrap();
        let linked = if episode { tx.link_episode("e", "b").await } else { tx.link_report("12345", "r", "b").await };
        assert!(linked.unwrap_err().is_conflict());
        tx.rollback().await;
    }
    let mut tx = store.begin().await.unwrap();
    assert_eq!(tx.case_of_episode("e").await.unwrap().as_deref(), Some("a"));
    assert_eq!(tx.case_of_episode("none").await.unwrap(), None);
    assert_eq!(tx.case_of_report("12345", "r").await.unwrap().as_deref(), Some("a"));
    assert_eq!(tx.case_of_report("app", "r").await.unwrap().as_deref(), Some("b"));
    assert_eq!(tx.case_of_report("r", "12345").await.unwrap(), None);
    assert!(tx.move_episode("e", "b").await.unwrap());
    assert!(tx.move_report("12345", "r", "b").await.unwrap());
    assert!(!tx.move_episode("none", "b").await.unwrap());
    assert!(!tx.move_report("none", "r", "b").await.unwrap());
    assert_eq!(tx.case_of_episode("e").await.unwrap().as_deref(), Some("b"));
    assert_eq!(tx.case_of_report("12345", "r").await.unwrap().as_deref(), Some("b"));
    tx.commit().await.unwrap();
}

pub(crate) async fn nothing_hangs_on_a_case_that_is_not_there(bed: &Bed) {
    let store = bed.store().await;
    let mut tx = store.begin().await.unwrap();
    let refused = tx.link_episode("e", "nowhere").await.unwrap_err();
    assert!(!refused.retryable(), "{refused}");
    assert!(tx.commit().await.is_err());
    let mut tx = store.begin().await.unwrap();
    let refused = tx.seats_put(&[seat("s", "nowhere")]).await.unwrap_err();
    assert!(!refused.retryable(), "{refused}");
    assert!(tx.commit().await.is_err());
}

pub(crate) async fn seats_follow_and_are_never_taken_away(bed: &Bed) {
    let store = bed.store().await;
    filed(&store, &case("a", "place:1")).await;
    let (lead, assist) = (seat("s1", "a"), SeatRow { ordinal: 2, role: "assist".to_owned(), ..seat("s2", "a") });
    put(&store, &[assist.clone(), lead.clone()]).await;
    put(&store, &[]).await;
    assert_eq!(store.seats("a").await.unwrap(), [lead.clone(), assist.clone()]);
    let asked = SeatRow { unit: Some("u".to_owned()), state: "asked".to_owned(), changed: NOW + 1, held: true, ..lead };
    put(&store, &[SeatRow { role: "assist".to_owned(), ordinal: 9, ..asked.clone() }]).await;
    assert_eq!(store.seat("s1").await.unwrap(), Some(asked.clone()), "what a seat is for stays");
    let freed = SeatRow { unit: None, held: false, ..asked };
    put(&store, std::slice::from_ref(&freed)).await;
    assert_eq!(store.seats("a").await.unwrap(), [freed, assist]);
    assert_eq!(store.case_by_seat("s2").await.unwrap().unwrap().id, "a");
    assert_eq!(store.case_by_seat("s3").await.unwrap(), None);
    assert_eq!(store.seat("s3").await.unwrap(), None);
}

pub(crate) async fn a_seat_is_one_cases_and_named_once(bed: &Bed) {
    let store = bed.store().await;
    filed(&store, &case("a", "place:1")).await;
    filed(&store, &case("b", "place:2")).await;
    put(&store, &[seat("s1", "a")]).await;
    for rows in [vec![seat("s2", "b"), seat("s1", "b")], vec![seat("s2", "b"), seat("s2", "b")]] {
        let mut tx = store.begin().await.unwrap();
        let refused = tx.seats_put(&rows).await.unwrap_err();
        assert!(matches!(refused, StoreError::Refused(_)), "{refused}");
        assert!(tx.commit().await.is_err());
    }
    assert_eq!(store.seats("a").await.unwrap(), [seat("s1", "a")]);
    assert_eq!(store.seats("b").await.unwrap(), []);
}

pub(crate) async fn a_units_load_is_the_cases_it_is_at_work_on(bed: &Bed) {
    let store = bed.store().await;
    let held = |id: &str, case: &str, unit: &str| SeatRow {
        unit: Some(unit.to_owned()),
        state: "working".to_owned(),
        held: true,
        ..seat(id, case)
    };
    for id in ["a", "b", "ended"] {
        filed(&store, &CaseRow { live: id != "ended", ..case(id, id) }).await;
    }
    put(&store, &[held("s1", "a", "u"), held("s2", "a", "u"), held("s3", "a", "v"), seat("s4", "a")]).await;
    put(&store, &[held("s5", "b", "u"), SeatRow { held: false, ..held("s6", "b", "w") }]).await;
    put(&store, &[seat("s7", "ended")]).await;
    let load = UnitLoad::from([("u".to_owned(), 2), ("v".to_owned(), 1)]);
    assert_eq!(store.live_load().await.unwrap(), load);
    let mut tx = store.begin().await.unwrap();
    tx.seats_put(&[SeatRow { held: false, ..held("s5", "b", "u") }]).await.unwrap();
    assert_eq!(tx.live_load().await.unwrap()["u"], 1, "a transaction sees what it wrote");
    tx.rollback().await;
    assert_eq!(store.live_load().await.unwrap(), load);
    let count = |state: &str, seats| SeatCount { competence: "fire".to_owned(), state: state.to_owned(), seats };
    assert_eq!(store.seat_counts().await.unwrap(), [count("wanted", 1), count("working", 5)]);
}
