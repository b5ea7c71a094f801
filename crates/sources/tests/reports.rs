//! Real requests of two cities: what is counted here must equal what an independent script counts from the files.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use muster_sources::reports::Mapping;
use muster_sources::table::{Encoding, Table};
use serde_json::Value;

/// What must come of one file, or what came of it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    rows: u64,
    accepted: u64,
    duplicates: u64,
    amended: u64,
    parked: u64,
    with_location: u64,
    with_address: u64,
    without_both: u64,
    cases_by_kind: BTreeMap<String, u64>,
}

/// The folder of public data, which lies beside the repository.
fn data() -> Option<PathBuf> {
    let beside = muster_tests::root().join("../shared/data");
    if beside.is_dir() {
        return Some(beside);
    }
    muster_tests::need("MUSTER_TEST_DATA", "the folder of public data").map(PathBuf::from)
}

/// The numbers of the script, a line for each file.
fn expected(data: &Path) -> Option<Vec<Value>> {
    let script = muster_tests::root().join("deploy/mappings/expected.py");
    let output = match Command::new("python3").arg(script).arg(data).arg("--json").output() {
        Ok(output) => output,
        Err(_) => {
            let program = muster_tests::need("MUSTER_TEST_PYTHON", "python3")?;
            let script = muster_tests::root().join("deploy/mappings/expected.py");
            Command::new(program).arg(script).arg(data).arg("--json").output().unwrap()
        }
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

fn wanted(line: &Value) -> Counts {
    let number = |name: &str| line[name].as_u64().unwrap();
    let kinds = line["cases_by_kind"].as_object().unwrap();
    Counts {
        rows: number("rows"),
        accepted: number("accepted"),
        duplicates: number("duplicates"),
        amended: number("amended"),
        parked: number("parked"),
        with_location: number("with_location"),
        with_address: number("with_address"),
        without_both: number("without_both"),
        cases_by_kind: kinds.iter().map(|(kind, n)| (kind.clone(), n.as_u64().unwrap())).collect(),
    }
}

fn counted(mapping: &Path, file: &Path) -> Counts {
    let mapping = Mapping::parse(&mapping.display().to_string(), &std::fs::read_to_string(mapping).unwrap()).unwrap();
    let table = Table::read(&file.display().to_string(), &std::fs::read(file).unwrap(), Encoding::Utf8).unwrap();
    let (mut counts, mut seen) = (Counts::default(), BTreeMap::new());
    for (_, report) in mapping.read(&table).unwrap() {
        counts.rows += 1;
        let Ok(report) = report else {
            counts.parked += 1;
            continue;
        };
        let id = report.id.as_ref().unwrap().as_str().to_owned();
        match seen.insert(id, report.content()) {
            Some(content) if content == report.content() => counts.duplicates += 1,
            Some(_) => counts.amended += 1,
            None => {
                counts.accepted += 1;
                counts.with_location += u64::from(report.location.is_some());
                counts.with_address += u64::from(report.address.is_some());
                counts.without_both += u64::from(report.location.is_none() && report.address.is_none());
                *counts.cases_by_kind.entry(report.kind.clone()).or_default() += 1;
            }
        }
    }
    counts
}

#[test]
fn the_requests_of_two_cities_are_counted_as_the_script_counts_them() {
    let Some(data) = data() else { return };
    let Some(lines) = expected(&data) else { return };
    assert_eq!(lines.len(), 4);
    for line in &lines {
        let mapping = muster_tests::root().join("deploy/mappings").join(line["mapping"].as_str().unwrap());
        let file = data.join(line["file"].as_str().unwrap());
        assert_eq!(counted(&mapping, &file), wanted(line), "{}", file.display());
    }
}

#[test]
fn the_file_with_doubles_ends_in_the_rows_of_the_one_without() {
    let Some(data) = data() else { return };
    let mapping = muster_tests::root().join("deploy/mappings/boston311.toml");
    let with = counted(&mapping, &data.join("boston311-100-20dupes-random.csv"));
    let without = counted(&mapping, &data.join("boston311-100-deduped.csv"));
    assert_eq!((with.accepted, with.duplicates), (80, 20));
    assert_eq!(with.cases_by_kind, without.cases_by_kind);
}
