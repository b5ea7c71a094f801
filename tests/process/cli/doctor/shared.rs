//! What goes wrong on Kafka and PostgreSQL: topics, passwords, schema, leases, clocks of others.

use muster_log::{Append, Bounds, Record, Topic};
use muster_pipeline::clock::Clock;
use rdkafka::admin::{AdminOptions, AlterConfig, NewPartitions, ResourceSpecifier};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use serde_json::json;

use super::*;
use crate::lies;
use crate::stage::program;

#[test]
fn who_does_not_answer_is_named() {
    let (code, findings) = found(
        program(&DOCTOR)
            .env("MUSTER_LOG__URL", "kafka://127.0.0.1:1")
            .env("MUSTER_STORE__URL", "postgres://nobody@127.0.0.1:1/none"),
    );
    assert_eq!(code, Some(3));
    assert!(details(&findings, "broker-unreachable").contains("no Kafka broker answers"));
    finding(&findings, "store-unreachable");
    let ran = Ran::of(&mut program(&["doctor", "--json", "--url", "http://127.0.0.1:1"])).ended(3, &[]);
    assert!(details(&ran.lines(), "server-silent").contains("127.0.0.1:1"));
}

#[tokio::test]
async fn a_well_server_is_seen_from_inside_and_outside() {
    let Some(stage) = Stage::kafka() else { return };
    let (stage, server) = well(stage).await;
    let findings = diagnosed(&stage);
    assert!(findings.iter().all(is_of_the_tests), "{findings:#?}");
    assert_eq!(finding(&findings, "single-copy")["severity"], "note");
    server.kill();
    // Leases run out by themselves.
    until("nobody to watch", PATIENCE, || {
        let findings = diagnosed(&stage);
        findings.iter().any(|finding| finding["code"] == "nothing-watches").then_some(())
    });
}

#[tokio::test]
async fn topics_are_missing_before_the_first_start_and_are_not_made() {
    let Some(stage) = Stage::kafka() else { return };
    let findings = diagnosed(&stage);
    let missing = details(&findings, "topic-missing");
    assert_eq!(missing.lines().count(), 8, "{missing}");
    finding(&findings, "schema-older");
    assert_eq!(details(&diagnosed(&stage), "topic-missing"), missing);
    // These brokers know no passwords: whoever insists on giving one is sent away.
    let mut command = stage.command(&DOCTOR);
    let access = [("SECURITY_PROTOCOL", "sasl_plaintext"), ("SASL_MECHANISM", "PLAIN"), ("SASL_USERNAME", "muster")];
    command.envs(access.map(|(name, value)| (format!("MUSTER_LOG__KAFKA__{name}"), value)));
    command.env("MUSTER_LOG__KAFKA__SASL_PASSWORD", "secret");
    assert!(details(&found(&mut command).1, "broker-denies").contains("SASL"));
}

#[tokio::test]
async fn topics_that_somebody_changed_are_named_with_the_change_to_make() {
    let Some(stage) = Stage::kafka() else { return };
    stage.adopt(&book(RULES), WHOLE).await;
    let (admin, options) = (stage.admin(), AdminOptions::new());
    let (case, condition) = (stage.topic("case.v1"), stage.topic("condition.v1"));
    let changed = AlterConfig::new(ResourceSpecifier::Topic(&case))
        .set("retention.ms", "1000")
        .set("max.message.bytes", "50000")
        .set("cleanup.policy", "compact")
        .set("min.insync.replicas", "2");
    admin.alter_configs([&changed], &options).await.unwrap()[0].as_ref().unwrap();
    let added = admin.create_partitions([&NewPartitions::new(&condition, 7)], &options).await.unwrap();
    added[0].as_ref().unwrap();
    let findings = until("the brokers to tell of the change", PATIENCE, || {
        let findings = diagnosed(&stage);
        findings.iter().any(|finding| finding["code"] == "partition-count-differs").then_some(findings)
    });
    assert!(details(&findings, "partition-count-differs").contains("7 partitions, not 4"));
    assert!(details(&findings, "retention-short").contains(&case));
    let command = finding(&findings, "retention-short")["run"][0].as_str().unwrap();
    assert!(command.contains(stage.bootstrap().split(',').next().unwrap()) && command.contains(&case), "{command}");
    finding(&findings, "message-size-small");
    finding(&findings, "topic-compacted");
    assert!(details(&findings, "min-insync-high").contains("copies 1"));
}

