//! `muster backup` and `muster restore`: what was there is there elsewhere and goes on, and what is no backup is refused.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use muster_tests::{Server, database, eventually};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Ran, run};
use crate::api::{Api, PATIENCE};
use crate::records::{KIND, RULES, STREET, blocked};
use crate::stage::{Stage, book, program};

/// As much as a picture needs to be one.
const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\nand whatever follows";

/// A stage with a case and a picture, and a server at work on it.
async fn at_work(stage: &Stage) -> (Server, String) {
    stage.adopt(&book(RULES), STREET).await;
    let server = stage.serve();
    let api = Api::new(server.url());
    api.observe(&blocked(1)).await;
    cases(&api, 1).await;
    let kept = api.post("/api/v1/media", "image/png", PICTURE).await;
    assert_eq!(kept.status, 201, "{}", kept.text());
    (server, kept.json()["id"].as_str().unwrap().to_owned())
}

/// The cases, once there are so many.
async fn cases(api: &Api, many: usize) -> Vec<Value> {
    let cases = async || Some(api.list("/api/v1/cases").await).filter(|cases| cases.len() == many);
    eventually("as many cases as were opened", PATIENCE, cases).await
}

/// A folder to back up into: not there yet.
fn target(folder: &TempDir) -> String {
    folder.path().join("backup").to_str().unwrap().to_owned()
}

fn manifest(backup: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(Path::new(backup).join("manifest.json")).unwrap()).unwrap()
}

/// Makes a backup while the server goes on, restores it elsewhere and goes on there.
async fn goes_on_elsewhere(stage: Stage, other: Stage) {
    let (server, picture) = at_work(&stage).await;
    let before = cases(&Api::new(server.url()), 1).await;
    let folder = tempfile::tempdir().unwrap();
    let backup = target(&folder);
    let made = run(&stage, &["backup", &backup]).ended(0, &[]);
    assert!(made.out.ends_with(&format!("bytes in {backup}\n")), "{made:?}");
    let api = Api::new(server.url());
    api.observe(&blocked(2)).await;
    cases(&api, 2).await;
    server.kill();

    let restored = run(&other, &["restore", &backup, "--json"]).ended(0, &[]);
    assert_eq!(restored.lines(), [manifest(&backup)]);
    let server = other.serve();
    let api = Api::new(server.url());
    // On Kafka what came after the backup is still there to be watched.
    let again = if other.bootstrap().is_empty() { 1 } else { 2 };
    let after = cases(&api, again).await;
    assert!(after.iter().any(|case| case["id"] == before[0]["id"]), "{after:?}");
    let shown = api.get(&format!("/api/v1/evidence/{picture}?reason=look")).await;
    assert_eq!((shown.status, shown.body.as_slice()), (200, PICTURE));
    api.observe(&blocked(3)).await;
    let all = cases(&api, again + 1).await;
    assert!(all.iter().all(|case| case["kind"] == KIND), "{all:?}");
    assert!(server.terminate().success());
    nobody_else_may_read(Path::new(&backup));
}

fn nobody_else_may_read(folder: &Path) {
    assert_eq!(folder.metadata().unwrap().permissions().mode() & 0o777, 0o700, "{}", folder.display());
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            nobody_else_may_read(&path);
        } else {
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{}", path.display());
        }
    }
}

#[tokio::test]
async fn an_embedded_system_goes_on_elsewhere() {
    goes_on_elsewhere(Stage::embedded(), Stage::embedded()).await;
}

#[tokio::test]
async fn a_system_on_kafka_and_postgresql_goes_on_elsewhere() {
    let Some(stage) = Stage::kafka() else { return };
    let Some(other) = database().map(|database| stage.beside(database)) else { return };
    goes_on_elsewhere(stage, other).await;
}

