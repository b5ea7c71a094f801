//! One reader of one lane, woken by the writer.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::shelf::Shelf;
use crate::LogReader;
use crate::error::LogError;
use crate::record::Batch;

/// The longest wait: more would overflow the clock, and nobody waits longer without asking again.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3600);

/// One reader of one lane.
#[derive(Debug)]
pub(super) struct EmbeddedReader {
    shelf: Arc<Shelf>,
    lane: usize,
    next: u64,
    tail: watch::Receiver<u64>,
}

impl EmbeddedReader {
    pub(super) fn new(shelf: Arc<Shelf>, lane: usize, next: u64, tail: watch::Receiver<u64>) -> EmbeddedReader {
        EmbeddedReader { shelf, lane, next, tail }
    }

    async fn read(&mut self, end: u64, max_records: usize, max_bytes: usize) -> Result<Batch, LogError> {
        let there = usize::try_from(end - self.next).unwrap_or(usize::MAX);
        let arena = self.shelf.read(self.lane, self.next, there.min(max_records.max(1)), max_bytes.max(1)).await;
        let start = self.shelf.start(self.lane);
        if self.next < start {
            return Err(self.out_of_range(start, end));
        }
        let arena = arena?;
        let Some(next) = arena.next() else {
            return Err(LogError::corrupt(format!("offset {} is missing, though the log ends at {end}", self.next)));
        };
        self.next = next;
        Ok(Batch { records: arena.finish(), next, end })
    }

    fn out_of_range(&self, start: u64, end: u64) -> LogError {
        let Some((topic, partition)) = self.shelf.lanes.get(self.lane) else { return LogError::Closed };
        LogError::OutOfRange { topic: topic.clone(), partition: *partition, wanted: self.next, start, end }
    }
}

#[async_trait::async_trait]
impl LogReader for EmbeddedReader {
    async fn next(&mut self, max_records: usize, max_bytes: usize, wait: Duration) -> Result<Batch, LogError> {
        let deadline = Instant::now() + wait.min(LONGEST_WAIT);
        loop {
            let end = *self.tail.borrow_and_update();
            if self.next < end {
                return self.read(end, max_records, max_bytes).await;
            }
            match timeout_at(deadline, self.tail.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return Err(LogError::Closed),
                Err(_) => return Ok(Batch { records: Vec::new(), next: self.next, end }),
            }
        }
    }
}
