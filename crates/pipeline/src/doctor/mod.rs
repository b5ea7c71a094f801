//! The doctor: says what is wrong, the cause, and what comes next.
//!
//! [`Facts`] are gathered by [`Doctor`]; [`judge`] is pure. The command and a running server judge by the same functions.

mod catalogue;
mod closely;
mod codes;
mod detail;
mod facts;
mod finding;
mod gather;
mod log;
mod pages;
mod pair;
mod settings;
mod store;
mod street;
#[cfg(test)]
mod tests;
mod work;

pub use closely::CloseLook;
pub use codes::{Area, Code, Severity};
pub use detail::{Detail, Piece, Thing};
pub use facts::{
    ConfigSeen, Facts, Followed, PartitionSeen, RulesFolder, Setup, StoreFacts, StoreSeen, TokensFile, Work,
};
pub use finding::{Finding, plain};
pub use gather::{Doctor, SetupOf, Sight};
use muster_wire::system as wire;

/// What is wrong by these facts, and the state of each partition, as the API and the command tell it.
#[must_use]
pub fn told(facts: &Facts) -> wire::Findings {
    let state = |seen: &PartitionSeen| {
        let (partition, checkpoint) = (seen.row.partition, seen.checkpoint?);
        Some(wire::WatchState { partition, offset: checkpoint.offset, hash: seen.state? })
    };
    let seen = facts.work.iter().flat_map(|work| &work.partitions);
    let findings = judge(facts).into_iter().map(Finding::told).collect();
    wire::Findings { findings, states: seen.filter_map(state).collect() }
}

/// Everything that is wrong by these facts: area by area, and in each what is worst first.
#[must_use]
pub fn judge(facts: &Facts) -> Vec<Finding> {
    let mut findings = settings::judge(&facts.setup);
    findings.extend(log::judge(facts));
    findings.extend(pair::judge(facts));
    findings.extend(store::judge(facts));
    if facts.orphaned {
        // What a new database lacks, and what a server would do about it, is of no use to anybody.
        return findings;
    }
    if let Some(config) = &facts.config {
        findings.extend(catalogue::judge_config(config, facts.setup.rules.as_ref()));
        if let Some(Ok(config)) = &config.newest {
            findings.extend(catalogue::judge(config, facts.now));
        }
    }
    if let Some(work) = &facts.work {
        findings.extend(work::judge(work, facts));
        findings.extend(street::judge(work));
    }
    findings.sort_by_key(|finding| (finding.code.area(), finding.severity(), finding.code));
    findings
}
