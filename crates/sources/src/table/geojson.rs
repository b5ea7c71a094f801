//! A GeoJSON file as a whole: one feature a row, its properties the cells, its geometry the column `geometry`.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{Bad, Growing, Table, plain};

#[derive(Deserialize)]
struct Collection<'a> {
    #[serde(rename = "type")]
    kind: String,
    #[serde(borrow, default)]
    features: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Feature<'a> {
    /// GeoJSON lets a feature have an id beside its properties.
    #[serde(default)]
    id: Value,
    #[serde(default)]
    properties: Option<serde_json::Map<String, Value>>,
    #[serde(borrow, default)]
    geometry: Option<&'a RawValue>,
}

pub(super) fn read(file: &str, text: &str) -> Result<Table, Bad> {
    let bad = |line, reason: String| Bad::new(file, line, "", reason);
    let no_json = |error: serde_json::Error, from: u64| {
        let line = from + error.line().saturating_sub(1) as u64;
        bad(line, format!("is no GeoJSON: {error}"))
    };
    let collection: Collection<'_> = serde_json::from_str(text).map_err(|error| no_json(error, 1))?;
    if collection.kind != "FeatureCollection" {
        return Err(bad(1, "must be a FeatureCollection".to_owned()));
    }
    let mut table = Growing::new(file);
    let (mut at, mut line) = (0, 1);
    for raw in collection.features {
        // The features are slices of the text, in order: the lines between them are counted once.
        let start = raw.get().as_ptr().addr().saturating_sub(text.as_ptr().addr());
        line += text.get(at..start).unwrap_or_default().matches('\n').count() as u64;
        at = start;
        let feature: Feature<'_> = serde_json::from_str(raw.get()).map_err(|error| no_json(error, line))?;
        let properties = feature.properties.unwrap_or_default();
        let id = (!feature.id.is_null() && !properties.contains_key("id")).then(|| plain(feature.id));
        let geometry = feature.geometry.filter(|geometry| geometry.get() != "null").map(|raw| raw.get().to_owned());
        let cells: Vec<_> = properties.into_iter().map(|(name, value)| (name, plain(value))).collect();
        let cells = cells.iter().map(|(name, cell)| (name.as_str(), cell.clone()));
        let beside = [("id", id), ("geometry", geometry)].into_iter().filter_map(|(name, cell)| Some((name, cell?)));
        table.row(line, cells.chain(beside))?;
    }
    Ok(table.whole())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Encoding;

    #[test]
    fn features_are_rows_with_their_lines() {
        let text = "{\"type\":\"FeatureCollection\",\"features\":[\n\
                    {\"type\":\"Feature\",\"id\":\"g1\",\"properties\":{\"name\":\"一\",\"level\":\"grid\"},\n\
                    \"geometry\":{\"type\":\"Point\",\"coordinates\":[106.5,29.5]}},\n\
                    {\"type\":\"Feature\",\"properties\":{\"id\":\"g2\",\"名称\":\"二\"},\"geometry\":null}]}";
        let table = Table::read("grid.geojson", text.as_bytes(), Encoding::Utf8).unwrap();
        assert_eq!(table.rows.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 4]);
        assert_eq!(table.rows[0].cell("id"), "g1");
        assert!(table.rows[0].cell("geometry").contains("Point") && table.rows[1].cell("geometry").is_empty());
        assert_eq!(table.rows[1].either("name", "名称"), "二");
        for wrong in ["{\"type\":\"Feature\"}", "[]", "{\n\"type\": \"FeatureCollection\", \"features\": [1\n}"] {
            assert!(Table::read("grid.geojson", wrong.as_bytes(), Encoding::Utf8).is_err(), "{wrong}");
        }
    }
}
