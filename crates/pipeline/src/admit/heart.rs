//! Each adapter says every five seconds, to every partition, that it is alive (ENGINE §1).

use muster_domain::id::AdapterName;
use muster_domain::record::LogRecord;
use muster_domain::time::Span;
use muster_log::Topic;
use tokio_util::sync::CancellationToken;

use super::Admit;
use crate::watch::append_control;

/// Says so until told to stop. A beat that the log does not take is no beat: the adapter then counts as silent.
pub async fn beat(admit: Admit, adapter: AdapterName, stop: CancellationToken) {
    let clock = &admit.0.clock;
    let pause = clock.real_time(Span::from_secs(5));
    while !stop.is_cancelled() {
        let record = LogRecord::Intake { adapter: adapter.clone(), at: clock.received() };
        let partitions = admit.0.log.partitions(&Topic::Observation);
        let beats = (0..partitions).map(|partition| append_control(clock, partition, &record)).collect();
        if let Err(error) = admit.0.log.append(beats).await {
            tracing::warn!(%adapter, %error, "the log did not take the adapter's beat");
        }
        tokio::select! { () = stop.cancelled() => break, () = tokio::time::sleep(pause) => {} }
    }
}
