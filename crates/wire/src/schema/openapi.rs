//! The API as OpenAPI 3.1, made of the table of routes and of the types that read and write.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::routes::{Answer, Asked, Kind, ROUTES, Route, Shape};
use super::{event, opened};
use crate::api::{
    BadLines, Command, Dropped, Imported, Kept, Letter, Readiness, ReportStands, Rule, Standing, WholeLetter,
};
use crate::case::CaseChangedV1;
use crate::catalogue::CatalogueV1;
use crate::cloudevents::{OBSERVATION, REPORT};
use crate::observation::ObservationV1;
use crate::problem::{MEDIA_TYPE, Problem};
use crate::receipt::{AllParked, Receipt};
use crate::report::ReportV1;
use crate::system::{Findings, System};

const SCHEMAS: &str = "#/components/schemas/";

/// The document: what `/openapi.json` answers and `schemas/openapi.json` holds.
#[must_use]
pub fn openapi() -> Value {
    let mut paths = Map::new();
    for route in ROUTES {
        let methods = paths.entry(route.path).or_insert_with(|| json!({}));
        methods[route.method.to_ascii_lowercase()] = operation(route);
    }
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Muster",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            "description": "What other programs may ask of Muster. Every error is a problem with a stable `type`; every \
                list takes `limit` and `cursor` and answers `items` and `next`, with `Link` (`rel=next`) where it goes on; every \
                time is RFC 3339 with an offset. Every answer bears `X-Request-Id`, that of the request where it has one.",
        },
        "servers": [{ "url": "/" }],
        "security": [{ "bearer": [] }, {}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token of the tokens file. Without such a file only this machine is served.",
                },
            },
            "responses": {
                "Problem": {
                    "description": "It was not done; `detail` says why and what to do.",
                    "content": { MEDIA_TYPE: { "schema": { "$ref": format!("{SCHEMAS}Problem") } } },
                },
            },
        },
    });
    let schemas = schemas();
    let used = used(&document, &schemas);
    document["components"]["schemas"] = schemas.into_iter().filter(|(name, _)| used.contains(name)).collect();
    document
}

fn operation(route: &Route) -> Value {
    let mut parameters: Vec<Value> =
        path_parameters(route.path).map(|name| parameter("path", &Asked(name, Kind::Text, ""))).collect();
    parameters.extend(route.query.iter().map(|asked| parameter("query", asked)));
    if route.answers.iter().any(|answer| matches!(answer.3, Shape::List(_))) {
        parameters
            .push(parameter("query", &Asked("limit", Kind::Whole, "At most so many items; never more than 500.")));
        parameters.push(parameter("query", &Asked("cursor", Kind::Text, "`next` of the page before.")));
    }
    parameters.extend(route.headers.iter().map(|asked| parameter("header", asked)));
    let mut operation = json!({
        "operationId": route.id,
        "summary": route.summary,
        "parameters": parameters,
        "responses": answers(route),
    });
    if !route.takes.is_empty() {
        let content: Map<String, Value> =
            route.takes.iter().map(|(kind, shape)| ((*kind).to_owned(), body(*shape))).collect();
        operation["requestBody"] = json!({ "content": content });
    }
    operation
}

