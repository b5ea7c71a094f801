//! Admit: check, resolve, append; acknowledge only what the log holds; park what cannot be read.

mod answers;
mod heart;
mod intake;
mod recent;
mod reports;
mod resolve;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use muster_domain::case::Case;
use muster_domain::id::AdapterName;
use muster_domain::record::{LogRecord, Observation};
use muster_domain::time::Span;
use muster_log::{Append, EventLog, Headers, LogError, MAX_RECORD_BYTES, Topic};
use muster_rules::config::Config;
use muster_store::Store;
use muster_wire::bounds::MAX_BATCH_BYTES;
use muster_wire::cloudevents::{Envelope, Item, OBSERVATION, REPORT};
use muster_wire::fault::{Fault, Reason};
use muster_wire::observation::ObservationIn;
use muster_wire::report::{self, ReportIn};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub use heart::beat;
pub use intake::{Follow, ReadReport, Speaks};

use crate::PipelineError;
use crate::clock::Clock;
use crate::configs::Configs;
use crate::docs;
use crate::metrics::Metrics;
use crate::park::Parked;
use recent::Recent;
use reports::Claims;
use resolve::{Limits, Refused};

/// Observations whose ids are remembered, to recognise repeats; about 32 bytes each.
const REMEMBERED: usize = 200_000;

/// How long a sender waits for the log. A broker that is gone may come back later than that, but whoever waits longer has
/// often gone as well, and would never hear that it has to come again.
const ANSWER: Duration = Duration::from_secs(10);

/// What is sent at once: a body over HTTP, or a batch of a topic with its last record.
const MOST_AT_ONCE: [usize; 2] = [MAX_BATCH_BYTES, intake::MAX_BYTES + MAX_RECORD_BYTES];

/// The least [`AdmitSettings::in_flight`] with which nothing is told for ever to try again.
pub const LEAST_IN_FLIGHT: usize = if MOST_AT_ONCE[0] > MOST_AT_ONCE[1] { MOST_AT_ONCE[0] } else { MOST_AT_ONCE[1] };

/// How admit judges times and how much it takes on at once.
#[derive(Debug, Clone, Copy)]
pub struct AdmitSettings {
    /// A time further ahead of ours than this is replaced by the time of receipt.
    pub skew: Span,
    /// An observation older than this is kept but decides nothing.
    pub late_after: Span,
    /// Bytes of intake under way at once; not below [`LEAST_IN_FLIGHT`].
    pub in_flight: usize,
}

/// Takes in what sources say. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Admit(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    log: Arc<dyn EventLog>,
    store: Store,
    configs: Configs,
    clock: Clock,
    metrics: Metrics,
    settings: AdmitSettings,
    room: Arc<Semaphore>,
    recent: Mutex<Recent>,
}

/// Who sends, as far as admit must know.
#[derive(Debug, Clone)]
pub struct Sender {
    /// Our adapter that it came through.
    pub adapter: AdapterName,
    /// The configured name of the source: the label of the counters, and the realm of its ids.
    pub name: String,
    /// The source names it may use; `None` = any. A name may end in `*`.
    pub may: Option<Vec<String>>,
}

/// Who is calling, put on each request by whoever checked the credential.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The name of the credential; the label of the counters.
    pub name: String,
    /// The source names it may use; `None` = any.
    pub may: Option<Vec<String>>,
    /// It may look at cases; a source that only sends may not.
    pub looks: bool,
    /// The jurisdiction whose cases alone it sees; `None` = every case.
    pub jurisdiction: Option<String>,
}

impl Caller {
    /// Whether a case is for its eyes. A case of another jurisdiction is as if it were not there.
    #[must_use]
    pub fn sees(&self, case: &Case) -> bool {
        self.jurisdiction.as_deref().is_none_or(|own| own == case.jurisdiction.as_str())
    }

    /// Whether it may send under the name of a source.
    #[must_use]
    pub fn speaks_for(&self, source: &str) -> bool {
        resolve::names(self.may.as_deref(), source)
    }
}

/// What was sent, before it is looked at.
#[derive(Debug)]
pub struct Sent<'a> {
    /// Who sent it.
    pub sender: &'a Sender,
    /// The bytes that the items lie in.
    pub body: &'a Bytes,
    /// Headers that a dead letter must keep, such as the content type.
    pub headers: Headers,
    /// Where it came from, when it came by a log.
    pub origin: Option<Origin>,
}

/// Where a record came from, when it came by a log.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The topic.
    pub topic: Topic,
    /// Its partition.
    pub partition: u32,
    /// Its offset there.
    pub offset: u64,
    /// Its key there.
    pub key: Option<Bytes>,
}