#[tokio::test]
async fn a_topic_made_anew_is_seen() {
    let Some(stage) = Stage::kafka() else { return };
    let (stage, server) = well(stage).await;
    let (log, store) = stage.open().await;
    let moved = async || store.partitions().await.unwrap().iter().all(|row| row.offset > 0).then_some(());
    muster_tests::eventually("what is committed to be past what there will be", PATIENCE, moved).await;
    log.close().await;
    store.close().await;
    assert_eq!(server.terminate().code(), Some(0));
    let (admin, options) = (stage.admin(), AdminOptions::new());
    let observation = stage.topic("observation.v1");
    admin.delete_topics(&[&observation], &options).await.unwrap()[0].as_ref().unwrap();
    until("the topic to be gone", PATIENCE, || {
        let findings = diagnosed(&stage);
        findings.iter().any(|finding| finding["code"] == "topic-missing").then_some(())
    });
    let (log, store) = stage.open().await;
    log.close().await;
    store.close().await;
    let findings = diagnosed(&stage);
    assert!(details(&findings, "log-replaced").contains(&observation), "{findings:#?}");
    finding(&findings, "log-behind");
}

#[tokio::test]
async fn the_database_is_looked_at() {
    let Some(stage) = Stage::kafka() else { return };
    let database = stage.database();
    let missing = format!("{}_not_there", database.url());
    let without = || found(stage.command(&DOCTOR).env("MUSTER_STORE__URL", &missing)).1;
    assert!(details(&without(), "database-missing").contains("_not_there"));
    stage.adopt(&book(RULES), WHOLE).await;
    // Beside a log that is in use it is not to be made.
    assert!(details(&without(), "store-lost").contains("_not_there"));
    let name = database.url().rsplit('/').next().unwrap().to_owned();
    database.query(&format!("alter database {name} set synchronous_commit = off")).unwrap();
    let findings = found(stage.command(&DOCTOR).env("MUSTER_STORE__MAX_CONNECTIONS", "5000")).1;
    finding(&findings, "synchronous-commit-off");
    assert!(details(&findings, "max-connections-small").contains("a process takes 5000"), "{findings:#?}");
    let stranger = format!("{name}_stranger");
    database.query(&format!("create role {stranger} login; revoke connect on database {name} from public")).unwrap();
    let (_, at) = database.url().split_once('@').map(|(user, at)| (user.to_owned(), at.to_owned())).unwrap();
    let refused = found(stage.command(&DOCTOR).env("MUSTER_STORE__URL", format!("postgres://{stranger}@{at}")));
    database.query(&format!("drop role {stranger}")).unwrap();
    assert!(details(&refused.1, "store-denies").contains("permission denied for database"), "{refused:#?}");
    let mut early = stage.command(&DOCTOR);
    lies::tell(&mut early, lies::OF_THE_TIME, stage.folder());
    let offset = stage.folder().join("offset");
    std::fs::write(&offset, "-3600").unwrap();
    let apart = details(&found(early.env("LIE_FILE", offset)).1, "clock-apart");
    let seconds = apart.strip_suffix(" s").and_then(|seconds| seconds.parse::<f64>().ok());
    assert!(seconds.is_some_and(|seconds| (-3_600.0..-3_540.0).contains(&seconds)), "{apart}");
    let narrow = format!("{name}_narrow");
    let make = format!("create database {narrow} encoding 'SQL_ASCII' lc_collate 'C' lc_ctype 'C' template template0");
    database.query(&make).unwrap();
    let refused = found(stage.command(&DOCTOR).env("MUSTER_STORE__URL", format!("{}_narrow", database.url())));
    database.query(&format!("drop database {narrow} with (force)")).unwrap();
    assert!(details(&refused.1, "store-refused").contains("encoding is SQL_ASCII"), "{refused:#?}");
    database.query("insert into migration (version, name, checksum, at) values (99, 'of tomorrow', 'x', 1)").unwrap();
    assert!(details(&diagnosed(&stage), "schema-newer").contains("99"));
}

