//! What opening, asking and closing promise.

use std::time::Duration;

use muster_log::{Bounds, LogError, Topic};

use crate::bed::{Bed, LONG, PARTITIONS, append, at, read_all, texts};

pub(crate) async fn bounds_are_told(bed: &Bed) {
    let log = bed.open().await;
    assert_eq!(log.bounds(&Topic::Observation, 0).await.unwrap(), Bounds { start: 0, end: 0 });
    append(&log, 0, &["a", "b", "c"]).await;
    assert_eq!(log.bounds(&Topic::Observation, 0).await.unwrap(), Bounds { start: 0, end: 3 });
    assert_eq!(log.bounds(&Topic::Observation, 1).await.unwrap(), Bounds { start: 0, end: 0 });
    assert!(log.bounds(&Topic::Observation, PARTITIONS).await.is_err());
    log.close().await;
}

pub(crate) async fn identity_is_stable(bed: &Bed) {
    let log = bed.open().await;
    let identity = log.identity().clone();
    assert_eq!(log.partitions(&Topic::Observation), PARTITIONS);
    assert_eq!(log.partitions(&Topic::Observation.dead_letters()), 1);
    assert_eq!(log.partitions(&Topic::Foreign("city.141".into())), 0);
    assert!(!identity.cluster.is_empty());
    let known = identity.topics.iter().filter(|topic| !topic.generation.is_empty()).count();
    assert_eq!(known, if bed.settings().topic_ids { Topic::OWN.len() } else { 0 }, "{identity:?}");
    log.close().await;
    let again = bed.open().await;
    assert_eq!(*again.identity(), identity);
    again.close().await;
}

pub(crate) async fn another_opening_finds_the_data(bed: &Bed) {
    let log = bed.open().await;
    append(&log, 0, &["a", "b"]).await;
    log.close().await;
    drop(log);
    let again = bed.open().await;
    assert_eq!(append(&again, 0, &["c"]).await, [2]);
    assert_eq!(texts(&read_all(&again, &Topic::Observation, 0).await), ["a", "b", "c"]);
    again.close().await;
}

pub(crate) async fn a_closed_log_says_so(bed: &Bed) {
    let log = bed.open().await;
    append(&log, 0, &["a"]).await;
    let mut reader = log.reader(&Topic::Observation, 0, 1).await.unwrap();
    let (waited, ()) = tokio::join!(reader.next(10, 1000, LONG), log.close());
    assert!(matches!(waited, Err(LogError::Closed)), "{waited:?}");
    assert!(matches!(log.append(vec![at(0, "b")]).await, Err(LogError::Closed)));
    assert!(matches!(log.reader(&Topic::Observation, 0, 0).await, Err(LogError::Closed)));
    assert!(matches!(log.bounds(&Topic::Observation, 0).await, Err(LogError::Closed)));
    assert!(matches!(log.healthy().await, Err(LogError::Closed)));
    assert!(matches!(reader.next(10, 1000, Duration::ZERO).await, Err(LogError::Closed)));
    log.close().await;
}

pub(crate) async fn an_open_log_is_healthy(bed: &Bed) {
    let log = bed.open().await;
    log.healthy().await.unwrap();
    log.close().await;
}
