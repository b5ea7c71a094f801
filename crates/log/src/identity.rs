//! What a log is, so that offsets kept elsewhere are never used on another one.

use crate::settings::Profile;
use crate::topic::Topic;

/// What a log is. Two openings of one log give the same; another log, or a topic made anew, gives another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogIdentity {
    /// Embedded or Kafka.
    pub profile: Profile,
    /// Kafka's cluster id; `embedded` for the embedded log.
    pub cluster: String,
    /// Muster's own topics, then the foreign ones of the settings.
    pub topics: Vec<TopicIdentity>,
}

/// What a topic is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicIdentity {
    /// The topic.
    pub topic: Topic,
    /// Its full name.
    pub name: String,
    /// Kafka's topic id (KIP-516), which a topic deleted and made anew does not keep; for the embedded log a number
    /// drawn when its folder was made. Empty where a broker older than Kafka 2.8 has no topic ids.
    pub generation: String,
    /// Number of partitions.
    pub partitions: u32,
}

impl LogIdentity {
    /// The identity of one topic, when this log has it.
    pub fn of(&self, topic: &Topic) -> Option<&TopicIdentity> {
        self.topics.iter().find(|identity| identity.topic == *topic)
    }
}
