//! `muster import` of catalogue files: dry, for real, again, with bad lines, in another encoding, with a server and without.

use muster_tests::eventually;
use serde_json::{Value, json};

use super::{file, run};
use crate::api::{Api, PATIENCE};
use crate::records::{RULES, STREET};
use crate::stage::{Stage, book};

/// The numbers of one line of `--json`.
fn counts(line: &Value) -> [u64; 3] {
    ["added", "changed", "same"].map(|name| line[name].as_u64().unwrap_or_else(|| panic!("{line}")))
}

/// Imports a file and gives its line.
#[track_caller]
fn imported(stage: &Stage, arguments: &[&str], code: i32) -> Value {
    let ran = run(stage, &[&["import", "--json"], arguments].concat()).ended(code, &[]);
    let lines = ran.lines();
    assert_eq!(lines.len(), 1, "{ran:?}");
    lines[0].clone()
}

/// What must be so wherever the files go; `to` leads there.
#[track_caller]
fn takes_catalogue_files(stage: &Stage, to: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let import =
        |kind: &str, path: &str, more: &[&str], code: i32| imported(stage, &[to, &[kind, path], more].concat(), code);
    let two = "id,class,name\nlane-8,fire_lane,八号\nlane-9,fire_lane,九号\n";
    let places = file(&folder, "places.csv", two);
    let dry = import("places", &places, &["--dry-run"], 0);
    assert_eq!((counts(&dry), &dry["version"], &dry["dry_run"]), ([2, 0, 0], &Value::Null, &json!(true)), "{dry}");
    let first = import("places", &places, &[], 0);
    let again = import("places", &places, &[], 0);
    assert_eq!((counts(&first), counts(&again)), ([2, 0, 0], [0, 0, 2]), "the dry run had changed nothing");
    assert_eq!(first["version"], again["version"], "the same file twice makes no new version");
    let changed = import("places", &file(&folder, "changed.csv", two.replace("九号", "玖号")), &[], 0);
    assert_eq!(counts(&changed), [0, 1, 1]);
    assert_eq!(changed["version"].as_u64(), first["version"].as_u64().map(|version| version + 1));

    let bad = "id,kind,name,places\ncam-8,camera,八号,lane-8\n,camera,无名,\ncam-9,boat,九号,lane-9\n";
    let bad = file(&folder, "bad.csv", bad);
    let refused = import("devices", &bad, &[], 1);
    assert_eq!((&refused["refused"], refused["bad"].as_array().unwrap().len()), (&json!("bad-lines"), 2), "{refused}");
    let said = run(stage, &[&["import"], to, &["devices", &bad]].concat());
    said.ended(1, &["bad.csv:3: id:", "bad.csv:4: kind: must be camera", "refused as a whole"]);
    let partial = import("devices", &bad, &["--partial"], 1);
    assert_eq!((counts(&partial), partial["bad"].as_array().unwrap().len()), ([1, 0, 0], 2), "{partial}");

    let (gb, _, _) = encoding_rs::GB18030.encode("编码,名称,职责\nsquad-8,八号执法队,enforcement\n");
    let gb = file(&folder, "units.csv", gb);
    assert_eq!(import("units", &gb, &[], 1)["refused"], "bad-lines", "it is no UTF-8");
    assert_eq!(counts(&import("units", &gb, &["--encoding", "gb18030"], 0)), [1, 0, 0]);
    let shape = r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"id":"5001030058","name":"八格","level":"grid"},
        "geometry":{"type":"Polygon","coordinates":[[[106.5,29.5],[106.6,29.5],[106.6,29.6],[106.5,29.5]]]}}]}"#;
    assert_eq!(counts(&import("grid", &file(&folder, "grid.geojson", shape), &[], 0)), [1, 0, 0]);
    let unfit = file(&folder, "unfit.csv", "id,class,name,props\nlane-7,fire_lane,七号,\"{\"\"wheels\"\":4}\"\n");
    let unfit = import("places", &unfit, &[], 1);
    assert_eq!(unfit["refused"], "bad-lines", "{unfit}");
    assert_eq!((&unfit["bad"][0]["line"], &unfit["bad"][0]["column"]), (&json!(2), &json!("props")), "{unfit}");
    let lost = "id,class,name,grid\nlane-6,fire_lane,六号,500103005\nlane-5,fountain,五号,\nlane-4,fire_lane,四号,zz\n";
    let lost = file(&folder, "lost.csv", lost);
    run(stage, &[&["import"], to, &["places", &lost]].concat())
        .ended(1, &["lost.csv:3: class: ", "lost.csv:4: grid: there is no grid cell zz", "import grid first"]);
    let partial = import("places", &lost, &["--partial"], 1);
    assert_eq!((counts(&partial), partial["bad"].as_array().unwrap().len()), ([1, 0, 0], 2), "{partial}");
}

