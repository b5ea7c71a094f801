//! What the doctor judges by: plain facts, gathered elsewhere, so that every judgement can be tried with made-up ones.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use muster_log::inspect::{Inspection, Unseen};
use muster_log::{Bounds, LogSettings};
use muster_rules::config::Config;
use muster_store::{
    CheckpointAt, DestinationRow, Identity, LeaseRow, OutboxPending, PartitionRow, Skipped, StoreError, StoreProfile,
};

use super::detail::Detail;
use crate::configs::RuleFiles;
use crate::watch::Trouble;

/// Everything that was looked at.
#[derive(Debug)]
pub struct Facts {
    /// What the settings and the files they name say.
    pub setup: Setup,
    /// The settings of the log.
    pub wanted: LogSettings,
    /// The log as it is seen from outside.
    pub log: Result<Inspection, Unseen>,
    /// The process that asks is the one that works: the lock on the data folder is its own.
    pub own: bool,
    /// The database.
    pub store: StoreSeen,
    /// The log holds records, and no store that is seen has their results.
    pub orphaned: bool,
    /// The configuration that holds; absent where the database cannot say.
    pub config: Option<ConfigSeen>,
    /// Processes and their work; absent where the database cannot say.
    pub work: Option<Work>,
    /// Now, by the store's clock, in microseconds since 1970.
    pub now: i64,
    /// How many times as fast as the real one this world runs.
    pub speed: f64,
}

impl Facts {
    /// When a lease must not have run out yet to hold. Where nobody has the data folder locked nobody is at work, and a
    /// lease that a killed process left behind holds nothing.
    #[must_use]
    pub fn held_after(&self) -> i64 {
        let stopped = matches!(&self.log, Ok(Inspection::Folder(folder)) if !folder.held);
        if stopped { i64::MAX } else { self.now }
    }
}

/// What the settings and the files they name say.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    /// Where it listens.
    pub listens: Vec<SocketAddr>,
    /// The tokens file, where the settings name one.
    pub tokens: Option<TokensFile>,
    /// The folder of the rule book, where the settings name one.
    pub rules: Option<RulesFolder>,
    /// How many connections to the database one process takes.
    pub store_connections: u32,
}

/// A tokens file.
#[derive(Debug, Clone, Default)]
pub struct TokensFile {
    /// Where it is.
    pub path: PathBuf,
    /// Why it is none, if it is none.
    pub trouble: Option<String>,
    /// Whether users other than its owner and group may read it.
    pub exposed: bool,
}

/// A folder of rule files.
#[derive(Debug, Clone)]
pub struct RulesFolder {
    /// Where it is.
    pub path: PathBuf,
    /// Its files, or why they cannot be read.
    pub files: Result<RuleFiles, String>,
}

/// The database.
#[derive(Debug)]
pub enum StoreSeen {
    /// It was not looked at: another process has it.
    NotAsked,
    /// Its file is not this user's to use: the path and the reason.
    Barred(String),
    /// Its file is not there.
    NoFile(PathBuf),
    /// It cannot be used.
    Closed(StoreError),
    /// It answers.
    Open(StoreFacts),
}

/// A database that answers.
#[derive(Debug)]
pub struct StoreFacts {
    /// Which it is.
    pub profile: StoreProfile,
    /// Its own settings by name.
    pub settings: BTreeMap<String, String>,
    /// Why its schema is not this program's, if it is not.
    pub schema: Option<StoreError>,
    /// How far ahead of it our clock is, in seconds, where that is too far.
    pub apart: Option<f64>,
    /// The log that it belongs to, once that is known.
    pub pinned: Option<Identity>,
    /// What is wrong with the pages of its file, where that was looked for.
    pub damage: Option<String>,
}

/// The configuration that holds.
#[derive(Debug, Clone)]
pub struct ConfigSeen {
    /// The newest version, or why it cannot be read; absent if there is none.
    pub newest: Option<Result<Arc<Config>, String>>,
    /// The newest version that every partition has.
    pub ready: Option<u64>,
}

/// Processes and their work, as the store and the log tell it.
#[derive(Debug, Clone, Default)]
pub struct Work {
    /// Partitions of the observation topic.
    pub partitions: Vec<PartitionSeen>,
    /// Partitions of this process that begin again and again.
    pub failing: Vec<Trouble>,
    /// Named leases.
    pub leases: Vec<LeaseRow>,
    /// Destinations of the outbox.
    pub destinations: Vec<DestinationRow>,
    /// How many rows of the outbox have not reached their destination, and when the oldest was committed.
    pub pending: Option<OutboxPending>,
    /// The newest publish number.
    pub last_number: u64,
    /// Open dead letters by code.
    pub letters: BTreeMap<String, u64>,
    /// When the oldest of them came, in microseconds since 1970.
    pub oldest_letter: Option<i64>,
    /// Other topics that are read here: how far, and where they begin.
    pub followed: Vec<Followed>,
    /// How often this process found a topic beginning too late since its start, where it did.
    pub began_late: BTreeMap<String, u64>,
    /// How many seconds the clock of this process is ahead of its machine's, where that was set since the start.
    pub off_the_machines: Option<f64>,
    /// Records that are not watched.
    pub skipped: Vec<Skipped>,
    /// Adapters of ours that are silent.
    pub silent_adapters: Vec<Detail>,
    /// Places that cannot be seen, with the rule, since when, and the sources that are silent.
    pub blind_places: Vec<Detail>,
    /// Devices that cannot see.
    pub blind_devices: Vec<Detail>,
    /// Seats for which nobody was found.
    pub unfilled: Vec<Detail>,
    /// Cases of which a clock has run out.
    pub overdue: Vec<Detail>,
}

/// A partition of a topic that is taken in, or whose dead letters are copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followed {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: u32,
    /// The offset that comes next.
    pub next: u64,
    /// The first offset that is still there.
    pub start: u64,
}

/// A partition of the observation topic.
#[derive(Debug, Clone)]
pub struct PartitionSeen {
    /// Its row: owner, epoch, lease and committed offset.
    pub row: PartitionRow,
    /// Where its log begins and ends, where that is known.
    pub bounds: Option<Bounds>,
    /// When the oldest record that is not watched yet was written, where there is one.
    pub oldest_unwatched: Option<i64>,
    /// When it changed hands, as far as its newest records tell, in microseconds since 1970.
    pub takeovers: Vec<i64>,
    /// Its newest checkpoint.
    pub checkpoint: Option<CheckpointAt>,
    /// Its newest checkpoint is not what was written.
    pub damaged: bool,
    /// The hash of the state in its newest checkpoint, where that was read.
    pub state: Option<i64>,
}

impl PartitionSeen {
    /// Who holds it now.
    #[must_use]
    pub fn holder(&self, now: i64) -> Option<&str> {
        self.row.owner.as_deref().filter(|_| self.row.lease_until > now)
    }

    /// How many records are not watched yet.
    #[must_use]
    pub fn lag(&self) -> u64 {
        self.bounds.map_or(0, |bounds| bounds.end.saturating_sub(self.row.offset))
    }

    /// For how long the oldest of them has waited, in microseconds.
    #[must_use]
    pub fn waited(&self, now: i64) -> i64 {
        self.oldest_unwatched.filter(|_| self.lag() > 0).map_or(0, |oldest| now.saturating_sub(oldest).max(0))
    }
}
