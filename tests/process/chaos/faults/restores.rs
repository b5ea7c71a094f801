//! Restores that are killed on their way: what they leave is taken for nothing whole, and they are done again.

use std::path::Path;
use std::process::{Command, Stdio};

use muster_tests::{Passage, Proxy, database, eventually, until};
use muster_wire::backup::FILE;
use tempfile::TempDir;

use super::super::trial::Trial;
use super::backups::{ended, succeeded};
use super::{SECONDS, full, tell};
use crate::api::{Api, PATIENCE};
use crate::stage::{PARTITIONS, Stage};

/// A backup of a stage on which everything was watched, and the folder that goes with it.
async fn backed_up(stage: &Stage, seed: u64) -> (TempDir, String) {
    let mut trial = Trial::begin(stage, SECONDS, seed).await;
    let server = trial.serve();
    trial.send_the_rest().await;
    trial.watched(&Api::new(server.url())).await;
    server.kill();
    let folder = tempfile::tempdir().unwrap();
    let backup = folder.path().join("backup").display().to_string();
    succeeded(&ended(stage.command(&["backup", &backup])).await);
    (folder, backup)
}

/// A restore that says nothing.
fn restore(other: &Stage, backup: &str) -> Command {
    let mut command = other.command(&["restore", backup]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// What is left of one before hinders no restore, which brings everything.
async fn is_done_again(other: &Stage, backup: &str) {
    succeeded(&ended(other.command(&["restore", backup])).await);
    let (log, store) = other.open().await;
    let rows = store.partitions().await.unwrap();
    assert_eq!(rows.len(), PARTITIONS as usize);
    for row in rows {
        let end = log.bounds(&muster_log::Topic::Observation, row.partition).await.unwrap().end;
        assert!(row.offset > 0 && end >= row.offset, "partition {}: {end} and {}", row.partition, row.offset);
    }
    log.close().await;
    store.close().await;
}

/// Nobody works with what a restore has left.
async fn is_refused(other: &Stage) {
    let refused = ended(other.command(&["serve"])).await;
    let words = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(refused.status.code() == Some(2) && words.contains("muster restore"), "{words}");
}

/// How a data folder looks at some moment.
type Look = fn(&Path) -> bool;

/// Moments of a restore into a folder: behind its mark the days come first, the store last.
const MOMENTS: [(&str, Look); 3] = [
    ("the mark was there", |folder| folder.join("restoring").exists()),
    ("a day was under way", |folder| {
        let days = folder.join("log").read_dir().into_iter().flatten();
        days.flatten().any(|day| day.path().extension().is_some_and(|ending| ending == "new"))
    }),
    ("the store was under way", |folder| folder.join("muster.db.new").exists()),
];

/// Starts a restore, looks at its folder all the while, and kills it when that looks so: `None` where it was quicker.
fn killed_when(looks: Look, backup: &str) -> Option<Stage> {
    let other = Stage::embedded();
    let mut child = restore(&other, backup).spawn().unwrap();
    while child.try_wait().unwrap().is_none() && !looks(other.folder()) {}
    child.kill().unwrap();
    child.wait().unwrap();
    // Who came to the end has taken the mark away.
    other.folder().join("restoring").exists().then_some(other)
}

/// The bytes in a folder that come from a backup or go into one.
fn bytes(folder: &Path) -> u64 {
    let of = |entry: std::fs::DirEntry| match entry.metadata().unwrap() {
        found if found.is_dir() => bytes(&entry.path()),
        found if ["lock", "restoring", FILE].iter().all(|ours| entry.file_name() != *ours) => found.len(),
        _ => 0,
    };
    folder.read_dir().unwrap().map(|entry| of(entry.unwrap())).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_that_is_killed_is_done_again() {
    let (_folder, backup) = backed_up(&Stage::embedded(), 34).await;
    let whole = bytes(Path::new(&backup));
    let mut told = Vec::new();
    for (when, looks) in MOMENTS {
        let mut there = Vec::new();
        for _ in 0..if full() { 10 } else { 1 } {
            let killed = || until(when, PATIENCE, || killed_when(looks, &backup));
            let other = tokio::task::block_in_place(killed);
            there.push(bytes(other.folder()));
            is_refused(&other).await;
            is_done_again(&other, &backup).await;
        }
        told.push(format!("{when} with {there:?} of {whole} bytes"));
    }
    tell("restores killed on their way (embedded)", &[], &format!("{}; each done again", told.join(", ")));
}

/// What a restore into PostgreSQL says from where on nothing reaches the database, and how far it is then.
const WORDS: [(&str, &[u8]); 3] = [
    ("before the first table", b"copy config_version "),
    ("in the middle of the tables", b"copy cases "),
    ("before the commit", b"commit\0"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_into_postgresql_that_is_killed_leaves_nothing_and_is_done_again() {
    let (Some(stage), Some(database)) = (Stage::kafka(), database()) else { return };
    let proxy = Proxy::before(&database.address()).await.unwrap();
    let other = stage.beside(database).by_way_of(&proxy.address());
    let (_folder, backup) = backed_up(&stage, 35).await;
    let ask = |what: &str| other.database().query(what).unwrap().trim().to_owned();
    let under_way = || {
        ask(
            "select count(*) from pg_stat_activity where state = 'idle in transaction' and datname = current_database()",
        )
    };
    let size = || ask("select pg_database_size(current_database())").parse::<u64>().unwrap();
    let empty = size();
    let mut told = Vec::new();
    for (when, words) in WORDS {
        proxy.stop_at(words);
        let mut child = tokio::process::Command::from(restore(&other, &backup)).kill_on_drop(true).spawn().unwrap();
        tokio::select! {
            () = proxy.stopped() => {}
            ended = child.wait() => panic!("over before it was {when}: {ended:?}"),
        }
        eventually("the database to wait for more", PATIENCE, async || (under_way() == "1").then_some(())).await;
        child.kill().await.unwrap();
        told.push(format!("{when} with {} KiB in the database", size().saturating_sub(empty) >> 10));
        proxy.reset();
        eventually("the database to give it up", PATIENCE, async || (under_way() == "0").then_some(())).await;
        // Not sooner, or what was held back would arrive after all.
        proxy.set(Passage::Open);
        assert_eq!(ask("select count(*) from pg_tables where schemaname = 'public'"), "0", "{when}");
        is_refused(&other).await;
    }
    is_done_again(&other, &backup).await;
    let profile = "restores killed on their way (Kafka and PostgreSQL)";
    tell(profile, &[], &format!("{}; nothing was left each time, and the last is done again", told.join(", ")));
}
