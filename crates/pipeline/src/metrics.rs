//! Everything Muster counts, in one table: INTERFACE §6, base units, bounded labels, help on all.

use muster_log::Topic;
use prometheus::{
    Encoder, Gauge, GaugeVec, Histogram, HistogramOpts, HistogramTimer, HistogramVec, IntCounterVec, IntGauge,
    IntGaugeVec, Opts, Registry, TextEncoder,
};

/// The metrics of one process. Passed, never global, so that two servers fit in one test.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Registry,
    /// Observations by configured source name and what became of them.
    pub observations: IntCounterVec,
    /// Requests and batches of which nothing was taken, by reason: their senders must try again.
    pub intake_refusals: IntCounterVec,
    /// Records parked, by topic and code.
    pub dead_letters: IntCounterVec,
    /// Records between the committed offset and the end of a partition.
    pub log_lag_records: IntGaugeVec,
    /// Age of the oldest record not yet watched.
    pub log_lag_seconds: GaugeVec,
    /// From the first byte of a request read to the acknowledgement.
    pub admit_seconds: Histogram,
    /// From received to the commit of the case it opened.
    pub observation_to_case_seconds: Histogram,
    /// Times that a partition's work was broken off, by reason: overtaken by another owner, or failed.
    pub watch_interruptions: IntCounterVec,
    /// Partitions of the observation topic, watched or not.
    pub log_partitions: IntGauge,
    /// Share of the disk below an embedded log that is free; nothing on Kafka.
    pub log_disk_free: GaugeVec,
    /// Whether each part that the process's roles need is ready: 1 or 0.
    pub ready: IntGaugeVec,
    /// Conditions by rule and state.
    pub conditions: IntGaugeVec,
    /// Places of each class that a rule watches.
    pub places: IntGaugeVec,
    /// Places of a class that a rule needs and nothing sees.
    pub blind_places: IntGaugeVec,
    /// Live cases by kind and state.
    pub cases_open: IntGaugeVec,
    /// Cases ended, by kind and outcome.
    pub cases: IntCounterVec,
    /// How long cases stood in a stage.
    pub stage_seconds: HistogramVec,
    /// Seats that nobody fills, by reason.
    pub seats_unfilled: IntGaugeVec,
    /// Clocks that ran out on live cases.
    pub clocks_overdue: IntGaugeVec,
    /// Outbox rows not delivered everywhere yet.
    pub outbox_pending: IntGauge,
    /// Age of the oldest of them.
    pub outbox_oldest_seconds: Gauge,
    /// Database work by operation.
    pub store_seconds: HistogramVec,
    /// Hash of each partition's watch state, to compare processes and replays.
    pub partition_state_hash: IntGaugeVec,
    /// Times in which nobody ticked a partition, found when it was read again: outages of our own.
    pub outages: IntCounterVec,
    /// When the log was last read, per partition: a reader that stalls shows here.
    pub log_last_poll_seconds: GaugeVec,
    /// Times that records turned out to be deleted that were still to be read, by topic.
    pub log_begins_late: IntCounterVec,
}

const QUICK: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];
const SLOW: &[f64] = &[15.0, 60.0, 180.0, 300.0, 900.0, 1800.0, 3600.0, 7200.0, 14_400.0, 28_800.0, 86_400.0];

