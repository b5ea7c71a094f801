//! What reading promises.

use std::time::{Duration, Instant};

use muster_log::{LogError, Topic};

use crate::bed::{Bed, LONG, append, at, read, texts};

const LARGE: usize = 64 * 1024 * 1024;

pub(crate) async fn reading_begins_in_the_middle(bed: &Bed) {
    let log = bed.open().await;
    append(&log, 0, &["a", "b", "c", "d"]).await;
    let mut reader = log.reader(&Topic::Observation, 0, 2).await.unwrap();
    let records = read(&mut reader, 2).await;
    assert_eq!(texts(&records), ["c", "d"]);
    assert_eq!(records[0].offset, 2);
    // From the very end: the next one only.
    let mut tail = log.reader(&Topic::Observation, 0, 4).await.unwrap();
    append(&log, 0, &["e"]).await;
    assert_eq!(texts(&read(&mut tail, 1).await), ["e"]);
    drop((reader, tail));
    log.close().await;
}

pub(crate) async fn an_offset_that_is_not_there_is_said_clearly(bed: &Bed) {
    let log = bed.open().await;
    append(&log, 3, &["a", "b"]).await;
    let error = log.reader(&Topic::Observation, 3, 3).await.unwrap_err();
    assert!(matches!(error, LogError::OutOfRange { wanted: 3, start: 0, end: 2, partition: 3, .. }), "{error}");
    assert_eq!(error.to_string(), "observation.v1 partition 3 holds offsets 0 to 2 (exclusive), not 3");
    assert!(!error.retryable());
    assert!(log.reader(&Topic::Observation, 99, 0).await.is_err());
    assert!(log.reader(&Topic::Foreign("city.141".into()), 0, 0).await.is_err());
    log.close().await;
}

pub(crate) async fn two_readers_do_not_disturb_one_another(bed: &Bed) {
    let log = bed.open().await;
    append(&log, 0, &["a", "b", "c"]).await;
    let mut one = log.reader(&Topic::Observation, 0, 0).await.unwrap();
    let mut two = log.reader(&Topic::Observation, 0, 1).await.unwrap();
    assert_eq!(texts(&read(&mut one, 1).await), ["a"]);
    assert_eq!(texts(&read(&mut two, 2).await), ["b", "c"]);
    drop(two);
    append(&log, 0, &["d"]).await;
    assert_eq!(texts(&read(&mut one, 3).await), ["b", "c", "d"]);
    drop(one);
    log.close().await;
}

pub(crate) async fn an_empty_wait_ends(bed: &Bed) {
    let log = bed.open().await;
    append(&log, 0, &["a"]).await;
    let mut reader = log.reader(&Topic::Observation, 0, 1).await.unwrap();
    for wait in [Duration::ZERO, Duration::from_millis(20)] {
        let begun = Instant::now();
        let batch = reader.next(10, LARGE, wait).await.unwrap();
        assert!(batch.records.is_empty() && begun.elapsed() >= wait);
        assert_eq!((batch.next, batch.end), (1, 1));
    }
    drop(reader);
    log.close().await;
}

pub(crate) async fn a_late_append_wakes_the_reader(bed: &Bed) {
    let log = bed.open().await;
    let mut reader = log.reader(&Topic::Observation, 0, 0).await.unwrap();
    for round in 0..8 {
        let text = round.to_string();
        // The reader is asked first and so waits already when the append begins.
        let (batch, appended) =
            tokio::join!(async { (reader.next(10, LARGE, Duration::MAX).await.unwrap(), Instant::now()) }, async {
                append(&log, 0, &[&text]).await;
                Instant::now()
            });
        assert_eq!(texts(&batch.0.records), [text]);
        let late = batch.1.saturating_duration_since(appended);
        assert!(late < Duration::from_secs(3), "the reader came {late:?} after the acknowledgement");
    }
    drop(reader);
    log.close().await;
}

