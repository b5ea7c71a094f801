//! A log that begins too late: what was still to be read has been deleted. Nobody goes on from there in silence.

use muster_log::Topic;

use crate::metrics::Metrics;

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
