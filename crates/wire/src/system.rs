//! How the system itself is, as the API and the doctor tell it.

use muster_domain::text::Words;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::instant::Instant;

/// Something that is wrong, or good to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// A stable code, such as `disk-full`.
    pub code: String,
    /// How bad it is.
    #[schemars(extend("enum" = ["problem", "warning", "note"]))]
    pub severity: String,
    /// What it is about.
    #[schemars(extend("enum" = ["settings", "log", "store", "rules", "catalogue", "work", "street"]))]
    pub area: String,
    /// What is so, and why that matters.
    pub cause: Said,
    /// What to do next.
    pub next: Said,
    /// What exactly it concerns, at most 20.
    pub details: Vec<Said>,
    /// How many more it concerns.
    pub more: usize,
    /// Command lines that come next, where they can be written down.
    pub run: Vec<String>,
}

/// A text in both languages of the screens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Said {
    /// 中文.
    pub zh: String,
    /// English.
    pub en: String,
}

impl From<Words> for Said {
    fn from(words: Words) -> Self {
        Self { zh: words.zh, en: words.en }
    }
}

/// How the system is.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct System {
    /// Now, by the clock of the store.
    #[schemars(with = "Instant")]
    pub now: String,
    /// The version of this program.
    pub version: String,
    /// The version of the configuration that holds here.
    pub configuration: Option<u64>,
    /// The partitions of the observation topic.
    pub partitions: Vec<Partition>,
    /// Work that one process at a time does.
    pub leases: Vec<Lease>,
    /// Where the outbox goes.
    pub destinations: Vec<Destination>,
    /// What has not reached its destination yet.
    pub outbox: Outbox,
    /// What this process finds wrong: by what it has at hand now, and by what it saw when it last looked closely.
    pub findings: Vec<Finding>,
    /// When it last looked closely, as it does when it is asked for `/api/v1/doctor` and every few minutes by itself;
    /// `null` where it has not yet.
    #[schemars(with = "Option<Instant>")]
    pub examined: Option<String>,
}

/// A partition of the observation topic.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "PartitionState")]
pub struct Partition {
    /// Its number.
    pub partition: u32,
    /// Who has it, or had it last.
    pub owner: Option<String>,
    /// Whether that still holds.
    pub held: bool,
    /// Rises each time it changes hands.
    pub epoch: u64,
    /// Until when it is held; `null` where it never was.
    #[schemars(with = "Option<Instant>")]
    pub until: Option<String>,
    /// The offset up to which results are committed.
    pub committed: u64,
    /// The offset that its next record gets; `null` where the log does not say.
    pub end: Option<u64>,
    /// How many records are not watched yet.
    pub lag_records: u64,
    /// For how many seconds the oldest of them has waited.
    pub lag_seconds: f64,
    /// Its newest checkpoint.
    pub checkpoint: Option<Checkpoint>,
}

/// A checkpoint of a partition's watch.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Checkpoint {
    /// The offset up to which it has read.
    pub offset: u64,
    /// When it was written.
    #[schemars(with = "Instant")]
    pub at: String,
}

/// Work that one process at a time does.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Lease {
    /// What it is.
    pub name: String,
    /// Who does it, or did it last.
    pub owner: Option<String>,
    /// Whether that still holds.
    pub held: bool,
    /// Rises each time it changes hands.
    pub epoch: u64,
    /// Until when it is held.
    #[schemars(with = "Instant")]
    pub until: String,
}

/// Where the outbox goes.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Destination {
    /// Its name.
    pub name: String,
    /// The newest publish number that it has had.
    pub cursor: u64,
    /// When it last had something; `null` if never.
    #[schemars(with = "Option<Instant>")]
    pub moved: Option<String>,
    /// How often what comes next has failed.
    pub attempts: u32,
    /// What it said last, while it fails.
    pub last_error: Option<String>,
}

/// What has not reached its destination yet.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Outbox {
    /// How many rows.
    pub pending: u64,
    /// When the oldest was committed.
    #[schemars(with = "Option<Instant>")]
    pub oldest: Option<String>,
    /// The newest publish number that was given.
    pub newest: u64,
}

/// Everything that is wrong, worst first in each area.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Findings {
    /// The findings; none where nothing is wrong.
    pub findings: Vec<Finding>,
    /// What the watch believes, partition by partition, as a number; none where it was not looked at.
    #[serde(default)]
    pub states: Vec<WatchState>,
}

/// The state of a partition's watch at its newest checkpoint: whoever reads the same records must come to the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WatchState {
    /// The partition.
    pub partition: u32,
    /// The offset up to which the checkpoint has read.
    pub offset: u64,
    /// The hash of the state, as `muster_partition_state_hash` tells it.
    pub hash: i64,
}
