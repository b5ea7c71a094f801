//! What is broken or gone under a system that lives: pages, files, a whole log, a whole store, the right to use them.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};

use muster_log::{Append, Record, Topic};
use muster_store::check_empty;
use muster_tests::{database, eventually, skipped};
use serde_json::json;
use sqlx::{AnyConnection, Connection as _};

use super::*;
use crate::api::Api;
use crate::records::blocked;
use crate::stage::PARTITIONS;

/// The size of a page of SQLite.
const PAGE: usize = 4096;
/// What a page of a table begins with that holds rows.
const ROWS: u8 = 0x0d;

/// Writes over those of a file's pages that are picked by their number and content.
fn write_over(file: &Path, picked: impl Fn(usize, &[u8]) -> bool) {
    let mut bytes = fs::read(file).unwrap();
    let pages: Vec<&mut [u8]> =
        bytes.chunks_mut(PAGE).enumerate().filter(|(n, page)| picked(*n, page)).map(|(_, page)| page).collect();
    assert!(!pages.is_empty(), "no page of {} is picked", file.display());
    pages.into_iter().for_each(|page| page.fill(0xaa));
    fs::write(file, bytes).unwrap();
}

/// The only day of a stage's log.
fn day(stage: &Stage) -> PathBuf {
    let mut days = fs::read_dir(stage.folder().join("log")).unwrap().map(|entry| entry.unwrap().path());
    days.find(|path| path.extension().is_some_and(|ending| ending == "db")).unwrap()
}

#[tokio::test]
async fn a_day_that_is_damaged_in_the_middle_is_found_and_nobody_is_ready_to_watch_it() {
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), WHOLE).await;
    let (log, store) = stage.open().await;
    for _ in 0..100 {
        let record =
            |partition| Append { topic: Topic::Observation, partition, record: Record::new("x".repeat(3000), 1) };
        log.append((0..PARTITIONS).map(record).collect()).await.unwrap();
    }
    log.close().await;
    store.close().await;
    let day = day(&stage);
    let pages = usize::try_from(day.metadata().unwrap().len()).unwrap() / PAGE;
    write_over(&day, |n, page| (pages / 3..pages * 2 / 3).contains(&n) && page[0] == ROWS);
    // It is seen before anybody starts, and by whoever cannot get over it.
    assert!(details(&diagnosed(&stage), "day-file-unreadable").contains("page"));
    let server = stage.serve();
    let api = Api::new(server.url());
    let not_ready = async || Some(api.get("/readyz").await).filter(|answer| answer.status == 503);
    let said = eventually("the process to say that it cannot watch", PATIENCE, not_ready).await.json();
    let role = said["roles"].as_array().unwrap().iter().find(|role| role["role"] == "watch").unwrap();
    assert_eq!(role["waits_for"], json!(["partitions"]), "{said}");
    let reason = said["parts"].as_array().unwrap().last().unwrap()["reason"].as_str().unwrap();
    let name = day.file_stem().unwrap().to_str().unwrap();
    for part in ["times in a row", name, "database disk image is malformed", "muster doctor"] {
        assert!(reason.contains(part), "{part}: {reason}");
    }
    assert!(said["roles"].as_array().unwrap().iter().all(|other| other == role || other["ready"] == true), "{said}");
    let findings = until("every partition to be told", PATIENCE, || {
        let (_, findings) = confided(&stage, &server);
        (details(&findings, "watch-failing").lines().count() == PARTITIONS as usize).then_some(findings)
    });
    assert!(details(&findings, "watch-failing").contains("partition 3: began again "), "{findings:#?}");
    assert!(details(&findings, "watch-failing").contains("malformed"), "{findings:#?}");
    assert!(details(&findings, "day-file-unreadable").contains(name), "{findings:#?}");
    assert!(findings.iter().all(|finding| finding["code"] != "nothing-watches"), "{findings:#?}");
}

#[tokio::test]
async fn a_damaged_page_of_the_database_is_found_though_nobody_reads_it() {
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), WHOLE).await;
    let file = stage.folder().join("muster.db");
    sqlx::any::install_default_drivers();
    let mut database = AnyConnection::connect(&format!("sqlite:{}", file.display())).await.unwrap();
    let root = "select rootpage from sqlite_schema where name = 'vault'";
    let root: i64 = sqlx::query_scalar(root).fetch_one(&mut database).await.unwrap();
    database.close().await.unwrap();
    assert!(diagnosed(&stage).iter().all(|finding| finding["code"] != "store-damaged"));
    write_over(&file, |n, _| n + 1 == usize::try_from(root).unwrap());
    assert!(details(&diagnosed(&stage), "store-damaged").contains(&format!("page {root}")));
}

#[tokio::test]
async fn a_log_that_is_gone_is_missed_and_not_made_anew() {
    let (stage, server) = well(Stage::embedded()).await;
    assert_eq!(server.terminate().code(), Some(0));
    let log = stage.folder().join("log");
    fs::remove_dir_all(&log).unwrap();
    let findings = diagnosed(&stage);
    assert!(
        details(&findings, "log-replaced").contains(&format!("{}: there is no log", log.display())),
        "{findings:#?}"
    );
    run(&stage, &["serve"]).ended(2, &["muster.db belongs to a log", "muster restore", "MUSTER_DATA_DIR"]);
    assert!(!log.exists(), "the folder is as it was");
}

