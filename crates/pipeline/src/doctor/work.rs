//! Judging processes at work: who holds what, how far behind they are, and what lies undone.

use muster_domain::text::Words;

use super::codes::Code;
use super::detail::{Detail, Thing};
use super::facts::{Facts, PartitionSeen, StoreSeen, Work};
use super::finding::{Finding, counted, lasting, plain};
use crate::watch::Trouble;

/// The leases of work that one process at a time does, as `muster serve` names them.
const ROLES: [&str; 3] = ["publish", "dispatch", "tick"];
/// A record that has waited longer than this, in microseconds, is found late.
const LATE: i64 = 30_000_000;
/// So many takeovers within a minute are a fight: a restart is one.
const FIGHT: usize = 4;
const MINUTE: i64 = 60_000_000;
/// A checkpoint is written every minute; this is how old it may be, in microseconds.
const OLD: i64 = 10 * MINUTE;
/// How long a row may lie in the outbox, in microseconds.
const OUTBOX_WAITS: i64 = MINUTE;

pub(super) fn judge(work: &Work, facts: &Facts) -> Vec<Finding> {
    let now = facts.now;
    // A world that runs faster has longer minutes.
    let scaled = |micros: i64| (micros as f64 * facts.speed.max(1.0)) as i64;
    let mut findings = held(work, facts);
    let fights = work.partitions.iter().filter_map(|seen| {
        let newest = seen.takeovers.iter().max()?;
        let recent = seen.takeovers.iter().filter(|at| newest - **at <= scaled(MINUTE)).count();
        let Words { zh, en } = partition(seen);
        let epoch = seen.row.epoch;
        (recent >= FIGHT && now - newest <= scaled(5 * MINUTE)).then(|| {
            Words::new(
                format!("{zh}：一分钟内 {recent} 次，现为第 {epoch} 任"),
                format!("{en}: {recent} times within a minute, now at epoch {epoch}"),
            )
        })
    });
    findings.extend(Finding::about(Code::LeaseFight, fights));
    let lags = work.partitions.iter().filter(|seen| seen.waited(now) > scaled(LATE)).map(|seen| {
        let (Words { zh, en }, (zh_late, en_late)) = (partition(seen), lasting(seen.waited(now)));
        let lag = seen.lag();
        Words::new(
            format!("{zh}：{lag} 条，最早的等了 {zh_late}"),
            format!("{en}: {lag} records, the oldest waits for {en_late}"),
        )
    });
    findings.extend(Finding::about(Code::WatchLags, lags));
    findings.extend(checkpoints(work, now, scaled(OLD)));
    let skipped = work.skipped.iter().map(|skipped| {
        let (partition, records, last) = (skipped.partition, skipped.records, skipped.last);
        Words::new(
            format!("分区 {partition}：{records} 条，最新的在位移 {last}"),
            format!("partition {partition}: {records} records, the newest at offset {last}"),
        )
    });
    findings.extend(Finding::about(Code::RecordsSkipped, skipped));
    findings.extend(outbox(work, now, scaled(OUTBOX_WAITS)));
    findings.extend(letters(work, now));
    findings.extend(clock(work, facts));
    findings
}

/// A time of day that was set. Where the database disagrees with this process, that is told instead.
fn clock(work: &Work, facts: &Facts) -> Option<Finding> {
    let ahead = work.off_the_machines?;
    let told = matches!(&facts.store, StoreSeen::Open(store) if store.apart.is_some());
    (!told).then(|| Finding::new(Code::ClockSet).with(plain(format!("{ahead:+.1} s"))).run("timedatectl status"))
}

fn partition(seen: &PartitionSeen) -> Words {
    let number = seen.row.partition;
    Words::new(format!("分区 {number}"), format!("partition {number}"))
}

