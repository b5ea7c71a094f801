//! Observations and reports as admit leaves them: resolved, stamped, and without personal data.

use std::borrow::Cow;

use muster_domain::id::{
    AdapterName, CaseKind, DeviceId, GridId, ObservationKind, PlaceId, SourceId, SourceName, VaultRef,
};
use muster_domain::record::{Observation, Report};
use muster_domain::time::{Received, Seen};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{DATA, Head, needed, plain};
use crate::attachment::{self, AttachmentV1};
use crate::error::{At, WireError};
use crate::instant::Instant;
use crate::kafka::Draft;
use crate::object::Object;
use crate::observation::HealthV1;
use crate::report::{LocationV1, severity};
use crate::text::Text;
use crate::value::Values;
use crate::{read, write};

/// An observation as admit accepted it, at one place.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "ObservationRecord", bound(deserialize = "'de: 'a"))]
pub(crate) struct ObservationRecordV1<'a> {
    /// The device that saw it.
    pub(super) device: Text<'a>,
    /// The place: one record for each place that the device covers.
    pub(super) place: Text<'a>,
    /// The kind of observation.
    pub(super) kind: Text<'a>,
    /// What was seen.
    #[serde(default)]
    pub(super) values: Values<'a>,
    /// How sure the source is, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) confidence: Option<f64>,
    /// What the source claims about its own health.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) health: Option<Object<HealthV1>>,
    /// Pictures of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) evidence: Vec<Object<AttachmentV1<'a>>>,
    /// What admit added.
    pub(super) admitted: AdmittedV1<'a>,
}

/// What admit adds to an observation.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "Admitted", bound(deserialize = "'de: 'a"))]
pub(super) struct AdmittedV1<'a> {
    /// The adapter that took it in.
    pub(super) adapter: Text<'a>,
    /// When it was taken in.
    pub(super) received: Instant,
    /// The configuration version it was resolved with.
    pub(super) config: u64,
    /// Its own time lay ahead of ours and was replaced.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) skewed: bool,
    /// It is too old to decide anything.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) late: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

pub(super) fn observation(observation: &Observation) -> Draft<'_> {
    let data = ObservationRecordV1 {
        device: observation.device.as_str().into(),
        place: observation.place.as_str().into(),
        kind: observation.kind.as_str().into(),
        values: Values::listed(&observation.values),
        confidence: observation.confidence,
        health: observation.health.map(|health| Object(HealthV1::from(health))),
        evidence: attachment::mirrors(&observation.evidence),
        admitted: AdmittedV1 {
            adapter: observation.adapter.as_str().into(),
            received: Instant(observation.received.micros()),
            config: observation.config,
            skewed: observation.skewed,
            late: observation.late,
        },
    };
    Draft {
        kind: crate::cloudevents::OBSERVATION,
        source: observation.source.as_str(),
        id: Cow::Borrowed(observation.id.as_str()),
        time: Some(observation.seen.micros()),
        subject: Some(observation.place.as_str()),
        payload: write::bytes(&data),
    }
}

pub(super) fn read_observation(head: &Head<'_>, data: &str) -> Result<Observation, WireError> {
    let data = match plain::observation(data) {
        Some(read) => read,
        None => read::typed(data, &DATA)?,
    };
    Ok(Observation {
        source: read::id(needed(head.source, "source")?, At::Root.key("source"), SourceName::parse)?,
        id: read::id(needed(head.id, "id")?, At::Root.key("id"), SourceId::parse)?,
        adapter: read::id(&data.admitted.adapter, DATA.key("admitted").key("adapter"), AdapterName::parse)?,
        device: read::id(&data.device, DATA.key("device"), DeviceId::parse)?,
        place: read::id(&data.place, DATA.key("place"), PlaceId::parse)?,
        kind: read::id(&data.kind, DATA.key("kind"), ObservationKind::parse)?,
        values: data.values.checked(DATA.key("values"))?,
        confidence: data.confidence,
        health: data.health.map(|Object(health)| health.into()),
        evidence: attachment::checked(data.evidence, DATA.key("evidence"))?,
        seen: Seen::from_micros(head.time()?),
        received: Received::from_micros(data.admitted.received.0),
        skewed: data.admitted.skewed,
        late: data.admitted.late,
        config: data.admitted.config,
    })
}

