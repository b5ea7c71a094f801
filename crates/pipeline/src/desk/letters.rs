//! Dead letters 死信: looked at, mended, taken again, or dropped with a reason.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use muster_domain::id::AdapterName;
use muster_log::Headers;
use muster_store::{DeadLetter, DeadLetterFilter, DeadLetterState, Page};
use muster_wire::WireError;
use muster_wire::cloudevents::{Item, KafkaOptions, read_kafka};
use muster_wire::fault::Reason;
use muster_wire::report::ReportIn;

use super::Desk;
use crate::PipelineError;
use crate::admit::{AdmitError, Admitted, Sender, Sent};
use crate::outbox;

/// A dead letter with its bytes.
pub type Letter = DeadLetter;

/// Why a dead letter was not taken again or dropped.
#[derive(Debug, thiserror::Error)]
pub enum LetterError {
    /// There is none of that id.
    #[error("there is no such dead letter")]
    Unknown,
    /// It was dealt with before.
    #[error("it was dealt with before: {0}")]
    Settled(String),
    /// It still cannot be read.
    #[error("it still cannot be read: {}", reason.about(pointer))]
    StillBad {
        /// JSON pointer to what is wrong.
        pointer: String,
        /// What is wrong.
        reason: Reason,
    },
    /// Dropping needs a reason.
    #[error("dropping needs a reason in words")]
    NoReason,
    /// It cannot be taken now.
    #[error("it cannot be taken now")]
    NotNow(#[from] AdmitError),
    /// The store cannot say.
    #[error("the store cannot be used")]
    Failed(#[from] PipelineError),
}

/// What came of letters that were taken again together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Again {
    /// So many were taken.
    pub taken: usize,
    /// So many still cannot be read.
    pub bad: usize,
}

impl Desk {
    /// One page of dead letters, newest first, without their bytes.
    ///
    /// # Errors
    /// [`PipelineError`] if the store cannot say.
    pub async fn letters(
        &self,
        filter: &DeadLetterFilter,
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<Page<muster_store::DeadLetterRow>, PipelineError> {
        Ok(self.store.dead_letters(filter, limit, cursor).await?)
    }

    /// One dead letter with its bytes.
    ///
    /// # Errors
    /// [`PipelineError`] if the store cannot say.
    pub async fn letter(&self, id: u64) -> Result<Option<Letter>, PipelineError> {
        Ok(self.store.dead_letter(id).await?)
    }

    /// Takes a dead letter again, as it is or with other bytes in its place.
    ///
    /// # Errors
    /// [`LetterError`] if it still cannot be read, or not now; it then stays as it is.
    pub async fn replay(&self, id: u64, mended: Option<Bytes>) -> Result<Admitted, LetterError> {
        let letter = self.letter(id).await?.ok_or(LetterError::Unknown)?;
        if letter.row.state != DeadLetterState::Open {
            return Err(LetterError::Settled(letter.row.state.name().to_owned()));
        }
        let body = match mended {
            Some(mended) => mended,
            None => self.unhidden(Bytes::from(letter.bytes.clone())).await?,
        };
        let headers = headers(&letter.row.headers);
        if let Some(foreign) = self.foreign.get(&letter.row.original_topic) {
            // Mended in its own shape, or written anew in ours.
            let report = foreign.read(&body).or_else(|error| ReportIn::read(&body).map_err(|_| error));
            return self.replay_report(id, &body, report).await;
        }
        if is_plain_report(&headers) {
            return self.replay_report(id, &body, ReportIn::read(&body)).await;
        }
        let read = {
            let pairs = headers.iter().map(|(name, value)| (name.as_str(), value.as_ref()));
            read_kafka(pairs, &body, KafkaOptions::default())
        };
        let read = read.map_err(|error| LetterError::StillBad { pointer: error.pointer, reason: error.said })?;
        let sender = sender()?;
        let items = vec![Item { index: 0, bytes: 0..body.len(), read: Ok(read) }];
        // Tried first without parking: a letter that is still bad must not be parked a second time.
        if let Some(refused) = self.admit.would_refuse(&items)? {
            return Err(LetterError::StillBad { pointer: refused.0, reason: refused.1 });
        }
        let sent = Sent { sender: &sender, body: &body, headers: Headers::default(), origin: None };
        let admitted = self.admit.events(sent, items).await?;
        self.settle(id, DeadLetterState::Replayed, "").await?;
        Ok(admitted)
    }

    /// Takes all open letters of a code again, the oldest first. One that is still bad stays, and holds up no other.
    ///
    /// # Errors
    /// [`LetterError`] if nothing can be taken now; what was taken until then stays taken.
    pub async fn replay_all(&self, code: &str) -> Result<Again, LetterError> {
        let (code, state) = (Some(code.to_owned()), Some(DeadLetterState::Open));
        let filter = DeadLetterFilter { code, state, ..DeadLetterFilter::default() };
        let (mut ids, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let page = self.letters(&filter, 500, cursor.as_deref()).await?;
            ids.extend(page.items.iter().map(|row| row.id));
            match page.next {
                Some(next) => cursor = Some(next),
                None => break,
            }
        }
        let mut again = Again::default();
        for id in ids.into_iter().rev() {
            match self.replay(id, None).await {
                Ok(_) => again.taken += 1,
                Err(LetterError::StillBad { .. }) => again.bad += 1,
                // Somebody else was first.
                Err(LetterError::Settled(_) | LetterError::Unknown) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(again)
    }

    /// A report that came without a CloudEvent around it.
    async fn replay_report(
        &self,
        id: u64,
        body: &Bytes,
        report: Result<ReportIn, WireError>,
    ) -> Result<Admitted, LetterError> {
        let bad = |pointer, reason| LetterError::StillBad { pointer, reason };
        let report = report.map_err(|error| bad(error.pointer, error.said))?;
        if let Some((pointer, reason)) = self.admit.would_refuse_report(&report)? {
            return Err(bad(pointer, reason));
        }
        let sender = sender()?;
        let items = vec![Item { index: 0, bytes: 0..body.len(), read: Ok(report) }];
        let sent = Sent { sender: &sender, body, headers: Headers::default(), origin: None };
        let admitted = self.admit.reports(sent, items).await?;
        self.settle(id, DeadLetterState::Replayed, "").await?;
        Ok(admitted)
    }

    /// Drops a dead letter for good.
    ///
    /// # Errors
    /// [`LetterError`] without a reason, or if it was dealt with before.
    pub async fn drop_letter(&self, id: u64, reason: &str) -> Result<(), LetterError> {
        if reason.trim().is_empty() {
            return Err(LetterError::NoReason);
        }
        self.settle(id, DeadLetterState::Dropped, reason).await
    }

    async fn settle(&self, id: u64, state: DeadLetterState, note: &str) -> Result<(), LetterError> {
        if self.mark(id, state, note).await? {
            self.wake.publish.notify_one();
            return Ok(());
        }
        match self.letter(id).await? {
            None => Err(LetterError::Unknown),
            Some(letter) => Err(LetterError::Settled(letter.row.state.name().to_owned())),
        }
    }

    /// Says what was done about an open letter, and tells open screens; `false` if there is none, or it is not open.
    async fn mark(&self, id: u64, state: DeadLetterState, note: &str) -> Result<bool, PipelineError> {
        let mut tx = self.store.begin().await?;
        let marked = tx.dead_letter_mark(id, state, note).await?;
        if marked {
            tx.outbox_push(&[outbox::letters(state, 1, self.clock.micros())?]).await?;
        }
        tx.commit().await?;
        Ok(marked)
    }

    /// The bytes that a vault reference stands for; all other bytes as they are.
    async fn unhidden(&self, body: Bytes) -> Result<Bytes, PipelineError> {
        let reference = serde_json::from_slice::<serde_json::Value>(&body).ok().and_then(|value| {
            value.as_object().filter(|object| object.len() == 1)?.get("vault")?.as_str().map(str::to_owned)
        });
        let Some(reference) = reference else { return Ok(body) };
        let hidden = self.store.vault_get(&reference).await?;
        Ok(hidden.and_then(|text| BASE64_STANDARD.decode(text).ok()).map_or(body, Bytes::from))
    }
}

/// Who takes dead letters again: they were let in once.
fn sender() -> Result<Sender, PipelineError> {
    let adapter = AdapterName::parse("replay").map_err(|_| PipelineError::Broken("an adapter's name is no id"))?;
    Ok(Sender { adapter, name: "replay".to_owned(), may: None })
}

/// Plain JSON that is no CloudEvent in binary mode: of all doors only that of reports takes it.
fn is_plain_report(headers: &[(String, Bytes)]) -> bool {
    let essence = |value: &Bytes| {
        let kind = value.split(|byte| *byte == b';').next().unwrap_or_default();
        kind.trim_ascii().eq_ignore_ascii_case(b"application/json")
    };
    let json = headers.iter().any(|(name, value)| name == "content-type" && essence(value));
    json && !headers.iter().any(|(name, _)| name.starts_with("ce_"))
}

/// The headers as they came: HTTP's `ce-` become Kafka's `ce_`; a batch or a line holds structured events.
fn headers(stored: &str) -> Vec<(String, Bytes)> {
    let pairs: Vec<(String, String)> = serde_json::from_str(stored).unwrap_or_default();
    let read = |(name, value): (String, String)| {
        let value = BASE64_STANDARD.decode(value).unwrap_or_default();
        let name = name.strip_prefix("ce-").map_or(name.clone(), |bare| format!("ce_{bare}"));
        let many = name == "content-type"
            && (value.starts_with(b"application/cloudevents-batch") || value.starts_with(b"application/x-ndjson"));
        let value = if many { Bytes::from_static(b"application/cloudevents+json") } else { Bytes::from(value) };
        (name, value)
    };
    pairs.into_iter().map(read).collect()
}
