//! Partitions: one owner, and an overtaken one does no harm.

use muster_store::StoreError;

use crate::bed::{Bed, LONG, NOW, case, moved, outbox};
use crate::singly::Singly as _;

pub(crate) async fn a_partition_has_one_owner_until_it_runs_out(bed: &Bed) {
    let store = bed.store().await;
    let owned = store.partition_take(0, "a", LONG, NOW).await.unwrap().unwrap();
    assert_eq!((owned.epoch, owned.offset, owned.generation.as_str()), (1, 0, "g1"));
    assert_eq!(store.partition_take(0, "b", LONG, NOW).await.unwrap(), None);
    assert!(store.partition_renew(0, "a", 1, -1, NOW).await.unwrap());
    let taken = store.partition_take(0, "b", LONG, NOW).await.unwrap().unwrap();
    assert_eq!(taken.epoch, 2);
    assert!(!store.partition_renew(0, "a", 1, LONG, NOW).await.unwrap());
    store.partition_release(0, "a", 1).await.unwrap();
    assert_eq!(store.partition(0).await.unwrap().unwrap().owner.as_deref(), Some("b"));
    assert!(matches!(store.partition_take(7, "a", LONG, NOW).await, Err(StoreError::Refused(_))));
}

pub(crate) async fn the_epoch_rises_with_every_taking(bed: &Bed) {
    let store = bed.store().await;
    for epoch in 1..4 {
        assert_eq!(store.partition_take(1, "a", LONG, NOW).await.unwrap().unwrap().epoch, epoch);
    }
    store.partition_release(1, "a", 3).await.unwrap();
    assert_eq!(store.partition_take(1, "b", LONG, NOW).await.unwrap().unwrap().epoch, 4);
}

pub(crate) async fn an_overtaken_owner_writes_nothing(bed: &Bed) {
    let store = bed.store().await;
    let old = store.partition_take(0, "a", LONG, NOW).await.unwrap().unwrap().epoch;
    moved(&store, 0, old, 0, 5).await.commit().await.unwrap();
    let new = store.partition_take(0, "a", LONG, NOW).await.unwrap().unwrap();
    assert_eq!(new.offset, 5);
    for (epoch, from) in [(old, 5), (new.epoch, 0), (new.epoch, 6)] {
        let mut tx = store.begin().await.unwrap();
        assert!(tx.insert_case(&case("c", "place:1")).await.unwrap().is_inserted());
        tx.outbox_push(&[outbox("case", "{}")]).await.unwrap();
        let fenced = tx.move_offset(0, epoch, from, 9).await;
        assert!(matches!(fenced, Err(StoreError::Fenced { .. })), "epoch {epoch} from {from}");
        assert!(matches!(tx.commit().await, Err(StoreError::Refused(_))));
    }
    assert_eq!(store.partition(0).await.unwrap().unwrap().offset, 5);
    assert_eq!(store.case_by_id("c").await.unwrap(), None);
    assert_eq!(store.outbox_pending().await.unwrap().count, 0);
}

pub(crate) async fn one_of_many_takers_wins(bed: &Bed) {
    let store = bed.store().await;
    let takers = (0..8).map(|taker| {
        let store = store.clone();
        tokio::spawn(async move { store.partition_take(2, &format!("p{taker}"), LONG, NOW).await.unwrap() })
    });
    let mut won = 0;
    for taker in takers.collect::<Vec<_>>() {
        won += usize::from(taker.await.unwrap().is_some());
    }
    assert_eq!(won, 1);
    assert_eq!(store.partition(2).await.unwrap().unwrap().epoch, 1);
}