impl Metrics {
    /// Registers every metric in a registry of its own.
    ///
    /// # Errors
    /// Only if two of them had the same name.
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new_custom(Some("muster".into()), None)?;
        let on = Registering(&registry);
        let metrics = Self {
            observations: on.counters(
                "observations_total",
                "Observations by source and outcome.",
                &["source", "outcome"],
            )?,
            intake_refusals: on.counters(
                "intake_refusals_total",
                "Requests and batches of which nothing was taken, by reason.",
                &["reason"],
            )?,
            dead_letters: on.counters(
                "dead_letters_total",
                "Records parked, by topic without its prefix, and code.",
                &["topic", "code"],
            )?,
            log_lag_records: on.gauges("log_lag_records", "Records not yet watched.", &["partition"])?,
            log_lag_seconds: on.floats(
                "log_lag_seconds",
                "Age of the oldest record not yet watched.",
                &["partition"],
            )?,
            admit_seconds: on.times("admit_seconds", "From request to acknowledgement.", QUICK)?,
            observation_to_case_seconds: on.times(
                "observation_to_case_seconds",
                "From received to the commit of the case it opened.",
                QUICK,
            )?,
            watch_interruptions: on.counters(
                "watch_interruptions_total",
                "Times that a partition's work was broken off: overtaken or failed.",
                &["reason"],
            )?,
            log_partitions: on.gauge("log_partitions", "Partitions of the observation topic, watched or not.")?,
            log_disk_free: on.floats(
                "log_disk_free_ratio",
                "Share of the disk below an embedded log that is free.",
                &[],
            )?,
            ready: on.gauges(
                "ready",
                "Whether each part that the roles of the process need is ready: 1 or 0.",
                &["part"],
            )?,
            conditions: on.gauges("conditions", "Conditions by rule and state.", &["rule", "state"])?,
            places: on.gauges("places", "Places of each class that a rule watches.", &["class"])?,
            blind_places: on.gauges("blind_places", "Places that a rule needs and nothing sees.", &["class"])?,
            cases_open: on.gauges("cases_open", "Live cases by kind and state.", &["kind", "state"])?,
            cases: on.counters("cases_total", "Cases ended, by kind and outcome.", &["kind", "outcome"])?,
            stage_seconds: on.times_by(
                "stage_seconds",
                "How long cases stood in a stage.",
                SLOW,
                &["kind", "stage"],
            )?,
            seats_unfilled: on.gauges("seats_unfilled", "Seats that nobody fills, by reason.", &["reason"])?,
            clocks_overdue: on.gauges("clocks_overdue", "Clocks run out on live cases.", &["stage"])?,
            outbox_pending: on.gauge("outbox_pending", "Outbox rows not delivered everywhere yet.")?,
            outbox_oldest_seconds: on.float("outbox_oldest_seconds", "Age of the oldest undelivered outbox row.")?,
            store_seconds: on.times_by("store_seconds", "Database work by operation.", QUICK, &["operation"])?,
            partition_state_hash: on.gauges("partition_state_hash", "Hash of the watch state.", &["partition"])?,
            outages: on.counters("outages_total", "Times in which nobody ticked the partition.", &["partition"])?,
            log_last_poll_seconds: on.floats(
                "log_last_poll_timestamp_seconds",
                "When the log was last read.",
                &["partition"],
            )?,
            log_begins_late: on.counters(
                "log_begins_late_total",
                "Times that records turned out to be deleted that were still to be read, by topic without its prefix.",
                &["topic"],
            )?,
            registry: registry.clone(),
        };
        let build = IntGaugeVec::new(Opts::new("build_info", "The version that runs; always 1."), &["version"])?;
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        registry.register(Box::new(build))?;
        // From zero on, so that the first of each is an increase that an alert can see.
        for reason in ["busy", "not-ready", "log", "store"] {
            metrics.intake_refusals.with_label_values(&[reason]).reset();
        }
        for reason in ["overtaken", "failed"] {
            metrics.watch_interruptions.with_label_values(&[reason]).reset();
        }
        metrics.dead_letters.with_label_values(&[&Topic::Observation.to_string(), "fault"]).reset();
        for topic in Topic::OWN {
            metrics.log_begins_late.with_label_values(&[&topic.to_string()]).reset();
        }
        Ok(metrics)
    }

    /// Counts what a docket wrote.
    pub(crate) fn written(&self, written: &crate::docket::Written) {
        for (kind, outcome) in &written.ended {
            self.cases.with_label_values(&[kind.as_str(), outcome]).inc();
        }
        for (kind, stage, seconds) in &written.stages {
            self.stage_seconds.with_label_values(&[kind.as_str(), stage]).observe(*seconds);
        }
    }

    /// Times one operation of the store; a failure counts with the time it took.
    pub(crate) fn store_timer(&self, operation: &str) -> HistogramTimer {
        self.store_seconds.with_label_values(&[operation]).start_timer()
    }

    /// Takes away what was said of a partition.
    pub(crate) fn forget_partition(&self, partition: u32) {
        let label = partition.to_string();
        // What was never said cannot be taken away, and need not be.
        let _ = self.log_lag_records.remove_label_values(&[&label]);
        let _ = self.partition_state_hash.remove_label_values(&[&label]);
        for gauges in [&self.log_lag_seconds, &self.log_last_poll_seconds] {
            let _ = gauges.remove_label_values(&[&label]);
        }
    }

    /// All metrics in the Prometheus text format, with those of the process itself.
    #[must_use]
    pub fn render(&self) -> String {
        let mut families = self.registry.gather();
        families.extend(prometheus::gather());
        let mut text = Vec::new();
        if let Err(error) = TextEncoder::new().encode(&families, &mut text) {
            tracing::error!(%error, "the metrics cannot be written as text");
        }
        String::from_utf8_lossy(&text).into_owned()
    }
}

