//! One record of another system's topic as a report: the object's members are the columns that a mapping names.

use muster_wire::bounds::MAX_RECORD_BYTES;
use muster_wire::fault::Fault;
use muster_wire::{Code, WireError};

use muster_wire::report::ReportIn;
use serde_json::error::Category;
use serde_json::{Map, Value};

use super::Mapping;
use crate::table::Row;

impl Mapping {
    /// Makes a report of a JSON object. A member within a member is named with a dot between, such as `position.lon`;
    /// one that the object does not have is an empty cell.
    ///
    /// # Errors
    /// [`WireError`] with the member's name as pointer; it never repeats what the record says.
    pub fn record(&self, bytes: &[u8]) -> Result<ReportIn, WireError> {
        if bytes.len() > MAX_RECORD_BYTES {
            let reason = Fault::ForeignTooLarge.with(&[("size", &bytes.len()), ("most", &MAX_RECORD_BYTES)]);
            return Err(WireError::new(Code::TooLarge, "", reason));
        }
        let object: Map<String, Value> = serde_json::from_slice(bytes).map_err(|error| {
            let reason = match error.classify() {
                Category::Data => Fault::NoObject.into(),
                _ => Fault::MalformedLine.with(&[("line", &error.line()), ("column", &error.column())]),
            };
            WireError::new(Code::MalformedJson, "", reason)
        })?;
        let report = self.report(&Row::of_object(object)).map_err(|(column, reason)| {
            WireError::new(Code::InvalidValue, format!("/{}", column.replace('.', "/")), reason)
        })?;
        // Held to the same bounds as what anybody sends.
        ReportIn::read(report.json().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAPPING: &str = r#"
        version = 1
        source = "141"
        id = { column = "eventNo" }
        kind = { column = "type.code", prefix = "city.", codes = { "0301" = "fire.lane.blocked" } }
        occurred_at = { column = "reportTime", format = "%Y-%m-%d %H:%M:%S", time_zone = "Asia/Shanghai" }
        location = { lon = "position.lng", lat = "position.lat", crs = "gcj02" }
        text = { columns = ["title", "content"], join = "：" }
        severity = { value = 3 }
    "#;

    fn mapping() -> Mapping {
        Mapping::parse("141.toml", MAPPING).unwrap()
    }

    #[test]
    fn members_within_members_are_columns() {
        let record = r#"{"eventNo":"SQS-7","type":{"code":"0301"},"reportTime":"2026-11-23 08:00:00","title":"占道",
            "content":"货车堵住消防通道","position":{"lng":106.5512,"lat":29.563},"extra":[1,{"deep":true}]}"#;
        let report = mapping().record(record.as_bytes()).unwrap();
        assert_eq!((report.kind.as_str(), report.text.as_str()), ("fire.lane.blocked", "占道：货车堵住消防通道"));
        assert_eq!(report.id.unwrap().as_str(), "SQS-7");
        assert!(report.location.is_some() && report.occurred.is_some());
    }

    #[test]
    fn what_is_wrong_is_named_and_not_repeated() {
        let bad = |record: &str| mapping().record(record.as_bytes()).unwrap_err();
        let chinese = |error: &WireError| error.said.kept("").chinese().unwrap();
        assert_eq!((bad("[]").code, chinese(&bad("[]")).as_str()), (Code::MalformedJson, "不是 JSON 对象"));
        assert_eq!(chinese(&bad("{\n \"geheim")), "从第 2 行第 8 列起不是 JSON");
        assert_eq!(bad("{}").pointer, "/eventNo");
        assert_eq!(bad(r#"{"eventNo":"1","type":{"code":"!"}}"#).pointer, "/type/code");
        let skipped = bad(r#"{"eventNo":"1","type":{"code":"a"},"reportTime":"geheim"}"#);
        assert!(skipped.pointer == "/reportTime" && !skipped.to_string().contains("geheim"), "{skipped}");
        assert_eq!(chinese(&skipped), "不是按 %Y-%m-%d %H:%M:%S 写的时间");
        let null = r#"{"eventNo":"1","type":{"code":"a"},"reportTime":"2026-11-23 08:00:00","title":"a\u0000b"}"#;
        assert_eq!(bad(null).code, Code::NullCharacter);
        assert_eq!(mapping().record(&vec![b' '; MAX_RECORD_BYTES + 1]).unwrap_err().code, Code::TooLarge);
    }
}
