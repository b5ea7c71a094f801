//! Opening: the schema, and the log that the store belongs to.

use muster_store::{Identity, KNOWN_SCHEMA, StoreError};

use crate::bed::{Bed, NOW, identity};

pub(crate) async fn migrations_run_once(bed: &Bed) {
    let (one, other) = (bed.open().await, bed.open().await);
    assert!(matches!(one.check_version().await, Err(StoreError::TooOld { .. })));
    let (one_took, other_took) = tokio::join!(one.migrate(NOW), other.migrate(NOW));
    assert_eq!(one_took.unwrap() + other_took.unwrap(), KNOWN_SCHEMA);
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

pub(crate) async fn topics_of_others_come_and_go_and_are_never_taken_for_one_another(bed: &Bed) {
    let store = bed.store().await;
    let foreign = |topics: &[&str]| topics.iter().map(|topic| (*topic).to_owned()).collect::<Vec<_>>();
    store.pin_foreign(&foreign(&["city.141=x"])).await.unwrap();
    store.pin_identity(&identity()).await.unwrap();
    store.pin_foreign(&foreign(&["city.141=x", "gateway=y"])).await.unwrap();
    store.pin_foreign(&foreign(&["gateway=y"])).await.unwrap();
    let refused = store.pin_foreign(&foreign(&["city.141=z"])).await.unwrap_err().to_string();
    assert!(refused.contains("the topic city.141 was made anew"), "{refused}");
    let topics = store.identity().await.unwrap().unwrap().topics;
    assert_eq!(topics, [identity().topics, foreign(&["city.141=x", "gateway=y"])].concat());
    let other = Identity { topics: vec!["other.observation.v1=a".to_owned()], ..identity() };
    assert!(store.pin_identity(&other).await.unwrap_err().to_string().contains("topics was"));
}

pub(crate) async fn a_newer_schema_is_refused_and_left_as_it_is(bed: &Bed) {
    let store = bed.store().await;
    let known = i64::from(KNOWN_SCHEMA);
    enter_step(bed, known + 1, "of tomorrow").await;
    let newer = |error: StoreError| matches!(error, StoreError::Newer { found, known: ours } if (found, ours) == (known + 1, known));
    assert!(newer(store.check_version().await.unwrap_err()));
    assert!(newer(store.migrate(NOW).await.unwrap_err()));
    assert!(newer(bed.open().await.migrate(NOW).await.unwrap_err()));
}

pub(crate) async fn a_step_of_another_program_is_refused(bed: &Bed) {
    let store = bed.open().await;
    let table = sqlx::query(include_str!("../../sql/migration/table.sql"));
    table.execute(&mut bed.driver().await).await.unwrap();
    enter_step(bed, 1, "not this program's").await;
    assert!(matches!(store.check_version().await, Err(StoreError::Corrupt { .. })));
    assert!(matches!(store.migrate(NOW).await, Err(StoreError::Corrupt { .. })));
    assert!(store.identity().await.is_err(), "no table has been made");
}

/// Writes down a step of the schema that this program does not have.
async fn enter_step(bed: &Bed, version: i64, sum: &str) {
    let insert = sqlx::query(include_str!("../../sql/migration/insert.sql"));
    let insert = insert.bind(version).bind("foreign").bind(sum.to_owned()).bind(NOW);
    insert.execute(&mut bed.driver().await).await.unwrap();
}