/// A state's hash as it is shown everywhere: as much of it as Prometheus can tell apart, whose numbers are floats.
pub(crate) fn shown_hash(hash: u64) -> i64 {
    (hash >> 11) as i64
}

/// The registry while it is being filled.
struct Registering<'a>(&'a Registry);

impl Registering<'_> {
    fn add<C: prometheus::core::Collector + Clone + 'static>(&self, metric: C) -> Result<C, prometheus::Error> {
        self.0.register(Box::new(metric.clone()))?;
        Ok(metric)
    }

    fn counters(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntCounterVec, prometheus::Error> {
        self.add(IntCounterVec::new(Opts::new(name, help), labels)?)
    }

    fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntGaugeVec, prometheus::Error> {
        self.add(IntGaugeVec::new(Opts::new(name, help), labels)?)
    }

    fn floats(&self, name: &str, help: &str, labels: &[&str]) -> Result<GaugeVec, prometheus::Error> {
        self.add(GaugeVec::new(Opts::new(name, help), labels)?)
    }

    fn gauge(&self, name: &str, help: &str) -> Result<IntGauge, prometheus::Error> {
        self.add(IntGauge::new(name, help)?)
    }

    fn float(&self, name: &str, help: &str) -> Result<Gauge, prometheus::Error> {
        self.add(Gauge::new(name, help)?)
    }

    fn times(&self, name: &str, help: &str, buckets: &[f64]) -> Result<Histogram, prometheus::Error> {
        self.add(Histogram::with_opts(HistogramOpts::new(name, help).buckets(buckets.to_vec()))?)
    }

    fn times_by(
        &self,
        name: &str,
        help: &str,
        buckets: &[f64],
        by: &[&str],
    ) -> Result<HistogramVec, prometheus::Error> {
        self.add(HistogramVec::new(HistogramOpts::new(name, help).buckets(buckets.to_vec()), by)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_has_its_prefix_once() {
        let metrics = Metrics::new().unwrap();
        metrics.observations.with_label_values(&["http", "accepted"]).inc();
        let text = metrics.render();
        assert!(text.contains("muster_observations_total{outcome=\"accepted\",source=\"http\"} 1"), "{text}");
        assert!(!text.contains("muster_muster"));
        for series in ["dead_letters_total{code=\"fault\"", "log_begins_late_total{topic=\"observation.v1\"} 0"] {
            assert!(text.contains(&format!("muster_{series}")), "the first of each is to be seen: {text}");
        }
        assert!(Metrics::new().is_ok(), "two servers fit in one process");
    }
}
