//! Roads and water of the schematic map, read from a GeoJSON file that comes with the street.

use muster_domain::geo::Position;
use serde_json::Value;

/// Lines and areas that are drawn under the places and mean nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scenery {
    /// Roads.
    pub roads: Vec<Road>,
    /// Water, as rings.
    pub water: Vec<Vec<Position>>,
}

/// A road.
#[derive(Debug, Clone, PartialEq)]
pub struct Road {
    /// Its name.
    pub name: String,
    /// It is drawn wide.
    pub main: bool,
    /// Its points.
    pub line: Vec<Position>,
}

/// Why a file is no scenery.
#[derive(Debug, thiserror::Error)]
pub enum SceneryError {
    /// It is longer than [`MAX_BYTES`].
    #[error("the map's scenery has {0} bytes; at most {MAX_BYTES} are read")]
    TooLong(usize),
    /// It is not JSON.
    #[error("the map's scenery is not JSON")]
    Json(#[source] serde_json::Error),
    /// It is not a collection of features.
    #[error("the map's scenery must be a GeoJSON FeatureCollection")]
    NoFeatures,
    /// Too many features or points.
    #[error("feature {0} of the map's scenery has no usable line or polygon of 2 to 10,000 WGS-84 points")]
    Feature(usize),
}

/// The longest file that is read.
pub const MAX_BYTES: usize = 4 << 20;
const MAX_FEATURES: usize = 5_000;
const MAX_POINTS: usize = 10_000;

impl Scenery {
    /// Reads a GeoJSON FeatureCollection: lines are roads (`class` = `main` draws them wide), polygons are water.
    ///
    /// # Errors
    /// [`SceneryError`] naming the feature that cannot be drawn.
    pub fn parse(text: &str) -> Result<Self, SceneryError> {
        if text.len() > MAX_BYTES {
            return Err(SceneryError::TooLong(text.len()));
        }
        let file: Value = serde_json::from_str(text).map_err(SceneryError::Json)?;
        let features = file.get("features").and_then(Value::as_array).ok_or(SceneryError::NoFeatures)?;
        let mut scenery = Self::default();
        for (index, feature) in features.iter().take(MAX_FEATURES).enumerate() {
            let refuse = || SceneryError::Feature(index + 1);
            let shape = feature.get("geometry").ok_or_else(refuse)?;
            let coordinates = shape.get("coordinates").ok_or_else(refuse)?;
            let property = |name: &str| feature.pointer(&format!("/properties/{name}")).and_then(Value::as_str);
            match shape.get("type").and_then(Value::as_str) {
                Some("LineString") => scenery.roads.push(Road {
                    name: property("name").unwrap_or_default().chars().take(60).collect(),
                    main: property("class") == Some("main"),
                    line: points(coordinates).ok_or_else(refuse)?,
                }),
                Some("Polygon") => {
                    scenery.water.push(coordinates.get(0).and_then(points).ok_or_else(refuse)?);
                }
                _ => return Err(refuse()),
            }
        }
        Ok(scenery)
    }
}

fn points(coordinates: &Value) -> Option<Vec<Position>> {
    let list = coordinates.as_array()?;
    if !(2..=MAX_POINTS).contains(&list.len()) {
        return None;
    }
    list.iter().map(|pair| Position::new(pair.get(0)?.as_f64()?, pair.get(1)?.as_f64()?).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roads_are_read_and_nonsense_is_named() {
        let road = r#"{"features":[{"properties":{"name":"R","class":"main"},
            "geometry":{"type":"LineString","coordinates":[[106.5,29.5],[106.6,29.6]]}}]}"#;
        let scenery = Scenery::parse(road).unwrap();
        assert_eq!((scenery.roads[0].name.as_str(), scenery.roads[0].main), ("R", true));
        let bad = r#"{"features":[{"geometry":{"type":"LineString","coordinates":[[106.5,290],[1,1]]}}]}"#;
        assert_eq!(
            Scenery::parse(bad).unwrap_err().to_string(),
            "feature 1 of the map's scenery has no usable line or polygon of 2 to 10,000 WGS-84 points"
        );
        assert!(matches!(Scenery::parse("[]"), Err(SceneryError::NoFeatures)));
        assert!(matches!(Scenery::parse("{"), Err(SceneryError::Json(_))));
    }
}
