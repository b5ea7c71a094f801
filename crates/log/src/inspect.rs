//! What a log looks like from outside, for whoever has to judge it: nothing is made, changed, locked or held.

use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};
use rustix::io::Errno;

use crate::embedded;
use crate::error::LogError;
use crate::kafka;
use crate::record::Bounds;
use crate::settings::{LogSettings, Profile};
use crate::surroundings::{DiskSpace, Surroundings};

/// What was found where the settings point.
#[derive(Debug, Clone)]
pub enum Inspection {
    /// The data folder of an embedded log.
    Folder(Folder),
    /// The brokers and topics of a Kafka.
    Cluster(Cluster),
}

/// The data folder of an embedded log.
#[derive(Debug, Clone, Default)]
pub struct Folder {
    /// Where it is.
    pub path: PathBuf,
    /// Whether it is there.
    pub there: bool,
    /// What of it this user may not use, with the reason, where there is such: then no file of it is opened.
    pub unwritable: Option<String>,
    /// Whether a process has it locked now.
    pub held: bool,
    /// Whether a restore into it was not finished.
    pub restoring: bool,
    /// The room on its disk, where that can be told.
    pub space: Option<DiskSpace>,
    /// The files of its days, oldest first; none where they were not to be opened.
    pub days: Vec<Day>,
    /// The bounds of the observation topic by partition, as the files of the days have them.
    pub bounds: Vec<Bounds>,
}

/// The file of one day.
#[derive(Debug, Clone, Default)]
pub struct Day {
    /// Its path.
    pub path: PathBuf,
    /// Why it cannot be read, if it cannot.
    pub trouble: Option<String>,
    /// As what the log was made; absent where the file cannot be read, or was made and never filled.
    pub made_as: Option<MadeAs>,
}

/// As what an embedded log was made, the same in all its files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MadeAs {
    /// The number drawn when it was made.
    pub generation: String,
    /// The prefix of its topics.
    pub prefix: String,
    /// Its partitions.
    pub partitions: u32,
}

/// The brokers and topics of a Kafka.
#[derive(Debug, Clone, Default)]
pub struct Cluster {
    /// Its id.
    pub id: String,
    /// How many brokers are up.
    pub brokers: usize,
    /// Muster's own topics, then the foreign ones of the settings.
    pub topics: Vec<TopicFacts>,
}

/// A topic as the brokers tell it.
#[derive(Debug, Clone, Default)]
pub struct TopicFacts {
    /// Its full name.
    pub name: String,
    /// Whether it is there.
    pub there: bool,
    /// Whether it is somebody else's.
    pub foreign: bool,
    /// How many partitions the settings want; absent where that is for others to choose.
    pub wanted: Option<u32>,
    /// Its id (KIP-516); empty where the brokers have none.
    pub id: String,
    /// How many partitions it has.
    pub partitions: u32,
    /// The fewest copies that a partition of it has.
    pub copies: u32,
    /// Partitions that nobody leads.
    pub leaderless: Vec<i32>,
    /// Partitions of which some copy is not in step.
    pub lagging: Vec<i32>,
    /// Copies that must have a record before it is acknowledged.
    pub min_insync: Option<u32>,
    /// How long records are kept, in milliseconds; negative = for ever.
    pub retention_ms: Option<i64>,
    /// The largest batch it takes, in bytes.
    pub max_message_bytes: Option<u64>,
    /// Whether old records of a key may vanish.
    pub compacted: bool,
}

/// Why a log cannot be looked at.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Unseen {
    /// The settings are none to look with.
    #[error("the settings of the log cannot be used")]
    Settings(#[source] LogError),
    /// No broker answers.
    #[error("no broker answers")]
    Silent(#[source] LogError),
    /// The brokers answer and do not let this user in.
    #[error("the brokers do not let this user in")]
    Denied(#[source] LogError),
}

/// Looks at the log that the settings name. `files` = the files of an embedded log are opened too, one by one.
///
/// # Errors
/// [`Unseen`] if there is nothing to be seen, with the reason.
pub async fn inspect(settings: &LogSettings, files: bool) -> Result<Inspection, Unseen> {
    settings.check().map_err(Unseen::Settings)?;
    match settings.profile().map_err(Unseen::Settings)? {
        Profile::Embedded => {
            Ok(Inspection::Folder(embedded::inspect(settings, &Surroundings::real().space, files).await))
        }
        Profile::Kafka => kafka::inspect(settings).await.map(Inspection::Cluster),
    }
}

/// Why this user may not write a file, or make files in a folder, where it may not: the path and what the system says.
#[must_use]
pub fn barred(path: &Path) -> Option<String> {
    let wanted = if path.is_dir() { Access::WRITE_OK | Access::EXEC_OK } else { Access::READ_OK | Access::WRITE_OK };
    let error = access(path, wanted).err().filter(|error| *error != Errno::NOENT)?;
    Some(format!("{}: {error}", path.display()))
}
