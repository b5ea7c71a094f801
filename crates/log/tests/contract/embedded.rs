//! What only the embedded log promises: days, retention, the lock, the floor.

use std::fs;
use std::path::Path;
use std::time::Duration;

use muster_log::{Bounds, LogError, LogSettings, Topic};

use crate::bed::{Bed, append, at, read, read_all, texts};
use crate::days::{World, short_retention};

fn days_in(data_dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(data_dir.join("log")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut days: Vec<_> = names.filter(|name| name.ends_with(".db")).collect();
    days.sort();
    days
}

#[tokio::test]
async fn offsets_go_on_over_midnight_and_readers_follow() {
    let (bed, world) = (Bed::embedded(), World::new());
    let settings = bed.settings();
    let log = world.open(&settings).await.unwrap();
    let mut reader = log.reader(&Topic::Observation, 0, 0).await.unwrap();
    append(&log, 0, &["a", "b"]).await;
    world.set_day(1);
    append(&log, 1, &["other partition"]).await;
    world.set_day(2);
    assert_eq!(append(&log, 0, &["c"]).await, [2]);
    // A clock that is set back does not bring an ended day back.
    world.set_day(1);
    assert_eq!(append(&log, 0, &["d"]).await, [3]);
    assert_eq!(texts(&read(&mut reader, 4).await), ["a", "b", "c", "d"]);
    log.close().await;
    assert_eq!(days_in(&settings.data_dir), ["2026-11-24.db", "2026-11-25.db", "2026-11-26.db"]);
    let again = world.open(&settings).await.unwrap();
    assert_eq!(texts(&read_all(&again, &Topic::Observation, 0).await), ["a", "b", "c", "d"]);
    assert_eq!(append(&again, 1, &["later"]).await, [1]);
    again.close().await;
}

#[tokio::test]
async fn a_waiting_reader_wakes_over_midnight() {
    let (bed, world) = (Bed::embedded(), World::new());
    let log = world.open(&bed.settings()).await.unwrap();
    append(&log, 0, &["a"]).await;
    let mut reader = log.reader(&Topic::Observation, 0, 1).await.unwrap();
    world.set_day(1);
    let (batch, _) = tokio::join!(reader.next(10, 1000, Duration::MAX), append(&log, 0, &["b"]));
    assert_eq!(texts(&batch.unwrap().records), ["b"]);
    log.close().await;
}

#[tokio::test]
async fn what_has_outlived_its_retention_goes_by_whole_days() {
    let (bed, world) = (Bed::embedded(), World::new());
    let settings = short_retention(bed.settings());
    let log = world.open(&settings).await.unwrap();
    append(&log, 0, &["a", "b"]).await;
    let mut slow = log.reader(&Topic::Observation, 0, 0).await.unwrap();
    world.set_day(1);
    append(&log, 0, &["c"]).await;
    // Day 0 ended 2.5 days before noon of day 3 + 12 hours: not yet at day 3, at day 4.
    world.set_day(3);
    append(&log, 1, &["tick"]).await;
    assert_eq!(days_in(&settings.data_dir).len(), 2, "day 0 went at day 3: {:?}", days_in(&settings.data_dir));
    assert_eq!(log.bounds(&Topic::Observation, 0).await.unwrap(), Bounds { start: 2, end: 3 });
    let lost = slow.next(10, 1000, Duration::ZERO).await.unwrap_err();
    assert!(matches!(lost, LogError::OutOfRange { wanted: 0, start: 2, end: 3, .. }), "{lost}");
    assert!(log.reader(&Topic::Observation, 0, 1).await.is_err());
    assert_eq!(texts(&read_all(&log, &Topic::Observation, 0).await), ["c"]);
    log.close().await;
    // While nobody was there everything has grown old: the numbers go on nevertheless.
    world.set_day(30);
    let again = world.open(&settings).await.unwrap();
    assert_eq!(append(&again, 0, &["d"]).await, [3]);
    assert_eq!(days_in(&settings.data_dir), ["2026-12-24.db"]);
    assert_eq!(again.bounds(&Topic::Observation, 0).await.unwrap(), Bounds { start: 3, end: 4 });
    assert_eq!(again.bounds(&Topic::Observation, 1).await.unwrap(), Bounds { start: 1, end: 1 });
    again.close().await;
    let files: Vec<_> = fs::read_dir(settings.data_dir.join("log")).unwrap().collect();
    assert_eq!(files.len(), 1, "journals of deleted days are left: {files:?}");
}

#[tokio::test]
async fn a_second_process_is_refused() {
    let bed = Bed::embedded();
    let log = bed.open().await;
    let refused = muster_log::open(&bed.settings()).await.unwrap_err();
    assert!(matches!(refused, LogError::Refused { .. }), "{refused}");
    assert!(refused.to_string().contains(bed.settings().data_dir.to_str().unwrap()), "{refused}");
    log.close().await;
    bed.open().await.close().await;
}

#[tokio::test]
async fn below_the_floor_appends_are_refused_and_reading_goes_on() {
    let (bed, world) = (Bed::embedded(), World::new());
    let log = world.open(&LogSettings { free_disk_floor_percent: 5, ..bed.settings() }).await.unwrap();
    world.set_free(5);
    append(&log, 0, &["a"]).await;
    world.set_free(4);
    assert_eq!(log.disk().map(muster_log::DiskSpace::free_percent), Some(4));
    let full = log.append(vec![at(0, "b")]).await.unwrap_err();
    assert!(matches!(full, LogError::Full { free_percent: 4, floor_percent: 5, .. }) && full.retryable(), "{full}");
    assert!(full.retry_after().is_some());
    assert!(matches!(log.healthy().await, Err(LogError::Full { .. })));
    assert_eq!(texts(&read_all(&log, &Topic::Observation, 0).await), ["a"]);
    world.set_free(6);
    assert_eq!(append(&log, 0, &["b"]).await, [1]);
    log.close().await;
}

#[tokio::test]
async fn other_partitions_or_another_prefix_are_refused() {
    let bed = Bed::embedded();
    bed.open().await.close().await;
    let other = LogSettings { partitions: 5, ..bed.settings() };
    let refused = muster_log::open(&other).await.unwrap_err();
    assert!(refused.to_string().contains("set log.partitions to 4"), "{refused}");
    let other = LogSettings { topic_prefix: "other".to_owned(), ..bed.settings() };
    let refused = muster_log::open(&other).await.unwrap_err();
    assert!(refused.to_string().contains("log.topic_prefix is other"), "{refused}");
    bed.open().await.close().await;
}

#[tokio::test]
async fn a_new_folder_is_another_log() {
    let (one, two) = (Bed::embedded(), Bed::embedded());
    let (one, two) = (one.open().await, two.open().await);
    assert_ne!(one.identity().topics[0].generation, two.identity().topics[0].generation);
    one.close().await;
    two.close().await;
}

#[tokio::test]
async fn a_day_that_was_made_but_not_filled_is_made_again() {
    let (bed, world) = (Bed::embedded(), World::new());
    let settings = bed.settings();
    let log = world.open(&settings).await.unwrap();
    append(&log, 0, &["a"]).await;
    log.close().await;
    // What a process leaves that dies between making the file and filling it.
    fs::write(settings.data_dir.join("log/2026-11-25.db"), "").unwrap();
    let again = world.open(&settings).await.unwrap();
    assert_eq!(append(&again, 0, &["b"]).await, [1]);
    world.set_day(1);
    assert_eq!(append(&again, 0, &["c"]).await, [2]);
    assert_eq!(texts(&read_all(&again, &Topic::Observation, 0).await), ["a", "b", "c"]);
    again.close().await;
}

#[tokio::test]
async fn a_day_begun_in_vain_is_begun_again_where_the_log_is_now() {
    let (bed, other, world) = (Bed::embedded(), Bed::embedded(), World::new());
    let settings = bed.settings();
    let log = world.open(&settings).await.unwrap();
    append(&log, 0, &["a", "b"]).await;
    // A filled day without records whose lanes begin at 0: what an attempt leaves that failed before the writes above.
    let tomorrow = World::new();
    tomorrow.set_day(1);
    let same_names = LogSettings { topic_prefix: settings.topic_prefix.clone(), ..other.settings() };
    tomorrow.open(&same_names).await.unwrap().close().await;
    let left = "log/2026-11-25.db";
    fs::copy(same_names.data_dir.join(left), settings.data_dir.join(left)).unwrap();
    world.set_day(1);
    assert_eq!(append(&log, 0, &["c"]).await, [2]);
    log.close().await;
    let again = world.open(&settings).await.unwrap();
    assert_eq!(texts(&read_all(&again, &Topic::Observation, 0).await), ["a", "b", "c"]);
    again.close().await;
}

#[tokio::test]
async fn a_file_of_another_log_and_a_damaged_one_are_refused() {
    let (one, two, world) = (Bed::embedded(), Bed::embedded(), World::new());
    world.open(&one.settings()).await.unwrap().close().await;
    world.set_day(1);
    let same_names = LogSettings { topic_prefix: one.settings().topic_prefix, ..two.settings() };
    world.open(&same_names).await.unwrap().close().await;
    let stray = one.settings().data_dir.join("log/2026-11-25.db");
    fs::copy(two.settings().data_dir.join("log/2026-11-25.db"), &stray).unwrap();
    let refused = world.open(&one.settings()).await.unwrap_err();
    assert!(refused.to_string().contains("is of another log"), "{refused}");
    fs::write(&stray, vec![b'x'; 8192]).unwrap();
    let damaged = world.open(&one.settings()).await.unwrap_err();
    assert!(matches!(damaged, LogError::Corrupt { .. }), "{damaged}");
}

#[tokio::test]
async fn a_missing_record_is_damage_and_not_silence() {
    let bed = Bed::embedded();
    let log = bed.open().await;
    append(&log, 0, &["a", "b", "c"]).await;
    log.close().await;
    let file = bed.settings().data_dir.join("log").join(&days_in(&bed.settings().data_dir)[0]);
    let pool = sqlx::SqlitePool::connect(file.to_str().unwrap()).await.unwrap();
    sqlx::query("delete from record where position = 1").execute(&pool).await.unwrap();
    pool.close().await;
    let again = bed.open().await;
    let mut reader = again.reader(&Topic::Observation, 0, 0).await.unwrap();
    let damage = reader.next(10, 1000, Duration::ZERO).await.unwrap_err();
    assert!(matches!(damage, LogError::Corrupt { .. }), "{damage}");
    again.close().await;
}
