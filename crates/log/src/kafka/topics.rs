//! The topics on the broker: made where they are missing, refused where they do not fit.

use std::collections::HashMap;
use std::ffi::CString;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, OwnedResourceSpecifier, TopicReplication};
use rdkafka::producer::Producer as _;
use rdkafka::types::RDKafkaErrorCode as Code;
use tokio::time::Instant;

use super::client::{Settings, Voice, blocking, configs_of, ids_of, number, trouble, unmade};
use super::native;
use super::producer::Sender;
use crate::error::LogError;
use crate::identity::{LogIdentity, TopicIdentity};
use crate::settings::{LogSettings, Profile};
use crate::topic::Topic;

/// How long the first answer of a cluster may take.
const FIRST_ANSWER: Duration = Duration::from_secs(10);
/// How long new topics may take to have leaders.
const LEADERS: Duration = Duration::from_secs(30);
/// How long to wait between looks at new topics.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// What the brokers say.
#[derive(Debug, Default)]
struct Cluster {
    /// Their ids.
    brokers: Vec<i32>,
    topics: HashMap<String, Found>,
}

#[derive(Debug, Clone, Copy)]
struct Found {
    partitions: u32,
    fewest_copies: u16,
    led: bool,
}

/// What topics should be like.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    replication: u16,
    min_insync: u16,
}

/// Makes the topics that are missing, checks those that are there, and says what they are.
pub(super) async fn prepare(
    clients: &Settings,
    producer: Arc<Sender>,
    settings: &LogSettings,
) -> Result<LogIdentity, LogError> {
    let mut cluster = ask(&producer).await?;
    let wanted = Wanted::of(settings, cluster.brokers.len())?;
    let admin: AdminClient<Voice> = clients.common.create_with_context(Voice::default()).map_err(unmade)?;
    if create(&admin, &cluster, settings, wanted).await? {
        cluster = led(&producer, settings).await?;
    }
    let mut topics = Vec::new();
    let foreign = settings.foreign_topics.iter().map(|name| Topic::Foreign(name.as_str().into()));
    for topic in Topic::OWN.into_iter().chain(foreign) {
        let name = topic.name(&settings.topic_prefix);
        let partitions = check(&topic, &name, cluster.topics.get(&name), settings)?;
        topics.push(TopicIdentity { topic, name, generation: String::new(), partitions });
    }
    check_copies(&admin, &cluster, &topics, settings, wanted).await?;
    identify(&producer, topics, settings.topic_ids).await
}

impl Wanted {
    fn of(settings: &LogSettings, brokers: usize) -> Result<Wanted, LogError> {
        let replication = settings.replication.unwrap_or(if brokers >= 3 { 3 } else { 1 });
        let min_insync = settings.min_insync.unwrap_or(if replication >= 3 { 2 } else { 1 });
        if replication == 0 || usize::from(replication) > brokers {
            return Err(LogError::refused(
                format!("log.replication is {replication}, but the cluster has {brokers} brokers"),
                "set it to at most their number, or wait until all are up",
            ));
        }
        if min_insync == 0 || min_insync > replication {
            return Err(LogError::refused(
                format!("log.min_insync is {min_insync} with {replication} copies"),
                "set it to 1 or more, and below log.replication so that a broker may fail",
            ));
        }
        Ok(Wanted { replication, min_insync })
    }
}

/// How many partitions a topic has; `None` if it is not there.
pub(super) async fn partitions_of(producer: &Arc<Sender>, name: &str) -> Result<Option<u32>, LogError> {
    let found = ask(producer).await?.topics.get(name).map(|found| found.partitions);
    Ok(found.filter(|partitions| *partitions > 0))
}

async fn ask(producer: &Arc<Sender>) -> Result<Cluster, LogError> {
    let producer = Arc::clone(producer);
    blocking(move || {
        let metadata = producer.client().fetch_metadata(None, FIRST_ANSWER).map_err(|error| {
            let why = producer.client().context().voice().last_error().map_or(String::new(), |why| format!(" ({why})"));
            trouble(&format!("no Kafka broker answers{why}"), error)
        })?;
        let topics = metadata.topics().iter().filter(|topic| topic.error().is_none()).map(|topic| {
            let partitions = topic.partitions();
            let copies = partitions.iter().map(|partition| partition.replicas().len()).min().unwrap_or(0);
            let found = Found {
                partitions: u32::try_from(partitions.len()).unwrap_or(u32::MAX),
                fewest_copies: u16::try_from(copies).unwrap_or(u16::MAX),
                led: !partitions.is_empty() && partitions.iter().all(|partition| partition.leader() >= 0),
            };
            (topic.name().to_owned(), found)
        });
        Ok(Cluster { brokers: ids_of(&metadata), topics: topics.collect() })
    })
    .await
}

