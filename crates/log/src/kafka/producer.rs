//! Appending to Kafka: one idempotent producer, whose reports are taken from it on a thread of their own.

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::error::KafkaError;
use rdkafka::message::{Header, Message, OwnedHeaders};
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer as _, ProducerContext, ThreadedProducer};
use rdkafka::types::RDKafkaErrorCode as Code;
use tokio::sync::{Semaphore, oneshot};

use super::client::{Settings, Voice, number, trouble, unmade};
use crate::error::LogError;
use crate::identity::LogIdentity;
use crate::record::{Append, MAX_APPEND_BYTES, MAX_RECORD_BYTES};
use crate::settings::LogSettings;

/// What may be on its way, in KiB, each record rounded up: who wants to send more waits.
const ROOM: u32 = 2 * (MAX_APPEND_BYTES / 1024) as u32;
/// A report must come within the producer's own time limit; this is the belt to that.
const GRACE: Duration = Duration::from_secs(15);

/// The client underneath.
pub(super) type Sender = ThreadedProducer<Reports>;

/// Appends to Kafka.
pub(super) struct Producer {
    config: ClientConfig,
    voice: Voice,
    sender: RwLock<Arc<Sender>>,
    room: Semaphore,
    patience: Duration,
}

impl Producer {
    pub(super) fn new(settings: &Settings, of: &LogSettings) -> Result<Producer, LogError> {
        let voice = Voice::default();
        let sender = RwLock::new(make(&settings.producer, &voice)?);
        let (config, patience) = (settings.producer.clone(), of.append_timeout.max(Duration::from_secs(1)) + GRACE);
        Ok(Producer { config, voice, sender, room: Semaphore::new(ROOM as usize), patience })
    }

    /// The client in use now.
    pub(super) fn current(&self) -> Arc<Sender> {
        Arc::clone(&self.sender.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Sends all records and waits until all are acknowledged.
    pub(super) async fn append(&self, batch: &[Append], identity: &LogIdentity) -> Result<Vec<u64>, LogError> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let weight: usize = batch.iter().map(|append| append.record.size() / 1024 + 1).sum();
        let weight = u32::try_from(weight).unwrap_or(ROOM).min(ROOM);
        let _room = self.room.acquire_many(weight).await.map_err(|_| LogError::Closed)?;
        let sender = self.current();
        let answer = send(&sender, batch, identity);
        let answer = tokio::time::timeout(self.patience, answer).await;
        match answer {
            Ok(Ok(Ok(offsets))) => Ok(offsets),
            Ok(Ok(Err(error))) => Err(self.failed(error, &sender)),
            Ok(Err(_)) => Err(LogError::Closed),
            Err(_) => Err(LogError::unavailable("the broker's acknowledgement did not come")),
        }
    }

    fn failed(&self, error: KafkaError, sender: &Arc<Sender>) -> LogError {
        if let Some((code, reason)) = sender.client().fatal_error() {
            // An idempotent producer that has lost its place never sends again; a new one begins afresh.
            tracing::error!(%code, reason, "the producer is beyond use and is replaced");
            self.replace(sender);
        }
        match error.rdkafka_error_code() {
            Some(Code::MessageSizeTooLarge) => {
                LogError::TooLarge { what: "a record".to_owned(), size: MAX_RECORD_BYTES, limit: MAX_RECORD_BYTES }
            }
            Some(Code::MessageTimedOut) => {
                let why = self.voice.last_error().map_or(String::new(), |why| format!(" ({why})"));
                LogError::unavailable(format!("the brokers took no record in time{why}")).because(error)
            }
            _ => trouble("appending to Kafka", error),
        }
    }

    fn replace(&self, broken: &Arc<Sender>) {
        let mut sender = self.sender.write().unwrap_or_else(PoisonError::into_inner);
        if Arc::ptr_eq(&sender, broken) {
            match make(&self.config, &self.voice) {
                Ok(new) => *sender = new,
                Err(error) => tracing::error!(%error, "no new producer can be made"),
            }
        }
    }
}

impl std::fmt::Debug for Producer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Producer").field("room", &self.room.available_permits()).finish_non_exhaustive()
    }
}