/// The names in braces.
fn path_parameters(path: &'static str) -> impl Iterator<Item = &'static str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

fn parameter(place: &str, Asked(name, kind, description): &Asked) -> Value {
    let schema = match kind {
        Kind::Text => json!({ "type": "string" }),
        Kind::Whole => json!({ "type": "integer", "minimum": 0 }),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Of(schema) => json!({ "$ref": format!("{SCHEMAS}{schema}") }),
        Kind::Names(names) => json!({ "type": "string", "enum": names }),
    };
    let mut parameter = json!({ "name": name, "in": place, "schema": schema });
    if !description.is_empty() {
        parameter["description"] = Value::from(*description);
    }
    if place == "path" {
        parameter["required"] = Value::Bool(true);
    }
    parameter
}

fn answers(route: &Route) -> Value {
    let mut responses = Map::new();
    for Answer(status, description, kind, shape) in route.answers {
        let response = responses.entry(status.to_string()).or_insert_with(|| json!({ "description": description }));
        if !matches!(shape, Shape::Nothing) {
            if response["content"].is_null() {
                response["content"] = json!({});
            }
            response["content"][*kind] = body(*shape);
        }
    }
    // A body may come packed or too slowly, whatever it was to say.
    let of_bodies: &[u16] = if route.takes.is_empty() { &[] } else { &[408, 415] };
    for status in route.refuses.iter().chain(&[401, 403]).chain(of_bodies) {
        responses.insert(status.to_string(), json!({ "$ref": "#/components/responses/Problem" }));
    }
    // The probes ask for no token.
    if matches!(route.path, "/livez" | "/readyz") {
        responses.remove("401");
    }
    Value::Object(responses)
}

fn body(shape: Shape) -> Value {
    let of = |name: &str| json!({ "$ref": format!("{SCHEMAS}{name}") });
    let schema = match shape {
        Shape::One(name) => of(name),
        Shape::Array(name) => json!({ "type": "array", "items": of(name) }),
        Shape::List(name) => json!({
            "type": "object",
            "required": ["items", "next"],
            "properties": {
                "items": { "type": "array", "items": of(name) },
                "next": { "type": ["string", "null"], "description": "The `cursor` of the next page; none on the last." },
            },
        }),
        Shape::Text => json!({ "type": "string" }),
        Shape::Object => json!({ "type": "object" }),
        Shape::Bytes | Shape::Any | Shape::Nothing => return json!({}),
    };
    json!({ "schema": schema })
}

/// Every schema that a route may name.
fn schemas() -> Map<String, Value> {
    let mut schemas = written();
    schemas.extend(read());
    if let Some(seat) = schemas.get_mut("Seat").and_then(|seat| seat.pointer_mut("/properties")) {
        let description = "In the API alone: the path of the field page, while somebody may take the seat up.";
        seat["link"] = json!({ "type": "string", "description": description });
    }
    let of = |name: &str| json!({ "$ref": format!("{SCHEMAS}{name}") });
    for (name, kind, data) in [("ObservationEvent", OBSERVATION, "Observation"), ("ReportEvent", REPORT, "Report")] {
        let mut schema = event("", name, kind, of(data));
        if let Some(members) = schema.as_object_mut() {
            members.retain(|key, _| !matches!(key.as_str(), "$schema" | "$id" | "$defs"));
        }
        schemas.insert(name.to_owned(), schema);
    }
    schemas.insert("Event".to_owned(), json!({ "oneOf": [of("ObservationEvent"), of("ReportEvent")] }));
    let several = json!({ "type": "array", "items": of("Report") });
    schemas.insert("Reports".to_owned(), json!({ "oneOf": [of("Report"), several] }));
    schemas
}

/// What we send.
fn written() -> Map<String, Value> {
    let mut generator = generator(SchemaSettings::draft2020_12().for_serialize().with_transform(opened()));
    define::<CaseChangedV1<'_>>(&mut generator);
    define::<CatalogueV1<'_>>(&mut generator);
    define::<Problem>(&mut generator);
    define::<Receipt>(&mut generator);
    define::<AllParked>(&mut generator);
    define::<Standing>(&mut generator);
    define::<Rule>(&mut generator);
    define::<Letter>(&mut generator);
    define::<WholeLetter>(&mut generator);
    define::<ReportStands>(&mut generator);
    define::<Kept>(&mut generator);
    define::<Readiness>(&mut generator);
    define::<Imported>(&mut generator);
    define::<BadLines>(&mut generator);
    define::<Findings>(&mut generator);
    define::<System>(&mut generator);
    generator.take_definitions(true)
}

/// What others send.
fn read() -> Map<String, Value> {
    let mut generator = generator(SchemaSettings::draft2020_12());
    define::<ObservationV1<'_>>(&mut generator);
    define::<ReportV1<'_>>(&mut generator);
    define::<Command>(&mut generator);
    define::<Dropped>(&mut generator);
    generator.take_definitions(true)
}

fn generator(mut settings: SchemaSettings) -> SchemaGenerator {
    settings.definitions_path = "/components/schemas".into();
    settings.into_generator()
}

fn define<T: JsonSchema>(generator: &mut SchemaGenerator) {
    let _ = generator.subschema_for::<T>();
}

/// The schemas that a document comes to, from one to the next.
fn used(document: &Value, schemas: &Map<String, Value>) -> Vec<String> {
    let (mut used, mut next) = (Vec::new(), vec![document]);
    while let Some(value) = next.pop() {
        match value {
            Value::Object(members) => {
                let to = members.get("$ref").and_then(Value::as_str).and_then(|to| to.strip_prefix(SCHEMAS));
                if let Some(name) = to.filter(|name| !used.iter().any(|known| known == name)) {
                    used.push(name.to_owned());
                    next.extend(schemas.get(name));
                }
                next.extend(members.values());
            }
            Value::Array(items) => next.extend(items),
            _ => {}
        }
    }
    used
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_and_what_is_written_share_a_name_only_where_they_are_the_same() {
        let written = written();
        for (name, schema) in read() {
            assert!(written.get(&name).is_none_or(|other| *other == schema), "{name} means two things");
        }
    }
}
