//! `muster import reports`: rows become reports that are durable, counted once, and named where they cannot be.

use muster_tests::eventually;
use serde_json::json;

use super::{file, run};
use crate::api::{Api, PATIENCE};
use crate::records::{RULES, STREET};
use crate::stage::{Stage, book};

const MAPPING: &str = r#"
version = 1
source = "hotline"
id = { column = "No" }
kind = { column = "Kind", prefix = "test." }
text = { columns = ["Text"], join = " " }
"#;
const ROWS: &str = "No,Kind,Text\n1,Litter,一\n,Litter,没有编号\n2,Noise,二\n";

/// Imports with the given way there, and gives accepted, duplicates, parked and refused.
fn imported(stage: &Stage, arguments: &[&str], code: i32) -> [u64; 4] {
    let ran = run(stage, &[&["import", "reports", "--json"], arguments].concat()).ended(code, &[]);
    let sums = ran.lines().pop().unwrap();
    ["accepted", "duplicates", "parked", "refused"].map(|name| sums[name].as_u64().unwrap())
}

async fn becomes_cases(stage: Stage, url_is_needed: bool) {
    stage.adopt(&book(RULES), STREET).await;
    let folder = tempfile::tempdir().unwrap();
    let (rows, mapping) = (file(&folder, "rows.csv", ROWS), file(&folder, "mapping.toml", MAPPING));
    assert_eq!(imported(&stage, &[&rows, "--mapping", &mapping, "--dry-run"], 1), [2, 0, 0, 1]);
    let said = run(&stage, &["import", "reports", &rows, "--mapping", &mapping]).ended(1, &["rows.csv:3: No:"]);
    assert_eq!(said.out, "2 accepted, 0 duplicates, 0 parked, 1 refused\n");

    let server = stage.serve();
    let api = Api::new(server.url());
    let cases = async || Some(api.list("/api/v1/cases").await).filter(|cases| cases.len() == 2);
    let cases = eventually("the cases of what was imported before the server", PATIENCE, cases).await;
    assert!(cases.iter().any(|case| case["kind"] == "test.noise"), "{cases:?}");
    let way: &[&str] = if url_is_needed { &["--url", server.url()] } else { &[] };
    let more = file(&folder, "more.csv", format!("{ROWS}3,Litter,三\n"));
    let again = imported(&stage, &[&[more.as_str(), "--mapping", &mapping], way].concat(), 1);
    assert_eq!(again, [1, 2, 0, 1], "what became a case before is a duplicate");
    let stored = async || {
        let report = api.get("/api/v1/reports/hotline/3").await;
        (report.status == 200 && report.json()["state"] == json!("case")).then_some(())
    };
    eventually("the case of the new report", PATIENCE, stored).await;
    assert_eq!(api.list("/api/v1/cases").await.len(), 3);
}

#[tokio::test]
async fn a_try_counts_what_comes_twice_as_an_import_does() {
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), STREET).await;
    let folder = tempfile::tempdir().unwrap();
    let rows = file(&folder, "rows.csv", "No,Kind,Text\n1,Litter,一\n2,Noise,二\n1,Litter,一\n2,Noise,三\n");
    let (more, mapping) =
        (file(&folder, "more.csv", "No,Kind,Text\n2,Noise,三\n"), file(&folder, "mapping.toml", MAPPING));
    let arguments = [rows.as_str(), &more, "--mapping", &mapping];
    let words = [
        "rows.csv:4: 1 is in",
        "rows.csv:2 already (duplicate: twice)",
        "rows.csv:5: 2 is in",
        "amended",
        "more.csv:2: 2",
    ];
    run(&stage, &[&["import", "reports", "--dry-run"], &arguments[..]].concat()).ended(0, &words);
    let tried = imported(&stage, &[&arguments[..], &["--dry-run"]].concat(), 0);
    assert_eq!(tried, [3, 2, 0, 0]);
    assert_eq!(imported(&stage, &arguments, 0), tried);
}

#[tokio::test]
async fn rows_become_cases_on_the_embedded_default() {
    becomes_cases(Stage::embedded(), true).await;
}

#[tokio::test]
async fn rows_become_cases_on_kafka_and_postgresql() {
    let Some(stage) = Stage::kafka() else { return };
    becomes_cases(stage, false).await;
}

#[test]
fn mappings_and_files_that_do_not_fit_are_refused_in_words() {
    let stage = Stage::embedded();
    let folder = tempfile::tempdir().unwrap();
    let rows = file(&folder, "rows.csv", ROWS);
    let mapping = file(&folder, "mapping.toml", MAPPING);
    let wrong = file(&folder, "wrong.toml", "version = 7\n");
    let other = file(&folder, "other.csv", "A,B\n1,2\n");
    run(&stage, &["import", "reports", &rows]).ended(2, &["--mapping"]);
    run(&stage, &["import", "reports", &rows, "--mapping", "/nowhere"]).ended(2, &["/nowhere"]);
    run(&stage, &["import", "reports", &rows, "--mapping", &wrong]).ended(2, &["wrong.toml:"]);
    run(&stage, &["import", "reports", &other, "--mapping", &mapping])
        .ended(1, &["other.csv:1: No: the mapping names"]);
}