pub(crate) async fn a_batch_keeps_to_its_bounds(bed: &Bed) {
    let log = bed.open().await;
    log.append((0..50).map(|_| at(0, vec![1; 1000])).collect()).await.unwrap();
    let mut reader = log.reader(&Topic::Observation, 0, 0).await.unwrap();
    let first = reader.next(7, LARGE, LONG).await.unwrap();
    assert!((1..=7).contains(&first.records.len()));
    let few = reader.next(1000, 2500, LONG).await.unwrap();
    assert!((1..=3).contains(&few.records.len()), "{} records of 1000 bytes", few.records.len());
    let one = reader.next(0, 0, LONG).await.unwrap();
    assert_eq!(one.records.len(), 1, "there is always one");
    let read_before = first.records.len() + few.records.len() + 1;
    assert_eq!(one.next, read_before as u64);
    assert_eq!(read(&mut reader, 50 - read_before).await.last().unwrap().offset, 49);
    drop(reader);
    log.close().await;
}

pub(crate) async fn a_call_given_up_loses_nothing(bed: &Bed) {
    let log = bed.open().await;
    let writer = log.clone();
    let writing = tokio::spawn(async move {
        for number in 0..200 {
            append(&writer, 0, &[&number.to_string()]).await;
        }
    });
    let mut reader = log.reader(&Topic::Observation, 0, 0).await.unwrap();
    let mut found = Vec::new();
    let begun = Instant::now();
    while found.len() < 200 {
        assert!(begun.elapsed() < LONG, "{} of 200 records came", found.len());
        let patience = Duration::from_micros(rand::random_range(0..2000));
        if let Ok(batch) = tokio::time::timeout(patience, reader.next(10, LARGE, LONG)).await {
            found.extend(texts(&batch.unwrap().records));
        }
    }
    assert_eq!(found, (0..200).map(|number| number.to_string()).collect::<Vec<_>>());
    writing.await.unwrap();
    drop(reader);
    log.close().await;
}

pub(crate) async fn readers_come_and_go_on_one_partition(bed: &Bed) {
    let log = bed.open().await;
    append(&log, 0, &["a", "b", "c"]).await;
    for round in 0..30 {
        let from = round % 3;
        let mut reader = log.reader(&Topic::Observation, 0, from).await.unwrap();
        // Every other reader leaves without having read, with records on their way to it.
        if round % 2 == 0 {
            let expected = usize::try_from(3 - from).unwrap();
            assert_eq!(texts(&read(&mut reader, expected).await), ["a", "b", "c"][3 - expected..]);
        }
    }
    log.close().await;
}

/// Live cost is set by batches a second, not by records: a reader takes all that are ready.
pub(crate) async fn what_is_ready_comes_at_once(bed: &Bed) {
    let log = bed.open().await;
    log.append((0..5000).map(|_| at(0, "x")).collect()).await.unwrap();
    let mut reader = log.reader(&Topic::Observation, 0, 0).await.unwrap();
    let (mut batches, mut next) = (0, 0);
    while next < 5000 {
        next = reader.next(10_000, LARGE, LONG).await.unwrap().next;
        batches += 1;
    }
    assert!(batches <= 250, "5000 records came in {batches} batches");
    drop(reader);
    log.close().await;
}

/// Who has room for many and finds one gets the one: nothing waits for company.
pub(crate) async fn one_that_is_ready_does_not_wait_for_more(bed: &Bed) {
    let log = bed.open().await;
    let mut reader = log.reader(&Topic::Observation, 0, 0).await.unwrap();
    let mut quickest = LONG;
    for _ in 0..8 {
        append(&log, 0, &["first", "second"]).await;
        assert_eq!(texts(&reader.next(1, LARGE, LONG).await.unwrap().records), ["first"]);
        // The second was written and fetched together with the first.
        let begun = Instant::now();
        assert_eq!(texts(&reader.next(1000, LARGE, LONG).await.unwrap().records), ["second"]);
        quickest = quickest.min(begun.elapsed());
    }
    assert!(quickest < Duration::from_millis(20), "one that was ready took {quickest:?}");
    drop(reader);
    log.close().await;
}
