//! What measuring Kafka's client found, kept: each pause, wait or lag that it fell into fails a test when it comes back.

use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use muster_log::{LogSettings, Topic};
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use crate::bed::{Bed, LONG, PARTITIONS, append, at, read, texts};
use crate::wire;

/// The mock cluster always, a real Kafka where one runs.
fn beds() -> impl Iterator<Item = Bed> {
    Bed::real().into_iter().chain([Bed::mock()])
}

/// Bytes that no codec makes smaller.
fn noise(size: usize) -> Vec<u8> {
    let mut bytes = vec![0; size];
    rand::fill(&mut bytes);
    bytes
}

/// A busy machine is slow now and then, a trap is slow every time: the quickest of several counts.
async fn quickest(times: u32, mut attempt: impl AsyncFnMut() -> Duration) -> Duration {
    let mut quickest = Duration::MAX;
    for _ in 0..times {
        quickest = quickest.min(attempt().await);
    }
    quickest
}

/// The client's own pause when its queue is full is a second, and ten thousand records fill it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_that_was_full_is_soon_filled_again() {
    for bed in beds() {
        let log = bed.open().await;
        for _ in 0..4 {
            log.append((0..10_000).map(|_| at(0, noise(64))).collect()).await.unwrap();
        }
        let took = quickest(3, async || {
            let begun = Instant::now();
            let mut reader = log.reader(&Topic::Observation, 0, 0).await.unwrap();
            read(&mut reader, 40_000).await;
            begun.elapsed()
        });
        let took = took.await;
        assert!(took < Duration::from_secs(1), "40,000 records took {took:?}");
        log.close().await;
    }
}

/// To ask the broker where a partition begins costs half a second; to name the offset costs nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_record_comes_without_asking_where_to_begin() {
    for bed in beds() {
        let log = bed.open().await;
        append(&log, 0, &["a", "b"]).await;
        log.close().await;
        let took = quickest(5, async || {
            let log = bed.open().await;
            let begun = Instant::now();
            let mut reader = log.reader(&Topic::Observation, 0, 0).await.unwrap();
            assert_eq!(texts(&read(&mut reader, 2).await), ["a", "b"]);
            let took = begun.elapsed();
            drop(reader);
            log.close().await;
            took
        });
        let took = took.await;
        assert!(took < Duration::from_millis(400), "the first record took {took:?}");
    }
}

/// Offsets live in the store: what somebody committed to the broker in our name moves nobody.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offset_that_the_broker_keeps_is_not_ours() {
    for bed in beds() {
        let log = bed.open().await;
        append(&log, 0, &["a", "b", "c", "d"]).await;
        let settings = bed.settings();
        let group: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", settings.url.strip_prefix("kafka://").unwrap())
            .set("group.id", format!("{}-log", settings.topic_prefix))
            .create()
            .unwrap();
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(&name(&settings), 0, Offset::Offset(3)).unwrap();
        group.commit(&list, CommitMode::Sync).unwrap();
        for _ in 0..2 {
            let mut reader = log.reader(&Topic::Observation, 0, 1).await.unwrap();
            assert_eq!(texts(&read(&mut reader, 3).await), ["b", "c", "d"]);
        }
        let kept = group.committed_offsets(list, LONG).unwrap();
        assert_eq!(kept.elements()[0].offset(), Offset::Offset(3), "a reader committed to the broker");
        log.close().await;
    }
}

/// Rings whenever a future could go on.
struct Bell(SyncSender<()>);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        // Who has not heard the last ring hears one for both.
        let _ = self.0.try_send(());
    }
}

/// Reports that wait until somebody polls the producer came seconds late, one a poll.
#[tokio::test]
async fn reports_are_heard_by_a_thread_of_their_own() {
    for bed in beds() {
        let log = bed.open().await;
        append(&log, 0, &["so that the producer knows its broker"]).await;
        // Many batches on their way, and so many reports.
        let mut appending = log.append((0..60).map(|number| at(number % PARTITIONS, noise(200 * 1024))).collect());
        let (bell, rung) = sync_channel(1);
        let bell = Waker::from(Arc::new(Bell(bell)));
        let mut polls = 0;
        let appended = loop {
            polls += 1;
            match appending.as_mut().poll(&mut Context::from_waker(&bell)) {
                Poll::Ready(appended) => break appended,
                // This is the runtime's only thread and it does nothing else meanwhile: only others can hear reports.
                Poll::Pending => assert_eq!(rung.recv_timeout(LONG), Ok(()), "nobody hears the reports"),
            }
        };
        assert_eq!(appended.unwrap().len(), 60);
        assert!(polls <= 3, "the caller had to ask {polls} times");
        log.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_is_heard_at_once() {
    for bed in beds() {
        let log = bed.open().await;
        let took = quickest(20, async || {
            let begun = Instant::now();
            append(&log, 0, &["x"]).await;
            begun.elapsed()
        });
        let took = took.await;
        assert!(took < Duration::from_millis(50), "the quickest acknowledgement took {took:?}");
        log.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn batches_are_packed_by_lz4() {
    const LZ4: u8 = 3;
    for bed in beds() {
        let log = bed.open().await;
        log.append((0..100).map(|_| at(0, "中控室无人值守。".repeat(20))).collect()).await.unwrap();
        let settings = bed.settings();
        let broker = settings.url.strip_prefix("kafka://").unwrap().split(',').next().unwrap();
        assert_eq!(wire::codec(broker, &name(&settings), 0), LZ4);
        log.close().await;
    }
}

/// The brokers' cost follows the number of requests: few partitions, unless somebody says otherwise.
#[tokio::test]
async fn topics_are_made_with_eight_partitions() {
    let Some(bed) = Bed::real() else { return };
    let settings = LogSettings { partitions: LogSettings::default().partitions, ..bed.settings() };
    let log = muster_log::open(&settings).await.unwrap();
    let made: Vec<u32> = log.identity().topics.iter().map(|topic| topic.partitions).collect();
    assert_eq!(made, [8, 8, 8, 8, 1, 1, 1, 1], "{:?}", log.identity());
    log.close().await;
}

fn name(settings: &LogSettings) -> String {
    Topic::Observation.name(&settings.topic_prefix)
}
