//! Why there is no backup, or none is restored.

use std::io;
use std::path::{Path, PathBuf};

use muster_log::LogError;
use muster_store::StoreError;

/// Why there is no backup, or none is restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// It cannot be made from there, or not put there.
    #[error("{0}")]
    Misplaced(String),
    /// What was given is no whole backup.
    #[error("{0}")]
    Damaged(String),
    /// A file cannot be written or read.
    #[error("cannot write or read {}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The log cannot be copied.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The store cannot be copied or filled.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It was begun, and what lies there is half of something.
    #[error("the backup in {} is unfinished and of no use: remove it, and begin again once this is mended", folder.display())]
    Unfinished {
        /// The folder.
        folder: PathBuf,
        /// What happened.
        source: Box<BackupError>,
    },
}

/// Whose fault it is that there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The backup's.
    Backup,
    /// The caller's.
    Use,
    /// Something's outside: a disk, a database.
    Outside,
}

impl BackupError {
    /// Whose fault it is.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Misplaced(_) | Self::Log(LogError::Refused { .. }) => Fault::Use,
            Self::Damaged(_) | Self::Store(StoreError::Newer { .. }) => Fault::Backup,
            Self::Store(StoreError::File { .. }) | Self::File { .. } | Self::Log(_) => Fault::Outside,
            Self::Store(error) if error.retryable() || error.is_unknown_fate() => Fault::Outside,
            Self::Store(_) => Fault::Use,
            Self::Unfinished { source, .. } => source.fault(),
        }
    }

    pub(super) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }
}
