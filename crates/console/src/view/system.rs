//! How the system is: what is wrong, who holds which partition, and how far everything is.

use muster_domain::time::Span;
use muster_pipeline::doctor::{Code, Facts, Finding, PartitionSeen, Severity, Work};
use muster_store::{DestinationRow, LeaseRow};

use crate::look::Look;
use crate::phrase::{self, When};
use crate::text::Text;
use crate::wording;

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

/// A finding on the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingView {
    /// Its code.
    pub code: &'static str,
    /// The class of its chip.
    pub tone: &'static str,
    /// How bad it is, in a word.
    pub severity: &'static str,
    /// What is so.
    pub cause: String,
    /// What it concerns.
    pub details: Vec<String>,
    /// How many more it concerns.
    pub more: usize,
    /// What to do next.
    pub next: String,
    /// Command lines that come next.
    pub run: Vec<String>,
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
    look: &Look,
    facts: &Facts,
    findings: &[Finding],
    configuration: Option<u64>,
    examined: Option<i64>,
) -> SystemView {
    SystemView {
        version: env!("CARGO_PKG_VERSION"),
        configuration,
        findings: findings.iter().map(|one| finding(look, one)).collect(),
        examined: examined.map(|at| (phrase::when(look, at), ago(look, facts.now - at))),
        work: facts.work.as_ref().map(|seen| work(look, seen, facts.now)),
    }
}

fn finding(look: &Look, finding: &Finding) -> FindingView {
    let (tone, severity) = match finding.severity() {
        Severity::Problem => ("present", Text::SystemProblem),
        Severity::Warning => ("suspected", Text::SystemWarning),
        Severity::Note => ("plain", Text::SystemNote),
    };
    FindingView {
        code: finding.code.name(),
        tone,
        severity: look.t(severity),
        cause: look.w(&finding.code.cause()).replace('`', ""),
        details: finding.details.iter().map(|words| detail(look, finding.code, look.w(words))).collect(),
        more: finding.more,
        // On a page commands stand without the marks of a terminal.
        next: look.w(&finding.code.next()).replace('`', ""),
        run: finding.run.clone(),
    }
}

/// What a finding concerns; where it is counted by codes, in the words that other pages have for them.
fn detail(look: &Look, code: Code, text: &str) -> String {
    let word = match code {
        Code::DeadLettersOpen => wording::parked,
        Code::SeatsUnfilled | Code::CompetenceWithoutUnit => wording::competence,
        _ => return text.to_owned(),
    };
    match text.split_once(": ") {
        Some((counted, count)) => format!("{}{}{count}", word(look.lang, counted), look.lang.pick("：", ": ")),
        None => text.to_owned(),
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
    let pick = |zh: &str, en: &str| look.lang.pick(zh.to_owned(), en.to_owned());
    let name = match row.name.as_str() {
        "publish" => pick("发布", "Publish"),
        "dispatch" => pick("派单", "Dispatch"),
        "tick" => pick("走时限", "Clocks of cases"),
        name => match name.strip_prefix("intake:") {
            Some(topic) => look.lang.pick(format!("接收 {topic}"), format!("Intake {topic}")),
            None => name.to_owned(),
        },
    };
    let holder = row.owner.clone().filter(|_| row.lease_until > now);
    LeaseView { name, holder, epoch: row.epoch }
}

fn destination(look: &Look, row: &DestinationRow) -> DestinationView {
    let name = match row.name.as_str() {
        "case" => look.lang.pick("案件主题", "Case topic"),
        "condition" => look.lang.pick("状况主题", "Condition topic"),
        "act" => look.lang.pick("人的决定回到日志", "Acts back to the log"),
        "ladder" => look.lang.pick("处置阶梯", "Ladder"),
        "notice" => look.lang.pick("提醒", "Notices"),
        "letter" => look.lang.pick("死信的动静", "News of dead letters"),
        name => name,
    };
    DestinationView {
        name: name.to_owned(),
        cursor: row.cursor,
        moved: (row.moved > 0).then(|| phrase::when(look, row.moved)),
        attempts: row.attempts,
        says: row.last_error.clone().filter(|_| row.attempts > 0).unwrap_or_default(),
    }
}

fn ago(look: &Look, micros: i64) -> String {
    let ago = lasted(look, micros);
    look.lang.pick(format!("{ago}前"), format!("{ago} ago"))
}

fn lasted(look: &Look, micros: i64) -> String {
    phrase::span(look.lang, Span::from_micros(micros.max(0)))
}
