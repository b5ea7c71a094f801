//! One record and the engine: decoded, applied, and a panic in there made a fault of that record.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use muster_domain::condition::Change;
use muster_domain::record::LogRecord;
use muster_log::Fetched;
use muster_rules::config::Config;
use muster_rules::watch::{Engine, EngineFault};
use muster_wire::WireError;
use muster_wire::fault::{self, Kept, Reason};

use super::owner::Watch;
use crate::docs;

/// A record that could not be taken.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(super) offset: u64,
    /// JSON pointer to what is wrong; empty = the whole.
    pointer: String,
    reason: Reason,
}

impl Fault {
    /// The work on a record broke off with these words.
    pub(super) fn broke(offset: u64, what: &str) -> Self {
        Self { offset, pointer: String::new(), reason: fault::Fault::WatchFault.with(&[("what", &what)]) }
    }

    /// The engine would not have it.
    pub(super) fn refused(offset: u64, error: &EngineFault) -> Self {
        let reason = match error {
            EngineFault::NoConfig { version, .. } => fault::Fault::WatchNoConfig.with(&[("version", version)]),
            EngineFault::Order { after, .. } => fault::Fault::WatchOrder.with(&[("after", after)]),
        };
        Self { offset, pointer: String::new(), reason }
    }

    /// What is wrong, with the field.
    pub(crate) fn what(&self) -> String {
        self.reason.about(&self.pointer)
    }

    /// The same for people, in their own language.
    pub(crate) fn said(&self) -> Kept {
        self.reason.kept(&self.pointer)
    }
}

/// The span that a record's consequences are traced in: who said it and where it lies.
pub(super) fn cause(record: &LogRecord, partition: u32, offset: u64) -> tracing::Span {
    match record {
        LogRecord::Observation(said) => {
            let (source, id, place) = (&said.source, &said.id, &said.place);
            tracing::info_span!("observation", %source, %id, %place, partition, offset)
        }
        LogRecord::Report(said) => {
            let (source, id) = (&said.source, &said.id);
            tracing::info_span!("report", %source, %id, partition, offset)
        }
        _ => tracing::info_span!("control", partition, offset),
    }
}

/// Decodes one record and lets the engine have it; a panic in there is a fault of that record.
pub(super) fn apply(
    engine: &mut Engine,
    watch: &Watch,
    fetched: &Fetched,
    out: &mut Vec<Change>,
) -> Result<LogRecord, Fault> {
    let offset = fetched.offset;
    let unread = |error: WireError| Fault { offset, pointer: error.pointer, reason: error.said };
    let record = docs::decode(&fetched.record).map_err(unread)?;
    let configs = &watch.configs;
    let mut lookup = |version: u64| -> Option<Arc<Config>> { configs.get(version) };
    let applied = catch_unwind(AssertUnwindSafe(|| {
        #[cfg(test)]
        super::tests::blow("engine", &record);
        engine.apply(offset, &record, &mut lookup, out)
    }));
    match applied {
        Ok(Ok(())) => Ok(record),
        Ok(Err(error)) => Err(Fault::refused(offset, &error)),
        Err(panic) => Err(Fault::broke(offset, &words_of(&*panic))),
    }
}

/// Does work to its end; a panic in it is what it said, and not the end of the task.
pub(super) async fn caught<T>(work: impl Future<Output = T>) -> Result<T, String> {
    let mut work = pin!(work);
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(done)) => Poll::Ready(Ok(done)),
        Err(panic) => Poll::Ready(Err(words_of(&*panic))),
    })
    .await
}

fn words_of(panic: &(dyn std::any::Any + Send)) -> String {
    let words = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    words.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "the watch panicked".to_owned())
}
