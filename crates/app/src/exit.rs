//! How a command ends: an exit code that means something, and words for people (INTERFACE §1).

use std::error::Error;
use std::process::ExitCode;

use muster_log::LogError;
use muster_pipeline::PipelineError;
use muster_pipeline::backup::{BackupError, Fault};
use muster_store::StoreError;

/// Why a command did not do what was asked.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    words: String,
}

impl Failure {
    /// It ran, and the answer is no.
    pub(crate) fn refused(words: impl Into<String>) -> Self {
        Self { code: 1, words: words.into() }
    }

    /// Wrong use or configuration.
    pub(crate) fn usage(words: impl Into<String>) -> Self {
        Self { code: 2, words: words.into() }
    }

    /// Something outside is not there, as far as its own words go.
    pub(crate) fn absent(words: impl Into<String>) -> Self {
        Self { code: 3, words: words.into() }
    }

    /// Something outside is not there.
    pub(crate) fn outside(words: impl Into<String>, error: &(dyn Error + 'static)) -> Self {
        Self { code: 3, words: format!("{}: {}", words.into(), muster_pipeline::chain(error)) }
    }

    /// Something of ours is wrong.
    pub(crate) fn inside(words: &str, error: &(dyn Error + 'static)) -> Self {
        Self { code: 1, words: format!("{words}: {}", muster_pipeline::chain(error)) }
    }

    pub(crate) fn log(error: &LogError) -> Self {
        let code = if matches!(error, LogError::Refused { .. }) { 2 } else { 3 };
        Self { code, words: muster_pipeline::chain(error) }
    }

    pub(crate) fn store(error: &StoreError) -> Self {
        let code = if error.retryable() { 3 } else { 2 };
        Self { code, words: muster_pipeline::chain(error) }
    }

    pub(crate) fn pipeline(error: &PipelineError) -> Self {
        match error {
            PipelineError::Log(error) => Self::log(error),
            PipelineError::Store(error) => Self::store(error),
            other => Self { code: 1, words: muster_pipeline::chain(other) },
        }
    }

    pub(crate) fn backup(error: &BackupError) -> Self {
        let code = match error.fault() {
            Fault::Backup => 1,
            Fault::Use => 2,
            Fault::Outside => 3,
        };
        Self { code, words: muster_pipeline::chain(error) }
    }

    /// Somebody stopped it before it was done.
    pub(crate) fn interrupted() -> Self {
        Self { code: 130, words: "interrupted before it was done".to_owned() }
    }

    /// What happened, in words.
    pub(crate) fn words(&self) -> &str {
        &self.words
    }

    /// Whether something outside is not there.
    pub(crate) fn is_absent(&self) -> bool {
        self.code == 3
    }

    /// Says what happened on stderr and gives the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        eprintln!("muster: {}", self.words);
        ExitCode::from(self.code)
    }
}
