//! What goes wrong with servers of a test's own: a database that is careless or can only be read, brokers that are gone.

use muster_tests::{Brokers, Database, Postgres, database, need};
use rdkafka::admin::{NewTopic, TopicReplication};

use super::*;
use crate::stage::PARTITIONS;

#[tokio::test]
async fn a_database_that_is_careless_or_can_only_be_read_is_named() {
    let (Some(kafka), Some(postgres)) = (need("MUSTER_TEST_KAFKA", "Apache Kafka"), Postgres::start()) else { return };
    let stage = Stage::on(kafka, Database::on(postgres.url()));
    run(&stage, &["migrate"]).ended(0, &[]);
    let findings = diagnosed(&stage);
    assert_eq!(details(&findings, "postgresql-fsync-off"), "fsync=off\nfull_page_writes=off");
    // What it says comes next is done, and mends it.
    let address = postgres.address();
    let (host, port) = address.split_once(':').unwrap();
    for command in finding(&findings, "postgresql-fsync-off")["run"].as_array().unwrap() {
        let mut shell = Command::new("sh");
        shell.args(["-c", command.as_str().unwrap()]);
        Ran::of(shell.env("PGHOST", host).env("PGPORT", port).env("PGUSER", "postgres")).ended(0, &[]);
    }
    until("the database to be careful", PATIENCE, || {
        let findings = diagnosed(&stage);
        findings.iter().all(|finding| finding["code"] != "postgresql-fsync-off").then_some(())
    });
    postgres.stand_by();
    finding(&diagnosed(&stage), "postgresql-standby");
}

#[tokio::test]
async fn copies_that_are_missing_and_a_broker_that_is_gone_are_seen() {
    let (Some(brokers), Some(database)) = (Brokers::start(3, None), database()) else { return };
    let stage = Stage::on(brokers.bootstrap().to_owned(), database);
    let (case, condition) = (stage.topic("case.v1"), stage.topic("condition.v1"));
    let (count, on_the_third): (i32, &[i32]) = (PARTITIONS.try_into().unwrap(), &[3]);
    let places = vec![on_the_third; PARTITIONS as usize];
    let made = [
        NewTopic::new(&case, count, TopicReplication::Variable(&places)),
        NewTopic::new(&condition, count, TopicReplication::Fixed(3)).set("min.insync.replicas", "1"),
    ];
    stage.make_topics(&made).await;
    stage.adopt(&book(RULES), WHOLE).await;
    let findings = diagnosed(&stage);
    assert_eq!(details(&findings, "few-copies"), format!("{case}: 1 < 3"));
    assert_eq!(details(&findings, "min-insync-low"), format!("{condition}: min.insync.replicas=1"));
    brokers.kill(3);
    let findings = until("the other brokers to miss it", PATIENCE, || {
        let findings = diagnosed(&stage);
        findings.iter().any(|finding| finding["code"] == "partitions-leaderless").then_some(findings)
    });
    assert_eq!(details(&findings, "partitions-leaderless"), format!("{case}: [0, 1, 2, 3]"));
    let behind = details(&findings, "partitions-under-replicated");
    assert!(behind.contains(&format!("{condition}: [0, 1, 2, 3]")), "{behind}");
    // In an orderly end the last would wait for the others.
    brokers.kill(1);
    brokers.kill(2);
}
