//! The files of `schemas/` are fresh, and what they refer to is there.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use muster_domain::case::{CaseOutcome, CaseState, ClockKind, SeatState};
use muster_domain::condition::State;
use muster_wire::schema;
use serde_json::Value;

/// Every schema, ready to check with.
pub(crate) struct Schemas(BTreeMap<&'static str, Validator>);

impl Schemas {
    pub(crate) fn new() -> Self {
        let ready = |schema: &Value| {
            assert!(jsonschema::meta::is_valid(schema), "not a schema: {schema:#}");
            jsonschema::options().should_validate_formats(true).build(schema).unwrap()
        };
        Self(schema::schemas().iter().map(|(name, schema)| (*name, ready(schema))).collect())
    }

    /// Proves that a document fits its schema.
    pub(crate) fn fits(&self, name: &str, document: &[u8]) {
        let document: Value = serde_json::from_slice(document).unwrap();
        if let Err(error) = self.0[name].validate(&document) {
            panic!("{name}: at {}: {error}\n{document:#}", error.instance_path());
        }
    }

    /// Whether a document fits its schema.
    pub(crate) fn is_fit(&self, name: &str, document: &[u8]) -> bool {
        serde_json::from_slice(document).is_ok_and(|document: Value| self.0[name].is_valid(&document))
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas")
}

#[test]
fn the_files_are_fresh() {
    let files: BTreeMap<String, String> = schema::files().into_iter().collect();
    for (name, content) in &files {
        let there = fs::read_to_string(folder().join(name)).unwrap_or_default();
        assert!(there == *content, "schemas/{name} is stale: run `cargo xtask schemas`");
    }
    for entry in fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(!name.ends_with(".schema.json") || files.contains_key(&name), "schemas/{name} is of no type any more");
    }
}

/// Every `$ref` below a value.
fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str));
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let files: BTreeMap<String, String> = schema::files().into_iter().collect();
    let mut count = 0;
    for (name, content) in &files {
        let document: Value = serde_json::from_str(content).unwrap();
        let mut found = Vec::new();
        references(&document, &mut found);
        for reference in found {
            let (file, pointer) = reference.split_once('#').unwrap_or((reference, ""));
            let target = match file.strip_prefix("./") {
                Some(file) => {
                    let other = files.get(file).unwrap_or_else(|| panic!("{name}: {reference}: no such file"));
                    serde_json::from_str(other).unwrap()
                }
                None => document.clone(),
            };
            assert!(target.pointer(pointer).is_some(), "{name}: {reference} leads nowhere");
            count += 1;
        }
    }
    assert!(count > 50, "{count} references");
    let bundled = schema::asyncapi();
    let mut found = Vec::new();
    references(&bundled, &mut found);
    assert!(found.iter().all(|reference| reference.starts_with('#')), "the bundled document stands alone");
}

#[test]
fn the_topics_are_described() {
    let document = schema::asyncapi();
    let addresses: Vec<&str> = document["channels"]
        .as_object()
        .unwrap()
        .values()
        .map(|channel| channel["address"].as_str().unwrap())
        .collect();
    for address in ["{prefix}.intake.v1", "{prefix}.observation.v1", "{prefix}.condition.v1", "{prefix}.case.v1"] {
        assert!(addresses.contains(&address), "{address} is not in {addresses:?}");
    }
    for (name, operation) in document["operations"].as_object().unwrap() {
        let channel = operation["channel"]["$ref"].as_str().unwrap().trim_start_matches('#').to_owned();
        assert!(document.pointer(&channel).is_some(), "{name}");
    }
}

/// The names that the domain gives to states are the names that the formats have.
#[test]
fn names_are_those_of_the_domain() {
    let files: BTreeMap<&str, Value> = schema::schemas().into_iter().collect();
    let names = |file: &str, definition: &str| -> Vec<String> {
        let definition = &files[file]["$defs"][definition];
        let listed = definition["enum"].as_array().into_iter().flatten().map(|name| name.as_str().unwrap().to_owned());
        let each = definition["oneOf"].as_array().into_iter().flatten();
        listed.chain(each.map(|one| one["const"].as_str().unwrap().to_owned())).collect()
    };
    assert_eq!(names("case", "CaseState"), CaseState::ALL.map(CaseState::name));
    assert_eq!(names("case", "CaseOutcome"), CaseOutcome::ALL.map(CaseOutcome::name));
    assert_eq!(names("case", "SeatState"), SeatState::ALL.map(SeatState::name));
    assert_eq!(names("case", "ClockKind"), ClockKind::ALL.map(ClockKind::name));
    assert!(names("condition", "State").iter().all(|name| State::parse(name).is_some()));
}

/// The description of the API is whole: references resolve, names are unique, and paths declare their parameters.
#[test]
fn the_api_is_described() {
    let document = schema::openapi();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut found = Vec::new();
    references(&document, &mut found);
    for reference in &found {
        let pointer = reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference} leads outside"));
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        assert!(jsonschema::meta::is_valid(schema), "{name} is no schema: {schema:#}");
        assert!(found.contains(&format!("#/components/schemas/{name}").as_str()), "nothing needs {name}");
    }
    let mut names = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap();
            assert!(!names.contains(&name), "{name} is there twice");
            names.push(name);
            let parameters = operation["parameters"].as_array().unwrap();
            let mut declared: Vec<&str> = parameters
                .iter()
                .filter(|one| one["in"] == "path" && one["required"] == true)
                .map(|one| one["name"].as_str().unwrap())
                .collect();
            declared.sort_unstable();
            let mut braced: Vec<&str> =
                path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
            braced.sort_unstable();
            assert_eq!(declared, braced, "{method} {path}");
            let answers = operation["responses"].as_object().unwrap();
            assert!(answers.keys().any(|status| status.starts_with('2')), "{method} {path} never succeeds");
            for (status, answer) in answers {
                assert!(answer.get("$ref").is_some() || answer["description"].is_string(), "{method} {path} {status}");
            }
        }
    }
    assert_eq!(names.len(), schema::ROUTES.len(), "no two rows are the same route");
}