/// A report as admit accepted it: its kind mapped, its reporter in the vault.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "ReportRecord", bound(deserialize = "'de: 'a"))]
pub(crate) struct ReportRecordV1<'a> {
    /// The kind of incident.
    kind: Text<'a>,
    /// What they wrote.
    text: Text<'a>,
    /// When it happened, as they say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    occurred_at: Option<Instant>,
    /// Where, as a place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    place: Option<Text<'a>>,
    /// Where, as a position.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    location: Option<Object<LocationV1>>,
    /// Where, as a grid cell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    grid: Option<Text<'a>>,
    /// Where, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<Text<'a>>,
    /// How bad they think it is, 1 to 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    severity: Option<i64>,
    /// Pictures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<Object<AttachmentV1<'a>>>,
    /// What admit added.
    admitted: AdmittedReportV1<'a>,
}

/// What admit adds to a report.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "AdmittedReport", bound(deserialize = "'de: 'a"))]
struct AdmittedReportV1<'a> {
    /// When it was taken in.
    received: Instant,
    /// The configuration version it was resolved with.
    config: u64,
    /// Where the vault keeps the reporter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reporter: Option<Text<'a>>,
    /// SHA-256 of its content in hex.
    content: Text<'a>,
}

pub(super) fn report(report: &Report) -> Draft<'_> {
    let data = ReportRecordV1 {
        kind: report.kind.as_str().into(),
        text: (&report.text).into(),
        occurred_at: report.occurred.map(|at| Instant(at.micros())),
        place: report.place.as_ref().map(|id| id.as_str().into()),
        location: report.location.map(|at| Object(LocationV1::from(at))),
        grid: report.grid.as_ref().map(|id| id.as_str().into()),
        address: report.address.as_ref().map(Text::from),
        severity: report.severity.map(|severity| i64::from(severity.level())),
        attachments: attachment::mirrors(&report.attachments),
        admitted: AdmittedReportV1 {
            received: Instant(report.received.micros()),
            config: report.config,
            reporter: report.reporter.as_ref().map(|vault| vault.as_str().into()),
            content: (&report.content).into(),
        },
    };
    Draft {
        kind: crate::cloudevents::REPORT,
        source: report.source.as_str(),
        id: Cow::Borrowed(report.id.as_str()),
        time: Some(report.occurred.map_or(report.received.micros(), Seen::micros)),
        subject: report.place.as_ref().map(PlaceId::as_str),
        payload: write::bytes(&data),
    }
}

pub(super) fn read_report(head: &Head<'_>, data: &str) -> Result<Report, WireError> {
    let data: ReportRecordV1<'_> = read::typed(data, &DATA)?;
    let admitted = data.admitted;
    Ok(Report {
        source: read::id(needed(head.source, "source")?, At::Root.key("source"), SourceName::parse)?,
        id: read::id(needed(head.id, "id")?, At::Root.key("id"), SourceId::parse)?,
        kind: read::id(&data.kind, DATA.key("kind"), CaseKind::parse)?,
        text: data.text.into(),
        occurred: data.occurred_at.map(|at| Seen::from_micros(at.0)),
        received: Received::from_micros(admitted.received.0),
        place: read::maybe_id(data.place.as_ref(), DATA.key("place"), PlaceId::parse)?,
        location: data.location.map(|Object(location)| location.checked(DATA.key("location"))).transpose()?,
        grid: read::maybe_id(data.grid.as_ref(), DATA.key("grid"), GridId::parse)?,
        address: data.address.map(String::from),
        reporter: read::maybe_id(admitted.reporter.as_ref(), DATA.key("admitted").key("reporter"), VaultRef::parse)?,
        severity: data.severity.map(|level| severity(level, DATA.key("severity"))).transpose()?,
        attachments: attachment::checked(data.attachments, DATA.key("attachments"))?,
        config: admitted.config,
        content: admitted.content.into(),
    })
}
