//! `muster dlq`: listed, shown, mended and taken again, dropped; with a server, without one, and with PostgreSQL.

use muster_tests::until;
use serde_json::{Value, json};

use super::{Ran, file, run};
use crate::api::PATIENCE;
use crate::records::{RULES, STREET, seen};
use crate::stage::{Stage, book};

/// The open letters, once there are so many.
fn listed(stage: &Stage, to: &[&str], count: usize) -> Vec<Value> {
    let list = || {
        let letters = run(stage, &[&["dlq", "list", "--json"], to].concat()).ended(0, &[]).lines();
        Some(letters).filter(|letters| letters.len() == count)
    };
    until("the dead letters", PATIENCE, list)
}

/// Three letters of a camera that nobody knows, and one that is no JSON: what must be so wherever they are.
fn deals_with_letters(stage: &Stage, to: &[&str]) {
    let dlq = |arguments: &[&str]| run(stage, &[&["dlq"], arguments, to].concat());
    let letters = listed(stage, to, 4);
    let strangers: Vec<&Value> = letters.iter().filter(|letter| letter["code"] == "unknown-device").collect();
    assert_eq!(strangers.len(), 3, "{letters:?}");
    let id = strangers[0]["id"].to_string();
    let table = dlq(&["list", "--code", "unknown-device", "--limit", "2"]).ended(0, &[]).out;
    assert!(table.lines().count() == 2 && table.lines().all(|line| line.contains("unknown-device")), "{table}");
    let shown = dlq(&["show", &id]).ended(0, &[]).out;
    assert!(shown.contains("code: unknown-device") && shown.contains("cam-7"), "{shown}");
    assert_eq!(dlq(&["show", &id, "--json"]).ended(0, &[]).lines()[0]["id"].to_string(), id);
    dlq(&["show", "999999"]).ended(1, &["no such dead letter"]);

    dlq(&["replay", &id]).ended(1, &["still cannot be read"]);
    let folder = tempfile::tempdir().unwrap();
    let mended = file(&folder, "mended.json", seen(1, "mended", 0, false).to_string());
    let done = dlq(&["replay", &id, "--with", &mended, "--json"]).ended(0, &[]).lines();
    assert_eq!((&done[0]["ok"], &done[0]["accepted"]), (&json!(true), &json!(1)), "{done:?}");
    let twice = dlq(&["replay", &id, "--json"]).ended(1, &["dealt with before"]).lines();
    assert_eq!((&twice[0]["ok"], &twice[0]["code"]), (&json!(false), &json!("settled")), "{twice:?}");

    dlq(&["replay", "--code", "unknown-device", "--all"]).ended(1, &["still cannot be read"]);
    let device = file(&folder, "devices.csv", "id,kind,name,places\ncam-7,camera,七号,lane-2\n");
    run(stage, &[&["import", "devices", &device], to].concat()).ended(0, &[]);
    // A process that another one tells of the new catalogue knows it within a second or two.
    let replay = || {
        let ran = dlq(&["replay", "--code", "unknown-device", "--all"]);
        Some(ran).filter(|ran| ran.code == Some(0) || to.is_empty())
    };
    until("the letters to be taken", PATIENCE, replay).ended(0, &[]);

    let left = listed(stage, to, 1).remove(0)["id"].to_string();
    dlq(&["drop", &left, "--reason", " "]).ended(2, &["--reason"]);
    dlq(&["drop", &left, "--reason", "网关坏了", "--json"]).ended(0, &[]);
    dlq(&["drop", &left, "--reason", "again"]).ended(1, &["dealt with before"]);
    listed(stage, to, 0);
    let dropped = dlq(&["list", "--state", "dropped", "--json"]).ended(0, &[]).lines();
    assert_eq!((dropped.len(), &dropped[0]["note"]), (1, &json!("网关坏了")));
    assert_eq!(dlq(&["list", "--state", "replayed", "--json"]).ended(0, &[]).lines().len(), 3);
}

/// A stage whose server has parked four events.
async fn with_letters(stage: Stage) -> (Stage, muster_tests::Server) {
    stage.adopt(&book(RULES), STREET).await;
    let server = stage.serve();
    let strangers: String = (0..3).map(|n| format!("{}\n", seen(7, &format!("s-{n}"), 0, false))).collect();
    let mut send = stage.command(&["send", "--url", server.url(), "-"]);
    Ran::fed(&mut send, format!("{strangers}not json\n").as_bytes()).ended(1, &[]);
    (stage, server)
}

#[tokio::test]
async fn a_running_server_is_asked() {
    let (stage, server) = with_letters(Stage::embedded()).await;
    deals_with_letters(&stage, &["--url", server.url()]);
}

#[tokio::test]
async fn without_a_server_the_folder_is_opened() {
    let (stage, server) = with_letters(Stage::embedded()).await;
    server.kill();
    deals_with_letters(&stage, &[]);
}

#[tokio::test]
async fn with_postgresql_they_are_dealt_with_there() {
    let Some(stage) = Stage::kafka() else { return };
    let (stage, _server) = with_letters(stage).await;
    deals_with_letters(&stage, &[]);
}

#[test]
fn wrong_use_is_told() {
    let stage = Stage::embedded();
    let rows: [(&[&str], &str); 6] = [
        (&["dlq"], "Usage"),
        (&["dlq", "replay"], "required"),
        (&["dlq", "replay", "--all"], "--code"),
        (&["dlq", "replay", "1", "--with", "/nowhere"], "/nowhere"),
        (&["dlq", "drop", "1"], "--reason"),
        (&["dlq", "list", "--state", "lost"], "lost"),
    ];
    for (arguments, words) in rows {
        run(&stage, arguments).ended(2, &[words]);
    }
    run(&stage, &["dlq", "list", "--url", "http://127.0.0.1:1"]).ended(3, &["127.0.0.1:1"]);
    assert_eq!(run(&stage, &["dlq", "list", "--json"]).ended(0, &[]).out, "");
}
