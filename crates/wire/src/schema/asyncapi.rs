//! The topics as AsyncAPI 3.0, from Muster's side: what it receives, and what it sends.

use serde_json::{Map, Value, json};

use super::{file_name, schemas};
use crate::cloudevents::{OBSERVATION, REPORT};
use crate::media_type::JSON;
use crate::{case, condition, record};

/// The document, with references to the schema files beside it.
pub(super) fn document() -> Value {
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Muster",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Topics of Muster: what other systems write for it, and what it writes for them. Every \
                record is a CloudEvent 1.0 in binary mode; structured mode is read as well.",
        },
        "defaultContentType": JSON,
        "channels": channels(),
        "operations": operations(),
        "components": { "messages": messages(), "schemas": { "headers": headers() } },
    })
}

/// The document with every schema inside: what `/asyncapi.json` answers.
#[must_use]
pub fn bundled() -> Value {
    let schemas: Map<String, Value> =
        schemas().into_iter().map(|(name, schema)| (format!("./{}", file_name(name)), schema)).collect();
    let mut document = document();
    bundle(&mut document, &schemas);
    document
}

fn bundle(value: &mut Value, schemas: &Map<String, Value>) {
    match value {
        Value::Object(members) => {
            if let Some(schema) = members.get("$ref").and_then(Value::as_str).and_then(|to| schemas.get(to)) {
                *value = schema.clone();
            } else {
                members.values_mut().for_each(|member| bundle(member, schemas));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| bundle(item, schemas)),
        _ => {}
    }
}

/// The topics: name, key, messages, description.
fn topics() -> [(&'static str, &'static str, Vec<String>, &'static str); 5] {
    let records = record::TYPES.iter().map(|kind| format!("record-{}", short(kind))).collect();
    [
        (
            "intake",
            "Anything.",
            vec!["observation".to_owned(), "report".to_owned()],
            "Observations and reports of other systems. Anybody whom the broker allows may write.",
        ),
        (
            "observation",
            "The place; of a report without a place its `source/id`; of control records nothing.",
            records,
            "What was accepted, and control records. Written by Muster alone.",
        ),
        ("condition", "The place, or the subject.", vec!["condition".to_owned()], "A condition changed."),
        ("case", "The case's id.", vec!["case".to_owned()], "A case changed: what happened, and the case after it."),
        (
            "dlq",
            "As it was found.",
            vec!["dead-letter".to_owned()],
            "What could not be read, with its original bytes and the reason.",
        ),
    ]
}

fn channels() -> Value {
    let channel = |(name, key, messages, description): (&str, &str, Vec<String>, &str)| {
        let (address, mut parameters) = match name {
            "dlq" => ("{topic}.dlq".to_owned(), json!({ "topic": { "description": "The topic it was found in." } })),
            name => (format!("{{prefix}}.{name}.v1"), Value::Null),
        };
        if parameters.is_null() {
            parameters = json!({ "prefix": { "default": "muster", "description": "The setting log.topic_prefix." } });
        }
        let messages: Map<String, Value> = messages
            .into_iter()
            .map(|message| (message.clone(), json!({ "$ref": format!("#/components/messages/{message}") })))
            .collect();
        let channel = json!({
            "address": address,
            "description": format!("{description} Key: {key}"),
            "parameters": parameters,
            "messages": messages,
            "bindings": { "kafka": { "bindingVersion": "0.5.0" } },
        });
        (name.to_owned(), channel)
    };
    topics().into_iter().map(channel).collect()
}

fn operations() -> Value {
    let operation = |name: &str, action: &str, channel: &str| {
        (name.to_owned(), json!({ "action": action, "channel": { "$ref": format!("#/channels/{channel}") } }))
    };
    let all = [
        operation("takeIn", "receive", "intake"),
        operation("admit", "send", "observation"),
        operation("watch", "receive", "observation"),
        operation("publishConditions", "send", "condition"),
        operation("publishCases", "send", "case"),
        operation("park", "send", "dlq"),
    ];
    all.into_iter().collect()
}

fn messages() -> Value {
    let message = |kind: &str, schema: &str| {
        json!({
            "name": kind,
            "contentType": JSON,
            "headers": { "$ref": "#/components/schemas/headers" },
            "payload": {
                "schemaFormat": "application/schema+json;version=2020-12",
                "schema": { "$ref": format!("./{}", file_name(schema)) },
            },
            "bindings": { "kafka": { "key": { "type": "string" }, "bindingVersion": "0.5.0" } },
        })
    };
    let mut all = Map::new();
    all.insert("observation".to_owned(), message(OBSERVATION, "observation"));
    all.insert("report".to_owned(), message(REPORT, "report"));
    all.insert("condition".to_owned(), message(condition::TYPE, "condition"));
    all.insert("case".to_owned(), message(case::TYPE, "case-changed"));
    for kind in record::TYPES {
        let name = format!("record-{}", short(kind));
        let content = message(kind, &name);
        all.insert(name, content);
    }
    all.insert("dead-letter".to_owned(), dead_letter());
    Value::Object(all)
}

fn dead_letter() -> Value {
    let text = |description: &str| json!({ "type": "string", "description": description });
    json!({
        "name": "dead-letter",
        "contentType": "application/octet-stream",
        "headers": {
            "type": "object",
            "properties": {
                "dlq.original.topic": text("Where it was found."),
                "dlq.original.partition": text("In which partition."),
                "dlq.original.offset": text("At which offset."),
                "dlq.original.timestamp": text("With which timestamp."),
                "dlq.error.code": text("The stable code of the mistake."),
                "dlq.error.message": text("Pointer and reason."),
                "dlq.error.fault": text("The reason as JSON: pointer, the fault's stable name and its arguments."),
            },
        },
        "payload": { "description": "The original bytes; of a report, a vault reference in place of them." },
    })
}

fn headers() -> Value {
    let text = json!({ "type": "string" });
    json!({
        "type": "object",
        "required": ["ce_specversion", "ce_type", "ce_source", "ce_id"],
        "properties": {
            "ce_specversion": { "const": "1.0" },
            "ce_type": text,
            "ce_source": text,
            "ce_id": text,
            "ce_time": { "type": "string", "format": "date-time" },
            "ce_subject": text,
            "content-type": text,
            "traceparent": text,
        },
    })
}

/// `muster.tick.v1` → `tick`.
fn short(kind: &str) -> &str {
    kind.trim_start_matches("muster.").trim_end_matches(".v1")
}
