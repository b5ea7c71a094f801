//! A log that begins too late: what was still to be read has been deleted. Nobody goes on from there in silence.

use muster_log::Topic;
use muster_store::Store;

use crate::PipelineError;
use crate::metrics::Metrics;

/// The name under which the store keeps how far a topic's partition has been taken in.
pub(crate) fn source(topic: &Topic, partition: u32) -> String {
    format!("{topic}:{partition}")
}

/// Where a topic is taken in from: where that ended before, or at the beginning of its log.
pub(crate) async fn take_on(
    store: &Store,
    metrics: &Metrics,
    (topic, partition): (&Topic, u32),
    start: u64,
) -> Result<u64, PipelineError> {
    let source = source(topic, partition);
    let at = match store.source_offset(&source).await? {
        Some(next) => read_on(metrics, topic, partition, next, start),
        // What was there before anybody here followed it is not missed.
        None => start,
    };
    // From here on it is: what is deleted after this instant and before it is read is missed, and is missed once.
    store.source_move(&source, at, at).await?;
    Ok(at)
}

/// Where a topic is read on: at what comes next or, where that is gone, at the log's beginning, which is said and counted.
pub(crate) fn read_on(metrics: &Metrics, topic: &Topic, partition: u32, next: u64, start: u64) -> u64 {
    if start > next {
        let gone = start - next;
        tracing::error!(%topic, partition, next, start, gone, "the log begins too late: records are gone unread");
        metrics.log_begins_late.with_label_values(&[&topic.to_string()]).inc();
    }
    next.max(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_still_there_is_read_on_and_what_is_gone_is_counted() {
        let metrics = Metrics::new().unwrap();
        let late = || metrics.log_begins_late.with_label_values(&["intake.v1"]).get();
        assert_eq!((read_on(&metrics, &Topic::Intake, 0, 7, 7), late()), (7, 0));
        assert_eq!((read_on(&metrics, &Topic::Intake, 0, 7, 3), late()), (7, 0));
        assert_eq!((read_on(&metrics, &Topic::Intake, 0, 7, 9), late()), (9, 1));
    }
}
