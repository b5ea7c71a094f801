//! `muster.observation.v1`: what a source sends when it saw something.

use muster_domain::id::{DeviceId, ObservationKind, PlaceId, SourceId, SourceName};
use muster_domain::record::{Attachment, Health, Part, Value, ValueName};
use muster_domain::time::Seen;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::attachment::{self, AttachmentV1};
use crate::bounds::MAX_ATTACHMENTS;
use crate::cloudevents::Envelope;
use crate::error::{At, Code, WireError};
use crate::fault::Fault;
use crate::mirror::mirrored;
use crate::object::Object;
use crate::read;
use crate::text::Text;
use crate::value::Values;

/// What a source sends: checked in itself, not yet against the catalogue and the registry of kinds.
#[derive(Debug, Clone, PartialEq)]
pub struct ObservationIn {
    /// The CloudEvent's source.
    pub source: SourceName,
    /// The CloudEvent's id.
    pub id: SourceId,
    /// The CloudEvent's time: when it was seen.
    pub seen: Seen,
    /// The device that saw it.
    pub device: DeviceId,
    /// The place; `None` = every place that the device covers.
    pub place: Option<PlaceId>,
    /// What kind of observation it is.
    pub kind: ObservationKind,
    /// What was seen, in the order of the names, no name twice.
    pub values: Vec<(ValueName, Value)>,
    /// How sure the source is, 0 to 1.
    pub confidence: Option<f64>,
    /// What the source claims about its own health.
    pub health: Option<Health>,
    /// Pictures of it.
    pub evidence: Vec<Attachment>,
}

impl ObservationIn {
    /// Reads an observation out of its CloudEvent. Fields that are not known are passed over: the format grows by
    /// adding.
    ///
    /// # Errors
    /// [`WireError`] with the pointer into the structured form of the event.
    pub fn read(envelope: &Envelope<'_>) -> Result<Self, WireError> {
        let (root, data_at) = (At::Root, At::Root.key("data"));
        let source = read::id(&envelope.source, root.key("source"), SourceName::parse)?;
        let id = read::id(&envelope.id, root.key("id"), SourceId::parse)?;
        let seen = envelope.time.ok_or_else(|| root.key("time").refuse(Code::MissingField, Fault::Missing))?;
        let data: ObservationV1<'_> = read::typed(envelope.data()?, &data_at)?;
        Ok(Self {
            source,
            id,
            seen,
            device: read::id(&data.device, data_at.key("device"), DeviceId::parse)?,
            place: read::maybe_id(data.place.as_ref(), data_at.key("place"), PlaceId::parse)?,
            kind: read::id(&data.kind, data_at.key("kind"), ObservationKind::parse)?,
            values: data.values.checked(data_at.key("values"))?,
            confidence: data.confidence.map(|sure| confidence(sure, data_at.key("confidence"))).transpose()?,
            health: data.health.map(|Object(health)| health.into()),
            evidence: attachment::checked(data.evidence, data_at.key("evidence"))?,
        })
    }

    /// The JSON of its data, for those who send observations.
    #[must_use]
    pub fn data(&self) -> String {
        let data = ObservationV1 {
            device: self.device.as_str().into(),
            place: self.place.as_ref().map(|place| place.as_str().into()),
            kind: self.kind.as_str().into(),
            values: Values::listed(&self.values),
            confidence: self.confidence,
            health: self.health.map(|health| Object(health.into())),
            evidence: attachment::mirrors(&self.evidence),
        };
        crate::write::text(&data)
    }
}

/// A confidence lies between 0 and 1.
pub(crate) fn confidence(sure: f64, at: At<'_>) -> Result<f64, WireError> {
    if (0.0..=1.0).contains(&sure) { Ok(sure) } else { Err(at.refuse(Code::OutOfRange, Fault::NoShare)) }
}

/// An observation: what one source says it saw, where and when. The data of a CloudEvent of type
/// `muster.observation.v1`; `source` and `id` of the event are unique together, `time` is when it was seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "Observation", bound(deserialize = "'de: 'a"))]
#[schemars(deny_unknown_fields)]
pub(crate) struct ObservationV1<'a> {
    /// The device that saw it, as the catalogue names it.
    #[schemars(length(min = 1, max = 128))]
    pub(crate) device: Text<'a>,
    /// The place; without it the observation is of every place that the device covers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    pub(crate) place: Option<Text<'a>>,
    /// The kind of observation, such as `persons`, from the registry of kinds in the rule book.
    #[schemars(length(min = 1, max = 128))]
    pub(crate) kind: Text<'a>,
    /// What was seen; names and types come from the registry of kinds.
    #[serde(default)]
    pub(crate) values: Values<'a>,
    /// How sure the source is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub(crate) confidence: Option<f64>,
    /// What the source claims about its own health; left out, it claims nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) health: Option<Object<HealthV1>>,
    /// Pictures of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = MAX_ATTACHMENTS))]
    pub(crate) evidence: Vec<Object<AttachmentV1<'a>>>,
}

/// What a source claims about its own health. What is left out claims nothing.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "Health")]
#[schemars(deny_unknown_fields)]
pub(crate) struct HealthV1 {
    /// The part it vouches for; left out, the part that makes this kind of observation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    of: Option<PartV1>,
    /// The part is connected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    online: Option<bool>,
    /// Its picture or value is current.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fresh: Option<bool>,
    /// Its view is covered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    occluded: Option<bool>,
    /// Its view is too dark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dark: Option<bool>,
    /// A test: this record says nothing about the place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    test: Option<bool>,
}

mirrored! {
    /// A part of a device.
    PartV1 as "Part" = Part { Analytics, Camera, Link }
}

impl From<HealthV1> for Health {
    fn from(health: HealthV1) -> Self {
        let HealthV1 { of, online, fresh, occluded, dark, test } = health;
        Self { of: of.map(Part::from), online, fresh, occluded, dark, test }
    }
}

impl From<Health> for HealthV1 {
    fn from(health: Health) -> Self {
        let Health { of, online, fresh, occluded, dark, test } = health;
        Self { of: of.map(PartV1::from), online, fresh, occluded, dark, test }
    }
}