/// The store of a stage is gone, and nothing begins anew where cases would be filed for everything again.
async fn is_missed(stage: &Stage, anew: &str) {
    let (code, findings) = found(&mut stage.command(&DOCTOR));
    assert_eq!((code, finding(&findings, "store-lost")["severity"].as_str()), (Some(1), Some("problem")));
    assert!(details(&findings, "store-lost").contains(&stage.topic("observation.v1")), "{findings:#?}");
    let tempting = ["store-missing", "schema-older", "nothing-watches", "no-rule-book"];
    assert!(findings.iter().all(|finding| !tempting.iter().any(|code| finding["code"] == *code)), "{findings:#?}");
    run(stage, &["serve"]).ended(2, &["is lost", "muster restore", anew, "muster doctor"]);
}

#[tokio::test]
async fn a_database_file_that_is_gone_is_missed_and_not_made_anew() {
    let stage = Stage::embedded();
    // A start that was killed before it had bound the store has left nothing to lose.
    let (log, store) = stage.open().await;
    log.close().await;
    store.close().await;
    let (stage, server) = well(stage).await;
    Api::new(server.url()).observe(&blocked(1)).await;
    assert_eq!(server.terminate().code(), Some(0));
    let file = stage.folder().join("muster.db");
    fs::remove_file(&file).unwrap();
    is_missed(&stage, "another MUSTER_DATA_DIR").await;
    assert!(!file.exists(), "the folder is as it was");
    assert!(details(&diagnosed(&stage), "store-lost").contains(file.to_str().unwrap()));
    run(&stage, &["migrate"]).ended(0, &[]);
    is_missed(&stage, "another MUSTER_DATA_DIR").await;
}

#[tokio::test]
async fn a_new_database_beside_topics_in_use_is_refused_and_stays_empty() {
    let Some(stage) = Stage::kafka() else { return };
    let (stage, server) = well(stage).await;
    assert_eq!(server.terminate().code(), Some(0));
    let other = stage.beside(database().unwrap());
    is_missed(&other, "another MUSTER_LOG__TOPIC_PREFIX").await;
    check_empty(&other.database().url()).await.unwrap();
    assert!(diagnosed(&stage).iter().all(|finding| finding["code"] != "store-lost"));
}

/// The user that owns nothing.
const NOBODY: u32 = 65_534;

/// Gives rights on a folder, the folders in it and their files.
fn allow(folder: &Path, folders: u32, files: u32) {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        match path.is_dir() {
            true => allow(&path, folders, files),
            false => fs::set_permissions(&path, fs::Permissions::from_mode(files)).unwrap(),
        }
    }
    fs::set_permissions(folder, fs::Permissions::from_mode(folders)).unwrap();
}

/// A command as a user whom rights bind. Nothing binds root.
fn bound(mut command: Command) -> Command {
    if fs::metadata("/proc/self").unwrap().uid() == 0 {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

#[tokio::test]
async fn a_folder_or_file_that_this_user_may_not_write_is_told_as_that_and_nothing_else() {
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), WHOLE).await;
    if bound(stage.command(&["--version"])).output().is_err() {
        return skipped("a place for the program from which another user may run it");
    }
    let folder = stage.folder().to_owned();
    let file = folder.join("muster.db");
    let told = |what: &Path| {
        let (code, findings) = found(&mut bound(stage.command(&DOCTOR)));
        assert_eq!((code, findings.len()), (Some(1), 1), "{findings:#?}");
        let about = details(&findings, "data-folder-not-writable");
        assert!(about.starts_with(&format!("{}: Permission denied", what.display())), "{about}");
    };
    allow(&folder, 0o555, 0o444);
    told(&folder);
    let elsewhere = tempfile::tempdir().unwrap();
    allow(elsewhere.path(), 0o777, 0o666);
    let backup = |name: &str| {
        let into = elsewhere.path().join(name);
        Ran::of(&mut bound(stage.command(&["backup", into.to_str().unwrap()])))
    };
    backup("still").ended(0, &[]);
    let restored = Stage::embedded();
    let still = elsewhere.path().join("still");
    run(&restored, &["restore", still.to_str().unwrap()]).ended(0, &[]);
    allow(&folder, 0o777, 0o666);
    // As if somebody else were at work: without the right to write, it cannot be read beside that one.
    fs::write(folder.join("muster.db-wal"), "").unwrap();
    allow(&folder, 0o555, 0o444);
    backup("busy").ended(3, &["cannot write or read", file.to_str().unwrap()]);
    allow(&folder, 0o777, 0o666);
    fs::remove_file(folder.join("muster.db-wal")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o444)).unwrap();
    if fs::metadata("/proc/self").unwrap().uid() == 0 {
        fs::set_permissions(&file, fs::Permissions::from_mode(0o400)).unwrap();
    }
    let (code, findings) = found(&mut bound(stage.command(&DOCTOR)));
    let told = details(&findings, "data-folder-not-writable");
    assert_eq!((code, told.contains("muster.db: Permission denied")), (Some(1), true), "{findings:#?}");
    assert!(findings.iter().all(|finding| finding["area"] != "store"), "{findings:#?}");
    let day = day(&stage);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
    fs::set_permissions(&day, fs::Permissions::from_mode(0o444)).unwrap();
    let (_, findings) = found(&mut bound(stage.command(&DOCTOR)));
    assert!(details(&findings, "data-folder-not-writable").contains(day.to_str().unwrap()), "{findings:#?}");
    assert!(findings.iter().all(|finding| finding["code"] != "day-file-unreadable"), "{findings:#?}");
}
