//! How the system is: what is wrong, who holds which partition, and how far everything is.

use muster_domain::time::Span;
use muster_pipeline::doctor::{Facts, Finding, PartitionSeen, Work};
use muster_store::{DestinationRow, LeaseRow};

use crate::look::Look;
use crate::phrase::{self, When};
use crate::scene::Scene;
use crate::text::Lang;
use crate::view::finding::{FindingView, finding};

/// The system page.
#[derive(Debug, Clone, PartialEq)]
pub struct SystemView {
    /// The version of the program.
    pub version: &'static str,
    /// The version of the configuration that holds.
    pub configuration: Option<u64>,
    /// What is wrong, worst first in each area.
    pub findings: Vec<FindingView>,
    /// When the doctor last looked closely, and how long ago that was.
    pub examined: Option<(When, String)>,
    /// Partitions, leases and destinations; absent where the database does not answer.
    pub work: Option<WorkView>,
}

/// What is known of processes and their work.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkView {
    /// The partitions of the observation topic.
    pub partitions: Vec<PartitionView>,
    /// Work of one process at a time.
    pub leases: Vec<LeaseView>,
    /// Where the outbox goes.
    pub destinations: Vec<DestinationView>,
    /// How many rows have not reached their destination.
    pub pending: i64,
    /// For how long the oldest of them has waited.
    pub waits: Option<String>,
    /// The newest publish number.
    pub newest: u64,
}

/// A partition on the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionView {
    /// Its number.
    pub number: u32,
    /// Who holds it.
    pub holder: Option<String>,
    /// How often it has changed hands.
    pub epoch: u64,
    /// The offset up to which results are committed.
    pub committed: u64,
    /// How many records are not watched yet.
    pub lag: u64,
    /// For how long the oldest of them has waited, where it is long.
    pub waited: Option<String>,
    /// When its newest checkpoint was written, and at which offset.
    pub checkpoint: Option<(When, String, u64)>,
}

/// Work of one process at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseView {
    /// Its name.
    pub name: String,
    /// Who does it.
    pub holder: Option<String>,
    /// How often it has changed hands.
    pub epoch: u64,
}

/// A destination of the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DestinationView {
    /// Its name.
    pub name: String,
    /// The newest number that it has had.
    pub cursor: u64,
    /// When it last had something.
    pub moved: Option<When>,
    /// How often what comes next has failed.
    pub attempts: u32,
    /// What it said last, while it fails.
    pub says: String,
}

/// A wait that is shorter than this is none worth a word.
const SHORT: i64 = 5_000_000;

/// The system page of these facts and findings.
#[must_use]
pub fn system(
    scene: &Scene<'_>,
    facts: &Facts,
    findings: &[Finding],
    configuration: Option<u64>,
    examined: Option<i64>,
) -> SystemView {
    let look = scene.look;
    SystemView {
        version: env!("CARGO_PKG_VERSION"),
        configuration,
        findings: findings.iter().map(|one| finding(scene, one)).collect(),
        examined: examined.map(|at| (phrase::when(look, at), ago(look, facts.now - at))),
        work: facts.work.as_ref().map(|seen| work(look, seen, facts.now)),
    }
}

fn work(look: &Look, work: &Work, now: i64) -> WorkView {
    let oldest = work.pending.and_then(|pending| pending.oldest).filter(|oldest| now - oldest > SHORT);
    WorkView {
        partitions: work.partitions.iter().map(|seen| partition(look, seen, now)).collect(),
        leases: work.leases.iter().map(|row| lease(look, row, now)).collect(),
        destinations: work.destinations.iter().map(|row| destination(look, row)).collect(),
        pending: work.pending.map_or(0, |pending| pending.count),
        waits: oldest.map(|oldest| lasted(look, now - oldest)),
        newest: work.last_number,
    }
}

fn partition(look: &Look, seen: &PartitionSeen, now: i64) -> PartitionView {
    let waited = seen.waited(now);
    PartitionView {
        number: seen.row.partition,
        holder: seen.holder(now).map(str::to_owned),
        epoch: seen.row.epoch,
        committed: seen.row.offset,
        lag: seen.lag(),
        waited: (waited > SHORT).then(|| lasted(look, waited)),
        checkpoint: seen
            .checkpoint
            .map(|checkpoint| (phrase::when(look, checkpoint.at), ago(look, now - checkpoint.at), checkpoint.offset)),
    }
}

fn lease(look: &Look, row: &LeaseRow, now: i64) -> LeaseView {
    let holder = row.owner.clone().filter(|_| row.lease_until > now);
    LeaseView { name: work_name(look.lang, &row.name), holder, epoch: row.epoch }
}

/// What the work of a lease is called.
pub(super) fn work_name(lang: Lang, lease: &str) -> String {
    let pick = |zh: &str, en: &str| lang.pick(zh, en).to_owned();
    match lease {
        "publish" => pick("发布", "Publish"),
        "dispatch" => pick("派单", "Dispatch"),
        "tick" => pick("走时限", "Clocks of cases"),
        name => match name.strip_prefix("intake:") {
            Some(topic) => lang.pick(format!("接收 {topic}"), format!("Intake {topic}")),
            None => name.to_owned(),
        },
    }
}

fn destination(look: &Look, row: &DestinationRow) -> DestinationView {
    DestinationView {
        name: destination_name(look.lang, &row.name),
        cursor: row.cursor,
        moved: (row.moved > 0).then(|| phrase::when(look, row.moved)),
        attempts: row.attempts,
        says: row.last_error.clone().filter(|_| row.attempts > 0).unwrap_or_default(),
    }
}

/// What a destination of the outbox is called.
pub(super) fn destination_name(lang: Lang, name: &str) -> String {
    let name = match name {
        "case" => lang.pick("案件主题", "Case topic"),
        "condition" => lang.pick("状况主题", "Condition topic"),
        "act" => lang.pick("人的决定回到日志", "Acts back to the log"),
        "ladder" => lang.pick("处置阶梯", "Ladder"),
        "notice" => lang.pick("提醒", "Notices"),
        "letter" => lang.pick("死信的动静", "News of dead letters"),
        name => name,
    };
    name.to_owned()
}

fn ago(look: &Look, micros: i64) -> String {
    let ago = lasted(look, micros);
    look.lang.pick(format!("{ago}前"), format!("{ago} ago"))
}

fn lasted(look: &Look, micros: i64) -> String {
    phrase::span(look.lang, Span::from_micros(micros.max(0)))
}
