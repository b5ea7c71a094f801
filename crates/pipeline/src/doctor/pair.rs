//! Judging log and store together: is it the log that the store belongs to, and of the same time?

use muster_domain::text::Words;
use muster_log::Topic;
use muster_log::inspect::Inspection;
use muster_store::Identity;

use super::codes::Code;
use super::facts::{Facts, Followed, StoreSeen, Work};
use super::finding::{Finding, plain};

pub(super) fn judge(facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let StoreSeen::Open(store) = &facts.store
        && let (Some(pinned), Ok(found)) = (&store.pinned, &facts.log)
    {
        findings.extend(Finding::about(Code::LogReplaced, differences(pinned, found, facts)));
    }
    let Some(work) = &facts.work else { return findings };
    let bounded =
        || work.partitions.iter().filter_map(|seen| Some((seen.row.partition, seen.row.offset, seen.bounds?)));
    let behind =
        bounded().filter(|(_, committed, bounds)| bounds.end < *committed).map(|(partition, committed, bounds)| {
            Words::new(
                format!("分区 {partition}：日志末尾 {}，已提交到 {committed}", bounds.end),
                format!("partition {partition}: the log ends at {}, committed is {committed}", bounds.end),
            )
        });
    findings.extend(Finding::about(Code::LogBehind, behind));
    let late =
        bounded().filter(|(_, committed, bounds)| bounds.start > *committed).map(|(partition, committed, bounds)| {
            Words::new(
                format!("分区 {partition}：日志从 {} 开始，已提交到 {committed}", bounds.start),
                format!("partition {partition}: the log begins at {}, committed is {committed}", bounds.start),
            )
        });
    findings.extend(Finding::about(Code::LogBeginsLate, late.chain(followed(work)).chain(found_before(work))));
    findings
}

/// Other topics that begin after what was read of them.
fn followed(work: &Work) -> impl Iterator<Item = Words> {
    work.followed.iter().filter(|seen| seen.start > seen.next).map(|Followed { topic, partition, next, start }| {
        Words::new(
            format!("{topic} 分区 {partition}：从 {start} 开始，已读到 {next}"),
            format!("{topic}, partition {partition}: begins at {start}, read up to {next}"),
        )
    })
}

/// Who reads goes on from the beginning that is left: what this process has met stays told until it ends.
fn found_before(work: &Work) -> impl Iterator<Item = Words> {
    work.began_late.iter().map(|(topic, times)| {
        Words::new(
            format!("{topic}：本进程启动以来 {times} 次"),
            format!("{topic}: {times} times since this process started"),
        )
    })
}

/// What of the log is not what the store has pinned; a number of partitions that differs is told elsewhere.
fn differences(pinned: &Identity, found: &Inspection, facts: &Facts) -> Vec<Words> {
    let mut differences = Vec::new();
    let mut differ = |what: &str, was: &str, is: &str| {
        // What was not known then, or cannot be told now, is compared with nothing.
        if was != is && !was.is_empty() && !is.is_empty() {
            differences.push(plain(format!("{what}: {was} ≠ {is}")));
        }
    };
    match found {
        Inspection::Folder(folder) => {
            differ("profile", &pinned.profile, "embedded");
            let made = folder.days.iter().rev().find_map(|day| day.made_as.as_ref());
            differ("generation", &pinned.generation, made.map_or("", |made| made.generation.as_str()));
            // Whoever looks from outside opens every day, as far as it may.
            let gone = made.is_none() && folder.days.iter().all(|day| day.trouble.is_none());
            if gone && !facts.own && folder.unwritable.is_none() {
                let log = folder.path.join("log").display().to_string();
                differences.push(Words::new(format!("{log}：没有日志"), format!("{log}: there is no log")));
            }
        }
        Inspection::Cluster(cluster) => {
            differ("profile", &pinned.profile, "kafka");
            differ("cluster", &pinned.cluster, &cluster.id);
            let name = Topic::Observation.name(&facts.wanted.topic_prefix);
            let id = |topic: &str| cluster.topics.iter().find(|found| found.name == topic && found.there);
            // A topic that is not there is told as missing, not as replaced.
            for (topic, was) in pinned.topics.iter().filter_map(|topic| topic.split_once('=')) {
                differ(topic, was, id(topic).map_or("", |found| found.id.as_str()));
            }
            if !pinned.topics.iter().any(|topic| topic.starts_with(&format!("{name}="))) {
                differences.push(plain(format!("log.topic_prefix: {}", facts.wanted.topic_prefix)));
            }
        }
    }
    differences
}
