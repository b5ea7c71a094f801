//! Checkpoints of the watch, and the records it skips.

use sha2::{Digest, Sha256};

use crate::error::StoreError;
use crate::migrate::hex;
use crate::statement::{args, sql};
use crate::store::Store;

/// A checkpoint whose bytes are what was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointRow {
    /// The offset up to which it has read.
    pub offset: u64,
    /// When it was written, in microseconds since 1970.
    pub at: i64,
    /// The watch's state.
    pub bytes: Vec<u8>,
}

fn sum(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

impl Store {
    /// Writes a checkpoint and keeps the newest of those that were there, be it beyond this one; the others go.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn checkpoint_put(&self, partition: u32, offset: u64, at: i64, bytes: &[u8]) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let mut session = tx.session();
        session.run(sql!("checkpoint/put"), args![partition, offset, at, &sum(bytes), bytes]).await?;
        session.run(sql!("checkpoint/prune"), args![partition, offset]).await?;
        tx.commit().await
    }

    /// The checkpoints of a partition, newest first; one that was damaged is left out, and said loudly.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn checkpoints(&self, partition: u32) -> Result<Vec<CheckpointRow>, StoreError> {
        let rows = self.read().await?.session().rows(sql!("checkpoint/list"), args![partition]).await?;
        let mut whole = Vec::with_capacity(rows.len());
        for row in rows {
            let (offset, checksum): (_, String) = (row.count("position")?, row.get("checksum")?);
            let bytes: Vec<u8> = row.get("bytes")?;
            if sum(&bytes) == checksum {
                whole.push(CheckpointRow { offset, at: row.get("at")?, bytes });
            } else {
                tracing::error!(partition, offset, "a checkpoint is not what was written; it is passed over");
            }
        }
        Ok(whole)
    }

    /// Puts a record on the list of those that cannot be watched: part of the input of every replay.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn skip_put(&self, partition: u32, offset: u64, reason: &str, at: i64) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        tx.session().run(sql!("skip/insert"), args![partition, offset, reason, at]).await?;
        tx.commit().await
    }

    /// The records of a partition that are not watched, in order.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn skips(&self, partition: u32) -> Result<Vec<u64>, StoreError> {
        let rows = self.read().await?.session().rows(sql!("skip/list"), args![partition]).await?;
        rows.iter().map(|row| row.count("position")).collect()
    }
}
