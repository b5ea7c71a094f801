//! Cases: one live case of a subject, versions that rise, and lists that lose nothing.

use muster_store::{CaseEventRow, CaseFilter, CaseRow, Inserted, StoreError};

use crate::bed::{Bed, NOW, case, filed, pages};
use crate::singly::Singly as _;

pub(crate) async fn a_subject_has_one_live_case(bed: &Bed) {
    let store = bed.store().await;
    filed(&store, &case("a", "place:1")).await;
    let mut tx = store.begin().await.unwrap();
    assert_eq!(tx.insert_case(&case("b", "place:1")).await.unwrap(), Inserted::Exists);
    assert!(tx.insert_case(&CaseRow { kind: "fire".to_owned(), ..case("c", "place:1") }).await.unwrap().is_inserted());
    let ended = CaseRow { live: false, version: 2, ..case("a", "place:1") };
    assert!(tx.update_case(&ended, 1).await.unwrap());
    assert!(tx.insert_case(&case("b", "place:1")).await.unwrap().is_inserted());
    tx.commit().await.unwrap();
    assert_eq!(store.live_case("rubbish", "place:1").await.unwrap().unwrap().id, "b");

    let mut tx = store.begin().await.unwrap();
    let reopened = tx.update_case(&CaseRow { version: 3, ..case("a", "place:1") }, 2).await;
    assert!(reopened.unwrap_err().is_conflict());
    assert!(tx.commit().await.is_err());
    assert!(!store.case_by_id("a").await.unwrap().unwrap().live);
}

pub(crate) async fn one_of_two_racing_transactions_opens_the_case(bed: &Bed) {
    let store = bed.store().await;
    for round in 0..10 {
        let racers = ["a", "b", "c"].map(|racer| {
            let (store, subject) = (store.clone(), format!("place:{round}"));
            tokio::spawn(async move {
                let mut tx = store.begin().await.unwrap();
                let inserted = tx.insert_case(&case(&format!("{racer}{round}"), &subject)).await.unwrap();
                tx.commit().await.unwrap();
                inserted.is_inserted()
            })
        });
        let mut opened = 0;
        for racer in racers {
            opened += usize::from(racer.await.unwrap());
        }
        assert_eq!(opened, 1, "round {round}");
    }
    assert_eq!(store.cases(&CaseFilter::default(), 100, None).await.unwrap().items.len(), 10);
}

pub(crate) async fn an_old_version_changes_nothing(bed: &Bed) {
    let store = bed.store().await;
    filed(&store, &case("a", "place:1")).await;
    let next = CaseRow { version: 2, state: "accepted".to_owned(), ..case("a", "place:1") };
    let mut tx = store.begin().await.unwrap();
    assert!(tx.update_case(&next, 1).await.unwrap());
    assert!(!tx.update_case(&CaseRow { version: 3, state: "lost".to_owned(), ..next.clone() }, 1).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(store.case_by_id("a").await.unwrap(), Some(next));
}

pub(crate) async fn journals_take_no_number_twice(bed: &Bed) {
    let store = bed.store().await;
    filed(&store, &case("a", "place:1")).await;
    let entry = |version| CaseEventRow { case: "a".to_owned(), version, at: NOW, doc: format!("{{\"n\":{version}}}") };
    let mut tx = store.begin().await.unwrap();
    tx.case_events_append(&[entry(2), entry(1), entry(3)]).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = store.begin().await.unwrap();
    assert!(tx.case_events_append(&[entry(4), entry(3)]).await.unwrap_err().is_conflict());
    assert!(matches!(tx.commit().await, Err(StoreError::Refused(_))));
    assert_eq!(store.journal("a", 0, 10).await.unwrap(), [entry(1), entry(2), entry(3)]);
    assert_eq!(store.journal("a", 1, 1).await.unwrap(), [entry(2)]);
}

pub(crate) async fn pages_lose_and_repeat_nothing(bed: &Bed) {
    let store = bed.store().await;
    for n in 0..23_i64 {
        let row = CaseRow {
            severity: n % 5 + 1,
            next_due: (n % 3 > 0).then_some(NOW + n % 4),
            live: n % 6 > 0,
            ..case(&format!("c.{n}"), &format!("place:{n}"))
        };
        filed(&store, &row).await;
    }
    let whole = store.cases(&CaseFilter::default(), 100, None).await.unwrap().items;
    let all = CaseFilter::default();
    let paged = pages(async |cursor| store.cases(&all, 4, cursor.as_deref()).await.unwrap()).await;
    assert_eq!(whole.len(), 23);
    assert_eq!(paged, whole);
    assert!(whole.is_sorted_by_key(|row| !row.live), "live before ended");
    assert!(matches!(store.cases(&CaseFilter::default(), 4, Some("x")).await, Err(StoreError::Cursor)));
}
