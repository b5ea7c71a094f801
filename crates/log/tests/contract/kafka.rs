//! What only Kafka needs: topics made or refused, foreign topics, brokers that are away.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use muster_log::{LogError, LogSettings, Profile, Topic};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;

use crate::bed::{Bed, LONG, append, at, read, read_all, texts};

fn admin(settings: &LogSettings) -> AdminClient<DefaultClientContext> {
    let servers = settings.url.strip_prefix("kafka://").unwrap();
    ClientConfig::new().set("bootstrap.servers", servers).create().unwrap()
}

async fn make(settings: &LogSettings, topic: &str, partitions: i32) {
    let new = NewTopic::new(topic, partitions, TopicReplication::Fixed(1));
    let made = admin(settings).create_topics([&new], &AdminOptions::new().operation_timeout(Some(LONG))).await.unwrap();
    assert!(made[0].is_ok(), "{made:?}");
    // The broker has it before it tells of it.
    let (admin, name) = (admin(settings), topic.to_owned());
    let told = move || {
        let metadata = admin.inner().fetch_metadata(None, LONG).unwrap();
        metadata.topics().iter().any(|topic| topic.name() == name && topic.error().is_none())
    };
    let all = tokio::task::spawn_blocking(move || {
        let deadline = Instant::now() + LONG;
        while !told() {
            assert!(Instant::now() < deadline, "the broker never tells of the topic");
        }
    });
    all.await.unwrap();
}

#[tokio::test]
async fn a_topic_that_does_not_fit_is_refused_with_what_to_do() {
    for bed in Bed::real().into_iter().chain([Bed::mock()]) {
        bed.open().await.close().await;
        let refused = muster_log::open(&LogSettings { partitions: 5, ..bed.settings() }).await.unwrap_err();
        assert!(matches!(refused, LogError::Refused { .. }), "{refused}");
        let words = refused.to_string();
        assert!(words.contains(".observation.v1 has 4 partitions, not 5; set log.partitions to 4"), "{words}");
    }
}

#[tokio::test]
async fn more_copies_than_brokers_or_than_there_are_are_refused() {
    let bed = Bed::mock();
    let refused = muster_log::open(&LogSettings { replication: Some(2), ..bed.settings() }).await.unwrap_err();
    assert!(refused.to_string().contains("the cluster has 1 brokers"), "{refused}");
    let refused = muster_log::open(&LogSettings { min_insync: Some(2), ..bed.settings() }).await.unwrap_err();
    assert!(refused.to_string().contains("log.min_insync is 2 with 1 copies"), "{refused}");
    let bed = Bed::mock_of(2);
    let refused = muster_log::open(&LogSettings { replication: Some(2), ..bed.settings() }).await.unwrap_err();
    assert!(refused.to_string().contains("intake.v1 has 1 copies, not 2; reassign"), "{refused}");
    // Fewer than the default would give is a warning only: a cluster may have grown.
    bed.open().await.close().await;
}

#[tokio::test]
async fn the_intake_may_have_another_number_of_partitions() {
    let Some(bed) = Bed::real() else { return };
    let settings = bed.settings();
    make(&settings, &Topic::Intake.name(&settings.topic_prefix), 2).await;
    let log = bed.open().await;
    assert_eq!((log.partitions(&Topic::Intake), log.partitions(&Topic::Observation)), (2, 4));
    log.close().await;
}

#[tokio::test]
async fn a_topic_made_anew_is_another_one() {
    let Some(bed) = Bed::real() else { return };
    let log = bed.open().await;
    let before = log.identity().of(&Topic::Case).unwrap().clone();
    assert_eq!(log.identity().profile, Profile::Kafka);
    log.close().await;
    drop(log);
    let admin = admin(&bed.settings());
    admin.delete_topics(&[&before.name], &AdminOptions::new().operation_timeout(Some(LONG))).await.unwrap();
    let again = bed.open().await;
    let after = again.identity().of(&Topic::Case).unwrap().clone();
    assert_ne!(before.generation, after.generation);
    assert_eq!(before.name, after.name);
    again.close().await;
}

