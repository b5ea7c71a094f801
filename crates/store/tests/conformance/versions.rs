//! Configuration versions: immutable, and in use once they are ready.

use muster_store::ConfigRow;

use crate::bed::{Bed, NOW};

fn config(version: u64, rulebook: &str) -> ConfigRow {
    ConfigRow { version, rulebook: rulebook.to_owned(), catalogue: "{}".to_owned(), by: "ann".to_owned(), at: NOW }
}

pub(crate) async fn a_version_never_changes(bed: &Bed) {
    let store = bed.store().await;
    store.config_put(&config(1, "one")).await.unwrap();
    let again = ConfigRow { by: "bob".to_owned(), at: NOW + 1, ..config(1, "one") };
    store.config_put(&again).await.unwrap();
    assert!(store.config_put(&config(1, "two")).await.unwrap_err().is_conflict());
    let other = ConfigRow { catalogue: "[]".to_owned(), ..config(1, "one") };
    assert!(store.config_put(&other).await.unwrap_err().is_conflict());
    assert_eq!(store.config_get(1).await.unwrap(), Some(config(1, "one")), "who was first stands");
    assert_eq!(store.config_get(2).await.unwrap(), None);
}

pub(crate) async fn a_version_is_used_when_it_is_ready(bed: &Bed) {
    let store = bed.store().await;
    assert_eq!((store.config_latest().await.unwrap(), store.config_ready_latest().await.unwrap()), (None, None));
    for version in [2, 10, 9] {
        store.config_put(&config(version, "book")).await.unwrap();
    }
    assert_eq!(store.config_versions().await.unwrap(), [2, 9, 10]);
    assert_eq!(store.config_latest().await.unwrap(), Some(config(10, "book")));
    assert_eq!(store.config_ready_latest().await.unwrap(), None);
    assert!(store.config_ready(9).await.unwrap());
    assert!(store.config_ready(2).await.unwrap());
    assert!(store.config_ready(2).await.unwrap(), "saying it twice is harmless");
    assert!(!store.config_ready(11).await.unwrap());
    assert_eq!(store.config_ready_latest().await.unwrap(), Some(9));
    assert_eq!(store.config_latest().await.unwrap(), Some(config(10, "book")));
}