/// The items of what was sent.
#[derive(Debug)]
pub enum Items<E> {
    /// CloudEvents.
    Events(Vec<Item<E>>),
    /// Reports without CloudEvents around them.
    Reports(Vec<Item<ReportIn>>),
}

/// What became of what was sent: `accepted + duplicates + parked` is what was sent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Admitted {
    /// In the log now.
    pub accepted: usize,
    /// Known already, as far as admit remembers.
    pub duplicates: usize,
    /// Not readable, and kept in the dead letters.
    pub parked: Vec<ParkedItem>,
}

/// One item that was parked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParkedItem {
    /// Its number in what was sent, from 0.
    pub index: usize,
    /// JSON pointer to what is wrong.
    pub pointer: String,
    /// A stable code.
    pub code: String,
    /// What is wrong.
    pub reason: String,
}

/// Why nothing of what was sent was taken. The sender should try again.
#[derive(Debug, thiserror::Error)]
pub enum AdmitError {
    /// Too much is under way.
    #[error("more intake is under way than {limit} bytes; try again in a second")]
    Busy {
        /// The bound in bytes.
        limit: usize,
    },
    /// No configuration holds yet.
    #[error("no rule book and catalogue hold yet; try again in a few seconds, or run `muster import`")]
    NotReady,
    /// The log did not take it.
    #[error("the event log did not take it")]
    Log(#[source] LogError),
    /// The store did not take the personal data, or cannot say.
    #[error("the store cannot be used")]
    Store(#[source] PipelineError),
}

impl AdmitError {
    /// When trying again makes sense.
    #[must_use]
    pub fn retry_after(&self) -> Duration {
        match self {
            Self::Busy { .. } => Duration::from_secs(1),
            Self::NotReady => Duration::from_secs(2),
            Self::Log(error) => error.retry_after().unwrap_or(Duration::from_secs(5)),
            Self::Store(error) => error.retry_after(),
        }
    }

    /// The reason under which it is counted.
    fn reason(&self) -> &'static str {
        match self {
            Self::Busy { .. } => "busy",
            Self::NotReady => "not-ready",
            Self::Log(_) => "log",
            Self::Store(_) => "store",
        }
    }
}

fn unanswered(what: &str) -> AdmitError {
    AdmitError::Log(LogError::Unavailable { what: what.to_owned(), retry_after: Duration::from_secs(2), source: None })
}

/// What goes to the log of one call, and what becomes of it once it is there.
#[derive(Default)]
struct Batch {
    appends: Vec<Append>,
    admitted: Admitted,
    remember: HashSet<u128>,
    claims: Claims,
    late: u64,
    /// Those among what was said that answer a call.
    answers: Vec<Observation>,
}

/// An item that could not be read.
struct Unread {
    index: usize,
    range: std::ops::Range<usize>,
    refused: Refused,
    /// Its bytes may be personal data.
    personal: bool,
}

impl Unread {
    fn new(index: usize, range: std::ops::Range<usize>, refused: Refused, personal: bool) -> Self {
        Self { index, range, refused, personal }
    }
}

impl Admit {
    /// Admit over a log and a store.
    #[must_use]
    pub fn new(
        log: Arc<dyn EventLog>,
        store: Store,
        configs: Configs,
        clock: Clock,
        metrics: Metrics,
        settings: AdmitSettings,
    ) -> Self {
        let room = Arc::new(Semaphore::new(settings.in_flight.min(Semaphore::MAX_PERMITS)));
        let recent = Mutex::new(Recent::new(REMEMBERED));
        Self(Arc::new(Inner { log, store, configs, clock, metrics, settings, room, recent }))
    }

    /// The clock that stamps what comes in.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Takes in CloudEvents, observations and reports alike. Comes back when the log holds them durably.
    ///
    /// # Errors
    /// [`AdmitError`] if nothing was taken; what cannot be read is no error but parked.
    pub async fn events(&self, sent: Sent<'_>, items: Vec<Item<Envelope<'_>>>) -> Result<Admitted, AdmitError> {
        let sender = sent.sender;
        self.all(sender, vec![(sent, Items::Events(items))]).await
    }

    /// Takes in reports that came without CloudEvents. Comes back when the log holds them durably.
    ///
    /// # Errors
    /// [`AdmitError`] if nothing was taken.
    pub async fn reports(&self, sent: Sent<'_>, items: Vec<Item<ReportIn>>) -> Result<Admitted, AdmitError> {
        let sender = sent.sender;
        self.all(sender, vec![(sent, Items::Reports(items))]).await
    }

