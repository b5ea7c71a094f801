//! Leases: one holder at a time, and a former one learns it.

use muster_store::StoreError;

use crate::bed::{Bed, LONG, NOW, case};
use crate::singly::Singly as _;

pub(crate) async fn a_lease_has_one_holder_until_it_runs_out(bed: &Bed) {
    let store = bed.store().await;
    let take =
        async |owner: &str, ttl| store.lease_acquire("x", owner, ttl, NOW).await.unwrap().map(|lease| lease.epoch);
    assert_eq!(take("a", LONG).await, Some(1));
    assert_eq!(take("b", LONG).await, None);
    assert_eq!(take("a", -1).await, Some(1), "a renewal keeps the epoch");
    assert_eq!(take("b", LONG).await, Some(2));
    store.lease_release("x", "a").await.unwrap();
    assert_eq!(take("a", LONG).await, None);
    store.lease_release("x", "b").await.unwrap();
    assert_eq!(take("a", LONG).await, Some(3));
    assert!(store.lease_acquire("w", "b", LONG, NOW).await.unwrap().is_some());
    let all = store.leases().await.unwrap();
    let seen: Vec<_> = all.iter().map(|row| (row.name.as_str(), row.owner.as_deref(), row.epoch)).collect();
    assert_eq!(seen, [("w", Some("b"), 1), ("x", Some("a"), 3)]);
}

pub(crate) async fn a_former_holder_commits_nothing(bed: &Bed) {
    let store = bed.store().await;
    let old = store.lease_acquire("x", "a", -1, NOW).await.unwrap().unwrap().epoch;
    let new = store.lease_acquire("x", "b", LONG, NOW).await.unwrap().unwrap().epoch;
    let mut tx = store.begin().await.unwrap();
    assert!(tx.insert_case(&case("c", "place:1")).await.unwrap().is_inserted());
    assert!(matches!(tx.hold_lease("x", old).await, Err(StoreError::Fenced { .. })));
    drop(tx);
    let mut tx = store.begin().await.unwrap();
    tx.hold_lease("x", new).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store.case_by_id("c").await.unwrap(), None);
}

pub(crate) async fn who_is_alone_frees_what_is_left_from_before(bed: &Bed) {
    let store = bed.store().await;
    let own = store.partition_take(0, "a", LONG, NOW).await.unwrap().unwrap();
    store.lease_acquire("x", "a", LONG, NOW).await.unwrap().unwrap();
    assert_eq!(store.live_owners("watch", "a", LONG, NOW).await.unwrap(), 1);
    store.free_all().await.unwrap();
    let taken = store.partition_take(0, "b", LONG, NOW).await.unwrap().unwrap();
    assert_eq!(taken.epoch, own.epoch + 1, "what the former owner still does is fenced off");
    assert_eq!(store.lease_acquire("x", "b", LONG, NOW).await.unwrap().unwrap().epoch, 2);
    assert_eq!(store.live_owners("watch", "b", LONG, NOW).await.unwrap(), 1);
}
