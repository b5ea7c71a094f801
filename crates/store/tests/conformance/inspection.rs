//! What the store tells of itself, to be judged elsewhere.

use muster_store::{CheckpointAt, Skipped, StoreProfile};

use crate::bed::{Bed, NOW};

pub(crate) async fn the_database_tells_how_it_is_set_up(bed: &Bed) {
    let store = bed.store().await;
    let facts = store.facts().await.unwrap();
    let said = |name: &str| facts.get(name).map(String::as_str);
    match store.profile() {
        StoreProfile::Sqlite => assert_eq!(said("journal_mode"), Some("wal")),
        StoreProfile::Postgres => {
            assert_eq!(said("standby"), Some("off"));
            assert!(["fsync", "full_page_writes", "synchronous_commit"].iter().all(|name| said(name).is_some()));
            let number = |name| said(name).and_then(|value| value.parse::<u32>().ok());
            assert!(number("connections") >= Some(1) && number("max_connections") > number("connections"), "{facts:?}");
        }
    }
}

pub(crate) async fn checkpoints_and_skipped_records_are_told_without_their_bytes(bed: &Bed) {
    let store = bed.store().await;
    assert_eq!((store.checkpoints_at().await.unwrap(), store.skipped().await.unwrap()), (vec![], vec![]));
    for (partition, offset, at) in [(1, 5, NOW), (0, 3, NOW), (0, 7, NOW + 1)] {
        store.checkpoint_put(partition, offset, at, b"state").await.unwrap();
        store.skip_put(partition, offset, "it breaks the watch", at).await.unwrap();
    }
    let at = |partition, offset, at| CheckpointAt { partition, offset, at };
    assert_eq!(store.checkpoints_at().await.unwrap(), [at(0, 7, NOW + 1), at(0, 3, NOW), at(1, 5, NOW)]);
    let skipped = |partition, records, last| Skipped { partition, records, last };
    assert_eq!(store.skipped().await.unwrap(), [skipped(0, 2, 7), skipped(1, 1, 5)]);
    assert_eq!(store.oldest_dead_letter().await.unwrap(), None);
}
