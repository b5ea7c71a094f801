//! Topics as sources: read by a lease per partition, their offset moved only after everything made from them is durable.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use muster_domain::id::AdapterName;
use muster_log::{EventLog, Fetched, Topic};
use muster_store::Store;
use muster_wire::WireError;
use muster_wire::cloudevents::{Envelope, Item, KafkaOptions, read_kafka};
use muster_wire::report::ReportIn;
use tokio_util::sync::CancellationToken;

use super::{Admit, Items, Origin, Sender, Sent};
use crate::docs;
use crate::lease::Lease;
use crate::{PipelineError, late};

/// How much is taken in at once: one append each.
const MAX_RECORDS: usize = 1000;
pub(super) const MAX_BYTES: usize = 4 << 20;

/// How the records of a topic are read.
#[derive(Debug, Clone)]
pub enum Speaks {
    /// CloudEvents, binary or structured.
    CloudEvents,
    /// Another system's own records, each a report.
    Reports(ReadReport),
}

/// Makes a report of the bytes of another system's record. Cheap to clone.
#[derive(Clone)]
pub struct ReadReport(Arc<Reading>);

type Reading = dyn Fn(&[u8]) -> Result<ReportIn, WireError> + Send + Sync;

impl ReadReport {
    /// Reads by this function.
    pub fn by(read: impl Fn(&[u8]) -> Result<ReportIn, WireError> + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    /// The report of a record.
    ///
    /// # Errors
    /// [`WireError`] if there is none in it.
    pub fn read(&self, bytes: &[u8]) -> Result<ReportIn, WireError> {
        (self.0)(bytes)
    }
}

impl fmt::Debug for ReadReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReadReport")
    }
}

/// One partition of a topic that is a source.
#[derive(Debug, Clone)]
pub struct Follow {
    /// What takes the records in.
    pub admit: Admit,
    /// Where they are read.
    pub log: Arc<dyn EventLog>,
    /// Where the offset is kept.
    pub store: Store,
    /// The topic: the intake's, or a foreign one.
    pub topic: Topic,
    /// Its partition.
    pub partition: u32,
    /// The adapter under which it is known to the watch, and its configured name.
    pub adapter: AdapterName,
    /// How its records are read.
    pub speaks: Speaks,
    /// Held by whoever follows this partition.
    pub lease: Lease,
}

impl Follow {
    /// Follows until told to stop.
    pub async fn run(self, stop: CancellationToken) {
        // From zero on, so that an alert sees the first one.
        self.admit.0.metrics.log_begins_late.with_label_values(&[&self.topic.to_string()]);
        while !stop.is_cancelled() {
            if let Err(error) = self.follow(&stop).await {
                let (topic, partition) = (&self.topic, self.partition);
                tracing::warn!(%topic, partition, error = %crate::chain(&error), "the topic waits");
            }
            tokio::select! { () = stop.cancelled() => break, () = tokio::time::sleep(Duration::from_secs(1)) => {} }
        }
        self.lease.release().await;
    }

    async fn follow(&self, stop: &CancellationToken) -> Result<(), PipelineError> {
        if self.lease.hold().await?.is_none() {
            return Ok(());
        }
        let source = late::source(&self.topic, self.partition);
        let start = self.log.bounds(&self.topic, self.partition).await?.start;
        let partition = (&self.topic, self.partition);
        let mut at = late::take_on(&self.store, &self.admit.0.metrics, partition, start).await?;
        let mut reader = self.log.reader(&self.topic, self.partition, at).await?;
        let sender = Sender { adapter: self.adapter.clone(), name: self.adapter.to_string(), may: None };
        while !stop.is_cancelled() && self.lease.hold().await?.is_some() {
            let batch = tokio::select! {
                () = stop.cancelled() => break,
                batch = reader.next(MAX_RECORDS, MAX_BYTES, Duration::from_secs(2)) => batch?,
            };
            if !batch.records.is_empty() && !self.take(&sender, &batch.records, stop).await {
                break;
            }
            if batch.next > at {
                self.store.source_move(&source, at, batch.next).await?;
                at = batch.next;
            }
        }
        Ok(())
    }

    /// Takes records in; tried again until they are, since the log they came from keeps them. `false` = told to stop first.
    async fn take(&self, sender: &Sender, records: &[Fetched], stop: &CancellationToken) -> bool {
        loop {
            let pieces = records.iter().map(|found| self.piece(sender, found)).collect();
            let Err(error) = self.admit.all(sender, pieces).await else { return true };
            let (topic, partition) = (&self.topic, self.partition);
            tracing::warn!(%topic, partition, error = %crate::chain(&error), "tried again");
            tokio::select! {
                () = stop.cancelled() => return false,
                () = tokio::time::sleep(error.retry_after()) => {}
            }
        }
    }

    fn piece<'a>(&self, sender: &'a Sender, found: &'a Fetched) -> (Sent<'a>, Items<Envelope<'a>>) {
        let body: &Bytes = &found.record.payload;
        let bytes = 0..body.len();
        let whole = found.torn.map_or(Ok(()), |torn| Err(docs::torn(torn)));
        let items = match &self.speaks {
            Speaks::CloudEvents => {
                let read = whole.and_then(|()| read_kafka(found.record.headers.iter(), body, KafkaOptions::default()));
                Items::Events(vec![Item { index: 0, bytes, read }])
            }
            Speaks::Reports(read) => {
                let read = whole.and_then(|()| read.read(body));
                Items::Reports(vec![Item { index: 0, bytes, read }])
            }
        };
        let origin = Origin {
            topic: self.topic.clone(),
            partition: self.partition,
            offset: found.offset,
            key: found.record.key.clone(),
        };
        (Sent { sender, body, headers: found.record.headers.clone(), origin: Some(origin) }, items)
    }
}
