//! Reports: claimed and their personal data put away first, the rest to the log; the same id again is an amendment.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use muster_domain::id::{CaseKind, SourceId, SourceName, VaultRef, computed};
use muster_domain::record::{LogRecord, Report};
use muster_rules::config::Config;
use muster_store::{ReportClaim, StoreError};
use muster_wire::cloudevents::Item;
use muster_wire::fault::{Fault, Reason};
use muster_wire::report::{self, ReportIn};
use sha2::{Digest, Sha256};

use super::recent::fingerprint;
use super::resolve::{self, Refused};
use super::{Admit, AdmitError, Batch, Sender, Sent, Unread};

/// What the reports of a batch need of the store before the log may have them: one transaction for all of it.
#[derive(Default)]
pub(super) struct Claims {
    reports: Vec<Claimed>,
    refused: Vec<Refusal>,
    /// Bytes of reports that could not be read, by the reference that their dead letter keeps.
    hidden: Vec<(String, String)>,
}

/// A report that can be taken, and the personal data that it must not carry into the log.
struct Claimed {
    report: Report,
    person: Option<String>,
}

/// A report that cannot be taken, so that whoever asks what became of it hears why.
struct Refusal {
    source: SourceName,
    id: SourceId,
    why: String,
}

impl Claims {
    /// Notes why a report was refused, where it can be told which one it was. Nobody is told anything of a report that
    /// the sender may not speak for: it is somebody else's.
    pub(super) fn refuse(&mut self, sender: &Sender, named: Option<(SourceName, SourceId)>, refused: &Refused) {
        let own = named.filter(|(source, _)| resolve::may_speak(sender, source.as_str()).is_ok());
        let why = refused.said.about(&refused.pointer);
        self.refused.extend(own.map(|(source, id)| Refusal { source, id, why }));
    }

    /// Which report the number means: first those that can be taken, then the others.
    fn name(&self, number: usize) -> Option<(&SourceName, &SourceId)> {
        let taken = self.reports.get(number).map(|Claimed { report, .. }| (&report.source, &report.id));
        let refused = || self.refused.get(number - self.reports.len()).map(|refusal| (&refusal.source, &refusal.id));
        taken.or_else(refused)
    }

    /// Puts away the bytes of a report that cannot be read. Gives what stands in their place in the dead letter.
    pub(super) fn hide(&mut self, bytes: &[u8]) -> Bytes {
        let text = BASE64_STANDARD.encode(bytes);
        let reference = computed("vault", &["dead letter", &text]);
        let instead = Bytes::from(format!("{{\"vault\":\"{reference}\"}}"));
        self.hidden.push((reference.to_string(), text));
        instead
    }
}

impl Admit {
    pub(super) fn each_report(&self, config: &Config, sent: &Sent<'_>, items: Vec<Item<ReportIn>>, batch: &mut Batch) {
        for item in items {
            let (named, taken) = match item.read {
                Ok(report) => (report.named(), self.report(config, sent.sender, report, batch)),
                Err(error) => (report::named(&sent.body[item.bytes.clone()]), Err(error.into())),
            };
            if let Err(refused) = taken {
                batch.claims.refuse(sent.sender, named, &refused);
                self.park(sent, batch, Unread::new(item.index, item.bytes, refused, true));
            }
        }
    }

    /// What is wrong with a report that came without a CloudEvent, without parking it: pointer and reason.
    ///
    /// # Errors
    /// [`AdmitError::NotReady`] while no configuration holds.
    pub fn would_refuse_report(&self, report: &ReportIn) -> Result<Option<(String, Reason)>, AdmitError> {
        let config = self.0.configs.latest().ok_or(AdmitError::NotReady)?;
        let refused = checked(&config, None, report).err();
        Ok(refused.map(|refused| (refused.pointer, refused.said)))
    }

