//! A backup made under load, restored elsewhere, where work goes on.

use std::process::{Command, Output};

use muster_tests::database;

use super::super::account;
use super::super::trial::Trial;
use super::limits::Disk;
use super::stores::as_published_last;
use super::{SECONDS, tell};
use crate::api::Api;
use crate::stage::Stage;

/// Runs a command to its end beside everything else.
pub(super) async fn ended(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

#[track_caller]
pub(super) fn succeeded(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

async fn is_backed_up_and_goes_on(stage: &Stage, other: &Stage, seed: u64) {
    let mut trial = Trial::begin(stage, SECONDS, seed).await;
    let server = trial.serve();
    trial.while_sending(async |probe| probe.works().await).await;
    let folder = tempfile::tempdir().unwrap();
    let backup = folder.path().join("backup").display().to_string();
    let before = trial.standing();
    trial
        .while_sending(async |probe| {
            succeeded(&ended(stage.command(&["backup", &backup])).await);
            // What comes now is not in it.
            probe.works().await;
        })
        .await;
    server.kill();
    succeeded(&ended(other.command(&["restore", &backup])).await);
    if other.bootstrap().is_empty() {
        // The log is as old as the store: who sent after the backup sends again.
        trial.back_to(before);
    } else {
        trial.may_have_forgotten(&before);
    }
    trial.stage = other;
    let server = trial.serve();
    let after = trial.while_sending(async |probe| probe.works().await).await;
    account::standing(&Api::new(server.url())).await.sound("restored elsewhere");
    let told = trial.end_with(vec![server], as_published_last).await;
    let profile = if other.bootstrap().is_empty() { "embedded" } else { "Kafka and PostgreSQL" };
    tell(&format!("backed up under load, restored elsewhere ({profile})"), &[after], &told);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_load_goes_on_elsewhere_embedded() {
    is_backed_up_and_goes_on(&Stage::embedded(), &Stage::embedded(), 31).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_load_goes_on_elsewhere_on_kafka_and_postgresql() {
    let (Some(stage), Some(database)) = (Stage::kafka(), database()) else { return };
    let other = stage.beside(database);
    is_backed_up_and_goes_on(&stage, &other, 32).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_onto_a_full_disk_is_told_and_named_as_unfinished() {
    let Some(disk) = Disk::mount("size=256k") else { return };
    let stage = Stage::embedded();
    let mut trial = Trial::begin(&stage, SECONDS, 33).await;
    let server = trial.serve();
    trial.send_the_rest().await;
    let backup = disk.path().join("backup").display().to_string();
    let output = ended(stage.command(&["backup", &backup])).await;
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{words}");
    for part in [&format!("the backup in {backup} is unfinished"), "remove it", "full"] {
        assert!(words.contains(part), "{part}: {words}");
    }
    let other = Stage::embedded();
    let output = ended(other.command(&["restore", &backup])).await;
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(1) && words.contains("unfinished"), "{words}");
    let told = trial.end(vec![server]).await;
    tell("a backup onto a full disk", &[], &told);
}
