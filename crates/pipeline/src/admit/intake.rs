//! The intake topic as a source: read by a lease per partition, its offset moved only after everything is durable.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use muster_domain::id::AdapterName;
use muster_log::{EventLog, Fetched, Topic};
use muster_store::Store;
use muster_wire::cloudevents::{Item, KafkaOptions, read_kafka};
use tokio_util::sync::CancellationToken;

use super::{Admit, Origin, Sender, Sent};
use crate::PipelineError;
use crate::lease::Lease;

/// Reads one partition of the intake topic until told to stop.
pub async fn follow_intake(
    admit: Admit,
    log: Arc<dyn EventLog>,
    store: Store,
    partition: u32,
    lease: Lease,
    stop: CancellationToken,
) {
    while !stop.is_cancelled() {
        if let Err(error) = follow(&admit, &log, &store, partition, &lease, &stop).await {
            tracing::warn!(partition, error = %crate::chain(&error), "the intake topic waits");
        }
        tokio::select! { () = stop.cancelled() => break, () = tokio::time::sleep(Duration::from_secs(1)) => {} }
    }
    lease.release().await;
}

async fn follow(
    admit: &Admit,
    log: &Arc<dyn EventLog>,
    store: &Store,
    partition: u32,
    lease: &Lease,
    stop: &CancellationToken,
) -> Result<(), PipelineError> {
    if lease.hold().await?.is_none() {
        return Ok(());
    }
    let name = format!("intake:{partition}");
    let start = log.bounds(&Topic::Intake, partition).await?.start;
    let known = store.destination(&name).await?.cursor;
    let mut at = known.max(start);
    if at > known {
        store.destination_advance(&name, known, at, admit.clock().micros()).await?;
    }
    let mut reader = log.reader(&Topic::Intake, partition, at).await?;
    let adapter = AdapterName::parse("kafka").map_err(|_| PipelineError::Broken("an adapter's name is no id"))?;
    let sender = Sender { adapter, name: "kafka".to_owned(), may: None };
    while !stop.is_cancelled() && lease.hold().await?.is_some() {
        let batch = tokio::select! {
            () = stop.cancelled() => break,
            batch = reader.next(1000, 4 << 20, Duration::from_secs(2)) => batch?,
        };
        for found in &batch.records {
            take(admit, &sender, partition, found, stop).await?;
        }
        if batch.next > at {
            store.destination_advance(&name, at, batch.next, admit.clock().micros()).await?;
            at = batch.next;
        }
    }
    Ok(())
}

/// One record; tried again until it is taken, since the log it came from keeps it meanwhile.
async fn take(
    admit: &Admit,
    sender: &Sender,
    partition: u32,
    found: &Fetched,
    stop: &CancellationToken,
) -> Result<(), PipelineError> {
    let body: &Bytes = &found.record.payload;
    let headers = found.record.headers.iter().map(|(name, value)| (name.as_ref(), value.as_ref()));
    let read = read_kafka(headers, body, KafkaOptions::default());
    loop {
        let origin = Origin { topic: Topic::Intake, partition, offset: found.offset, key: found.record.key.clone() };
        let sent = Sent { sender, body, headers: found.record.headers.clone(), origin: Some(origin) };
        let items = vec![Item { index: 0, bytes: 0..body.len(), read: read.clone() }];
        match admit.events(sent, items).await {
            Ok(_) => return Ok(()),
            Err(error) => {
                tracing::warn!(partition, offset = found.offset, error = %crate::chain(&error), "tried again");
                tokio::select! {
                    () = stop.cancelled() => return Err(PipelineError::Broken("stopped before the record was taken")),
                    () = tokio::time::sleep(error.retry_after()) => {}
                }
            }
        }
    }
}