/// Changes the manifest of a backup.
fn change(backup: &str, change: impl FnOnce(&mut Value)) {
    let mut changed = manifest(backup);
    change(&mut changed);
    std::fs::write(Path::new(backup).join("manifest.json"), changed.to_string()).unwrap();
}

#[tokio::test]
async fn what_is_no_whole_backup_is_refused_and_nothing_is_made() {
    let stage = Stage::embedded();
    drop(at_work(&stage).await);
    let folder = tempfile::tempdir().unwrap();
    let backup = target(&folder);
    run(&stage, &["backup", &backup]).ended(0, &[]);
    let other = Stage::embedded();
    let refused = |code, words: &[&str]| {
        run(&other, &["restore", &backup]).ended(code, words);
        assert_eq!(std::fs::read_dir(other.folder()).unwrap().count(), 0, "nothing is made");
    };
    let whole = std::fs::read(Path::new(&backup).join("manifest.json")).unwrap();
    let again = || std::fs::write(Path::new(&backup).join("manifest.json"), &whole).unwrap();
    change(&backup, |manifest| manifest["schema"] = json!(99));
    refused(1, &["schema version 99", "run the newer program"]);
    change(&backup, |manifest| manifest["schema"] = json!(3));
    change(&backup, |manifest| manifest["format"] = json!("muster.backup.v9"));
    refused(1, &["/format: is not muster.backup.v1", "program 0."]);
    again();
    change(&backup, |manifest| manifest["files"][0]["path"] = json!("../store.db"));
    refused(1, &["/files/0/path: is no file that a backup has"]);
    again();
    change(&backup, |manifest| drop(manifest["files"].as_array_mut().unwrap().remove(0)));
    refused(1, &["it has no store.db"]);
    again();
    change(&backup, |manifest| manifest["files"][0]["bytes"] = json!(7));
    refused(1, &["store.db has", "and had 7"]);
    again();
    change(&backup, |manifest| {
        for file in manifest["files"].as_array_mut().unwrap() {
            file["bytes"] = json!(u64::MAX);
        }
    });
    refused(1, &["store.db has"]);
    again();
    let store = Path::new(&backup).join("store.db");
    let good = std::fs::read(&store).unwrap();
    let mut bad = good.clone();
    bad[good.len() / 2] ^= 1;
    std::fs::write(&store, &bad).unwrap();
    refused(1, &["is damaged: store.db is not what was backed up"]);
    std::fs::remove_file(&store).unwrap();
    refused(1, &["store.db"]);
    std::os::unix::fs::symlink("/dev/zero", &store).unwrap();
    refused(1, &["no plain file"]);
    std::fs::remove_file(&store).unwrap();
    std::fs::write(&store, &good).unwrap();
    std::fs::remove_file(Path::new(&backup).join("manifest.json")).unwrap();
    refused(1, &["has no manifest.json", "unfinished"]);
    std::fs::write(Path::new(&backup).join("manifest.json"), "{").unwrap();
    refused(1, &["manifest.json cannot be used"]);
    again();
    run(&other, &["restore", &backup]).ended(0, &[]);
    // It is there now, and is not written over.
    run(&other, &["restore", &backup]).ended(2, &["is not empty"]);
}

