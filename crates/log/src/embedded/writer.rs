//! The one writer: takes everything that waits into one transaction, and answers when it is on the disk.

use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::SqliteConnection;
use tokio::sync::{mpsc, oneshot, watch};

use super::day::{self, Inserts, NewRow};
use super::folder::FolderLock;
use super::shelf::{Newest, Shelf};
use crate::error::LogError;
use crate::record::Append;

/// A transaction takes no more calls once it has this many bytes or records: those who wait should not wait long.
const GROUP_BYTES: usize = 4 * 1024 * 1024;
const GROUP_RECORDS: usize = 8192;
/// How often days that have outlived their retention are looked for when the day does not change.
const TIDY_EVERY: Duration = Duration::from_secs(600);

/// A call of append on its way to the disk.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) batch: Vec<Append>,
    pub(super) bytes: usize,
    pub(super) reply: oneshot::Sender<Result<Vec<u64>, LogError>>,
}

/// The writer of one log.
#[derive(Debug)]
pub(super) struct Writer {
    shelf: Arc<Shelf>,
    newest: Newest,
    /// Tells the readers; when it is dropped they learn that the log is closed.
    tails: Vec<watch::Sender<u64>>,
    inserts: Inserts,
    /// After a failed transaction: whether it is on the disk is not known until the file has been read again.
    in_doubt: bool,
    /// Nobody else may write while there is a writer, whoever else still holds the log.
    _lock: FolderLock,
}

impl Writer {
    pub(super) fn new(shelf: Arc<Shelf>, newest: Newest, tails: Vec<watch::Sender<u64>>, lock: FolderLock) -> Writer {
        Writer { shelf, newest, tails, inserts: Inserts::new(), in_doubt: false, _lock: lock }
    }

    pub(super) async fn run(mut self, mut waiting: mpsc::Receiver<Request>) {
        let mut tidy = tokio::time::interval(TIDY_EVERY);
        loop {
            let first = tokio::select! {
                biased;
                request = waiting.recv() => request,
                _ = tidy.tick() => {
                    self.shelf.expire().await;
                    continue;
                }
            };
            let Some(first) = first else { break };
            let group = group(first, &mut waiting);
            self.commit(group).await;
        }
        day::close(self.newest.file).await;
        self.shelf.close().await;
    }

    async fn commit(&mut self, group: Vec<Request>) {
        match self.write(&group).await {
            Ok(offsets) => {
                self.tell_readers();
                for (request, offsets) in group.into_iter().zip(offsets) {
                    // Who does not wait any more does not want to know.
                    let _ = request.reply.send(Ok(offsets));
                }
            }
            Err(error) => {
                for request in group {
                    let _ = request.reply.send(Err(error.clone()));
                }
            }
        }
    }

    /// The offsets given to each call, once all are on the disk.
    async fn write(&mut self, group: &[Request]) -> Result<Vec<Vec<u64>>, LogError> {
        self.shelf.check_space()?;
        if self.in_doubt {
            (self.newest.file, self.newest.tails) = self.shelf.reopen(self.newest.date).await?;
            self.in_doubt = false;
            self.tell_readers();
        }
        if let Some(date) = self.shelf.later_day(self.newest.date)? {
            let file = self.shelf.begin(date, &self.newest.tails).await?;
            let ended = std::mem::replace(&mut self.newest.file, file);
            self.newest.date = date;
            finish(ended).await;
            self.shelf.expire().await;
        }
        let mut tails = self.newest.tails.clone();
        let (rows, offsets) = number(group, &self.shelf, &mut tails);
        self.in_doubt = true;
        self.inserts.write(&mut self.newest.file, rows).await?;
        self.in_doubt = false;
        self.newest.tails = tails;
        Ok(offsets)
    }

    fn tell_readers(&self) {
        for (sender, tail) in self.tails.iter().zip(&self.newest.tails) {
            sender.send_if_modified(|known| std::mem::replace(known, *tail) != *tail);
        }
    }
}

/// What waits already goes with the first: nobody is made to wait for company.
fn group(first: Request, waiting: &mut mpsc::Receiver<Request>) -> Vec<Request> {
    let (mut bytes, mut records) = (first.bytes, first.batch.len());
    let mut group = vec![first];
    while bytes < GROUP_BYTES
        && records < GROUP_RECORDS
        && let Ok(request) = waiting.try_recv()
    {
        bytes += request.bytes;
        records += request.batch.len();
        group.push(request);
    }
    group
}

/// Gives every record its offset and moves the tails.
fn number<'a>(group: &'a [Request], shelf: &Shelf, tails: &mut [u64]) -> (Vec<NewRow<'a>>, Vec<Vec<u64>>) {
    let mut rows = Vec::with_capacity(group.iter().map(|request| request.batch.len()).sum());
    let mut given = Vec::with_capacity(group.len());
    for request in group {
        let mut offsets = Vec::with_capacity(request.batch.len());
        for append in &request.batch {
            let record = &append.record;
            // Partitions were checked before the call was let in.
            let Some(lane) = shelf.lanes.index(&append.topic, append.partition) else { continue };
            let offset = tails[lane];
            tails[lane] += 1;
            offsets.push(offset);
            rows.push(NewRow {
                lane,
                offset,
                timestamp_us: record.timestamp_us,
                key: record.key.as_deref(),
                headers: Some(record.headers.packed()).filter(|packed| !packed.is_empty()),
                payload: &record.payload,
            });
        }
        given.push(offsets);
    }
    (rows, given)
}

/// Moves what the day's journal still holds into its file and lets go of it.
async fn finish(mut ended: SqliteConnection) {
    // While somebody reads the journal it stays; it is moved when the last of them has gone.
    if let Err(error) = sqlx::query("pragma wal_checkpoint(truncate)").execute(&mut ended).await {
        tracing::debug!(%error, "the journal of the day before is still being read");
    }
    day::close(ended).await;
}
