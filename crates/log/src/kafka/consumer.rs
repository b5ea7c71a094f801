//! Reading from Kafka: one client for many partitions, each with a queue of its own.

use std::collections::HashSet;
use std::ffi::CString;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rdkafka::config::ClientConfig;
use rdkafka::consumer::base_consumer::PartitionQueue;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::types::RDKafkaErrorCode as Code;
use tokio::sync::Notify;

use super::client::{Settings, Voice, number, trouble, unmade};
use super::native::{self, Message};
use crate::error::LogError;

/// How often the thread that serves a client looks whether it is still wanted.
const TURN: Duration = Duration::from_millis(250);

/// The clients that read. A second reader of a partition needs a second client, so there are as many clients as
/// readers of the partition most read.
pub(super) struct Consumers {
    config: ClientConfig,
    clients: Mutex<Vec<Arc<Client>>>,
}

impl Consumers {
    pub(super) fn new(settings: &Settings) -> Consumers {
        Consumers { config: settings.consumer.clone(), clients: Mutex::new(Vec::new()) }
    }

    /// Begins to fetch a partition from an absolute offset on.
    pub(super) fn subscribe(&self, topic: &str, partition: u32, from: u64) -> Result<Subscription, LogError> {
        let place = (topic.to_owned(), number(partition));
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let free = clients.iter().find(|client| client.usable() && client.hold(&place));
        let client = match free {
            Some(client) => Arc::clone(client),
            None => {
                let client = Client::start(&self.config)?;
                client.hold(&place);
                clients.retain(|client| client.usable());
                clients.push(Arc::clone(&client));
                client
            }
        };
        drop(clients);
        Subscription::begin(client, place, from)
    }

    /// Ends the threads; clients go when their last reader goes.
    pub(super) fn stop(&self) {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl fmt::Debug for Consumers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner).len();
        f.debug_struct("Consumers").field("clients", &clients).finish_non_exhaustive()
    }
}

/// One client and the partitions it fetches.
struct Client {
    consumer: Arc<BaseConsumer<Voice>>,
    held: Mutex<HashSet<(String, i32)>>,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    stop: AtomicBool,
    broken: AtomicBool,
}

impl Client {
    fn start(config: &ClientConfig) -> Result<Arc<Client>, LogError> {
        let consumer: BaseConsumer<Voice> = config.create_with_context(Voice::default()).map_err(unmade)?;
        let (consumer, state) = (Arc::new(consumer), Arc::new(State::default()));
        let served = (Arc::clone(&consumer), Arc::clone(&state));
        std::thread::Builder::new()
            .name("log-kafka".to_owned())
            .spawn(move || serve(&served.0, &served.1))
            .map_err(|error| LogError::unavailable("starting a thread for the Kafka client").because(error))?;
        Ok(Arc::new(Client { consumer, held: Mutex::default(), state }))
    }

    fn usable(&self) -> bool {
        !self.state.broken.load(Ordering::Relaxed)
    }

    /// Takes a partition unless another reader has it by this client.
    fn hold(&self, place: &(String, i32)) -> bool {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).insert(place.clone())
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.state.stop.store(true, Ordering::Relaxed);
    }
}

/// Serves what concerns the client as a whole. Records come by the queues of the partitions: one that comes here was
/// meant for a reader who would miss it, so the client is given up.
fn serve(consumer: &BaseConsumer<Voice>, state: &State) {
    while !state.stop.load(Ordering::Relaxed) {
        if let Some(Ok(_)) = consumer.poll(TURN) {
            tracing::error!("a record came by the wrong queue of the Kafka client; its readers have to begin again");
            state.broken.store(true, Ordering::Relaxed);
        }
    }
}

/// A partition being fetched; ends when it is dropped.
pub(super) struct Subscription {
    /// Rings the bell; what it holds is taken in batches.
    _queue: PartitionQueue<Voice>,
    client: Arc<Client>,
    pub(super) place: (String, i32),
    name: CString,
    /// Notified when the queue is no longer empty.
    pub(super) filled: Arc<Notify>,
}

impl Subscription {
    fn begin(client: Arc<Client>, place: (String, i32), from: u64) -> Result<Subscription, LogError> {
        let queue = client.consumer.split_partition_queue(&place.0, place.1);
        let (Some(mut queue), Ok(name)) = (queue, CString::new(place.0.as_str())) else {
            return Err(LogError::invalid(format!("the topic {:?} has no queue", place.0)));
        };
        let filled = Arc::new(Notify::new());
        let bell = Arc::clone(&filled);
        queue.set_nonempty_callback(move || bell.notify_one());
        let subscription = Subscription { _queue: queue, client, place, name, filled };
        // The queue is split off before the first fetch, so that no record can come by the client's own.
        let assigned = subscription.list(Offset::Offset(i64::try_from(from).unwrap_or(i64::MAX)));
        let assigned = assigned.and_then(|list| subscription.client.consumer.incremental_assign(&list));
        match assigned {
            Ok(()) => Ok(subscription),
            Err(error) => Err(trouble(&format!("beginning to read {} at {from}", subscription.place.0), error)),
        }
    }

    /// Takes what is ready, up to so many records and errors; waits for nothing.
    pub(super) fn ready(&self, most: usize) -> impl Iterator<Item = Message> {
        native::take_ready(self.client.consumer.client(), &self.name, self.place.1, most)
    }

    /// Whether the client has been given up.
    pub(super) fn broken(&self) -> bool {
        !self.client.usable()
    }

    /// The end of the partition as the last fetch told it.
    pub(super) fn known_end(&self) -> Option<u64> {
        native::known_end(self.client.consumer.client(), &self.name, self.place.1)
    }

    /// Begins anew at another offset; what is on its way for the former is not handed out any more.
    pub(super) fn seek(&self, to: u64) -> Result<(), LogError> {
        let list = self.list(Offset::Offset(i64::try_from(to).unwrap_or(i64::MAX)));
        // Nothing is waited for: the new place counts from the moment of the call.
        let sought = list.and_then(|list| self.client.consumer.seek_partitions(list, Duration::ZERO).map(drop));
        sought.map_err(|error| trouble(&format!("reading {} from {to} on", self.place.0), error))
    }

    /// What is ready first: the offset of a record, or an error with the offset of the batch that it is about.
    pub(super) fn first(&self) -> Option<Result<u64, (Code, u64)>> {
        let first = self.ready(1).next()?;
        Some(first.error().map_or(Ok(first.offset()), |code| Err((code.into(), first.offset()))))
    }

    fn list(&self, offset: Offset) -> Result<TopicPartitionList, rdkafka::error::KafkaError> {
        let mut list = TopicPartitionList::with_capacity(1);
        list.add_partition_offset(&self.place.0, self.place.1, offset)?;
        Ok(list)
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let ended = self.list(Offset::Invalid).and_then(|list| self.client.consumer.incremental_unassign(&list));
        match ended {
            Ok(()) => {
                self.client.held.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.place);
            }
            // The partition stays with this client: the next reader of it gets another.
            Err(error) => tracing::debug!(%error, topic = self.place.0, "a partition could not be let go"),
        }
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").field("place", &self.place).finish_non_exhaustive()
    }
}