/// Partitions and roles that somebody must hold.
fn held(work: &Work, facts: &Facts) -> Vec<Finding> {
    let (now, after) = (facts.now, facts.held_after());
    // Who begins again and again lets its leases run out, and is there all the same.
    let failing = |seen: &PartitionSeen| work.failing.iter().any(|trouble| trouble.partition == seen.row.partition);
    let (held, free): (Vec<_>, Vec<_>) =
        work.partitions.iter().partition(|seen| seen.holder(after).is_some() || failing(seen));
    let failing = work.failing.iter().map(|Trouble { partition, times, error }| {
        Words::new(
            format!("分区 {partition}：连续 {times} 次从头再来：{error}"),
            format!("partition {partition}: began again {times} times in a row: {error}"),
        )
    });
    let mut findings: Vec<Finding> = Finding::about(Code::WatchFailing, failing).into_iter().collect();
    let last = |seen: &&PartitionSeen| last_holder(seen, now);
    if held.is_empty() {
        // That all are free is said already: of those that were given back in order there is nothing more to say.
        let had = free.iter().filter(|seen| seen.row.owner.is_some()).map(last);
        let nothing = Finding::about(Code::NothingWatches, had).unwrap_or_else(|| Finding::new(Code::NothingWatches));
        findings.push(nothing.run("muster serve"));
    } else {
        findings.extend(Finding::about(Code::PartitionNotHeld, free.iter().map(last)));
    }
    let alive = |name: &str| {
        work.leases.iter().any(|lease| lease.name == name && lease.owner.is_some() && lease.lease_until > after)
    };
    if !held.is_empty() || ROLES.into_iter().any(alive) {
        let lacking = ROLES.into_iter().filter(|name| !alive(name)).map(|name| Detail::of(Thing::Role, name));
        findings.extend(Finding::about(Code::RoleMissing, lacking));
    }
    findings
}

/// A partition that is free, with who had it last and what became of that.
fn last_holder(seen: &PartitionSeen, now: i64) -> Words {
    let (Words { zh, en }, left) = (partition(seen), seen.row.lease_until - now);
    let Some(last) = seen.row.owner.as_deref() else { return Words::new(zh, en) };
    if left > 0 {
        return Words::new(format!("{zh}：{last}，已不在"), format!("{en}: {last}, which is gone"));
    }
    let (zh_ago, en_ago) = lasting(-left);
    Words::new(format!("{zh}：{last}，{zh_ago}前到期"), format!("{en}: {last}, run out {en_ago} ago"))
}

fn checkpoints(work: &Work, now: i64, old: i64) -> Vec<Finding> {
    let damaged = work.partitions.iter().filter(|seen| seen.damaged).map(partition);
    let mut findings: Vec<Finding> = Finding::about(Code::CheckpointDamaged, damaged).into_iter().collect();
    let aged = work.partitions.iter().filter(|seen| seen.holder(now).is_some()).filter_map(|seen| {
        let checkpoint = seen.checkpoint?;
        let behind = seen.row.offset.saturating_sub(checkpoint.offset);
        let age = now - checkpoint.at;
        let (Words { zh, en }, (zh_age, en_age)) = (partition(seen), lasting(age));
        (age > old && behind > 0).then(|| {
            Words::new(
                format!("{zh}：{zh_age}前，要重读 {behind} 条"),
                format!("{en}: {en_age} old, {behind} records to read again"),
            )
        })
    });
    findings.extend(Finding::about(Code::CheckpointOld, aged));
    findings
}

fn outbox(work: &Work, now: i64, waits: i64) -> Vec<Finding> {
    let stuck = work.destinations.iter().filter(|destination| destination.attempts > 0).map(|destination| {
        let (name, attempts, error) =
            (&destination.name, destination.attempts, destination.last_error.as_deref().unwrap_or_default());
        let behind = work.last_number.saturating_sub(destination.cursor);
        Detail::of(Thing::Destination, name).say(
            format!("：已试 {attempts} 次，其后 {behind} 条：{error}"),
            format!(": tried {attempts} times, {behind} behind it: {error}"),
        )
    });
    let stuck = Finding::about(Code::OutboxStuck, stuck);
    let waiting = work.pending.filter(|pending| pending.count > 0).and_then(|pending| {
        let age = now - pending.oldest?;
        let (zh, en) = lasting(age);
        let count = pending.count;
        let said =
            Words::new(format!("{count} 条，最早的等了 {zh}"), format!("{count} rows, the oldest waits for {en}"));
        (age > waits).then(|| Finding::new(Code::OutboxWaits).with(said))
    });
    stuck.into_iter().chain(waiting).collect()
}

fn letters(work: &Work, now: i64) -> Option<Finding> {
    let counts = work.letters.iter().map(|(code, count)| counted(Thing::Parked, code, count));
    let mut finding = Finding::about(Code::DeadLettersOpen, counts)?;
    if let Some(oldest) = work.oldest_letter {
        let (zh, en) = lasting(now - oldest);
        finding = finding.with(Words::new(format!("最早的来自 {zh}前"), format!("the oldest came {en} ago")));
    }
    let most = work.letters.iter().max_by_key(|(_, count)| **count).map(|(code, _)| code);
    finding.run.extend(most.map(|code| format!("muster dlq list --code {code}")));
    Some(finding)
}
