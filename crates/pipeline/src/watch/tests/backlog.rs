//! With a backlog, batches are committed together; one record that breaks their commit costs none of the others.

use muster_domain::record::LogRecord;
use muster_domain::time::LogTime;
use muster_log::{Append, Topic};

use super::{Bench, DAY, stopped};
use crate::docs;

/// As many as a reader hands out at once.
const BATCH: usize = 10_000;

impl Bench {
    /// Records that mean nothing.
    async fn silence(&self, count: usize) {
        let now = self.watch.clock.micros();
        let tick = docs::encode(&LogRecord::Tick { epoch: 0, at: LogTime::from_micros(now) }, now);
        let append = Append { topic: Topic::Observation, partition: 0, record: tick };
        self.watch.log.append(vec![append; count]).await.unwrap();
    }

    /// Transactions that were committed for what was watched.
    fn commits(&self) -> u64 {
        self.watch.metrics.store_seconds.with_label_values(&["commit"]).get_sample_count()
    }
}

#[tokio::test]
async fn batches_of_a_backlog_are_one_transaction() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::set_up(folder.path()).await;
    bench.watch.settings.gather = DAY;
    for id in ["a", "b", "c"] {
        bench.report(&[id]).await;
        bench.silence(BATCH).await;
    }
    let run = bench.start();
    bench.has_case("c").await;
    assert_eq!(bench.commits(), 1);
    stopped(run).await;
}

#[tokio::test]
async fn one_record_breaks_the_transaction_of_a_backlog_for_itself_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::set_up(folder.path()).await;
    bench.watch.settings.gather = DAY;
    bench.report(&["a"]).await;
    bench.silence(BATCH).await;
    bench.report(&["bang-commit", "b"]).await;
    bench.silence(BATCH).await;
    let run = bench.start();
    bench.has_case("b").await;
    assert!(bench.case_of("a").await.is_some());
    assert_eq!((bench.case_of("bang-commit").await, bench.skipped().await, bench.parked().await), (None, 1, 1));
    stopped(run).await;
}
