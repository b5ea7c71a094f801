//! Shapes as GeoJSON (RFC 7946), and positions in degrees.

use muster_domain::geo::{Geometry, Position};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{At, Code, WireError};
use crate::fault::Fault;
use crate::{read, scan};

/// Reads a GeoJSON geometry: `Point`, `LineString`, or a `Polygon` without holes.
///
/// # Errors
/// [`WireError`] for any other geometry, or positions that are not on the Earth.
pub fn read_geojson(json: &[u8]) -> Result<Geometry, WireError> {
    read::typed::<GeometryV1>(scan::check(json, "")?, &At::Root)?.checked(At::Root)
}

/// A position in WGS-84 degrees.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "Position")]
pub(crate) struct PositionV1 {
    /// Degrees east.
    lon: f64,
    /// Degrees north.
    lat: f64,
}

impl From<Position> for PositionV1 {
    fn from(position: Position) -> Self {
        Self { lon: position.lon(), lat: position.lat() }
    }
}

impl PositionV1 {
    pub(crate) fn checked(self, at: At<'_>) -> Result<Position, WireError> {
        position([self.lon, self.lat], at)
    }
}

/// A GeoJSON geometry in WGS-84 degrees, longitude first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "Geometry", tag = "type", content = "coordinates")]
pub(crate) enum GeometryV1 {
    /// A point.
    Point([f64; 2]),
    /// A line.
    LineString(Vec<[f64; 2]>),
    /// An area: its outer ring, closed, and no holes.
    Polygon(Vec<Vec<[f64; 2]>>),
}

impl From<&Geometry> for GeometryV1 {
    fn from(geometry: &Geometry) -> Self {
        let pair = |at: &Position| [at.lon(), at.lat()];
        let pairs = |points: &[Position]| points.iter().map(pair).collect();
        match geometry {
            Geometry::Point(at) => Self::Point(pair(at)),
            Geometry::Line(points) => Self::LineString(pairs(points)),
            Geometry::Polygon(ring) => Self::Polygon(vec![pairs(ring)]),
        }
    }
}

impl GeometryV1 {
    pub(crate) fn checked(self, at: At<'_>) -> Result<Geometry, WireError> {
        let at = at.key("coordinates");
        let refuse = |error: muster_domain::geo::GeoError| at.refuse(Code::InvalidValue, error);
        match self {
            Self::Point(pair) => position(pair, at).map(Geometry::Point),
            Self::LineString(pairs) => Geometry::line(read::each(pairs, at, position)?).map_err(refuse),
            Self::Polygon(mut rings) if rings.len() == 1 => {
                let ring = rings.pop().unwrap_or_default();
                Geometry::polygon(read::each(ring, at.item(0), position)?).map_err(refuse)
            }
            Self::Polygon(rings) => {
                let reason = Fault::Rings.with(&[("count", &rings.len())]);
                Err(at.refuse(Code::InvalidValue, reason))
            }
        }
    }
}

fn position([lon, lat]: [f64; 2], at: At<'_>) -> Result<Position, WireError> {
    Position::new(lon, lat).map_err(|error| at.refuse(Code::OutOfRange, error))
}
