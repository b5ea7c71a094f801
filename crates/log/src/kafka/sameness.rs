//! Whether the brokers still hold the log that was opened: wiped or restored ones have other topics of the same names.

use std::ffi::CString;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rdkafka::producer::Producer as _;
use tokio::sync::watch;

use super::client::blocking;
use super::native;
use super::producer::{Producer, Sender};
use crate::error::LogError;
use crate::identity::LogIdentity;

/// How often it is looked at while nothing gives cause.
const LOOK: Duration = Duration::from_secs(5);
/// How long the brokers may take to say.
const ANSWER: Duration = Duration::from_secs(5);

/// What the topics were when the log was opened, and whether they still are.
#[derive(Debug)]
pub(super) struct Sameness {
    /// Names and ids of the topics that have ids.
    topics: Vec<(String, String)>,
    /// The troubles of the connection that had been when it was last found to be the same.
    confirmed: AtomicU64,
    /// What is another now: for good, since offsets of the one mean nothing in the other.
    other: OnceLock<String>,
}

impl Sameness {
    pub(super) fn new(identity: &LogIdentity) -> Arc<Self> {
        let named = identity.topics.iter().map(|topic| (topic.name.clone(), topic.generation.clone()));
        let topics = named.filter(|(_, id)| !id.is_empty()).collect();
        Arc::new(Self { topics, confirmed: AtomicU64::new(0), other: OnceLock::new() })
    }

    /// Refuses once the log was found to be another.
    pub(super) fn known(&self) -> Result<(), LogError> {
        match self.other.get() {
            None => Ok(()),
            Some(what) => Err(LogError::refused(
                format!("the brokers hold another log now: {what}"),
                "stop this process; point log.url and log.topic_prefix at the log that the store belongs to, or store.url at \
                 an empty store and run `muster migrate`",
            )),
        }
    }

    /// As [`known`](Self::known), after asking if the connection to the brokers had any trouble since it was last asked.
    pub(super) async fn since_trouble(&self, sender: Arc<Sender>) -> Result<(), LogError> {
        let troubles = sender.client().context().voice().troubles();
        if self.confirmed.load(Ordering::SeqCst) == troubles { self.known() } else { self.confirm(sender).await }
    }

    /// Asks the brokers.
    pub(super) async fn confirm(&self, sender: Arc<Sender>) -> Result<(), LogError> {
        self.known()?;
        let troubles = sender.client().context().voice().troubles();
        let names: Vec<CString> = self.topics.iter().filter_map(|(name, _)| CString::new(name.as_str()).ok()).collect();
        if names.is_empty() {
            return Ok(());
        }
        let ids = blocking(move || {
            native::topic_ids(sender.client(), &names, ANSWER)
                .map_err(|error| LogError::unavailable(format!("the brokers do not tell the topics' ids: {error}")))
        });
        for ((name, id), found) in self.topics.iter().zip(ids.await?) {
            if found.is_empty() {
                return Err(LogError::unavailable(format!("the brokers do not have the topic {name}")));
            }
            if found != *id {
                let _ = self.other.set(format!("the topic {name} was `{id}` and is `{found}`"));
                return self.known();
            }
        }
        self.confirmed.store(troubles, Ordering::SeqCst);
        Ok(())
    }

    /// Looks again and again until the log is closed.
    pub(super) async fn watch(self: Arc<Self>, producer: Arc<Producer>, mut closed: watch::Receiver<bool>) {
        loop {
            tokio::select! {
                _ = closed.wait_for(|closed| *closed) => return,
                () = tokio::time::sleep(LOOK) => {}
            }
            match self.confirm(producer.current()).await {
                Err(error) if !error.retryable() => {
                    tracing::error!(%error, "nothing is read or written any more");
                    return;
                }
                // Whoever reads or writes says so.
                _ => {}
            }
        }
    }
}
