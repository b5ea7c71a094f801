//! Backups: a living system becomes a folder, and the folder becomes a system that goes on elsewhere.
//!
//! What holds a backup together is an order. The store is copied first, as it is at one instant, then the log, then the
//! pictures that the copied store knows: so the log has everything that the store has results of, and no picture is
//! missing. The manifest comes last; what has none is unfinished. A restore undoes this the other way round, and until it
//! is finished nothing works with what is there.

mod error;
mod files;
mod make;
mod restore;

use std::path::PathBuf;

pub use error::{BackupError, Fault};
pub use make::{Made, make};
use muster_wire::backup::{Item, Profile};
pub use restore::Backup;

/// Where a system keeps what it has.
#[derive(Debug, Clone)]
pub struct Place {
    /// Which pair of log and store it is.
    pub profile: Profile,
    /// The data folder.
    pub data_dir: PathBuf,
    /// The database.
    pub store_url: String,
}

impl Place {
    /// The file of the SQLite database.
    fn store_file(&self) -> Result<PathBuf, BackupError> {
        let file = muster_store::sqlite_file(&self.store_url);
        file.ok_or_else(|| BackupError::Misplaced("store.url names no SQLite file".to_owned()))
    }

    /// Where a piece of evidence lies.
    fn evidence_file(&self, id: &str) -> PathBuf {
        crate::desk::evidence_file(&self.data_dir.join("evidence"), id)
    }

    /// Where a file of a backup belongs; nothing for a table, which belongs into a database.
    fn file_of(&self, item: &Item) -> Result<Option<PathBuf>, BackupError> {
        Ok(match item {
            Item::Store => Some(self.store_file()?),
            Item::Table(_) => None,
            Item::Day(_) => Some(self.data_dir.join(item.path())),
            Item::Evidence(id) => Some(self.evidence_file(id)),
        })
    }
}
