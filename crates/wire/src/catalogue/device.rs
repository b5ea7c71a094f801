//! Devices and how they speak.

use std::collections::BTreeMap;

use muster_domain::catalogue::{Coverage, Device, Reports};
use muster_domain::id::{DeviceId, ObservationKind, PlaceId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::DeviceKindV1;
use crate::error::{At, WireError};
use crate::instant::Micros;
use crate::read;
use crate::text::Text;
use crate::value::Values;

/// A device.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "Device", bound(deserialize = "'de: 'a"))]
pub(super) struct DeviceV1<'a> {
    /// Its id.
    id: Text<'a>,
    /// What it is.
    kind: DeviceKindV1,
    /// Its name.
    name: Text<'a>,
    /// The places it covers.
    #[serde(default)]
    places: Vec<CoverageV1<'a>>,
    /// What it hangs on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    upstream: Option<Text<'a>>,
    /// `scheme:value` names that other systems have for it.
    #[serde(default)]
    external_ids: Vec<Text<'a>>,
    /// How it speaks, by kind of observation, where that differs from the kind's default.
    #[serde(default)]
    reports: BTreeMap<Text<'a>, ReportsV1>,
    /// What else is known of it.
    #[serde(default, skip_serializing_if = "Values::is_empty")]
    props: Values<'a>,
}

impl<'a> From<&'a Device> for DeviceV1<'a> {
    fn from(device: &'a Device) -> Self {
        let coverage = |covered: &'a Coverage| CoverageV1 {
            place: covered.place.as_str().into(),
            zone: covered.zone.as_ref().map(Text::from),
        };
        Self {
            id: device.id.as_str().into(),
            kind: device.kind.into(),
            name: (&device.name).into(),
            places: device.places.iter().map(coverage).collect(),
            upstream: device.upstream.as_ref().map(|id| id.as_str().into()),
            external_ids: device.external_ids.iter().map(Text::from).collect(),
            reports: device.reports.iter().map(|(kind, reports)| (kind.as_str().into(), (*reports).into())).collect(),
            props: Values::of(&device.props),
        }
    }
}

impl DeviceV1<'_> {
    pub(super) fn checked(self, at: At<'_>) -> Result<Device, WireError> {
        let reports = self.reports.into_iter().map(|(kind, reports)| {
            let kind = read::id(&kind, at.key("reports").key(&kind), ObservationKind::parse)?;
            Ok((kind, reports.into()))
        });
        Ok(Device {
            id: read::id(&self.id, at.key("id"), DeviceId::parse)?,
            kind: self.kind.into(),
            name: self.name.into(),
            places: read::each(self.places, at.key("places"), CoverageV1::checked)?,
            upstream: read::maybe_id(self.upstream.as_ref(), at.key("upstream"), DeviceId::parse)?,
            external_ids: self.external_ids.into_iter().map(String::from).collect(),
            reports: reports.collect::<Result<_, _>>()?,
            props: self.props.checked(at.key("props"))?.into_iter().map(|(name, value)| (name.into(), value)).collect(),
        })
    }
}

/// One place that a device covers.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "Coverage", bound(deserialize = "'de: 'a"))]
struct CoverageV1<'a> {
    /// The place.
    place: Text<'a>,
    /// The zone of the device's view.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    zone: Option<Text<'a>>,
}

impl CoverageV1<'_> {
    fn checked(self, at: At<'_>) -> Result<Coverage, WireError> {
        let place = read::id(&self.place, at.key("place"), PlaceId::parse)?;
        Ok(Coverage { place, zone: self.zone.map(String::from) })
    }
}

/// How a source speaks: an object with one member, whose name says how.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "Reports", rename_all = "snake_case")]
enum ReportsV1 {
    /// It repeats itself.
    Every {
        /// At this interval, in microseconds.
        interval_us: Micros,
    },
    /// It is silent while nothing changes.
    OnChange {},
    /// Each record is an impulse.
    OnEvent {},
}

impl From<Reports> for ReportsV1 {
    fn from(reports: Reports) -> Self {
        match reports {
            Reports::Every(interval) => Self::Every { interval_us: Micros(interval) },
            Reports::OnChange => Self::OnChange {},
            Reports::OnEvent => Self::OnEvent {},
        }
    }
}

impl From<ReportsV1> for Reports {
    fn from(reports: ReportsV1) -> Self {
        match reports {
            ReportsV1::Every { interval_us } => Self::Every(interval_us.0),
            ReportsV1::OnChange {} => Self::OnChange,
            ReportsV1::OnEvent {} => Self::OnEvent,
        }
    }
}
