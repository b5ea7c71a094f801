//! Opening: the schema, and the log that the store belongs to.

use muster_store::{Identity, StoreError};

use crate::bed::{Bed, NOW, identity};

pub(crate) async fn migrations_run_once(bed: &Bed) {
    let (one, other) = (bed.open().await, bed.open().await);
    assert!(matches!(one.check_version().await, Err(StoreError::TooOld { .. })));
    let (one_took, other_took) = tokio::join!(one.migrate(NOW), other.migrate(NOW));
    assert_eq!(one_took.unwrap() + other_took.unwrap(), 2);
    assert_eq!(one.migrate(NOW).await.unwrap(), 0);
    one.check_version().await.unwrap();
    one.healthy().await.unwrap();
}

pub(crate) async fn a_foreign_log_is_refused_with_words(bed: &Bed) {
    let store = bed.store().await;
    store.pin_identity(&identity()).await.unwrap();
    let foreign = Identity { generation: "g2".to_owned(), partitions: 9, ..identity() };
    let refused = store.pin_identity(&foreign).await.unwrap_err().to_string();
    assert!(refused.contains("generation was `g1` and is `g2`") && refused.contains("muster migrate"), "{refused}");
    assert_eq!(store.identity().await.unwrap(), Some(identity()));
    assert_eq!(store.partitions().await.unwrap().len(), 3);
}
