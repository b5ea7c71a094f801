//! Reports: personal data to the vault first, the rest to the log; the same (source, id) again is an amendment.

use bytes::Bytes;
use muster_domain::id::{CaseKind, SourceId, SourceName, VaultRef, computed};
use muster_domain::record::{LogRecord, Report};
use muster_rules::config::Config;
use muster_store::{ReportClaim, Store, StoreError};
use muster_wire::cloudevents::Item;
use muster_wire::report::ReportIn;
use sha2::{Digest, Sha256};

use super::recent::fingerprint;
use super::resolve::{self, Refused};
use super::{Admit, AdmitError, Batch, Sender, Sent, Unread};
use crate::PipelineError;

impl Admit {
    pub(super) async fn each_report(
        &self,
        config: &Config,
        sent: &Sent<'_>,
        items: Vec<Item<ReportIn>>,
        batch: &mut Batch,
    ) -> Result<(), AdmitError> {
        for item in items {
            let taken = match item.read {
                Ok(report) => self.report(config, sent.sender, report, batch).await?,
                Err(error) => Err(error.into()),
            };
            if let Err(refused) = taken {
                self.park(sent, batch, Unread::new(item.index, item.bytes, refused, true)).await?;
            }
        }
        Ok(())
    }

    /// What is wrong with a report that came without a CloudEvent, without parking it: pointer and reason.
    ///
    /// # Errors
    /// [`AdmitError::NotReady`] while no configuration holds.
    pub fn would_refuse_report(&self, report: &ReportIn) -> Result<Option<(String, String)>, AdmitError> {
        let config = self.0.configs.latest().ok_or(AdmitError::NotReady)?;
        let refused = checked(&config, None, report).err();
        Ok(refused.map(|refused| (refused.pointer, refused.reason)))
    }

    /// One report into the batch, or why it cannot be taken.
    pub(super) async fn report(
        &self,
        config: &Config,
        sender: &Sender,
        report: ReportIn,
        batch: &mut Batch,
    ) -> Result<Result<(), Refused>, AdmitError> {
        let (id, kind) = match checked(config, Some(sender), &report) {
            Ok(checked) => checked,
            Err(refused) => return Ok(Err(refused)),
        };
        let (source, now) = (report.source.clone(), self.0.clock.micros());
        let content = hex(&Sha256::digest(report.content()));
        let store = &self.0.store;
        let claim = store.report_claim(source.as_str(), id.as_str(), &content, now).await.map_err(store_failed)?;
        // Pending may mean that we died before the log had it: then it is sent again, unless we know that the log has it.
        let print = fingerprint(&content, source.as_str(), id.as_str());
        let known = match claim {
            ReportClaim::Same { settled, .. } => {
                settled || batch.remember.contains(&print) || self.recent().contains(print)
            }
            ReportClaim::New | ReportClaim::Amended { .. } => false,
        };
        if known {
            batch.admitted.duplicates += 1;
            return Ok(Ok(()));
        }
        let reporter = match &report.reporter {
            Some(person) => Some(keep(store, &source, &id, &person.json(), now).await?),
            None => None,
        };
        let key = report.place.as_ref().map_or_else(|| format!("{source}/{id}"), |place| place.as_str().to_owned());
        let record = LogRecord::Report(Report {
            source,
            id,
            kind,
            text: report.text,
            occurred: report.occurred,
            received: self.0.clock.received(),
            place: report.place,
            location: report.location,
            grid: report.grid,
            address: report.address,
            reporter,
            severity: report.severity,
            attachments: report.attachments,
            config: config.version,
            content,
        });
        batch.appends.push(self.appended(self.partition(&key), &record));
        batch.remember.insert(print);
        batch.admitted.accepted += 1;
        Ok(Ok(()))
    }
}

fn checked(config: &Config, sender: Option<&Sender>, report: &ReportIn) -> Result<(SourceId, CaseKind), Refused> {
    sender.map_or(Ok(()), |sender| resolve::may_speak(sender, report.source.as_str()))?;
    let Some(id) = report.id.clone() else {
        let reason = "is missing; give one that is unique for the source, or send Idempotency-Key";
        return Err(Refused::new("missing-field", "/id", reason));
    };
    let kind = CaseKind::parse(&report.kind).map_err(|error| Refused::new("invalid-id", "/kind", error.to_string()))?;
    if report.place.as_ref().is_some_and(|place| !config.catalogue.places.contains_key(place)) {
        return Err(Refused::new("unknown-place", "/place", "is not in the catalogue"));
    }
    Ok((id, kind))
}

async fn keep(
    store: &Store,
    source: &SourceName,
    id: &SourceId,
    person: &str,
    now: i64,
) -> Result<VaultRef, AdmitError> {
    let reference = computed("vault", &[source.as_str(), id.as_str(), person]);
    store.vault_put(&reference, person, now).await.map_err(store_failed)?;
    VaultRef::parse(&reference).map_err(|_| AdmitError::Store(PipelineError::Broken("a vault reference is no id")))
}

/// Puts the bytes of a report that cannot be read into the vault; the dead letter keeps only the reference.
pub(super) async fn hide(store: &Store, bytes: &Bytes, now: i64) -> Result<Bytes, AdmitError> {
    let text = String::from_utf8_lossy(bytes);
    let reference = computed("vault", &["dead letter", &text]);
    store.vault_put(&reference, &text, now).await.map_err(store_failed)?;
    Ok(Bytes::from(format!("{{\"vault\":\"{reference}\"}}")))
}

fn store_failed(error: StoreError) -> AdmitError {
    AdmitError::Store(error.into())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
