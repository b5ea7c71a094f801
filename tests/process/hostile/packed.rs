//! What is small on the broker and huge once unpacked, or cannot be unpacked at all: parked, in bounded memory, and what
//! comes after it goes on.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use muster_tests::{eventually, root};
use rdkafka::ClientConfig;
use rdkafka::admin::{NewTopic, TopicReplication};
use rdkafka::producer::{FutureProducer, FutureRecord};
use serde_json::Value;

use super::{measured, memory, others_are_served, serve};
use crate::api::{Api, PATIENCE};
use crate::e2e::foreign::Foreign;
use crate::records::{RULES, STREET, blocked};
use crate::stage::{Stage, book};

/// Zeros of one record: some hundred kilobytes on the broker, which takes a megabyte.
const ZEROS: usize = 192 << 20;

/// One record of zeros, packed.
async fn bomb(stage: &Stage, compression: &str) {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", stage.bootstrap()).set("compression.type", compression);
    // the client counts what goes in, the broker what comes out
    config.set("message.max.bytes", "1000000000").set("queue.buffering.max.kbytes", "1000000");
    let producer: FutureProducer = config.create().unwrap();
    let (topic, zeros) = (stage.intake(), vec![0; ZEROS]);
    let record = FutureRecord::<str, [u8]>::to(&topic).payload(&zeros);
    producer.send(record, Duration::from_secs(60)).await.unwrap();
}

/// Lines packed by a client of Kafka's own, which knows what ours was built without.
fn pack(stage: &Stage, compression: &str, lines: &str) {
    let mut command = Command::new(root().join("tests/kafka/kafka"));
    command.args(["tool", "console-producer", "--bootstrap-server", stage.bootstrap(), "--topic", &stage.intake()]);
    let mut child = command.args(["--compression-codec", compression]).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
}

/// Waits until so many letters are parked with a code.
async fn parked(api: &Api, code: &str, many: usize) -> Vec<Value> {
    let letters = async || api.list(&format!("/api/v1/dead-letters?code={code}")).await;
    let there = async || Some(letters().await).filter(|letters| letters.len() >= many);
    eventually(&format!("{many} letters that are {code}"), PATIENCE, there).await
}

async fn case_of(api: &Api, lane: u32) {
    let place = format!("lane-{lane}");
    let found = async || api.list("/api/v1/cases").await.into_iter().find(|case| case["place"] == place.as_str());
    eventually("the case", PATIENCE, found).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_huge_or_locked_once_unpacked_is_parked_and_the_rest_goes_on() {
    let Some(stage) = Stage::kafka() else { return };
    // one partition, so that whatever comes after stands behind it
    stage.make_topics(&[NewTopic::new(&stage.intake(), 1, TopicReplication::Fixed(1))]).await;
    stage.adopt(&book(RULES), STREET).await;
    let server = serve(&stage, &[]);
    let (api, foreign) = (Api::new(server.url()), Foreign::new(&stage));
    for event in blocked(1) {
        foreign.structured(&event).await;
    }
    case_of(&api, 1).await;
    let (before, _) = memory(&server);
    for (many, compression) in [(1, "gzip"), (2, "lz4")] {
        bomb(&stage, compression).await;
        others_are_served(&api).await;
        let letters = parked(&api, "too-large", many).await;
        let message = letters[0]["message"].as_str().unwrap();
        assert!(message.contains(&ZEROS.to_string()), "{message}");
    }
    let (now, most) = memory(&server);
    measured(&format!("{} MiB of zeros in a record: {before} MiB before, {most} at most, {now} after", ZEROS >> 20));
    // it is held once, while the client unpacks it, and then no more
    let once = u64::try_from(ZEROS >> 20).unwrap();
    assert!(most < before + 2 * once, "{before} MiB before, {most} MiB at most");
    assert!(now < before + once / 2, "{before} MiB before, {now} MiB after");

    pack(&stage, "zstd", &"no event\n".repeat(300));
    let letters = parked(&api, "packed", 1).await;
    assert_eq!(letters[0]["original_offset"], 5, "{letters:?}");
    let event = [("content-type", "application/cloudevents+json"), (&"x".repeat(300), "no log takes such a name")];
    foreign.send(&event, b"{").await;
    parked(&api, "malformed-json", 1).await;
    for event in blocked(2) {
        foreign.binary(&event).await;
    }
    case_of(&api, 2).await;
    assert!(api.list("/api/v1/dead-letters").await.len() <= 6, "a batch is parked once, not record by record");
}