    /// Takes in all that one sender sent in several pieces, in their order and in one append: all of it or nothing.
    ///
    /// # Errors
    /// [`AdmitError`] if nothing was taken.
    pub async fn all(
        &self,
        sender: &Sender,
        pieces: Vec<(Sent<'_>, Items<Envelope<'_>>)>,
    ) -> Result<Admitted, AdmitError> {
        let timer = self.0.metrics.admit_seconds.start_timer();
        let taken = self.take(sender, pieces).await;
        match &taken {
            Ok(_) => timer.observe_duration(),
            Err(error) => {
                timer.stop_and_discard();
                self.0.metrics.intake_refusals.with_label_values(&[error.reason()]).inc();
            }
        }
        taken
    }

    async fn take(
        &self,
        sender: &Sender,
        pieces: Vec<(Sent<'_>, Items<Envelope<'_>>)>,
    ) -> Result<Admitted, AdmitError> {
        let room = self.room(pieces.iter().map(|(sent, _)| sent.body.len()).sum())?;
        let config = self.0.configs.latest().ok_or(AdmitError::NotReady)?;
        let mut batch = Batch::default();
        for (sent, items) in pieces {
            match items {
                Items::Events(items) => self.each_event(&config, &sent, items, &mut batch),
                Items::Reports(items) => self.each_report(&config, &sent, items, &mut batch),
            }
        }
        self.answers(&config, &mut batch).await?;
        self.claim(&mut batch).await?;
        self.append(sender, batch, room).await
    }

    fn each_event(&self, config: &Config, sent: &Sent<'_>, items: Vec<Item<Envelope<'_>>>, batch: &mut Batch) {
        for item in items {
            let event = match item.read {
                Ok(event) => event,
                Err(error) => {
                    self.park(sent, batch, Unread::new(item.index, item.bytes, error.into(), false));
                    continue;
                }
            };
            let (named, taken) = match event.kind.as_ref() {
                OBSERVATION => (None, self.observation(config, sent, &event, batch)),
                REPORT => match ReportIn::from_event(&event) {
                    Ok(report) => (report.named(), self.report(config, sent.sender, report, batch)),
                    Err(error) => (report::named_by(&event), Err(error.into())),
                },
                _ => (None, Err(Refused::new("unknown-type", "/type", Fault::NoEventType))),
            };
            if let Err(refused) = taken {
                let personal = event.kind.as_ref() == REPORT;
                batch.claims.refuse(sent.sender, named, &refused);
                self.park(sent, batch, Unread::new(item.index, item.bytes, refused, personal));
            }
        }
    }