#[tokio::test]
async fn without_a_server_the_command_takes_them_itself() {
    let stage = Stage::embedded();
    takes_catalogue_files(&stage_with_rules(stage).await, &[]);
}

#[tokio::test]
async fn a_running_server_takes_them_and_uses_them_at_once() {
    let stage = stage_with_rules(Stage::embedded()).await;
    let server = stage.serve();
    takes_catalogue_files(&stage, &["--url", server.url()]);
    let places = Api::new(server.url()).list("/api/v1/places").await;
    assert!(places.iter().any(|place| place["name"] == "玖号"), "{places:?}");
    let folder = tempfile::tempdir().unwrap();
    let places = file(&folder, "places.csv", STREET.places);
    run(&stage, &["import", "places", &places]).ended(2, &["--url"]);
}

#[tokio::test]
async fn with_postgresql_they_go_there_and_every_process_sees_them() {
    let Some(stage) = Stage::kafka() else { return };
    let stage = stage_with_rules(stage).await;
    let server = stage.serve();
    takes_catalogue_files(&stage, &[]);
    let api = Api::new(server.url());
    let seen = async || {
        let places = api.list("/api/v1/places").await;
        places.iter().any(|place| place["name"] == "玖号").then_some(())
    };
    eventually("the place that another process imported", PATIENCE, seen).await;
}

async fn stage_with_rules(stage: Stage) -> Stage {
    stage.adopt(&book(RULES), STREET).await;
    stage
}

#[test]
fn what_cannot_be_imported_is_refused_in_words() {
    let stage = Stage::embedded();
    let folder = tempfile::tempdir().unwrap();
    let units = file(&folder, "units.csv", STREET.units);
    let workbook = file(&folder, "units.xlsx", b"PK\x03\x04rest");
    let disguised = file(&folder, "other.csv", b"PK\x03\x04rest");
    let rows: [(&[&str], i32, &str); 8] = [
        (&["import"], 2, "FILE"),
        (&["import", "dogs", &units], 2, "dogs"),
        (&["import", "shifts", &units], 2, "cannot be imported yet"),
        (&["import", "units", &workbook], 2, "save it as CSV"),
        (&["import", "units", &disguised], 1, "save it as CSV"),
        (&["import", "units", "/nowhere.csv"], 2, "/nowhere.csv"),
        (&["import", "units", &units, "--encoding", "latin1"], 2, "gb18030"),
        (&["import", "units", &units, "--mapping", &units], 2, "for reports"),
    ];
    for (arguments, code, words) in rows {
        run(&stage, arguments).ended(code, &[words]);
    }
    run(&stage, &["import", "units", &units]).ended(1, &["units.csv:2: grids: ", "import grid first"]);
    let fresh = imported(&stage, &["grid", &file(&folder, "grid.csv", STREET.grid)], 0);
    assert_eq!(
        (counts(&fresh), &fresh["version"]),
        ([1, 0, 0], &json!(1)),
        "an empty folder begins with the rules built in"
    );
    assert_eq!(counts(&imported(&stage, &["units", &units], 0)), [2, 0, 0]);
}