fn make(config: &ClientConfig, voice: &Voice) -> Result<Arc<Sender>, LogError> {
    config.create_with_context(Reports(voice.clone())).map(Arc::new).map_err(unmade)
}

/// Hands all records over at once, so that successive calls keep their order; the answer comes by the reports.
fn send(sender: &Sender, batch: &[Append], identity: &LogIdentity) -> oneshot::Receiver<Result<Vec<u64>, KafkaError>> {
    let (call, answer) = Call::new(batch.len());
    for (index, append) in batch.iter().enumerate() {
        let name = identity.of(&append.topic).map_or("", |topic| topic.name.as_str());
        let ticket = Box::new(Ticket { call: Arc::clone(&call), index });
        // Kafka's client takes 0 for "now".
        let timestamp_ms = append.record.timestamp_us.div_euclid(1000).max(1);
        let mut record = BaseRecord::with_opaque_to(name, ticket)
            .partition(number(append.partition))
            .payload(&append.record.payload[..])
            .timestamp(timestamp_ms);
        if let Some(key) = &append.record.key {
            record = record.key(&key[..]);
        }
        if !append.record.headers.is_empty() {
            let headers = OwnedHeaders::new_with_capacity(append.record.headers.len());
            let add = |headers: OwnedHeaders, (key, value)| headers.insert(Header { key, value: Some(value) });
            record = record.headers(append.record.headers.iter().fold(headers, add));
        }
        if let Err((error, _)) = sender.send(record) {
            // Nothing after it may overtake it.
            call.settle(batch.len() - index, Err(error));
            break;
        }
    }
    answer
}

/// One call of append, counting its reports.
pub(super) struct Call(Mutex<Open>);

struct Open {
    offsets: Vec<u64>,
    left: usize,
    error: Option<KafkaError>,
    answer: Option<oneshot::Sender<Result<Vec<u64>, KafkaError>>>,
}

/// What travels with a record and comes back with its report.
pub(super) struct Ticket {
    call: Arc<Call>,
    index: usize,
}

impl Call {
    fn new(records: usize) -> (Arc<Call>, oneshot::Receiver<Result<Vec<u64>, KafkaError>>) {
        let (sender, answer) = oneshot::channel();
        let open = Open { offsets: vec![0; records], left: records, error: None, answer: Some(sender) };
        (Arc::new(Call(Mutex::new(open))), answer)
    }

    fn settle(&self, records: usize, result: Result<(usize, u64), KafkaError>) {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match result {
            Ok((index, offset)) => {
                if let Some(place) = open.offsets.get_mut(index) {
                    *place = offset;
                }
            }
            Err(error) => open.error = Some(open.error.take().unwrap_or(error)),
        }
        open.left = open.left.saturating_sub(records);
        if open.left == 0
            && let Some(answer) = open.answer.take()
        {
            let offsets = std::mem::take(&mut open.offsets);
            // Who does not wait any more does not want to know.
            let _ = answer.send(open.error.take().map_or(Ok(offsets), Err));
        }
    }
}

/// Takes the producer's reports.
pub(super) struct Reports(Voice);

impl Reports {
    pub(super) fn voice(&self) -> &Voice {
        &self.0
    }
}

impl ClientContext for Reports {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.0.log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.0.error(error, reason);
    }
}

impl ProducerContext for Reports {
    type DeliveryOpaque = Box<Ticket>;

    fn delivery(&self, result: &DeliveryResult<'_>, ticket: Box<Ticket>) {
        let result = match result {
            Ok(message) => Ok((ticket.index, u64::try_from(message.offset()).unwrap_or(0))),
            Err((error, _)) => Err(error.clone()),
        };
        ticket.call.settle(1, result);
    }
}
