//! The files of `schemas/`, made of the types that read and write.

mod asyncapi;
mod openapi;
mod routes;

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

use crate::backup::BackupV1;
use crate::case::{CaseChangedV1, CaseV1};
use crate::catalogue::CatalogueV1;
use crate::cloudevents::{OBSERVATION, REPORT};
use crate::condition::ConditionV1;
use crate::observation::ObservationV1;
use crate::problem::Problem;
use crate::receipt::Receipt;
use crate::record::{ActV1, ConfigV1, IntakeV1, ObservationRecordV1, OutcomeV1, ReportRecordV1, TakeoverV1, TickV1};
use crate::report::ReportV1;

pub use asyncapi::bundled as asyncapi;
pub use openapi::openapi;
pub use routes::{ROUTES, Route};

/// Every file of `schemas/` with its content, as it must be there.
#[must_use]
pub fn files() -> Vec<(String, String)> {
    let schemas = schemas().into_iter().map(|(name, schema)| (file_name(name), schema));
    let described = [("asyncapi.json", asyncapi::document()), ("openapi.json", openapi())];
    let described = described.map(|(name, document)| (name.to_owned(), document));
    schemas.chain(described).map(|(name, content)| (name, format!("{content:#}\n"))).collect()
}

/// Every JSON Schema (2020-12) by the name of its format.
///
/// What others send is closed, so that a slip of the pen shows; the readers are tolerant all the same. What we send is
/// open: it grows by adding.
#[must_use]
pub fn schemas() -> Vec<(&'static str, Value)> {
    let observation = read_by_us::<ObservationV1<'_>>("observation");
    let report = read_by_us::<ReportV1<'_>>("report");
    vec![
        ("observation-event", event("observation-event", "ObservationEvent", OBSERVATION, observation.clone())),
        ("observation", observation),
        ("report-event", event("report-event", "ReportEvent", REPORT, report.clone())),
        ("report", report),
        ("receipt", written_by_us::<Receipt>("receipt")),
        ("problem", written_by_us::<Problem>("problem")),
        ("condition", written_by_us::<ConditionV1<'_>>("condition")),
        ("case", written_by_us::<CaseV1<'_>>("case")),
        ("case-changed", written_by_us::<CaseChangedV1<'_>>("case-changed")),
        ("backup", written_by_us::<BackupV1<'_>>("backup")),
        ("catalogue", written_by_us::<CatalogueV1<'_>>("catalogue")),
        ("record-observation", written_by_us::<ObservationRecordV1<'_>>("record-observation")),
        ("record-report", written_by_us::<ReportRecordV1<'_>>("record-report")),
        ("record-tick", written_by_us::<TickV1>("record-tick")),
        ("record-takeover", written_by_us::<TakeoverV1<'_>>("record-takeover")),
        ("record-config", written_by_us::<ConfigV1>("record-config")),
        ("record-intake", written_by_us::<IntakeV1<'_>>("record-intake")),
        ("record-act", written_by_us::<ActV1<'_>>("record-act")),
        ("record-outcome", written_by_us::<OutcomeV1<'_>>("record-outcome")),
    ]
}

/// The name of a schema's file.
pub(crate) fn file_name(name: &str) -> String {
    format!("{name}.v1.schema.json")
}

fn id(name: &str) -> Value {
    Value::from(format!("urn:muster:schema:{name}:v1"))
}

fn read_by_us<T: JsonSchema>(name: &str) -> Value {
    named(name, SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>().to_value())
}

/// What we send is open.
fn opened() -> RecursiveTransform<fn(&mut Schema)> {
    RecursiveTransform(|schema| {
        if schema.get("additionalProperties") == Some(&Value::Bool(false)) {
            schema.remove("additionalProperties");
        }
    })
}

fn written_by_us<T: JsonSchema>(name: &str) -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize().with_transform(opened());
    named(name, settings.into_generator().into_root_schema_for::<T>().to_value())
}

fn named(name: &str, mut schema: Value) -> Value {
    schema["$id"] = id(name);
    schema
}

/// The structured CloudEvent around a kind of data. Open: extension attributes are allowed.
fn event(name: &str, title: &str, kind: &str, mut data: Value) -> Value {
    let defs = data.as_object_mut().and_then(|data| {
        data.remove("$schema");
        data.remove("$id");
        data.remove("$defs")
    });
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": id(name),
        "title": title,
        "description": format!("A CloudEvent 1.0 in structured form with the type `{kind}`."),
        "type": "object",
        "required": ["specversion", "type", "source", "id", "data"],
        "properties": {
            "specversion": { "const": "1.0" },
            "type": { "const": kind },
            "source": { "type": "string", "minLength": 1, "maxLength": 128 },
            "id": { "type": "string", "minLength": 1, "maxLength": 128, "description": "Unique with `source`." },
            "time": { "type": "string", "format": "date-time" },
            "subject": { "type": "string" },
            "datacontenttype": { "type": "string", "pattern": "^[^;]*[/+][jJ][sS][oO][nN] *(;.*)?$" },
            "traceparent": { "type": "string" },
            "data": data,
        },
        "$defs": defs.unwrap_or_else(|| Value::Object(Map::new())),
    });
    if kind == OBSERVATION {
        schema["required"] = json!(["specversion", "type", "source", "id", "time", "data"]);
    }
    schema
}