#[tokio::test]
async fn processes_that_fight_or_are_gone_are_seen() {
    let Some(stage) = Stage::kafka() else { return };
    let (stage, _server) = well(stage).await;
    let database = stage.database();
    let findings = until("a partition that nobody holds, and a role that nobody has", PATIENCE, || {
        // Whoever held it finds itself overtaken, and takes it again at its next beat.
        database
            .query("update log_partition set owner = null, lease_until = 1, epoch = epoch + 1 where partition = 2")
            .unwrap();
        database.query("update lease set owner = 'gone', lease_until = 1 where name = 'tick'").unwrap();
        let findings = diagnosed(&stage);
        let both = ["partition-not-held", "role-missing"];
        both.iter().all(|code| findings.iter().any(|finding| finding["code"] == *code)).then_some(findings)
    });
    assert!(details(&findings, "partition-not-held").contains("partition 2"));
    assert_eq!(details(&findings, "role-missing"), "tick");
    let findings = until("a partition that changes hands again and again", PATIENCE, || {
        database
            .query("update log_partition set owner = 'one', lease_until = 1, epoch = epoch + 1 where partition = 1")
            .unwrap();
        // The other one has changed hands as well.
        let findings = diagnosed(&stage);
        let fight = findings.iter().find(|finding| finding["code"] == "lease-fight")?;
        fight["details"].to_string().contains("partition 1:").then_some(findings)
    });
    assert_eq!(finding(&findings, "lease-fight")["severity"], json!("problem"));
}

#[tokio::test]
async fn checkpoints_that_are_old_or_damaged_and_a_log_that_ends_too_early_are_seen() {
    let Some(stage) = Stage::kafka() else { return };
    let (stage, server) = well(stage).await;
    assert_eq!(server.terminate().code(), Some(0), "which leaves checkpoints behind");
    let database = stage.database();
    database.query("update checkpoint set at = at - 3600000000").unwrap();
    let server = stage.serve();
    let old = until("records behind a checkpoint of an hour ago", PATIENCE, || {
        let findings = diagnosed(&stage);
        findings.into_iter().find(|finding| finding["code"] == "checkpoint-old")
    });
    assert!(old["details"][0]["en"].as_str().unwrap().contains("60 min old"), "{old:#?}");
    server.kill();
    database.query("update checkpoint set checksum = 'not its sum' where partition = 3").unwrap();
    database.query("update log_partition set next_offset = 1000000 where partition = 0").unwrap();
    let findings = diagnosed(&stage);
    assert_eq!(details(&findings, "checkpoint-damaged"), "partition 3");
    assert!(details(&findings, "log-behind").contains("committed is 1000000"));
}

#[tokio::test]
async fn what_waits_long_in_the_log_or_is_deleted_unwatched_is_seen() {
    let Some(stage) = Stage::kafka() else { return };
    let (stage, server) = well(stage).await;
    assert_eq!(server.terminate().code(), Some(0));
    let (log, store) = stage.open().await;
    let Bounds { end, .. } = log.bounds(&Topic::Observation, 1).await.unwrap();
    let minutes_ago = Clock::real().micros() - 300_000_000;
    let waits = Append { topic: Topic::Observation, partition: 1, record: Record::new("it waits", minutes_ago) };
    log.append(vec![waits]).await.unwrap();
    log.close().await;
    store.close().await;
    let (admin, options) = (stage.admin(), AdminOptions::new());
    let observation = stage.topic("observation.v1");
    let delete = async |before: u64| {
        let mut offsets = TopicPartitionList::new();
        let before = Offset::Offset(i64::try_from(before).unwrap());
        offsets.add_partition_offset(&observation, 1, before).unwrap();
        admin.delete_records(&offsets, &options).await.unwrap();
        diagnosed(&stage)
    };
    // Without what the server said last, which may be unwatched as well.
    let lag = details(&delete(end).await, "watch-lags");
    assert!(lag.starts_with("partition 1: ") && lag.ends_with("the oldest waits for 5 min"), "{lag}");
    let late = details(&delete(end + 1).await, "log-begins-late");
    assert!(late.contains(&format!("partition 1: the log begins at {}", end + 1)), "{late}");
}