#[tokio::test]
async fn a_foreign_topic_is_read_and_never_written() {
    let Some(bed) = Bed::real() else { return };
    let name = format!("{}-city-141", bed.settings().topic_prefix);
    let settings = LogSettings { foreign_topics: vec![name.clone()], ..bed.settings() };
    let refused = muster_log::open(&settings).await.unwrap_err();
    assert!(refused.to_string().contains(&format!("the topic {name} is not on the broker")), "{refused}");
    make(&settings, &name, 3).await;
    let log = muster_log::open(&settings).await.unwrap();
    let topic = Topic::Foreign(name.as_str().into());
    assert_eq!(log.partitions(&topic), 3);
    let mut append = at(0, "x");
    append.topic = topic.clone();
    assert!(matches!(log.append(vec![append]).await, Err(LogError::Invalid { .. })));
    let mut reader = log.reader(&topic, 2, 0).await.unwrap();
    assert!(reader.next(1, 1, Duration::ZERO).await.unwrap().records.is_empty());
    drop(reader);
    log.close().await;
}

#[tokio::test]
async fn an_offset_that_has_been_deleted_is_out_of_range() {
    let Some(bed) = Bed::real() else { return };
    let log = bed.open().await;
    append(&log, 0, &["a", "b", "c"]).await;
    let mut list = rdkafka::TopicPartitionList::new();
    let name = Topic::Observation.name(&bed.settings().topic_prefix);
    list.add_partition_offset(&name, 0, rdkafka::Offset::Offset(2)).unwrap();
    admin(&bed.settings()).delete_records(&list, &AdminOptions::new()).await.unwrap();
    let lost = log.reader(&Topic::Observation, 0, 0).await.unwrap_err();
    assert!(matches!(lost, LogError::OutOfRange { start: 2, end: 3, .. }), "{lost}");
    assert_eq!(texts(&read_all(&log, &Topic::Observation, 0).await), ["c"]);
    log.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_comes_back_is_used_again() {
    let bed = Bed::mock();
    let log = bed.open().await;
    append(&log, 0, &["before"]).await;
    let mut reader = log.reader(&Topic::Observation, 0, 0).await.unwrap();
    assert_eq!(texts(&read(&mut reader, 1).await), ["before"]);
    bed.mock_cluster().broker_down(1).unwrap();
    let away = log.healthy().await.unwrap_err();
    assert!(matches!(away, LogError::Unavailable { .. }) && away.retryable(), "{away}");
    let (appended, batch, ()) =
        tokio::join!(log.append(vec![at(0, "during")]), reader.next(10, 1000, Duration::MAX), async {
            bed.mock_cluster().broker_up(1).unwrap()
        });
    assert_eq!(appended.unwrap(), [1]);
    assert_eq!(texts(&batch.unwrap().records), ["during"]);
    drop(reader);
    log.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_that_no_broker_takes_is_given_up() {
    let bed = Bed::mock();
    let settings = LogSettings { append_timeout: Duration::from_secs(1), ..bed.settings() };
    let log = muster_log::open(&settings).await.unwrap();
    append(&log, 0, &["before"]).await;
    bed.mock_cluster().broker_down(1).unwrap();
    let given_up = log.append(vec![at(0, "lost"), at(1, "lost")]).await.unwrap_err();
    assert!(matches!(given_up, LogError::Unavailable { .. }) && given_up.retryable(), "{given_up}");
    bed.mock_cluster().broker_up(1).unwrap();
    let begun = std::time::Instant::now();
    while let Err(error) = log.append(vec![at(2, "after")]).await {
        assert!(error.retryable() && begun.elapsed() < LONG, "{error}");
    }
    log.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_broker_opening_ends_in_words() {
    // A port that nobody listens on any more.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let settings = LogSettings { url: format!("kafka://127.0.0.1:{port}"), ..LogSettings::default() };
    let away = muster_log::open(&settings).await.unwrap_err();
    assert!(matches!(away, LogError::Unavailable { .. }), "{away}");
    assert!(away.to_string().contains("no Kafka broker answers"), "{away}");
}

#[tokio::test]
async fn tls_needs_its_feature_and_says_so() {
    let access = [("security.protocol", "sasl_ssl"), ("sasl.mechanism", "SCRAM-SHA-512"), ("sasl.username", "muster")];
    let mut kafka: BTreeMap<_, _> = access.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    kafka.insert("sasl.password".to_owned(), "secret".to_owned());
    let settings = LogSettings { url: "kafka://127.0.0.1:1".to_owned(), kafka, ..LogSettings::default() };
    let error = muster_log::open(&settings).await.unwrap_err();
    if cfg!(feature = "tls") {
        assert!(matches!(error, LogError::Unavailable { .. }), "{error}");
    } else {
        assert!(error.to_string().contains("build with `--features tls`"), "{error}");
    }
}