/// Whether any topic was missing; another process may have made it in the meantime.
async fn create(
    admin: &AdminClient<Voice>,
    cluster: &Cluster,
    settings: &LogSettings,
    wanted: Wanted,
) -> Result<bool, LogError> {
    let named: Vec<_> = Topic::OWN.iter().map(|topic| (topic, topic.name(&settings.topic_prefix))).collect();
    let missing: Vec<_> = named.iter().filter(|(_, name)| !cluster.topics.contains_key(name)).collect();
    if missing.is_empty() {
        return Ok(false);
    }
    let (min_insync, retention) = (wanted.min_insync.to_string(), settings.retention.as_millis().to_string());
    let topics: Vec<_> = missing
        .iter()
        .map(|(topic, name)| {
            let partitions = if topic.has_one_partition() { 1 } else { settings.partitions };
            NewTopic::new(name, number(partitions), TopicReplication::Fixed(i32::from(wanted.replication)))
                .set("min.insync.replicas", &min_insync)
                .set("retention.ms", &retention)
                .set("cleanup.policy", "delete")
                .set("message.timestamp.type", "CreateTime")
        })
        .collect();
    let options = AdminOptions::new().operation_timeout(Some(LEADERS)).request_timeout(Some(LEADERS));
    let made = admin.create_topics(&topics, &options).await.map_err(|error| trouble("making the topics", error))?;
    for result in made {
        match result {
            Ok(name) => tracing::info!(topic = name, "made a topic"),
            Err((_, Code::TopicAlreadyExists)) => {}
            Err((name, code)) => {
                return Err(LogError::refused(
                    format!("the broker does not make the topic {name}: {code}"),
                    "give this user the right to create topics, or make it by hand with the settings of the log",
                ));
            }
        }
    }
    Ok(true)
}

/// Waits until every topic of ours has leaders.
async fn led(producer: &Arc<Sender>, settings: &LogSettings) -> Result<Cluster, LogError> {
    let deadline = Instant::now() + LEADERS;
    loop {
        let cluster = ask(producer).await?;
        let led =
            |topic: &Topic| cluster.topics.get(&topic.name(&settings.topic_prefix)).is_some_and(|found| found.led);
        if Topic::OWN.iter().all(led) {
            return Ok(cluster);
        }
        if Instant::now() >= deadline {
            return Err(LogError::unavailable("the new topics have no leaders yet"));
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// The number of partitions, when it is the one that the settings want.
fn check(topic: &Topic, name: &str, found: Option<&Found>, settings: &LogSettings) -> Result<u32, LogError> {
    let Some(found) = found else {
        return Err(LogError::refused(
            format!("the topic {name} is not on the broker"),
            "make it, or take it out of log.foreign_topics",
        ));
    };
    // Others write the intake: its number of partitions is theirs to choose.
    let wanted = match topic {
        Topic::Intake | Topic::Foreign(_) => found.partitions,
        topic if topic.has_one_partition() => 1,
        _ => settings.partitions,
    };
    if found.partitions == wanted {
        return Ok(wanted);
    }
    let remedy = if topic.has_one_partition() {
        "delete that topic when nothing in it is needed any more, or use another log.topic_prefix".to_owned()
    } else {
        format!("set log.partitions to {} for a new installation, or use another log.topic_prefix", found.partitions)
    };
    Err(LogError::refused(format!("the topic {name} has {} partitions, not {wanted}", found.partitions), remedy))
}

/// Fewer copies than the settings say are refused; fewer than the defaults would be are a warning.
async fn check_copies(
    admin: &AdminClient<Voice>,
    cluster: &Cluster,
    topics: &[TopicIdentity],
    settings: &LogSettings,
    wanted: Wanted,
) -> Result<(), LogError> {
    let own: Vec<&str> = topics
        .iter()
        .filter(|topic| !matches!(topic.topic, Topic::Foreign(_)))
        .map(|topic| topic.name.as_str())
        .collect();
    for name in &own {
        let copies = cluster.topics.get(*name).map_or(0, |found| found.fewest_copies);
        if copies < wanted.replication {
            let what = format!("the topic {name} has {copies} copies, not {}", wanted.replication);
            let remedy = "reassign its partitions to more brokers, or set log.replication to what is there";
            too_few(settings.replication, what, remedy)?;
        }
    }
    if wanted.min_insync < 2 {
        return Ok(());
    }
    let described = configs_of(admin, &own, &cluster.brokers, FIRST_ANSWER).await;
    for resource in described.map_err(|error| trouble("reading the settings of the topics", error))? {
        let entry = resource.get("min.insync.replicas").and_then(|entry| entry.value.as_ref());
        let Some(min_insync) = entry.and_then(|value| value.parse::<u16>().ok()) else { continue };
        if min_insync < wanted.min_insync {
            let OwnedResourceSpecifier::Topic(name) = &resource.specifier else { continue };
            let what = format!("the topic {name} has min.insync.replicas {min_insync}, not {}", wanted.min_insync);
            too_few(settings.min_insync, what, "raise it on the topic, or set log.min_insync to what is there")?;
        }
    }
    Ok(())
}

fn too_few(set: Option<u16>, what: String, remedy: &str) -> Result<(), LogError> {
    if set.is_some() {
        return Err(LogError::refused(what, remedy));
    }
    tracing::warn!("{what}: a broker that fails may take acknowledged records with it; {remedy}");
    Ok(())
}

async fn identify(
    producer: &Arc<Sender>,
    mut topics: Vec<TopicIdentity>,
    with_ids: bool,
) -> Result<LogIdentity, LogError> {
    let producer = Arc::clone(producer);
    blocking(move || {
        let cluster = producer.client().fetch_cluster_id(FIRST_ANSWER).unwrap_or_default();
        if !with_ids {
            return Ok(LogIdentity { profile: Profile::Kafka, cluster, topics });
        }
        let names = topics.iter().map(|topic| CString::new(topic.name.as_str())).collect::<Result<Vec<_>, _>>();
        let names = names.map_err(|error| LogError::invalid(format!("a topic name: {error}")))?;
        let ids = native::topic_ids(producer.client(), &names, FIRST_ANSWER)
            .map_err(|error| LogError::unavailable(format!("the brokers do not tell the topics' ids: {error}")))?;
        for (topic, id) in topics.iter_mut().zip(ids) {
            topic.generation = id;
        }
        Ok(LogIdentity { profile: Profile::Kafka, cluster, topics })
    })
    .await
}