    /// Whether the first of the items would be parked, and why: JSON pointer and reason. Nothing is taken.
    ///
    /// # Errors
    /// [`AdmitError::NotReady`] while no configuration holds.
    pub fn would_refuse(&self, items: &[Item<Envelope<'_>>]) -> Result<Option<(String, Reason)>, AdmitError> {
        let config = self.0.configs.latest().ok_or(AdmitError::NotReady)?;
        let Some(item) = items.first() else { return Ok(None) };
        let adapter = AdapterName::parse("replay")
            .map_err(|_| AdmitError::Store(PipelineError::Broken("an adapter's name is no id")))?;
        let refused = match &item.read {
            Err(error) => Err(Refused::from(error.clone())),
            Ok(event) if event.kind.as_ref() == OBSERVATION => ObservationIn::read(event)
                .map_err(Refused::from)
                .and_then(|observation| resolve::observation(&config, &adapter, observation, self.limits()))
                .map(drop),
            Ok(event) => match ReportIn::from_event(event) {
                Ok(report) => return self.would_refuse_report(&report),
                Err(error) => Err(error.into()),
            },
        };
        Ok(refused.err().map(|refused| (refused.pointer, refused.said)))
    }

    fn limits(&self) -> Limits {
        let AdmitSettings { skew, late_after, .. } = self.0.settings;
        Limits { skew, late_after, received: self.0.clock.received() }
    }

    fn room(&self, bytes: usize) -> Result<OwnedSemaphorePermit, AdmitError> {
        let limit = self.0.settings.in_flight;
        let bytes = u32::try_from(bytes.max(1024)).unwrap_or(u32::MAX);
        Arc::clone(&self.0.room).try_acquire_many_owned(bytes).map_err(|_| AdmitError::Busy { limit })
    }

    fn observation(
        &self,
        config: &Config,
        sent: &Sent<'_>,
        event: &Envelope<'_>,
        batch: &mut Batch,
    ) -> Result<(), Refused> {
        let observation = ObservationIn::read(event)?;
        resolve::may_speak(sent.sender, observation.source.as_str())?;
        let print = recent::fingerprint(&sent.sender.name, observation.source.as_str(), observation.id.as_str());
        if batch.remember.contains(&print) || self.recent().contains(print) {
            batch.admitted.duplicates += 1;
            return Ok(());
        }
        let copies = resolve::observation(config, &sent.sender.adapter, observation, self.limits())?;
        if let Some(copy) = copies.first() {
            let (source, id, device, places) = (&copy.source, &copy.id, &copy.device, copies.len());
            tracing::debug!(%source, %id, %device, places, sender = sent.sender.name, "admitted");
        }
        batch.late += u64::from(copies.first().is_some_and(|copy| copy.late));
        batch.answers.extend(copies.iter().filter(|copy| answers::is_answer(copy)).cloned());
        for copy in copies {
            let partition = self.partition(copy.place.as_str());
            batch.appends.push(self.appended(partition, &LogRecord::Observation(copy)));
        }
        batch.remember.insert(print);
        batch.admitted.accepted += 1;
        Ok(())
    }

    fn partition(&self, key: &str) -> u32 {
        muster_domain::partition::partition(key, self.0.log.partitions(&Topic::Observation))
    }

    fn appended(&self, partition: u32, record: &LogRecord) -> Append {
        Append { topic: Topic::Observation, partition, record: docs::encode(record, self.0.clock.micros()) }
    }

    fn recent(&self) -> std::sync::MutexGuard<'_, Recent> {
        self.0.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts an item into the batch as a dead letter. A report's bytes may be personal: they go to the vault.
    fn park(&self, sent: &Sent<'_>, batch: &mut Batch, unread: Unread) {
        let Unread { index, range, refused, personal } = unread;
        let topic = sent.origin.as_ref().map_or(Topic::Intake, |origin| origin.topic.clone());
        let name = self.0.log.identity().of(&topic).map_or_else(|| topic.to_string(), |known| known.name.clone());
        let bytes = sent.body.slice(range);
        let received = self.0.clock.micros();
        let payload = if personal { batch.claims.hide(&bytes) } else { bytes };
        batch.admitted.parked.push(ParkedItem {
            index,
            pointer: refused.pointer.clone(),
            code: refused.code.to_owned(),
            reason: refused.reason.clone(),
        });
        self.0.metrics.dead_letters.with_label_values(&[&topic.to_string(), refused.code]).inc();
        let parked = Parked {
            topic,
            key: sent.origin.as_ref().and_then(|origin| origin.key.clone()),
            payload,
            headers: sent.headers.clone(),
            position: sent.origin.as_ref().map(|origin| (origin.partition, origin.offset)),
            received,
            code: refused.code.to_owned(),
            message: refused.said.about(&refused.pointer),
            said: refused.said.kept(&refused.pointer),
        };
        batch.appends.push(parked.append(&name));
    }

    async fn append(&self, sender: &Sender, batch: Batch, room: OwnedSemaphorePermit) -> Result<Admitted, AdmitError> {
        let Batch { appends, admitted, remember, late, .. } = batch;
        if !appends.is_empty() {
            let log = Arc::clone(&self.0.log);
            // It goes on when nobody waits any more, and takes its room until then.
            let appended = tokio::spawn(async move {
                let appended = log.append(appends).await;
                drop(room);
                appended
            });
            let late = |_| unanswered("the log did not say within 10 s that it has it, and may have it all the same");
            let ended = |_| unanswered("the log's work ended before its answer");
            let answer = tokio::time::timeout(ANSWER, appended).await.map_err(late)?;
            answer.map_err(ended)?.map_err(AdmitError::Log)?;
        }
        let mut recent = self.recent();
        for print in remember {
            recent.insert(print);
        }
        drop(recent);
        let (accepted, duplicates, parked) = (admitted.accepted, admitted.duplicates, admitted.parked.len());
        tracing::debug!(sender = sender.name, accepted, duplicates, parked, "acknowledged");
        let count = |outcome: &str, n: usize| {
            if n > 0 {
                self.0.metrics.observations.with_label_values(&[sender.name.as_str(), outcome]).inc_by(n as u64);
            }
        };
        count("accepted", admitted.accepted);
        count("duplicate", admitted.duplicates);
        count("parked", admitted.parked.len());
        count("late", usize::try_from(late).unwrap_or_default());
        Ok(admitted)
    }
}
