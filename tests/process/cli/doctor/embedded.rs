//! What goes wrong on one machine: folder, files, settings, dead letters.

use serde_json::json;

use super::*;
use crate::api::Api;
use crate::lies;
use crate::records::seen;
use crate::stage::program;

#[tokio::test]
async fn a_well_server_is_told_so_in_words_and_a_stopped_one_is_not() {
    let (stage, server) = well(Stage::embedded()).await;
    let said = run(&stage, &["doctor", "--url", server.url()]).ended(0, &["0 problems"]);
    assert_eq!(said.out, "nothing is wrong\n");
    // The port of the settings is no address, so whoever holds the folder cannot be asked.
    let (code, findings) = found(&mut stage.command(&DOCTOR));
    assert_eq!(code, Some(1));
    assert!(details(&findings, "data-folder-locked").contains("port 0"), "{findings:#?}");
    let id = server.id();
    server.kill();
    let (code, findings) = found(&mut stage.command(&DOCTOR));
    assert_eq!((code, findings.len()), (Some(1), 1), "{findings:#?}");
    assert_eq!(finding(&findings, "nothing-watches")["run"], json!(["muster serve"]));
    assert!(details(&findings, "nothing-watches").starts_with("partition 0: "), "{findings:#?}");
    assert!(details(&findings, "nothing-watches").contains(&format!("-{}, ", id)), "who had it: {findings:#?}");
    let said = run(&stage, &["doctor"]).ended(1, &["1 problems, 0 warnings"]).out;
    assert!(said.starts_with("work\n  PROBLEM nothing-watches: ") && said.contains("\n    next: start"), "{said}");
}

#[test]
fn before_the_first_start_nothing_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (code, findings) = found(program(&DOCTOR).env("MUSTER_DATA_DIR", &data));
    assert_eq!(code, Some(1));
    finding(&findings, "data-folder-missing");
    assert_eq!(finding(&findings, "store-missing")["run"], json!(["muster migrate"]));
    assert!(!data.exists());
    std::fs::write(&data, "no folder").unwrap();
    finding(&found(program(&DOCTOR).env("MUSTER_DATA_DIR", &data)).1, "data-folder-not-writable");
}

#[test]
fn settings_that_cannot_be_used_are_the_first_thing_told() {
    let folder = tempfile::tempdir().unwrap();
    let config = file(&folder, "muster.toml", "[log]\npartitions = 8\nretentoin = \"1d\"\n[htpp]\n");
    let mut command = program(&["doctor", "--json", "--config", &config]);
    let ran = Ran::of(command.env("MUSTER_ROLE", "watch")).ended(2, &[]);
    let unknown = details(&ran.lines(), "unknown-setting");
    assert_eq!(unknown.lines().count(), 3, "{unknown}");
    for one in ["muster.toml:3:1", "muster.toml:4:2", "MUSTER_ROLE"] {
        assert!(unknown.contains(one), "{one}: {unknown}");
    }
    let (code, findings) = found(program(&DOCTOR).env("MUSTER_LOG__URL", "kafka://127.0.0.1:9"));
    assert_eq!(code, Some(2));
    finding(&findings, "log-and-store-no-pair");
    let (code, findings) = found(program(&DOCTOR).env("MUSTER_LOG__PARTITIONS", "many"));
    assert_eq!(code, Some(2));
    assert!(details(&findings, "settings-refused").contains("log.partitions"));
}

#[test]
fn who_may_come_in_is_looked_at() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let open = |command: &mut Command| found(command.env("MUSTER_DATA_DIR", folder.path())).1;
    let findings = open(program(&DOCTOR).env("MUSTER_HTTP__LISTEN", "0.0.0.0:8080"));
    assert_eq!(details(&findings, "listens-without-tokens"), "0.0.0.0:8080");
    let findings = open(program(&DOCTOR).env("MUSTER_AUTH__TOKENS_FILE", "/nowhere/tokens.toml"));
    assert!(details(&findings, "tokens-file-unusable").contains("/nowhere/tokens.toml"));
    let hash = "0".repeat(64);
    let tokens =
        file(&folder, "tokens.toml", format!("[[token]]\nname = \"a\"\nrole = \"reader\"\nhash = \"{hash}\"\n"));
    std::fs::set_permissions(&tokens, std::fs::Permissions::from_mode(0o644)).unwrap();
    let findings = open(program(&DOCTOR).env("MUSTER_AUTH__TOKENS_FILE", &tokens));
    assert_eq!(finding(&findings, "tokens-file-exposed")["run"], json!([format!("chmod o-rwx '{tokens}'")]));
    std::fs::set_permissions(&tokens, std::fs::Permissions::from_mode(0o640)).unwrap();
    let findings = open(program(&DOCTOR).env("MUSTER_AUTH__TOKENS_FILE", &tokens));
    assert!(findings.iter().all(|finding| finding["area"] != "settings"), "{findings:#?}");
}

