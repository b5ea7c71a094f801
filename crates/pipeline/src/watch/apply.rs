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
use muster_rules::watch::Engine;

use super::owner::Watch;
use crate::docs;

/// A record that the engine could not take.
pub(super) struct Fault {
    pub(super) offset: u64,
    pub(super) what: String,
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
    let fault = |what: String| Fault { offset: fetched.offset, what };
    if let Some(torn) = fetched.torn {
        return Err(fault(torn.to_string()));
    }
    let record = docs::decode(&fetched.record).map_err(|error| fault(error.to_string()))?;
    let configs = &watch.configs;
    let mut lookup = |version: u64| -> Option<Arc<Config>> { configs.get(version) };
    let applied = catch_unwind(AssertUnwindSafe(|| {
        #[cfg(test)]
        super::tests::blow("engine", &record);
        engine.apply(fetched.offset, &record, &mut lookup, out)
    }));
    match applied {
        Ok(Ok(())) => Ok(record),
        Ok(Err(error)) => Err(fault(error.to_string())),
        Err(panic) => Err(fault(words_of(&*panic))),
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
