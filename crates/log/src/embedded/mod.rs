//! The embedded log: an append-only table in SQLite files of its own, one a day, written by one task.

mod copy;
mod day;
mod folder;
mod inspect;
mod lanes;
mod reader;
mod shelf;
mod writer;

use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::{Mutex, mpsc, oneshot, watch};
use tokio::task::JoinHandle;

pub use self::copy::copy_days;
pub use self::folder::FolderLock;
pub(crate) use self::inspect::inspect;
use self::lanes::Lanes;
use self::reader::EmbeddedReader;
use self::shelf::Shelf;
use self::writer::{Request, Writer};
use crate::error::LogError;
use crate::identity::{LogIdentity, TopicIdentity};
use crate::record::{Append, Bounds, check_batch};
use crate::settings::{LogSettings, Profile};
use crate::surroundings::{DiskSpace, Surroundings};
use crate::topic::Topic;
use crate::{EventLog, LogReader};

/// Calls of append that may wait for the writer before the next caller has to wait for room.
const WAITING_CALLS: usize = 1024;

/// The embedded log of one data folder.
#[derive(Debug)]
pub(crate) struct EmbeddedLog {
    identity: LogIdentity,
    shelf: Arc<Shelf>,
    tails: Vec<watch::Receiver<u64>>,
    requests: RwLock<Option<mpsc::Sender<Request>>>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl EmbeddedLog {
    pub(crate) async fn open(settings: &LogSettings, surroundings: Surroundings) -> Result<EmbeddedLog, LogError> {
        let lock = FolderLock::acquire(&settings.data_dir)?;
        let lanes = Lanes::new(&settings.topic_prefix, settings.partitions);
        let (shelf, newest) = Shelf::open(settings, lanes, surroundings).await?;
        let shelf = Arc::new(shelf);
        let (senders, tails) = newest.tails.iter().map(|tail| watch::channel(*tail)).unzip();
        let (requests, waiting) = mpsc::channel(WAITING_CALLS);
        let writer = Writer::new(Arc::clone(&shelf), newest, senders, lock);
        Ok(EmbeddedLog {
            identity: identity(&shelf),
            shelf,
            tails,
            requests: RwLock::new(Some(requests)),
            writer: Mutex::new(Some(tokio::spawn(writer.run(waiting)))),
        })
    }

    fn lane(&self, topic: &Topic, partition: u32) -> Result<usize, LogError> {
        self.shelf
            .lanes
            .index(topic, partition)
            .ok_or_else(|| LogError::invalid(format!("{topic} has no partition {partition}")))
    }

    fn requests(&self) -> Result<mpsc::Sender<Request>, LogError> {
        let requests = self.requests.read().unwrap_or_else(PoisonError::into_inner);
        requests.clone().ok_or(LogError::Closed)
    }

    fn bounds_of(&self, lane: usize) -> Result<Bounds, LogError> {
        self.requests()?;
        Ok(Bounds { start: self.shelf.start(lane), end: *self.tails[lane].borrow() })
    }
}

#[async_trait::async_trait]
impl EventLog for EmbeddedLog {
    fn identity(&self) -> &LogIdentity {
        &self.identity
    }

    async fn append(&self, batch: Vec<Append>) -> Result<Vec<u64>, LogError> {
        let bytes = check_batch(&batch, |topic| self.partitions(topic))?;
        let requests = self.requests()?;
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let (reply, answer) = oneshot::channel();
        requests.send(Request { batch, bytes, reply }).await.map_err(|_| LogError::Closed)?;
        answer.await.unwrap_or(Err(LogError::Closed))
    }

    async fn reader(&self, topic: &Topic, partition: u32, from: u64) -> Result<Box<dyn LogReader>, LogError> {
        let lane = self.lane(topic, partition)?;
        let Bounds { start, end } = self.bounds_of(lane)?;
        if !(start..=end).contains(&from) {
            return Err(LogError::OutOfRange { topic: topic.clone(), partition, wanted: from, start, end });
        }
        let (shelf, tail) = (Arc::clone(&self.shelf), self.tails[lane].clone());
        Ok(Box::new(EmbeddedReader::new(shelf, lane, from, tail)))
    }

    async fn bounds(&self, topic: &Topic, partition: u32) -> Result<Bounds, LogError> {
        self.bounds_of(self.lane(topic, partition)?)
    }

    async fn healthy(&self) -> Result<(), LogError> {
        self.requests()?;
        self.shelf.check_space()
    }

    fn disk(&self) -> Option<DiskSpace> {
        self.shelf.space().ok()
    }

    async fn close(&self) {
        // The writer ends when nobody can ask it any more, after the last one who has asked.
        drop(self.requests.write().unwrap_or_else(PoisonError::into_inner).take());
        let writer = self.writer.lock().await.take();
        if let Some(writer) = writer
            && writer.await.is_err()
        {
            tracing::error!("the writer of the embedded log had died");
        }
    }
}

fn identity(shelf: &Shelf) -> LogIdentity {
    let of = |topic: &Topic| TopicIdentity {
        topic: topic.clone(),
        name: topic.name(shelf.lanes.prefix()),
        generation: shelf.generation.clone(),
        partitions: shelf.lanes.partitions(topic),
    };
    let topics = Topic::OWN.iter().map(of).collect();
    LogIdentity { profile: Profile::Embedded, cluster: "embedded".to_owned(), topics }
}
