//! Every partition of every topic as one number, the same in all files of a log.

use crate::topic::Topic;

/// The lanes of a log: partition by partition, topic by topic.
#[derive(Debug)]
pub(super) struct Lanes {
    prefix: String,
    partitions: u32,
    all: Vec<(Topic, u32)>,
}

impl Lanes {
    pub(super) fn new(prefix: &str, partitions: u32) -> Lanes {
        let mut lanes = Lanes { prefix: prefix.to_owned(), partitions, all: Vec::new() };
        for topic in Topic::OWN {
            let count = lanes.partitions(&topic);
            lanes.all.extend((0..count).map(|partition| (topic.clone(), partition)));
        }
        lanes
    }

    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// What the settings say, before topics that have one partition.
    pub(super) fn setting(&self) -> u32 {
        self.partitions
    }

    pub(super) fn partitions(&self, topic: &Topic) -> u32 {
        match topic {
            Topic::Foreign(_) => 0,
            topic if topic.has_one_partition() => 1,
            _ => self.partitions,
        }
    }

    pub(super) fn index(&self, topic: &Topic, partition: u32) -> Option<usize> {
        if partition >= self.partitions(topic) {
            return None;
        }
        let before = Topic::OWN.iter().take_while(|own| *own != topic).map(|own| self.partitions(own) as usize);
        Some(before.sum::<usize>() + partition as usize)
    }

    pub(super) fn get(&self, lane: usize) -> Option<&(Topic, u32)> {
        self.all.get(lane)
    }

    pub(super) fn all(&self) -> &[(Topic, u32)] {
        &self.all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_partition_has_its_own_number() {
        let lanes = Lanes::new("muster", 3);
        assert_eq!(lanes.all().len(), 4 * 3 + 4);
        for (number, (topic, partition)) in lanes.all().iter().enumerate() {
            assert_eq!(lanes.index(topic, *partition), Some(number));
        }
        assert_eq!(lanes.index(&Topic::Case, 3), None);
        assert_eq!(lanes.index(&Topic::Foreign("x".into()), 0), None);
    }
}
