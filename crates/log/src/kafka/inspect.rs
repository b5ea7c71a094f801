//! A look at a Kafka: its brokers, and its topics with the settings that decide whether records are safe there.

use std::ffi::CString;

use rdkafka::admin::{AdminClient, ConfigResource, OwnedResourceSpecifier};
use rdkafka::metadata::{Metadata, MetadataTopic};
use rdkafka::producer::Producer as _;

use super::ANSWER;
use super::client::{Settings, Voice, blocking, configs_of, ids_of, trouble, unmade};
use super::native;
use super::producer::Producer;
use crate::error::LogError;
use crate::inspect::{Cluster, TopicFacts, Unseen};
use crate::settings::LogSettings;
use crate::topic::Topic;

/// Looks at the cluster of the settings and at the topics that they mean.
pub(crate) async fn inspect(settings: &LogSettings) -> Result<Cluster, Unseen> {
    let clients = Settings::new(settings).map_err(Unseen::Settings)?;
    let producer = Producer::new(&clients, settings).map_err(Unseen::Settings)?.current();
    let admin: AdminClient<Voice> =
        clients.common.create_with_context(Voice::default()).map_err(|error| Unseen::Settings(unmade(error)))?;
    let (wanted, asked) = (wanted(settings), std::sync::Arc::clone(&producer));
    let looked = blocking(move || {
        let metadata = asked.client().fetch_metadata(None, ANSWER);
        let metadata = metadata.map_err(|error| {
            let why = asked.client().context().voice().last_error();
            trouble(
                &why.map_or("no Kafka broker answers".to_owned(), |why| format!("no Kafka broker answers ({why})")),
                error,
            )
        })?;
        let mut cluster = told(&metadata, wanted);
        cluster.id = asked.client().fetch_cluster_id(ANSWER).unwrap_or_default();
        let there: Vec<&mut TopicFacts> = cluster.topics.iter_mut().filter(|topic| topic.there).collect();
        let names: Result<Vec<CString>, _> = there.iter().map(|topic| CString::new(topic.name.as_str())).collect();
        // Ids that cannot be had are compared with nothing.
        if let Ok(ids) =
            names.map_err(|error| error.to_string()).and_then(|names| native::topic_ids(asked.client(), &names, ANSWER))
        {
            there.into_iter().zip(ids).for_each(|(topic, id)| topic.id = id);
        }
        Ok((cluster, ids_of(&metadata)))
    });
    let (mut cluster, brokers) = looked.await.map_err(unseen)?;
    configure(&admin, &brokers, &mut cluster).await;
    Ok(cluster)
}

/// Whether the brokers are silent, or say no.
fn unseen(error: LogError) -> Unseen {
    let denied = matches!(error, LogError::Refused { .. })
        || ["uthentication", "SASL"].iter().any(|word| error.to_string().contains(word));
    if denied { Unseen::Denied(error) } else { Unseen::Silent(error) }
}

/// The topics that the settings mean, of which nothing is known yet.
fn wanted(settings: &LogSettings) -> Vec<TopicFacts> {
    let own = Topic::OWN.into_iter().map(|topic| {
        let wanted = match &topic {
            Topic::Intake => None,
            topic if topic.has_one_partition() => Some(1),
            _ => Some(settings.partitions),
        };
        TopicFacts { name: topic.name(&settings.topic_prefix), wanted, ..TopicFacts::default() }
    });
    let foreign = settings.foreign_topics.iter();
    own.chain(foreign.map(|name| TopicFacts { name: name.clone(), foreign: true, ..TopicFacts::default() })).collect()
}

fn told(metadata: &Metadata, mut topics: Vec<TopicFacts>) -> Cluster {
    for topic in &mut topics {
        let found = metadata.topics().iter().find(|found| found.name() == topic.name && found.error().is_none());
        if let Some(found) = found {
            fill(topic, found);
        }
    }
    Cluster { id: String::new(), brokers: metadata.brokers().len(), topics }
}

fn fill(topic: &mut TopicFacts, found: &MetadataTopic) {
    let partitions = found.partitions();
    topic.there = !partitions.is_empty();
    topic.partitions = u32::try_from(partitions.len()).unwrap_or(u32::MAX);
    let copies = partitions.iter().map(|partition| partition.replicas().len()).min().unwrap_or(0);
    topic.copies = u32::try_from(copies).unwrap_or(u32::MAX);
    let of = |wrong: &dyn Fn(&rdkafka::metadata::MetadataPartition) -> bool| {
        partitions.iter().filter(|partition| wrong(partition)).map(|partition| partition.id()).collect()
    };
    topic.leaderless = of(&|partition| partition.leader() < 0);
    topic.lagging = of(&|partition| partition.isr().len() < partition.replicas().len());
}

/// Reads the settings of the topics; whoever may not read them learns less.
async fn configure(admin: &AdminClient<Voice>, brokers: &[i32], cluster: &mut Cluster) {
    let names: Vec<String> =
        cluster.topics.iter().filter(|topic| topic.there).map(|topic| topic.name.clone()).collect();
    if names.is_empty() {
        return;
    }
    let described = configs_of(admin, &names, brokers, ANSWER).await;
    for resource in described.into_iter().flatten() {
        let OwnedResourceSpecifier::Topic(name) = &resource.specifier else { continue };
        let Some(topic) = cluster.topics.iter_mut().find(|topic| topic.name == *name) else { continue };
        topic.min_insync = number(&resource, "min.insync.replicas");
        topic.retention_ms = number(&resource, "retention.ms");
        topic.max_message_bytes = number(&resource, "max.message.bytes");
        topic.compacted = value(&resource, "cleanup.policy").is_some_and(|policy| policy.contains("compact"));
    }
}

fn value<'a>(resource: &'a ConfigResource, name: &str) -> Option<&'a str> {
    resource.get(name)?.value.as_deref()
}

fn number<T: std::str::FromStr>(resource: &ConfigResource, name: &str) -> Option<T> {
    value(resource, name)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_that_says_no_is_told_from_one_that_says_nothing() {
        let silent = LogError::unavailable("no Kafka broker answers (127.0.0.1:1/bootstrap: Connect failed)");
        assert!(matches!(unseen(silent), Unseen::Silent(_)));
        let denied = LogError::unavailable("no Kafka broker answers (sasl: SASL authentication error: no such user)");
        assert!(matches!(unseen(denied), Unseen::Denied(_)));
        assert!(matches!(unseen(LogError::refused("asking", "give rights")), Unseen::Denied(_)));
    }

    #[test]
    fn the_topics_of_the_settings_are_looked_for() {
        let settings = LogSettings { partitions: 4, foreign_topics: vec!["city".to_owned()], ..LogSettings::default() };
        let wanted: Vec<(String, Option<u32>)> =
            wanted(&settings).into_iter().map(|topic| (topic.name, topic.wanted)).collect();
        assert_eq!(wanted[0], ("muster.intake.v1".to_owned(), None));
        assert_eq!(wanted[1], ("muster.observation.v1".to_owned(), Some(4)));
        assert_eq!(wanted[4], ("muster.intake.v1.dlq".to_owned(), Some(1)));
        assert_eq!(wanted[8], ("city".to_owned(), None));
    }
}
