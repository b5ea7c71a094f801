//! Judging the log as it is seen from outside.

use muster_domain::text::Words;
use muster_log::inspect::{Cluster, Folder, Inspection, TopicFacts, Unseen};
use muster_log::{LogSettings, MAX_RECORD_BYTES};

use super::codes::Code;
use super::facts::Facts;
use super::finding::{Finding, plain};

/// Less room than so many times the floor is worth a word.
const NEARLY_FULL: u8 = 2;
/// What a batch of one record is longer than the record, at most.
const FRAMING: u64 = 4096;

pub(super) fn judge(facts: &Facts) -> Vec<Finding> {
    match &facts.log {
        Ok(Inspection::Folder(folder)) => judge_folder(folder, &facts.wanted, facts.own),
        Ok(Inspection::Cluster(cluster)) => judge_cluster(cluster, &facts.wanted),
        Err(unseen) => {
            let (code, error) = match unseen {
                Unseen::Settings(error) => (Code::LogSettingsRefused, error),
                Unseen::Silent(error) => (Code::BrokerUnreachable, error),
                Unseen::Denied(error) => (Code::BrokerDenies, error),
            };
            vec![Finding::new(code).with(plain(crate::chain(error)))]
        }
    }
}

fn judge_folder(folder: &Folder, wanted: &LogSettings, own: bool) -> Vec<Finding> {
    let path = folder.path.display();
    let mut findings = Vec::new();
    if !folder.there && folder.unwritable.is_none() {
        return vec![Finding::new(Code::DataFolderMissing).with(plain(path.to_string()))];
    }
    findings.extend(folder.unwritable.as_ref().map(|why| Finding::new(Code::DataFolderUnwritable).with(plain(why))));
    if folder.held && !own {
        let holder = format!("cat '{}'", folder.path.join("lock").display());
        findings.push(Finding::new(Code::DataFolderLocked).with(plain(path.to_string())).run(holder));
    }
    if folder.restoring {
        findings.push(Finding::new(Code::RestoreUnfinished).with(plain(path.to_string())));
    }
    if let Some(space) = folder.space {
        let (free, floor) = (space.free_percent(), wanted.free_disk_floor_percent);
        let detail = Words::new(
            format!("{path}：剩余 {free} %，下限 {floor} %"),
            format!("{path}: {free} % is free, the floor is {floor} %"),
        );
        let code = match free {
            free if free < floor => Some(Code::DiskFull),
            free if free < floor.saturating_mul(NEARLY_FULL) => Some(Code::DiskNearlyFull),
            _ => None,
        };
        let usage = format!("du -sh '{path}'/*");
        findings.extend(code.map(|code| Finding::new(code).with(detail).run(usage)));
    }
    let unread = folder.days.iter().filter_map(|day| {
        let trouble = day.trouble.as_ref()?;
        Some(plain(format!("{}: {trouble}", day.path.display())))
    });
    findings.extend(Finding::about(Code::DayUnreadable, unread));
    if let Some(made) = folder.days.iter().rev().find_map(|day| day.made_as.as_ref()) {
        let mut otherwise = Vec::new();
        if made.partitions != wanted.partitions {
            otherwise.push(plain(format!("log.partitions: {} ≠ {}", made.partitions, wanted.partitions)));
        }
        if made.prefix != wanted.topic_prefix {
            otherwise.push(plain(format!("log.topic_prefix: {} ≠ {}", made.prefix, wanted.topic_prefix)));
        }
        let set =
            format!("MUSTER_LOG__PARTITIONS={} MUSTER_LOG__TOPIC_PREFIX={} muster serve", made.partitions, made.prefix);
        findings.extend(Finding::about(Code::LogMadeOtherwise, otherwise).map(|finding| finding.run(set)));
    }
    findings
}

/// What is asked of each topic that is there.
type Look = fn(&TopicFacts, &Asking<'_>) -> Option<(Words, Option<String>)>;

/// What a topic is compared with.
struct Asking<'a> {
    brokers: usize,
    wanted: &'a LogSettings,
}

