//! Partitions: who may write their results, and how far those go.

use crate::error::StoreError;
use crate::statement::{FromRow, Row, args, sql};
use crate::store::Store;
use crate::tx::Tx;

/// A partition that was just taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionOwned {
    /// The epoch of this owner; every commit compares it.
    pub epoch: u64,
    /// The offset up to which results are committed.
    pub offset: u64,
    /// The generation of the log.
    pub generation: String,
}

/// A partition's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionRow {
    /// Its number.
    pub partition: u32,
    /// Who has it; it may have run out.
    pub owner: Option<String>,
    /// Rises with every taking.
    pub epoch: u64,
    /// Until when, in microseconds since 1970.
    pub lease_until: i64,
    /// The offset up to which results are committed.
    pub offset: u64,
}

impl FromRow for PartitionOwned {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self { epoch: row.count("epoch")?, offset: row.count("next_offset")?, generation: row.get("generation")? })
    }
}

impl FromRow for PartitionRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            partition: row.small("partition")?,
            owner: row.get("owner")?,
            epoch: row.count("epoch")?,
            lease_until: row.get("lease_until")?,
            offset: row.count("next_offset")?,
        })
    }
}

impl Store {
    /// Takes a partition that is free, has run out, or is this owner's already (after a restart). The epoch rises each
    /// time. `ttl` is in microseconds; `now` counts on SQLite only, PostgreSQL asks its own clock.
    ///
    /// # Errors
    /// [`StoreError::Refused`] if the log's identity is not pinned yet.
    pub async fn partition_take(
        &self,
        partition: u32,
        owner: &str,
        ttl: i64,
        now: i64,
    ) -> Result<Option<PartitionOwned>, StoreError> {
        let mut tx = self.begin().await?;
        let now = tx.now_micros(now).await?;
        let mut session = tx.session();
        let values = args![partition, owner, now.saturating_add(ttl), now];
        let owned: Option<PartitionOwned> = session.one(sql!("partition/take"), values).await?;
        if owned.is_none() && session.row(sql!("partition/get"), args![partition]).await?.is_none() {
            return Err(StoreError::Refused(format!(
                "there is no partition {partition}: pin the log's identity first"
            )));
        }
        tx.commit().await?;
        Ok(owned)
    }

    /// Keeps a partition for another `ttl` microseconds; `false` if it is another's by now.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn partition_renew(
        &self,
        partition: u32,
        owner: &str,
        epoch: u64,
        ttl: i64,
        now: i64,
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let until = tx.now_micros(now).await?.saturating_add(ttl);
        let kept = tx.session().run(sql!("partition/renew"), args![partition, owner, epoch, until]).await?;
        tx.commit().await?;
        Ok(kept == 1)
    }

    /// Gives a partition back, if it is still this owner's.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails; the lease then runs out by itself.
    pub async fn partition_release(&self, partition: u32, owner: &str, epoch: u64) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        tx.session().run(sql!("partition/release"), args![partition, owner, epoch]).await?;
        tx.commit().await
    }

    /// A partition's row: after a commit of unknown fate, our epoch with our offset means that it was done.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn partition(&self, partition: u32) -> Result<Option<PartitionRow>, StoreError> {
        self.read().await?.session().one(sql!("partition/get"), args![partition]).await
    }

    /// All partitions.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn partitions(&self) -> Result<Vec<PartitionRow>, StoreError> {
        self.read().await?.session().all(sql!("partition/list"), args![]).await
    }
}

impl Tx {
    /// Moves a partition's offset in the transaction that holds the results. Call it first: it holds the row until the
    /// end, and says what conditions of this transaction are written with. `from` = `to` only compares.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] unless epoch and offset are exactly what the caller believes.
    pub async fn move_offset(&mut self, partition: u32, epoch: u64, from: u64, to: u64) -> Result<(), StoreError> {
        let moved = self.session().run(sql!("partition/move_offset"), args![partition, epoch, from, to]).await?;
        if moved != 1 {
            let what = format!("partition {partition}, or has moved it past {from}");
            return Err(self.session().given_up(StoreError::Fenced { what }));
        }
        self.standing = Some((partition, to));
        Ok(())
    }
}
