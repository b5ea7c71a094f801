//! Cells of catalogue files as values, each refused by its column's name.

use std::collections::BTreeMap;

use muster_domain::catalogue::{Combine, Reports};
use muster_domain::geo::{Crs, Geometry, Position};
use muster_domain::id::{IdError, ObservationKind};
use muster_domain::record::Value;
use muster_domain::time::{Filed, Span};
use muster_wire::bounds::{MAX_NAME_BYTES, MAX_VALUE_BYTES, MAX_VALUES};

use super::shapes;
use crate::table::{Bad, Row, Table};

/// A row with its table.
pub(super) struct Cells<'a> {
    pub(super) table: &'a Table,
    pub(super) row: &'a Row,
}

impl<'a> Cells<'a> {
    pub(super) fn bad(&self, column: &str, reason: impl Into<String>) -> Bad {
        self.table.bad(self.row, column, reason)
    }

    pub(super) fn text(&self, en: &str, zh: &str) -> &'a str {
        self.row.either(en, zh)
    }

    /// What the row is about, as it stands there.
    pub(super) fn name(&self) -> &'a str {
        self.text("id", "编码")
    }

    pub(super) fn needed(&self, en: &str, zh: &str) -> Result<String, Bad> {
        match self.text(en, zh) {
            "" => Err(self.bad(en, "is empty")),
            text if text.len() > 512 => Err(self.bad(en, "has more than 512 bytes")),
            text => Ok(text.to_owned()),
        }
    }

    pub(super) fn id<T>(&self, en: &str, zh: &str, parse: fn(&str) -> Result<T, IdError>) -> Result<T, Bad> {
        parse(self.text(en, zh)).map_err(|error| self.bad(en, error.to_string()))
    }

    pub(super) fn maybe_id<T>(
        &self,
        en: &str,
        zh: &str,
        parse: fn(&str) -> Result<T, IdError>,
    ) -> Result<Option<T>, Bad> {
        if self.row.has(en, zh) { self.id(en, zh, parse).map(Some) } else { Ok(None) }
    }

    pub(super) fn ids<T>(&self, en: &str, zh: &str, parse: fn(&str) -> Result<T, IdError>) -> Result<Vec<T>, Bad> {
        self.row.list(en, zh).map(|part| parse(part).map_err(|error| self.bad(en, error.to_string()))).collect()
    }

    pub(super) fn position(&self) -> Result<Option<Position>, Bad> {
        let (lon, lat) = (self.text("lon", "经度"), self.text("lat", "纬度"));
        if lon.is_empty() && lat.is_empty() {
            return Ok(None);
        }
        let number = |text: &str, column| text.parse::<f64>().map_err(|_| self.bad(column, "is no number of degrees"));
        let crs = match self.text("crs", "坐标系") {
            "" | "wgs84" => Crs::Wgs84,
            "gcj02" => Crs::Gcj02,
            "bd09" => Crs::Bd09,
            "cgcs2000" => Crs::Cgcs2000,
            _ => return Err(self.bad("crs", "must be wgs84, gcj02, bd09 or cgcs2000")),
        };
        Position::from_crs(number(lon, "lon")?, number(lat, "lat")?, crs)
            .map(Some)
            .map_err(|error| self.bad("lon", error.to_string()))
    }

    pub(super) fn geometry(&self) -> Result<Option<Geometry>, Bad> {
        match self.text("geometry", "范围") {
            "" => Ok(None),
            text => shapes::read(text).map(Some).map_err(|reason| self.bad("geometry", reason)),
        }
    }

    pub(super) fn props(&self) -> Result<BTreeMap<String, Value>, Bad> {
        let text = match self.text("props", "属性") {
            "" => return Ok(BTreeMap::new()),
            text => text,
        };
        let object: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(text).map_err(|error| self.bad("props", format!("is no JSON object: {error}")))?;
        // The bounds of what the stored catalogue is read with: beyond, it could be written and never read again.
        if object.len() > MAX_VALUES {
            return Err(self.bad("props", format!("has {} values, at most {MAX_VALUES} fit", object.len())));
        }
        if object.keys().any(|name| name.is_empty() || name.len() > MAX_NAME_BYTES) {
            let reason = format!("has a name that is empty or longer than {MAX_NAME_BYTES} bytes");
            return Err(self.bad("props", reason));
        }
        if object.values().filter_map(serde_json::Value::as_str).any(|text| text.len() > MAX_VALUE_BYTES) {
            return Err(self.bad("props", format!("has a text longer than {MAX_VALUE_BYTES} bytes")));
        }
        let value = |value: &serde_json::Value| match value {
            serde_json::Value::Bool(yes) => Some(Value::Bool(*yes)),
            serde_json::Value::String(text) => Some(Value::Text(text.clone())),
            serde_json::Value::Number(n) => n.as_i64().map(Value::Int).or_else(|| n.as_f64().map(Value::Number)),
            _ => None,
        };
        object
            .iter()
            .map(|(name, given)| match value(given) {
                Some(value) => Ok((name.clone(), value)),
                None => Err(self.bad("props", format!("`{name}` must be a number, a text, true or false"))),
            })
            .collect()
    }

    pub(super) fn combine(&self) -> Result<Option<Combine>, Bad> {
        Ok(Some(match self.text("combine", "合并") {
            "" => return Ok(None),
            "any" => Combine::Any,
            "all" => Combine::All,
            "max" => Combine::Max,
            "sum" => Combine::Sum,
            _ => return Err(self.bad("combine", "must be any, all, max or sum")),
        }))
    }

    /// `persons=every 10s;alarm=on_change`.
    pub(super) fn reports(&self) -> Result<BTreeMap<ObservationKind, Reports>, Bad> {
        self.row
            .list("reports", "上报方式")
            .map(|part| {
                let wrong = || self.bad("reports", format!("`{part}` is not kind=every 10s, on_change or on_event"));
                let (kind, how) = part.split_once('=').ok_or_else(wrong)?;
                let how = match how.trim() {
                    "on_change" => Reports::OnChange,
                    "on_event" => Reports::OnEvent,
                    every => {
                        let span = every.strip_prefix("every ").ok_or_else(wrong)?;
                        Reports::Every(Span::parse(span).map_err(|_| wrong())?)
                    }
                };
                Ok((ObservationKind::parse(kind.trim()).map_err(|_| wrong())?, how))
            })
            .collect()
    }

    pub(super) fn instant(&self, en: &str, zh: &str) -> Result<Option<Filed>, Bad> {
        match self.text(en, zh) {
            "" => Ok(None),
            text => match muster_wire::micros(text) {
                Some(at) => Ok(Some(Filed::from_micros(at))),
                None => Err(self.bad(en, "is no RFC 3339 time with an offset")),
            },
        }
    }
}
