//! `muster.report.v1`: what a person or another platform says.

use std::fmt;

use muster_domain::geo::{Crs, Position};
use muster_domain::id::{GridId, PlaceId, SourceId, SourceName};
use muster_domain::record::{Attachment, Severity};
use muster_domain::time::Seen;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::attachment::{self, AttachmentV1};
use crate::bounds::{MAX_ADDRESS_BYTES, MAX_ATTACHMENTS, MAX_PERSON_BYTES, MAX_TEXT_BYTES};
use crate::cloudevents::{Envelope, Item};
use crate::error::{At, Code, WireError};
use crate::fault::Fault;
use crate::mirror::mirrored;
use crate::object::Object;
use crate::text::Text;
use crate::{read, scan, split, write};

/// What a person or another platform sends: the reporter is still inside and must go to the vault before anything else.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportIn {
    /// Who says it.
    pub source: SourceName,
    /// The id they gave; `None` where the request must be known by its `Idempotency-Key`.
    pub id: Option<SourceId>,
    /// A code of the case-standard table, or a source's own code to be mapped. At most 128 bytes, never empty.
    pub kind: String,
    /// What they wrote.
    pub text: String,
    /// When it happened, as they say.
    pub occurred: Option<Seen>,
    /// Where, as a place.
    pub place: Option<PlaceId>,
    /// Where, as a position, in WGS-84.
    pub location: Option<Position>,
    /// Where, as a grid cell.
    pub grid: Option<GridId>,
    /// Where, in words.
    pub address: Option<String>,
    /// Who it was: personal data.
    pub reporter: Option<Reporter>,
    /// How bad they think it is.
    pub severity: Option<Severity>,
    /// Pictures.
    pub attachments: Vec<Attachment>,
}

/// A reporter's personal data. It is not printed, not even in traces.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Reporter {
    /// Their name.
    pub name: Option<String>,
    /// Their telephone number.
    pub phone: Option<String>,
    /// What they are, such as 网格员.
    pub role: Option<String>,
}

impl fmt::Debug for Reporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reporter(not shown)")
    }
}

impl Reporter {
    /// The JSON that the vault keeps.
    #[must_use]
    pub fn json(&self) -> String {
        let text = |value: &'_ Option<String>| value.clone().map(|text| Text(text.into()));
        write::text(&ReporterV1 { name: text(&self.name), phone: text(&self.phone), role: text(&self.role) })
    }

    /// Reads what the vault keeps.
    ///
    /// # Errors
    /// [`WireError`] if it is something else.
    pub fn read(json: &str) -> Result<Self, WireError> {
        read::typed::<ReporterV1<'_>>(json, &At::Root)?.checked(At::Root)
    }
}

impl ReportIn {
    /// Reads one report as JSON. Fields that are not known are passed over.
    ///
    /// # Errors
    /// [`WireError`] with the pointer into the report.
    pub fn read(json: &[u8]) -> Result<Self, WireError> {
        let report: ReportV1<'_> = read::typed(scan::check(json, "")?, &At::Root)?;
        checked(report, At::Root, None)
    }

    /// Reads a report out of its CloudEvent, which stands in for `source`, `id` and `occurred_at` where the report
    /// itself has none.
    ///
    /// # Errors
    /// [`WireError`] with the pointer into the structured form of the event.
    pub fn from_event(envelope: &Envelope<'_>) -> Result<Self, WireError> {
        let at = At::Root.key("data");
        checked(read::typed(envelope.data()?, &at)?, at, Some(envelope))
    }

    /// Which report it is, where it has an id.
    #[must_use]
    pub fn named(&self) -> Option<(SourceName, SourceId)> {
        Some((self.source.clone(), self.id.clone()?))
    }

    /// What makes it the same report again: everything but who reported, under which id, and the reporter. Its hash is
    /// [`Report::content`](muster_domain::record::Report::content); a hash over a telephone number would give it away.
    #[must_use]
    pub fn content(&self) -> Vec<u8> {
        write::bytes(&ReportV1 { source: None, id: None, reporter: None, ..self.mirror() })
    }

    /// The report as JSON, reporter and all, for those who send reports.
    #[must_use]
    pub fn json(&self) -> String {
        write::text(&self.mirror())
    }

