//! Shapes as GeoJSON geometries or WKT, in WGS-84, reduced to what the domain knows: point, line, outer ring.

use muster_domain::geo::{Geometry, MAX_POINTS, Position};

/// Reads a shape.
///
/// # Errors
/// What is wrong with it, in words.
pub(super) fn read(text: &str) -> Result<Geometry, String> {
    if text.len() > MAX_POINTS * 64 {
        return Err(format!("has more than {} bytes", MAX_POINTS * 64));
    }
    if text.trim_start().starts_with('{') { geojson(text) } else { wkt(text) }
}

fn geojson(text: &str) -> Result<Geometry, String> {
    let value: serde_json::Value = serde_json::from_str(text).map_err(|error| format!("is no GeoJSON: {error}"))?;
    let value = if value["type"] == "Feature" { &value["geometry"] } else { &value };
    let coordinates = &value["coordinates"];
    match value["type"].as_str() {
        Some("Point") => point(coordinates).map(Geometry::Point),
        Some("LineString") => shape(points(coordinates)?, Geometry::line),
        Some("Polygon") => shape(points(outer(coordinates)?)?, Geometry::polygon),
        _ => Err("must be a Point, LineString or Polygon".to_owned()),
    }
}

fn outer(rings: &serde_json::Value) -> Result<&serde_json::Value, String> {
    match rings.as_array().map(Vec::as_slice) {
        Some([ring]) => Ok(ring),
        Some([_, ..]) => Err("has holes, which are not read".to_owned()),
        _ => Err("has no ring".to_owned()),
    }
}

fn points(list: &serde_json::Value) -> Result<Vec<Position>, String> {
    let list = list.as_array().ok_or("has no list of points")?;
    if list.len() > MAX_POINTS {
        return Err(format!("has more than {MAX_POINTS} points"));
    }
    list.iter().map(point).collect()
}

fn point(pair: &serde_json::Value) -> Result<Position, String> {
    let (Some(lon), Some(lat)) = (pair[0].as_f64(), pair[1].as_f64()) else {
        return Err("has a point that is no pair of numbers".to_owned());
    };
    Position::new(lon, lat).map_err(|error| error.to_string())
}

fn shape(
    points: Vec<Position>,
    make: fn(Vec<Position>) -> Result<Geometry, muster_domain::geo::GeoError>,
) -> Result<Geometry, String> {
    make(points).map_err(|error| error.to_string())
}

fn wkt(text: &str) -> Result<Geometry, String> {
    let (kind, rest) = text.split_once('(').ok_or("is neither GeoJSON nor WKT")?;
    let body = rest.trim_end().strip_suffix(')').ok_or("has no closing bracket")?;
    match kind.trim().to_ascii_uppercase().as_str() {
        "POINT" => match wkt_points(body)?.as_slice() {
            [only] => Ok(Geometry::Point(*only)),
            _ => Err("must be one point".to_owned()),
        },
        "LINESTRING" => shape(wkt_points(body)?, Geometry::line),
        "POLYGON" => {
            let ring = body.trim().strip_prefix('(').and_then(|body| body.strip_suffix(')')).ok_or("has no ring")?;
            if ring.contains(['(', ')']) {
                return Err("has holes, which are not read".to_owned());
            }
            shape(wkt_points(ring)?, Geometry::polygon)
        }
        _ => Err("must be a POINT, LINESTRING or POLYGON".to_owned()),
    }
}

fn wkt_points(body: &str) -> Result<Vec<Position>, String> {
    body.split(',')
        .map(|pair| {
            let mut numbers = pair.split_whitespace().map(str::parse::<f64>);
            match (numbers.next(), numbers.next(), numbers.next()) {
                (Some(Ok(lon)), Some(Ok(lat)), None) => Position::new(lon, lat).map_err(|error| error.to_string()),
                _ => Err("has a point that is no pair of numbers".to_owned()),
            }
        })
        .collect()
}
