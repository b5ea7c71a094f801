//! What can go wrong with the log, sorted by what the caller can do about it.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::topic::Topic;

/// What can go wrong with the log.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LogError {
    /// Not reachable now; may heal.
    #[error("the log cannot be used at the moment: {what}; it is worth another try in {} s", retry_after.as_secs())]
    Unavailable {
        /// What was attempted.
        what: String,
        /// When another try makes sense.
        retry_after: Duration,
        /// What lies beneath.
        #[source]
        source: Option<Cause>,
    },
    /// Free disk is below the floor: appends are refused until there is room again.
    #[error(
        "the log is full: {free_percent} % of the disk under {folder} is free, at least {floor_percent} % must be; make room, or shorten log.retention"
    )]
    Full {
        /// The folder of the log.
        folder: String,
        /// What is free, in whole percent.
        free_percent: u8,
        /// What must be free.
        floor_percent: u8,
    },
    /// The settings do not fit what is there; nothing heals this but a person.
    #[error("{what}; {remedy}")]
    Refused {
        /// What does not fit.
        what: String,
        /// What to do.
        remedy: String,
        /// What lies beneath.
        #[source]
        source: Option<Cause>,
    },
    /// The offset asked for is not there.
    #[error("{topic} partition {partition} holds offsets {start} to {end} (exclusive), not {wanted}")]
    OutOfRange {
        /// The topic.
        topic: Topic,
        /// The partition.
        partition: u32,
        /// The offset asked for.
        wanted: u64,
        /// The first offset there.
        start: u64,
        /// One past the last offset there.
        end: u64,
    },
    /// A record or a batch is larger than the log takes.
    #[error("{what} has {size} bytes, the log takes {limit}")]
    TooLarge {
        /// Record or batch, and its place in the call.
        what: String,
        /// Its size in bytes.
        size: usize,
        /// The bound in bytes.
        limit: usize,
    },
    /// A record, topic or partition that cannot be written or read at all.
    #[error("the log cannot take this: {what}")]
    Invalid {
        /// What is wrong, and where.
        what: String,
    },
    /// What is stored is not what was written.
    #[error("the log is damaged: {what}")]
    Corrupt {
        /// What was found, and where.
        what: String,
        /// What lies beneath.
        #[source]
        source: Option<Cause>,
    },
    /// The log was closed.
    #[error("the log is closed")]
    Closed,
}

/// An error from beneath, shared so that many waiting callers can be told of one failure.
#[derive(Debug, Clone)]
pub struct Cause(Arc<dyn Error + Send + Sync>);

impl LogError {
    /// Whether the same call may succeed later without anybody changing anything but the world around.
    pub fn retryable(&self) -> bool {
        matches!(self, LogError::Unavailable { .. } | LogError::Full { .. })
    }

    /// How long to wait before another try, where one makes sense.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            LogError::Unavailable { retry_after, .. } => Some(*retry_after),
            LogError::Full { .. } => Some(Duration::from_secs(5)),
            _ => None,
        }
    }

    pub(crate) fn unavailable(what: impl Into<String>) -> LogError {
        LogError::Unavailable { what: what.into(), retry_after: Duration::from_secs(2), source: None }
    }

    pub(crate) fn refused(what: impl Into<String>, remedy: impl Into<String>) -> LogError {
        LogError::Refused { what: what.into(), remedy: remedy.into(), source: None }
    }

    pub(crate) fn invalid(what: impl Into<String>) -> LogError {
        LogError::Invalid { what: what.into() }
    }

    pub(crate) fn corrupt(what: impl Into<String>) -> LogError {
        LogError::Corrupt { what: what.into(), source: None }
    }

    /// Names what lies beneath, where the variant has room for it.
    #[must_use]
    pub(crate) fn because(mut self, error: impl Error + Send + Sync + 'static) -> LogError {
        if let LogError::Unavailable { source, .. }
        | LogError::Refused { source, .. }
        | LogError::Corrupt { source, .. } = &mut self
        {
            *source = Some(Cause(Arc::new(error)));
        }
        self
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for Cause {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}