    fn mirror(&self) -> ReportV1<'_> {
        ReportV1 {
            source: Some(self.source.as_str().into()),
            id: self.id.as_ref().map(|id| id.as_str().into()),
            kind: (&self.kind).into(),
            text: (&self.text).into(),
            occurred_at: self.occurred.map(|at| Text(crate::rfc3339(at.micros()).into())),
            place: self.place.as_ref().map(|id| id.as_str().into()),
            location: self.location.map(|at| Object(LocationV1::from(at))),
            grid: self.grid.as_ref().map(|id| id.as_str().into()),
            address: self.address.as_ref().map(Text::from),
            reporter: self.reporter.as_ref().map(|reporter| {
                Object(ReporterV1 {
                    name: reporter.name.as_ref().map(Text::from),
                    phone: reporter.phone.as_ref().map(Text::from),
                    role: reporter.role.as_ref().map(Text::from),
                })
            }),
            severity: self.severity.map(|severity| i64::from(severity.level())),
            attachments: attachment::mirrors(&self.attachments),
        }
    }
}

/// Reads one report or an array of them; each with its bytes and its own refusal.
///
/// # Errors
/// [`WireError`] if it is neither, or too large.
pub fn reports(body: &[u8]) -> Result<Vec<Item<ReportIn>>, WireError> {
    if body.trim_ascii_start().starts_with(b"[") {
        let ranges = split::array(body)?.into_iter().enumerate();
        return Ok(ranges
            .map(|(index, bytes)| Item { index, bytes: bytes.clone(), read: ReportIn::read(&body[bytes]) })
            .collect());
    }
    Ok(vec![Item { index: 0, bytes: 0..body.len(), read: ReportIn::read(body) }])
}

/// Which report it is that cannot be read, where that much can be.
#[must_use]
pub fn named(json: &[u8]) -> Option<(SourceName, SourceId)> {
    let NamedV1 { source, id } = read::typed(scan::check(json, "").ok()?, &At::Root).ok()?;
    Some((SourceName::parse(&source?).ok()?, SourceId::parse(&id?).ok()?))
}

/// The same of a report within a CloudEvent, whose source and id count where the report itself has none.
#[must_use]
pub fn named_by(envelope: &Envelope<'_>) -> Option<(SourceName, SourceId)> {
    let own = envelope.data().ok().and_then(|data| read::typed::<NamedV1<'_>>(data, &At::Root).ok());
    let NamedV1 { source, id } = own.unwrap_or_default();
    let source = SourceName::parse(source.as_deref().unwrap_or(&envelope.source)).ok()?;
    Some((source, SourceId::parse(id.as_deref().unwrap_or(&envelope.id)).ok()?))
}

fn checked(report: ReportV1<'_>, at: At<'_>, event: Option<&Envelope<'_>>) -> Result<ReportIn, WireError> {
    let source = match (&report.source, event) {
        (Some(source), _) => read::id(source, at.key("source"), SourceName::parse)?,
        (None, Some(event)) => read::id(&event.source, At::Root.key("source"), SourceName::parse)?,
        (None, None) => return Err(at.key("source").refuse(Code::MissingField, Fault::Missing)),
    };
    let id = match (&report.id, event) {
        (None, Some(event)) => Some(read::id(&event.id, At::Root.key("id"), SourceId::parse)?),
        (id, _) => read::maybe_id(id.as_ref(), at.key("id"), SourceId::parse)?,
    };
    let occurred = match &report.occurred_at {
        Some(text) => Some(Seen::from_micros(read::time(text, at.key("occurred_at"))?)),
        None => event.and_then(|event| event.time),
    };
    // A source's own code obeys the same bounds as ours.
    let kind = read::id(&report.kind, at.key("kind"), muster_domain::id::CaseKind::parse)?.as_str().to_owned();
    let address = report.address.map(|text| read::bounded(&text, at.key("address"), MAX_ADDRESS_BYTES));
    Ok(ReportIn {
        source,
        id,
        kind,
        text: read::bounded(&report.text, at.key("text"), MAX_TEXT_BYTES)?,
        occurred,
        place: read::maybe_id(report.place.as_ref(), at.key("place"), PlaceId::parse)?,
        location: report.location.map(|Object(location)| location.checked(at.key("location"))).transpose()?,
        grid: read::maybe_id(report.grid.as_ref(), at.key("grid"), GridId::parse)?,
        address: address.transpose()?,
        reporter: report.reporter.map(|Object(reporter)| reporter.checked(at.key("reporter"))).transpose()?,
        severity: report.severity.map(|level| severity(level, at.key("severity"))).transpose()?,
        attachments: attachment::checked(report.attachments, at.key("attachments"))?,
    })
}

/// A severity lies between 1 and 5.
pub(crate) fn severity(level: i64, at: At<'_>) -> Result<Severity, WireError> {
    let level = u8::try_from(level).ok().and_then(Severity::new);
    level.ok_or_else(|| at.refuse(Code::OutOfRange, Fault::NoSeverity))
}

/// A report: what a person or another platform says. `place`, `location`, `grid` and `address` may each be missing; with
/// none of them the case goes to the coordination post to be located. The same `source` and `id` again is an amendment: what
/// it says stands in the place of what was said before. A severity above that of the case raises it, and nothing lowers it;
/// another place, location, grid or address is told in the journal and moves no case that is live.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "Report", bound(deserialize = "'de: 'a"))]
pub(crate) struct ReportV1<'a> {
    /// Who says it, such as `141`. As data of a CloudEvent it may be left out: the event's source counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    source: Option<Text<'a>>,
    /// Unique with the source; the same again is an amendment. May be left out where an `Idempotency-Key` is sent, or
    /// as data of a CloudEvent: the event's id counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    id: Option<Text<'a>>,
    /// A code of the case-standard table, or a source's own code mapped in configuration.
    #[schemars(length(min = 1, max = 128))]
    kind: Text<'a>,
    /// What they wrote.
    #[serde(default)]
    #[schemars(length(max = MAX_TEXT_BYTES))]
    text: Text<'a>,
    /// When it happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    occurred_at: Option<Text<'a>>,
    /// A place of the catalogue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    place: Option<Text<'a>>,
    /// A position.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    location: Option<Object<LocationV1>>,
    /// A grid cell of the catalogue; one that it does not have tells nobody where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    grid: Option<Text<'a>>,
    /// Where, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = MAX_ADDRESS_BYTES))]
    address: Option<Text<'a>>,
    /// Who it was: personal data, which goes to the vault and into no topic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reporter: Option<Object<ReporterV1<'a>>>,
    /// 1 = lowest, 5 = life at risk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 5))]
    severity: Option<i64>,
    /// Pictures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = MAX_ATTACHMENTS))]
    attachments: Vec<Object<AttachmentV1<'a>>>,
}

