//! What appending promises.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use muster_log::{Append, DlqOf, LogError, MAX_RECORD_BYTES, Record, Topic};

use crate::bed::{Bed, PARTITIONS, append, at, read_all, texts};

pub(crate) async fn offsets_are_absolute_and_without_gaps(bed: &Bed) {
    let log = bed.open().await;
    assert_eq!(append(&log, 1, &["a", "b"]).await, [0, 1]);
    assert_eq!(append(&log, 1, &["c"]).await, [2]);
    assert_eq!(append(&log, 2, &["elsewhere"]).await, [0]);
    assert_eq!(append(&log, 1, &[]).await, [0; 0]);
    let records = read_all(&log, &Topic::Observation, 1).await;
    assert_eq!(texts(&records), ["a", "b", "c"]);
    assert_eq!(records.iter().map(|record| record.offset).collect::<Vec<_>>(), [0, 1, 2]);
    log.close().await;
}

pub(crate) async fn bytes_are_kept_as_they_are(bed: &Bed) {
    let log = bed.open().await;
    let every_byte: Vec<u8> = (0..=255).collect();
    let time = 1_795_478_400_123_000;
    let records = [
        Record::new("", time),
        Record::new(every_byte.clone(), time).with_key(every_byte.clone()).with_header("ce_id", every_byte),
        Record::new("empty key", time).with_key(""),
        Record::new("a name twice, one without value, one in Chinese", time)
            .with_header("ce_type", "1")
            .with_header("ce_type", "2")
            .with_header("traceparent", "")
            .with_header("位置", "渝中区"),
    ];
    let topic = Topic::DeadLetter(DlqOf::Intake);
    let to = |record: &Record| Append { topic: topic.clone(), partition: 0, record: record.clone() };
    log.append(records.iter().map(to).collect()).await.unwrap();
    let found: Vec<_> = read_all(&log, &topic, 0).await.into_iter().map(|fetched| fetched.record).collect();
    assert_eq!(found, records);
    log.close().await;
}

pub(crate) async fn a_large_record_fits_and_a_larger_one_is_refused(bed: &Bed) {
    let log = bed.open().await;
    for size in [256 * 1024, MAX_RECORD_BYTES] {
        log.append(vec![at(0, vec![7; size])]).await.unwrap();
    }
    let refused = log.append(vec![at(0, "small"), at(0, vec![7; MAX_RECORD_BYTES + 1])]).await.unwrap_err();
    assert!(matches!(refused, LogError::TooLarge { limit: MAX_RECORD_BYTES, .. }), "{refused}");
    assert!(refused.to_string().contains("record 1"), "{refused}");
    let whole = log.append((0..40).map(|_| at(0, vec![7; 900 * 1024])).collect()).await.unwrap_err();
    assert!(matches!(whole, LogError::TooLarge { .. }), "{whole}");
    let sizes: Vec<_> = read_all(&log, &Topic::Observation, 0).await.iter().map(|r| r.record.payload.len()).collect();
    assert_eq!(sizes, [256 * 1024, MAX_RECORD_BYTES]);
    log.close().await;
}

pub(crate) async fn what_cannot_be_written_is_refused_whole(bed: &Bed) {
    let log = bed.open().await;
    let mut foreign = at(0, "x");
    foreign.topic = Topic::Foreign("city.141".into());
    let mut nul = at(0, "x");
    nul.record = nul.record.with_header("a\0b", "x");
    let mut crowded = at(0, "x");
    crowded.record.headers = (0..257).map(|_| ("h", "v")).collect();
    for wrong in [at(PARTITIONS, "x"), foreign, nul, crowded] {
        let error = log.append(vec![at(0, "right"), wrong]).await.unwrap_err();
        assert!(matches!(error, LogError::Invalid { .. }) && !error.retryable(), "{error}");
    }
    assert_eq!(log.bounds(&Topic::Observation, 0).await.unwrap().end, 0);
    log.close().await;
}

pub(crate) async fn many_appenders_lose_nothing_and_keep_their_order(bed: &Bed) {
    const CALLERS: usize = 16;
    const CALLS: usize = 40;
    let log = bed.open().await;
    let mut tasks = Vec::new();
    for caller in 0..CALLERS {
        let log = log.clone();
        tasks.push(tokio::spawn(async move {
            let mut given = Vec::new();
            let mut number = 0;
            for call in 0..CALLS {
                let mut batch = Vec::new();
                for _ in 0..=(caller + call) % 4 {
                    let partition = u32::try_from(number).unwrap() % PARTITIONS;
                    batch.push(at(partition, format!("{caller} {number}")));
                    number += 1;
                }
                let partitions: Vec<_> = batch.iter().map(|append| append.partition).collect();
                let offsets = log.append(batch).await.unwrap();
                given.extend(partitions.into_iter().zip(offsets));
            }
            given
        }));
    }
    let mut acknowledged = HashMap::new();
    for (caller, task) in tasks.into_iter().enumerate() {
        for (number, place) in task.await.unwrap().into_iter().enumerate() {
            assert_eq!(acknowledged.insert(place, format!("{caller} {number}")), None, "{place:?} was given twice");
        }
    }
    let mut last = HashMap::new();
    for partition in 0..PARTITIONS {
        for (expected, fetched) in read_all(&log, &Topic::Observation, partition).await.into_iter().enumerate() {
            assert_eq!(fetched.offset, expected as u64);
            let text = String::from_utf8(fetched.record.payload.to_vec()).unwrap();
            assert_eq!(acknowledged.remove(&(partition, fetched.offset)).as_ref(), Some(&text));
            let (caller, number) = text.split_once(' ').unwrap();
            let number: i64 = number.parse().unwrap();
            let before = last.insert((partition, caller.to_owned()), number).unwrap_or(-1);
            assert!(before < number, "caller {caller}: {number} came after {before}");
        }
    }
    assert!(acknowledged.is_empty(), "acknowledged but not there: {acknowledged:?}");
    log.close().await;
}

pub(crate) async fn a_batch_over_several_topics_keeps_the_order_in_each(bed: &Bed) {
    let log = bed.open().await;
    let topics = [Topic::Intake, Topic::Condition, Topic::Case, Topic::DeadLetter(DlqOf::Observation)];
    let record = |number: usize| Append {
        topic: topics[number % 4].clone(),
        partition: 0,
        record: Record::new(number.to_string(), 1_795_478_400_000_000),
    };
    let offsets = log.append((0..400).map(record).collect()).await.unwrap();
    assert!(offsets.iter().enumerate().all(|(number, offset)| *offset == (number / 4) as u64));
    for (first, topic) in topics.iter().enumerate() {
        let expected: Vec<_> = (0..100).map(|number| (first + number * 4).to_string()).collect();
        assert_eq!(texts(&read_all(&log, topic, 0).await), expected);
    }
    log.close().await;
}

/// Reports of the Kafka client that are fetched one a poll came seconds late.
pub(crate) async fn acknowledgements_come_promptly(bed: &Bed) {
    let log = bed.open().await;
    let begun = Instant::now();
    for number in 0..50 {
        log.append((0..100).map(|_| at(number % PARTITIONS, "x")).collect()).await.unwrap();
    }
    assert!(begun.elapsed() < Duration::from_secs(15), "50 appends took {:?}", begun.elapsed());
    log.close().await;
}
