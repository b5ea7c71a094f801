//! A GeoJSON file as a whole: one feature a row, its properties the cells, its geometry the column `geometry`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{Bad, Row, Table, plain};

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
    let bad = |line, reason: String| Bad { file: file.to_owned(), line, column: String::new(), reason };
    let no_json = |error: serde_json::Error, from: u64| {
        let line = from + error.line().saturating_sub(1) as u64;
        bad(line, format!("is no GeoJSON: {error}"))
    };
    let collection: Collection<'_> = serde_json::from_str(text).map_err(|error| no_json(error, 1))?;
    if collection.kind != "FeatureCollection" {
        return Err(bad(1, "must be a FeatureCollection".to_owned()));
    }
    let (mut rows, mut columns): (Vec<Row>, Vec<String>) = (Vec::new(), Vec::new());
    let (mut at, mut line) = (0, 1);
    for raw in collection.features {
        // The features are slices of the text, in order: the lines between them are counted once.
        let start = raw.get().as_ptr().addr().saturating_sub(text.as_ptr().addr());
        line += text.get(at..start).unwrap_or_default().matches('\n').count() as u64;
        at = start;
        let feature: Feature<'_> = serde_json::from_str(raw.get()).map_err(|error| no_json(error, line))?;
        let properties = feature.properties.unwrap_or_default();
        let mut cells: BTreeMap<String, String> =
            properties.into_iter().map(|(name, value)| (name, plain(value))).collect();
        if !feature.id.is_null() {
            cells.entry("id".to_owned()).or_insert_with(|| plain(feature.id));
        }
        if let Some(geometry) = feature.geometry.filter(|geometry| geometry.get() != "null") {
            cells.insert("geometry".to_owned(), geometry.get().to_owned());
        }
        for name in cells.keys().filter(|name| !columns.contains(name)).cloned().collect::<Vec<_>>() {
            columns.push(name);
        }
        rows.push(Row { line, cells });
    }
    Ok(Table { file: file.to_owned(), rows, columns })
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