/// What names a report, of whatever else may be wrong with it.
#[derive(Default, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct NamedV1<'a> {
    #[serde(default)]
    source: Option<Text<'a>>,
    #[serde(default)]
    id: Option<Text<'a>>,
}

/// Personal data of who reported.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename = "Reporter", bound(deserialize = "'de: 'a"))]
struct ReporterV1<'a> {
    /// Their name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = MAX_PERSON_BYTES))]
    name: Option<Text<'a>>,
    /// Their telephone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = MAX_PERSON_BYTES))]
    phone: Option<Text<'a>>,
    /// What they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = MAX_PERSON_BYTES))]
    role: Option<Text<'a>>,
}

impl fmt::Debug for ReporterV1<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReporterV1(not shown)")
    }
}

impl ReporterV1<'_> {
    fn checked(self, at: At<'_>) -> Result<Reporter, WireError> {
        let text = |value: Option<Text<'_>>, name: &str| {
            value.map(|text| read::bounded(&text, at.key(name), MAX_PERSON_BYTES)).transpose()
        };
        Ok(Reporter {
            name: text(self.name, "name")?,
            phone: text(self.phone, "phone")?,
            role: text(self.role, "role")?,
        })
    }
}

/// A position in degrees.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "Location")]
pub(crate) struct LocationV1 {
    /// Degrees east.
    #[schemars(range(min = -180.0, max = 180.0))]
    lon: f64,
    /// Degrees north.
    #[schemars(range(min = -90.0, max = 90.0))]
    lat: f64,
    /// The reference system: `wgs84` if it is left out.
    #[serde(default)]
    crs: CrsV1,
}

impl From<Position> for LocationV1 {
    fn from(position: Position) -> Self {
        Self { lon: position.lon(), lat: position.lat(), crs: CrsV1::Wgs84 }
    }
}

impl LocationV1 {
    pub(crate) fn checked(self, at: At<'_>) -> Result<Position, WireError> {
        Position::from_crs(self.lon, self.lat, self.crs.into()).map_err(|error| at.refuse(Code::OutOfRange, error))
    }
}

mirrored! {
    /// A coordinate reference system.
    CrsV1 as "Crs" = Crs { Wgs84, Gcj02, Bd09, Cgcs2000 }
}

#[expect(clippy::derivable_impls, reason = "the macro that makes the type knows of no default")]
impl Default for CrsV1 {
    fn default() -> Self {
        Self::Wgs84
    }
}