#[tokio::test]
async fn wrong_use_is_told() {
    let stage = Stage::embedded();
    let folder = tempfile::tempdir().unwrap();
    let backup = target(&folder);
    run(&stage, &["backup", &backup]).ended(2, &["there is no database", "nothing has run"]);
    assert_eq!(std::fs::read_dir(stage.folder()).unwrap().count(), 0, "nothing is made in the data folder");
    drop(at_work(&stage).await);
    let inside = stage.folder().join("backups/one");
    run(&stage, &["backup", inside.to_str().unwrap()]).ended(2, &["lies in the data folder"]);
    run(&stage, &["backup", folder.path().to_str().unwrap()]).ended(0, &[]);
    run(&stage, &["backup", folder.path().to_str().unwrap()]).ended(2, &["not empty", "a folder of its own"]);
    run(&stage, &["restore", &backup]).ended(2, &["is no folder"]);
    run(&stage, &["restore", folder.path().to_str().unwrap()]).ended(2, &["the data folder", "is not empty"]);

    // Another profile, and a database that is not there; a password is nobody's business.
    let url = "postgres://muster:MARKED@127.0.0.1:1/muster";
    let shared = |arguments: &[&str]| {
        let mut command = program(arguments);
        let command = command.env("MUSTER_STORE__URL", url).env("MUSTER_LOG__URL", "kafka://127.0.0.1:1");
        let ran = Ran::of(command.env("MUSTER_DATA_DIR", folder.path().join("none")));
        assert!(!ran.said.contains("MARKED") && !ran.out.contains("MARKED"), "{ran:?}");
        ran
    };
    shared(&["restore", folder.path().to_str().unwrap()]).ended(2, &["of the profile embedded", "those of kafka"]);
    shared(&["backup", &backup]).ended(3, &["the database does not answer"]);
    assert!(!Path::new(&backup).exists(), "what was not begun leaves nothing");
}

#[tokio::test]
async fn a_picture_that_is_gone_is_named_and_all_else_is_there() {
    let stage = Stage::embedded();
    let (server, picture) = at_work(&stage).await;
    std::fs::remove_file(stage.folder().join("evidence").join(&picture[..2]).join(&picture)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let backup = target(&folder);
    run(&stage, &["backup", &backup]).ended(1, &["1 pictures", &picture]);
    drop(server);
    assert_eq!(manifest(&backup)["missing"], 1);
    run(&Stage::embedded(), &["restore", &backup]).ended(0, &[]);
}

#[tokio::test]
async fn a_restore_that_was_broken_off_is_done_again_and_meanwhile_nobody_works() {
    let stage = Stage::embedded();
    drop(at_work(&stage).await);
    let folder = tempfile::tempdir().unwrap();
    let backup = target(&folder);
    run(&stage, &["backup", &backup]).ended(0, &[]);
    let other = Stage::embedded();
    run(&other, &["restore", &backup]).ended(0, &[]);
    // As it is when it dies on its way: the mark is there, one file is half there, another not at all.
    let store = other.folder().join("muster.db");
    std::fs::write(other.folder().join("restoring"), store.to_str().unwrap()).unwrap();
    let day = std::fs::read_dir(other.folder().join("log")).unwrap().next().unwrap().unwrap().path();
    std::fs::write(&day, "half").unwrap();
    std::fs::write(other.folder().join("muster.db.new"), "half").unwrap();
    let words = ["a restore into", "was not finished", "muster restore"];
    for command in [&["serve"][..], &["import", "units", "units.csv"], &["backup", &format!("{backup}-2")]] {
        std::fs::write(folder.path().join("units.csv"), STREET.units).unwrap();
        Ran::of(other.command(command).current_dir(folder.path())).ended(2, &words);
    }
    let found = run(&other, &["doctor", "--json"]).lines();
    assert!(found.iter().any(|finding| finding["code"] == "restore-unfinished"), "{found:#?}");
    // A database that other settings name is not what the one before has made.
    let elsewhere = folder.path().join("elsewhere.db");
    std::fs::write(&elsewhere, "somebody's").unwrap();
    let mut command = other.command(&["restore", &backup]);
    command.env("MUSTER_STORE__URL", format!("sqlite:{}", elsewhere.display()));
    Ran::of(&mut command).ended(2, &["is not empty"]);
    assert_eq!(std::fs::read_to_string(&elsewhere).unwrap(), "somebody's");

    run(&other, &["restore", &backup]).ended(0, &[]);
    assert!(!other.folder().join("restoring").exists() && !other.folder().join("muster.db.new").exists());
    let server = other.serve();
    cases(&Api::new(server.url()), 1).await;
    assert!(server.terminate().success());
}