#[tokio::test]
async fn a_log_that_does_not_fit_is_named() {
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), WHOLE).await;
    let findings = found(stage.command(&DOCTOR).env("MUSTER_LOG__PARTITIONS", "3")).1;
    assert!(details(&findings, "log-made-otherwise").contains("log.partitions: 4 ≠ 3"));
    let findings = found(stage.command(&DOCTOR).env("MUSTER_LOG__FREE_DISK_PERCENT", "90")).1;
    let full = details(&findings, "disk-full");
    assert!(full.contains("the floor is 90 %"), "{full}");
    // What is free may change a little meanwhile: a floor with room on both sides.
    let (_, free) = full.split(" % is free").next().unwrap().rsplit_once(' ').unwrap();
    let floor = free.parse::<u32>().map(|free| free - free / 4).unwrap();
    let findings = found(stage.command(&DOCTOR).env("MUSTER_LOG__FREE_DISK_PERCENT", floor.to_string())).1;
    assert!(details(&findings, "disk-nearly-full").contains(&format!("the floor is {floor} %")));
    let findings = found(stage.command(&DOCTOR).env("MUSTER_LOG__PARTITIONS", "300")).1;
    assert!(details(&findings, "log-settings-refused").contains("log.partitions is 300"));

    let day = stage.folder().join("log/2020-01-01.db");
    std::fs::write(&day, "this is no database at all, and long enough to be seen as none".repeat(20)).unwrap();
    assert!(details(&diagnosed(&stage), "day-file-unreadable").contains("2020-01-01.db"));
    std::fs::remove_file(&day).unwrap();
}

#[tokio::test]
async fn a_log_put_in_place_of_another_is_seen() {
    let (stage, server) = well(Stage::embedded()).await;
    assert_eq!(server.terminate().code(), Some(0));
    std::fs::remove_dir_all(stage.folder().join("log")).unwrap();
    // Whatever opens the folder next begins a new log there.
    let (log, store) = stage.open().await;
    log.close().await;
    store.close().await;
    let findings = diagnosed(&stage);
    finding(&findings, "log-replaced");
    assert!(details(&findings, "log-behind").contains("the log ends at 0"), "{findings:#?}");
}

#[tokio::test]
async fn a_database_file_that_is_none_or_on_a_disk_that_is_not_ours_alone_is_named() {
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), WHOLE).await;
    let mut command = stage.command(&DOCTOR);
    lies::tell(&mut command, include_str!("disk.c"), stage.folder());
    assert!(details(&found(&mut command).1, "sqlite-not-wal").contains("disk I/O error"));
    std::fs::write(stage.folder().join("muster.db"), "somebody's letters, and no database at all").unwrap();
    assert!(details(&diagnosed(&stage), "store-damaged").contains("file is not a database"));
}

#[tokio::test]
async fn a_time_of_day_that_was_set_under_a_running_process_is_seen() {
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), WHOLE).await;
    let offset = stage.folder().join("offset");
    std::fs::write(&offset, "0").unwrap();
    let mut command = stage.command(&["serve"]);
    lies::tell(&mut command, lies::OF_THE_TIME, stage.folder());
    let server = Server::start(command.env("LIE_FILE", &offset));
    std::fs::write(&offset, "3600").unwrap();
    let told = until("the doctor to say so", PATIENCE, || {
        let (_, findings) = confided(&stage, &server);
        findings.into_iter().find(|finding| finding["code"] == "clock-set")
    });
    assert_eq!(told["run"], json!(["timedatectl status"]));
}

#[tokio::test]
async fn nothing_adopted_and_nothing_migrated_are_told_apart() {
    let stage = Stage::embedded();
    let (log, store) = stage.open().await;
    log.close().await;
    store.close().await;
    assert_eq!(finding(&diagnosed(&stage), "schema-older")["run"], json!(["muster migrate"]));
    run(&stage, &["migrate"]).ended(0, &[]);
    finding(&diagnosed(&stage), "no-rule-book");
}

#[tokio::test]
async fn dead_letters_and_skipped_records_are_counted() {
    let (stage, server) = well(Stage::embedded()).await;
    let api = Api::new(server.url());
    let stranger = seen(7, "stranger", 0, false).to_string();
    assert_eq!(api.post("/api/v1/observations", "application/cloudevents+json", stranger).await.status, 422);
    let told = until("the dead letter", PATIENCE, || {
        let (_, findings) = confided(&stage, &server);
        findings.into_iter().find(|finding| finding["code"] == "dead-letters-open")
    });
    assert_eq!(told["run"], json!(["muster dlq list --code unknown-device"]));
    assert_eq!(told["details"][0]["en"], "unknown-device: 1");
    server.kill();
    let (log, store) = stage.open().await;
    store.skip_put(0, 5, "it breaks the watch", 1).await.unwrap();
    store.destination_failed("case", 0, 1, "the topic is full").await.unwrap();
    log.close().await;
    store.close().await;
    let findings = diagnosed(&stage);
    assert!(details(&findings, "records-skipped").contains("the newest at offset 5"));
    assert!(details(&findings, "outbox-stuck").contains("the topic is full"));
}