/// One row a finding: which topics it concerns, what of them is told, and the change to make with Kafka's own tool.
const LOOKS: [(Code, Look); 10] = [
    (Code::PartitionsDiffer, |topic, _| {
        let wanted = topic.wanted.filter(|wanted| *wanted != topic.partitions)?;
        let said = Words::new(
            format!("{}：{} 个分区，应为 {wanted}", topic.name, topic.partitions),
            format!("{}: {} partitions, not {wanted}", topic.name, topic.partitions),
        );
        Some((said, None))
    }),
    (Code::PartitionsLeaderless, |topic, _| {
        let said = plain(format!("{}: {:?}", topic.name, topic.leaderless));
        (!topic.leaderless.is_empty()).then_some((said, None))
    }),
    (Code::PartitionsLagging, |topic, _| {
        let said = plain(format!("{}: {:?}", topic.name, topic.lagging));
        (!topic.lagging.is_empty()).then_some((said, None))
    }),
    (Code::FewCopies, |topic, asking| {
        let said = plain(format!("{}: {} < 3", topic.name, topic.copies));
        (!topic.foreign && asking.brokers >= 3 && topic.copies < 3).then_some((said, None))
    }),
    (Code::MinInsyncLow, |topic, _| {
        let least = topic.min_insync.filter(|least| !topic.foreign && topic.copies >= 3 && *least < 2)?;
        let said = plain(format!("{}: min.insync.replicas={least}", topic.name));
        Some((said, Some("min.insync.replicas=2".to_owned())))
    }),
    (Code::MinInsyncHigh, |topic, _| {
        let least = topic.min_insync.filter(|least| !topic.foreign && *least > 1 && *least >= topic.copies)?;
        let said = Words::new(
            format!("{}：min.insync.replicas={least}，副本 {} 份", topic.name, topic.copies),
            format!("{}: min.insync.replicas={least}, copies {}", topic.name, topic.copies),
        );
        Some((said, Some(format!("min.insync.replicas={}", topic.copies.saturating_sub(1).max(1)))))
    }),
    (Code::RetentionShort, |topic, asking| {
        let wanted = i64::try_from(asking.wanted.retention.as_millis()).unwrap_or(i64::MAX);
        let kept = topic.retention_ms.filter(|kept| !topic.foreign && (0..wanted).contains(kept))?;
        let said = plain(format!("{}: retention.ms={kept} < {wanted}", topic.name));
        Some((said, Some(format!("retention.ms={wanted}"))))
    }),
    (Code::TopicCompacted, |topic, _| {
        (topic.compacted && !topic.foreign)
            .then(|| (plain(topic.name.clone()), Some("cleanup.policy=delete".to_owned())))
    }),
    (Code::MessageSizeSmall, |topic, _| {
        let needed = MAX_RECORD_BYTES as u64 + FRAMING;
        let most = topic.max_message_bytes.filter(|most| !topic.foreign && *most < needed)?;
        let said = plain(format!("{}: max.message.bytes={most} < {needed}", topic.name));
        Some((said, Some("max.message.bytes=1048588".to_owned())))
    }),
    (Code::SingleCopy, |topic, asking| {
        let said = plain(topic.name.clone());
        (!topic.foreign && asking.brokers < 3 && topic.copies < 2).then_some((said, None))
    }),
];

fn judge_cluster(cluster: &Cluster, wanted: &LogSettings) -> Vec<Finding> {
    let missing = cluster.topics.iter().filter(|topic| !topic.there).map(|topic| plain(topic.name.clone()));
    let mut findings: Vec<Finding> = Finding::about(Code::TopicMissing, missing).into_iter().collect();
    let asking = Asking { brokers: cluster.brokers, wanted };
    let broker = wanted.url.strip_prefix("kafka://").unwrap_or_default().split(',').next().unwrap_or_default();
    for (code, look) in LOOKS {
        let seen: Vec<(&str, (Words, Option<String>))> = cluster
            .topics
            .iter()
            .filter(|topic| topic.there)
            .filter_map(|topic| Some((topic.name.as_str(), look(topic, &asking)?)))
            .collect();
        let Some(mut finding) = Finding::about(code, seen.iter().map(|(_, (said, _))| said.clone())) else { continue };
        for (name, (_, change)) in &seen {
            finding.run.extend(change.as_ref().map(|change| {
                format!("kafka-configs.sh --bootstrap-server {broker} --alter --topic {name} --add-config {change}")
            }));
        }
        findings.push(finding);
    }
    findings
}
