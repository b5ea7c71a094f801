//! How the database itself is set up, and what is there beside cases and conditions: read to be judged elsewhere.

use std::collections::BTreeMap;

use crate::error::StoreError;
use crate::statement::{FromRow, Row, args, pair, sql};
use crate::store::Store;

/// A checkpoint without its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckpointAt {
    /// The partition.
    pub partition: u32,
    /// The offset up to which it has read.
    pub offset: u64,
    /// When it was written, in microseconds since 1970.
    pub at: i64,
}

/// How many records of a partition are not watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Skipped {
    /// The partition.
    pub partition: u32,
    /// How many.
    pub records: u64,
    /// The offset of the newest of them.
    pub last: u64,
}

impl FromRow for CheckpointAt {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self { partition: row.small("partition")?, offset: row.count("position")?, at: row.get("at")? })
    }
}

impl FromRow for Skipped {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self { partition: row.small("partition")?, records: row.count("records")?, last: row.count("last")? })
    }
}

/// The settings that are off and without which a power cut can ruin the database, out of its [facts](Store::facts).
#[must_use]
pub fn risky(facts: &BTreeMap<String, String>) -> Vec<&'static str> {
    let off = |name: &&str| facts.get(*name).is_some_and(|value| value == "off");
    ["fsync", "full_page_writes"].into_iter().filter(off).collect()
}

impl Store {
    /// How the database is set up, by the names that it gives its own settings; `connections` and `standby` are said by
    /// PostgreSQL alone, `journal_mode` by SQLite alone.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn facts(&self) -> Result<BTreeMap<String, String>, StoreError> {
        let rows = self.read().await?.session().rows(pair!("session/facts"), args![]).await?;
        rows.iter().map(|row| Ok((row.get("name")?, row.get("value")?))).collect()
    }

    /// Every checkpoint without its bytes, by partition, newest first.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn checkpoints_at(&self) -> Result<Vec<CheckpointAt>, StoreError> {
        self.read().await?.session().all(sql!("checkpoint/all"), args![]).await
    }

    /// How many records are not watched, by partition.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn skipped(&self) -> Result<Vec<Skipped>, StoreError> {
        self.read().await?.session().all(sql!("skip/counts"), args![]).await
    }

    /// When the oldest open dead letter was received, in microseconds since 1970.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn oldest_dead_letter(&self) -> Result<Option<i64>, StoreError> {
        let row = self.read().await?.session().row(sql!("dead_letter/oldest"), args![]).await?;
        row.map_or(Ok(None), |row| row.get("received"))
    }
}
