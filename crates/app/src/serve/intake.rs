//! What is taken in beside HTTP: the intake topic, and topics of other systems by their mappings.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use muster_domain::id::AdapterName;
use muster_log::Topic;
use muster_pipeline::admit::{self, Follow, ReadReport, Speaks};
use muster_sources::reports::Mapping;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::parts::Parts;
use super::run::lease;
use crate::exit::Failure;

/// Foreign topics by their full name, each with what makes a report of its records.
pub(crate) type Foreign = BTreeMap<String, ReadReport>;

/// The adapter under which the intake topic is known to the watch.
const KAFKA: &str = "kafka";

/// Reads the mappings of `intake.topics`, each entry `topic=mapping file`.
pub(crate) fn foreign(topics: &[String]) -> Result<Foreign, Failure> {
    let wrong = |what: String| Failure::usage(format!("intake.topics: {what}"));
    let one = |entry: &String| {
        let (topic, file) = entry
            .split_once('=')
            .ok_or_else(|| wrong(format!("`{entry}` must be a topic, `=` and the path of its mapping file")))?;
        let text = std::fs::read_to_string(Path::new(file.trim()))
            .map_err(|error| wrong(format!("the mapping file {file} of {topic} cannot be read: {error}")))?;
        let mapping = Mapping::parse(file.trim(), &text).map_err(|error| wrong(error.to_string()))?;
        Ok((topic.trim().to_owned(), ReadReport::by(move |bytes| mapping.record(bytes))))
    };
    topics.iter().map(one).collect()
}

/// Starts the heartbeat of every adapter, and follows every partition of every topic that is a source.
pub(super) fn start(
    parts: &Parts,
    topics: bool,
    stop: &CancellationToken,
    tasks: &mut JoinSet<&'static str>,
) -> Result<(), Failure> {
    beat(parts, adapter(muster_sources::http::ADAPTER)?, stop, tasks);
    if !topics {
        return Ok(());
    }
    follow(parts, &Topic::Intake, KAFKA, &Speaks::CloudEvents, stop, tasks)?;
    for (name, read) in parts.foreign.iter() {
        let (topic, speaks) = (Topic::Foreign(name.as_str().into()), Speaks::Reports(read.clone()));
        follow(parts, &topic, name, &speaks, stop, tasks)?;
    }
    Ok(())
}

fn beat(parts: &Parts, adapter: AdapterName, stop: &CancellationToken, tasks: &mut JoinSet<&'static str>) {
    let (admit, token) = (parts.admit.clone(), stop.child_token());
    tasks.spawn(async move {
        admit::beat(admit, adapter, token).await;
        "beat of an adapter"
    });
}

fn follow(
    parts: &Parts,
    topic: &Topic,
    name: &str,
    speaks: &Speaks,
    stop: &CancellationToken,
    tasks: &mut JoinSet<&'static str>,
) -> Result<(), Failure> {
    let adapter = adapter(name)?;
    beat(parts, adapter.clone(), stop, tasks);
    for partition in 0..parts.log.partitions(topic) {
        let follow = Follow {
            admit: parts.admit.clone(),
            log: Arc::clone(&parts.log),
            store: parts.store.clone(),
            topic: topic.clone(),
            partition,
            adapter: adapter.clone(),
            speaks: speaks.clone(),
            lease: lease(parts, &format!("intake:{topic}:{partition}")),
        };
        let token = stop.child_token();
        tasks.spawn(async move {
            follow.run(token).await;
            "intake"
        });
    }
    Ok(())
}

pub(super) fn adapter(name: &str) -> Result<AdapterName, Failure> {
    AdapterName::parse(name).map_err(|error| Failure::usage(format!("the source name `{name}`: {error}")))
}
