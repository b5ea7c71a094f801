//! Two thousand real service requests of one city and a hundred of another: exactly the cases that must come of them.
//!
//! The rows become reports by the mappings of `deploy/mappings` and go in by `POST /api/v1/reports`. What must come
//! of them is counted here from the files alone, with nothing of ours in between (as `deploy/mappings/expected.py` does).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use muster_sources::reports::Mapping;
use muster_sources::table::{Encoding, Table};
use muster_tests::{data, eventually, root};
use serde_json::Value;

use crate::api::{Api, PATIENCE};
use crate::records::STREET;
use crate::stage::{Stage, example_rules};

/// What a file must come to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counted {
    accepted: u64,
    duplicates: u64,
    parked: u64,
    kinds: BTreeMap<String, u64>,
}

/// A city's file, and the columns by which it is counted.
struct City {
    mapping: &'static str,
    id: &'static str,
    kind: &'static str,
    prefix: &'static str,
}

const NEW_YORK: City = City { mapping: "nyc311.toml", id: "Unique Key", kind: "Complaint Type", prefix: "nyc." };
const BOSTON: City = City { mapping: "boston311.toml", id: "case_enquiry_id", kind: "type", prefix: "boston." };

#[tokio::test]
async fn new_york_becomes_its_cases_on_the_embedded_default() {
    run(Some(Stage::embedded()), &NEW_YORK, "nyc311-2000.csv", (2000, 0, 90)).await;
}

#[tokio::test]
async fn new_york_becomes_its_cases_on_kafka_and_postgresql() {
    run(Stage::kafka(), &NEW_YORK, "nyc311-2000.csv", (2000, 0, 90)).await;
}

#[tokio::test]
async fn boston_becomes_its_cases_on_the_embedded_default() {
    run(Some(Stage::embedded()), &BOSTON, "boston311-100.csv", (100, 0, 36)).await;
    run(Some(Stage::embedded()), &BOSTON, "boston311-100-20dupes-random.csv", (80, 20, 36)).await;
}

#[tokio::test]
async fn boston_becomes_its_cases_on_kafka_and_postgresql() {
    run(Stage::kafka(), &BOSTON, "boston311-100.csv", (100, 0, 36)).await;
    run(Stage::kafka(), &BOSTON, "boston311-100-20dupes-random.csv", (80, 20, 36)).await;
}

/// The file gives these numbers of accepted, duplicates and kinds, and these cases; sent again, nothing.
async fn run(stage: Option<Stage>, city: &City, file: &str, known: (u64, u64, usize)) {
    let (Some(file), Some(stage)) = (data(file), stage) else { return };
    let mut expected = count(city, &file);
    assert_eq!((expected.accepted, expected.duplicates, expected.kinds.len()), known, "{}", file.display());
    stage.adopt(&example_rules(), STREET).await;
    let server = stage.serve();
    let api = Api::new(server.url());
    let (accepted, duplicates, parked) = import(&api, city, &file).await;
    let cases = rested(&api, expected.accepted).await;
    let found = Counted { accepted, duplicates, parked, kinds: kinds(&cases) };
    assert_eq!(found, expected, "{}", file.display());
    let ids: BTreeSet<&str> =
        cases.iter().map(|case| case["reports"][0]["id"].as_str().expect("a case of a report")).collect();
    assert_eq!(ids.len(), cases.len(), "one report, one case");

    let again = import(&api, city, &file).await;
    assert_eq!(again, (0, expected.accepted + expected.duplicates, 0), "a second run adds nothing");
    let after = kinds(&rested(&api, expected.accepted).await);
    assert_eq!(after, std::mem::take(&mut expected.kinds));
}

/// At least so many cases, once nothing moves any more: pages of a queue that is being given out may skip a case that
/// changes its place between them.
async fn rested(api: &Api, at_least: u64) -> Vec<Value> {
    eventually("the cases, at rest", PATIENCE, async || {
        let cases = api.list("/api/v1/cases").await;
        (cases.len() as u64 >= at_least && cases == api.list("/api/v1/cases").await).then_some(cases)
    })
    .await
}

fn kinds(cases: &[Value]) -> BTreeMap<String, u64> {
    let mut kinds = BTreeMap::new();
    for case in cases {
        *kinds.entry(case["kind"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    kinds
}

/// Sends a file by its mapping, and adds up what was answered: accepted, duplicates, parked.
async fn import(api: &Api, city: &City, file: &Path) -> (u64, u64, u64) {
    let path = root().join("deploy/mappings").join(city.mapping);
    let mapping = Mapping::parse(&path.display().to_string(), &std::fs::read_to_string(&path).unwrap()).unwrap();
    let bytes = std::fs::read(file).unwrap();
    let table = Table::read(&file.display().to_string(), &bytes, Encoding::Utf8).unwrap();
    let (mut sum, mut reports) = ([0, 0, 0], Vec::new());
    for (_, read) in mapping.read(&table).unwrap() {
        match read {
            Ok(report) => reports.push(report.json()),
            Err(_) => sum[2] += 1,
        }
    }
    for some in reports.chunks(100) {
        let answer = api.post("/api/v1/reports", "application/json", format!("[{}]", some.join(","))).await;
        assert_eq!(answer.status, 202, "{}", answer.text());
        let receipt = answer.json();
        let parked = receipt["parked"].as_array().unwrap().len() as u64;
        let counts = [receipt["accepted"].as_u64().unwrap(), receipt["duplicates"].as_u64().unwrap(), parked];
        assert_eq!(counts.iter().sum::<u64>(), some.len() as u64, "{receipt}");
        sum.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
    }
    sum.into()
}

/// Counts from the file alone: each id once, each row of a known id a duplicate.
fn count(city: &City, file: &Path) -> Counted {
    let mut reader = csv::Reader::from_path(file).unwrap();
    let header = reader.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|found| found.trim_start_matches('\u{feff}') == name).unwrap();
    let (id, kind) = (column(city.id), column(city.kind));
    let (mut counted, mut known) = (Counted::default(), BTreeSet::new());
    for row in reader.records() {
        let row = row.unwrap();
        if !known.insert(row[id].trim().to_owned()) {
            counted.duplicates += 1;
            continue;
        }
        counted.accepted += 1;
        let words = row[kind].to_ascii_lowercase();
        let words: Vec<&str> =
            words.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
        *counted.kinds.entry(format!("{}{}", city.prefix, words.join("-"))).or_default() += 1;
    }
    counted
}
