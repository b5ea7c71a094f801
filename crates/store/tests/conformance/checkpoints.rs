//! Checkpoints of the watch, the records it skips, and how far other topics have been taken in.

use muster_store::{CheckpointRow, StoreError};

use crate::bed::{Bed, NOW};

pub(crate) async fn the_last_two_checkpoints_are_kept(bed: &Bed) {
    let store = bed.store().await;
    assert_eq!(store.checkpoints(0).await.unwrap(), []);
    let bytes: Vec<u8> = (0..=255).collect();
    let row = |offset, at, bytes: &[u8]| CheckpointRow { offset, at, bytes: bytes.to_vec() };
    for offset in [3, 7, 20] {
        store.checkpoint_put(0, offset, NOW, &bytes).await.unwrap();
    }
    store.checkpoint_put(1, 5, NOW, b"other").await.unwrap();
    assert_eq!(store.checkpoints(0).await.unwrap(), [row(20, NOW, &bytes), row(7, NOW, &bytes)]);
    store.checkpoint_put(0, 20, NOW + 1, b"").await.unwrap();
    assert_eq!(store.checkpoints(0).await.unwrap(), [row(20, NOW + 1, b""), row(7, NOW, &bytes)]);
    assert_eq!(store.checkpoints(1).await.unwrap(), [row(5, NOW, b"other")]);
}

pub(crate) async fn a_checkpoint_written_on_the_way_to_others_stays(bed: &Bed) {
    let store = bed.store().await;
    let put = async |offset| store.checkpoint_put(0, offset, NOW, b"state").await.unwrap();
    let kept = async || store.checkpoints(0).await.unwrap().iter().map(|row| row.offset).collect::<Vec<_>>();
    for offset in [40, 50, 10, 20] {
        put(offset).await;
    }
    assert_eq!(kept().await, [50, 20]);
    put(60).await;
    assert_eq!(kept().await, [60, 50]);
}

pub(crate) async fn a_damaged_checkpoint_is_passed_over(bed: &Bed) {
    let store = bed.store().await;
    store.checkpoint_put(0, 3, NOW, b"whole").await.unwrap();
    let put = sqlx::query(include_str!("../../sql/checkpoint/put.sql"));
    let put = put.bind(0_i64).bind(7_i64).bind(NOW).bind("not its sum").bind(b"damaged".to_vec());
    put.execute(&mut bed.driver().await).await.unwrap();
    let offsets: Vec<u64> = store.checkpoints(0).await.unwrap().iter().map(|row| row.offset).collect();
    assert_eq!(offsets, [3]);
}

pub(crate) async fn a_record_is_skipped_once(bed: &Bed) {
    let store = bed.store().await;
    for (partition, offset) in [(0, 9), (0, 2), (1, 4), (0, 9)] {
        store.skip_put(partition, offset, "no rule book reads it", NOW).await.unwrap();
    }
    assert_eq!(store.skips(0).await.unwrap(), [2, 9]);
    assert_eq!(store.skips(1).await.unwrap(), [4]);
    assert_eq!(store.skips(2).await.unwrap(), [0; 0]);
}

pub(crate) async fn a_source_moves_on_from_where_it_is(bed: &Bed) {
    let store = bed.store().await;
    assert_eq!(store.source_offset("intake").await.unwrap(), None);
    store.source_move("intake", 0, 5).await.unwrap();
    let behind = store.source_move("intake", 4, 9).await;
    assert!(matches!(behind, Err(StoreError::Fenced { .. })));
    assert!(matches!(store.source_move("intake", 0, 5).await, Err(StoreError::Fenced { .. })), "it moves once");
    assert_eq!(store.source_offset("intake").await.unwrap(), Some(5));
    store.source_move("intake", 8, 9).await.unwrap();
    assert_eq!(store.source_offset("intake").await.unwrap(), Some(9), "the log may begin after what was read last");
    store.source_move("empty", 6, 6).await.unwrap();
    assert_eq!(store.source_offset("empty").await.unwrap(), Some(6), "who begins to follow says from where");
    store.source_move("other", 3, 4).await.unwrap();
    assert_eq!(
        (store.source_offset("other").await.unwrap(), store.source_offset("intake").await.unwrap()),
        (Some(4), Some(9))
    );
}

pub(crate) async fn one_of_many_movers_moves(bed: &Bed) {
    let store = bed.store().await;
    let movers = (0..6).map(|_| {
        let store = store.clone();
        tokio::spawn(async move { store.source_move("intake", 0, 5).await })
    });
    let mut moved = 0;
    for mover in movers.collect::<Vec<_>>() {
        moved += usize::from(mover.await.unwrap().is_ok());
    }
    assert_eq!((moved, store.source_offset("intake").await.unwrap()), (1, Some(5)));
}