    /// One report among the claims of the batch, or why it cannot be taken.
    pub(super) fn report(
        &self,
        config: &Config,
        sender: &Sender,
        report: ReportIn,
        batch: &mut Batch,
    ) -> Result<(), Refused> {
        let (id, kind) = checked(config, Some(sender), &report)?;
        let content = hex(&Sha256::digest(report.content()));
        let person = report.reporter.as_ref().map(|person| person.json());
        let reference = person.as_ref().map(|person| computed("vault", &[report.source.as_str(), id.as_str(), person]));
        let reporter = reference.map(|reference| VaultRef::parse(&reference)).transpose();
        let reporter = reporter.map_err(|error| Refused::new("invalid-id", "/reporter", error))?;
        let report = Report {
            source: report.source,
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
        };
        batch.claims.reports.push(Claimed { report, person });
        Ok(())
    }

    /// Claims the reports of a batch and puts away what is personal, in one transaction; what is new goes to the log.
    pub(super) async fn claim(&self, batch: &mut Batch) -> Result<(), AdmitError> {
        let all = std::mem::take(&mut batch.claims);
        if all.reports.is_empty() && all.hidden.is_empty() {
            return Ok(());
        }
        let now = self.0.clock.micros();
        let mut tx = self.0.store.begin().await.map_err(store_failed)?;
        // Two batches that name the same rows lock them in the same order, whatever order they were sent in.
        let mut order: Vec<usize> = (0..all.reports.len() + all.refused.len()).collect();
        order.sort_by_key(|&number| all.name(number));
        let Claims { reports, refused, hidden } = all;
        let mut claims = vec![None; reports.len()];
        for number in order {
            let Some(Claimed { report, .. }) = reports.get(number) else {
                let Refusal { source, id, why } = &refused[number - reports.len()];
                tx.report_refused(source.as_str(), id.as_str(), why, now).await.map_err(store_failed)?;
                continue;
            };
            let Report { source, id, content, .. } = report;
            let claim = tx.report_claim(source.as_str(), id.as_str(), content, now).await.map_err(store_failed)?;
            claims[number] = Some(claim);
        }
        let mut kept = hidden;
        for (Claimed { report, person }, claim) in reports.into_iter().zip(claims) {
            let print = fingerprint(&report.content, report.source.as_str(), report.id.as_str());
            // Pending may mean that we died before the log had it: then it is sent again, unless we know that the log
            // has it.
            let known = matches!(claim, Some(ReportClaim::Same { settled, .. })
                if settled || batch.remember.contains(&print) || self.recent().contains(print));
            if known {
                batch.admitted.duplicates += 1;
                continue;
            }
            kept.extend(report.reporter.as_ref().map(ToString::to_string).zip(person));
            let place = report.place.as_ref().map(ToString::to_string);
            let key = place.unwrap_or_else(|| format!("{}/{}", report.source, report.id));
            batch.appends.push(self.appended(self.partition(&key), &LogRecord::Report(report)));
            batch.remember.insert(print);
            batch.admitted.accepted += 1;
        }
        kept.sort();
        for (reference, text) in &kept {
            tx.vault_put(reference, text, now).await.map_err(store_failed)?;
        }
        tx.commit().await.map_err(store_failed)
    }
}

fn checked(config: &Config, sender: Option<&Sender>, report: &ReportIn) -> Result<(SourceId, CaseKind), Refused> {
    sender.map_or(Ok(()), |sender| resolve::may_speak(sender, report.source.as_str()))?;
    let Some(id) = report.id.clone() else {
        return Err(Refused::new("missing-field", "/id", Fault::MissingId));
    };
    let kind = CaseKind::parse(&report.kind).map_err(|error| Refused::new("invalid-id", "/kind", error))?;
    if report.place.as_ref().is_some_and(|place| !config.catalogue.places.contains_key(place)) {
        return Err(Refused::new("unknown-place", "/place", Fault::NotInCatalogue));
    }
    Ok((id, kind))
}

fn store_failed(error: StoreError) -> AdmitError {
    AdmitError::Store(error.into())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
