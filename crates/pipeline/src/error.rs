//! What can go wrong on the way of an observation, and whether trying again helps.

use std::time::Duration;

use muster_domain::lifecycle::Refusal;
use muster_log::LogError;
use muster_rules::rulebook::RuleError;
use muster_store::StoreError;
use muster_wire::WireError;

/// What can go wrong on the way of an observation.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// The log.
    #[error("the event log failed")]
    Log(#[from] LogError),
    /// The store.
    #[error("the store failed")]
    Store(#[source] StoreError),
    /// Another process has the partition or the lease that this was done under.
    #[error("another process has taken this over")]
    Fenced,
    /// Somebody else changed the same first, by what was being done.
    #[error("somebody else was first ({0})")]
    Conflict(&'static str),
    /// A record that the watch cannot take.
    #[error("the record at offset {offset} of partition {partition} cannot be watched: {what}")]
    Fault {
        /// Its partition.
        partition: u32,
        /// Its offset.
        offset: u64,
        /// What happened.
        what: String,
    },
    /// The work on a partition panicked: a fault of ours.
    #[error("the work on partition {partition} panicked: {what}")]
    Panicked {
        /// The partition.
        partition: u32,
        /// What it said.
        what: String,
    },
    /// A log that has less than what is committed: not the log that the store was written with.
    #[error(
        "partition {partition} of the log ends at {end}, and the store has committed up to {committed}: log and store \
         are not of the same time; restore both from the same backup"
    )]
    LogBehind {
        /// The partition.
        partition: u32,
        /// Where the log ends.
        end: u64,
        /// What is committed.
        committed: u64,
    },
    /// A clock that is not to be trusted with ticks.
    #[error(
        "the clock here is {seconds:+.1} s off the database's, and 2 s are the most: nothing is watched, given out or published \
         here; set the clocks of both machines (NTP): a process that is behind then goes on by itself, one that is ahead must be \
         started again"
    )]
    ClockApart {
        /// How far ahead of the database's it is.
        seconds: f64,
    },
    /// A document of our own that does not read back.
    #[error("a stored document cannot be read")]
    Document(#[source] WireError),
    /// JSON of our own that does not read back.
    #[error("a stored document is no JSON")]
    Json(#[from] serde_json::Error),
    /// A configuration version that the store does not have.
    #[error("the store has no configuration version {0}")]
    NoConfig(u64),
    /// A rule book that is refused.
    #[error("the rule book has {} faults", .0.len())]
    RuleBook(Vec<RuleError>),
    /// A catalogue that does not fit the rule book.
    #[error("rule book and catalogue do not fit together")]
    Config(#[source] muster_rules::config::ConfigError),
    /// The watch asked for what the life of a case refuses.
    #[error("a case refused what the watch found")]
    Refused(#[from] Refusal),
    /// Something that cannot be.
    #[error("{0}")]
    Broken(&'static str),
}

impl From<StoreError> for PipelineError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict { operation } => Self::Conflict(operation),
            StoreError::Fenced { .. } => Self::Fenced,
            other => Self::Store(other),
        }
    }
}

impl PipelineError {
    /// Whether the same transaction may succeed when tried again at once.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict(_))
    }

    /// Whether it lies in what was to be done, and not in the world around it: then it comes again however often it is
    /// tried. What is damaged or missing in the database, its documents included, is the world around.
    #[must_use]
    pub(crate) fn is_of_the_matter(&self) -> bool {
        let refused = matches!(self, Self::Store(StoreError::Refused(_)));
        refused || matches!(self, Self::Refused(_) | Self::Broken(_) | Self::Panicked { .. })
    }

    /// Whether a commit may have been done although this came back.
    #[must_use]
    pub fn is_unknown_fate(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_unknown_fate())
    }

    /// How long to wait before trying again.
    #[must_use]
    pub fn retry_after(&self) -> Duration {
        match self {
            Self::Log(error) => error.retry_after().unwrap_or(Duration::from_secs(5)),
            Self::Store(error) if error.retryable() => Duration::from_secs(1),
            Self::Fault { .. } => Duration::from_millis(10),
            error if error.is_of_the_matter() => Duration::from_secs(1),
            _ => Duration::from_secs(5),
        }
    }
}

/// An error with everything beneath it, in one line.
#[must_use]
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut beneath = error.source();
    while let Some(cause) = beneath {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        beneath = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use muster_wire::fault::Fault;
    use muster_wire::{Code, WireError};

    use super::*;

    #[test]
    fn what_the_world_around_does_is_no_fault_of_what_was_to_be_done() {
        let unread = WireError::new(Code::TooLarge, "", Fault::RecordTooLarge.with(&[("size", &1), ("most", &0)]));
        let unfit = StoreError::Unfit { operation: "case_event/append", what: "no such table".to_owned() };
        let around = [
            StoreError::Unavailable { operation: "begin", source: "gone".into() }.into(),
            StoreError::FateUnknown { source: "gone".into() }.into(),
            StoreError::Corrupt { operation: "cases/live", what: "pages".to_owned() }.into(),
            unfit.into(),
            PipelineError::Document(unread),
            PipelineError::Fenced,
            PipelineError::Conflict("cases/write"),
            PipelineError::NoConfig(9),
            LogError::Closed.into(),
        ];
        assert!(!around.iter().any(PipelineError::is_of_the_matter), "{around:?}");
        let matter: [PipelineError; 2] = [StoreError::Refused("a NUL".to_owned()).into(), Refusal::Replaced.into()];
        assert!(matter.iter().all(PipelineError::is_of_the_matter), "{matter:?}");
    }
}
