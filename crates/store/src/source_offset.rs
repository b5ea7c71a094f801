//! How far other topics have been taken in.

use crate::error::StoreError;
use crate::statement::{args, sql};
use crate::store::Store;
use crate::tx::Tx;

impl Tx {
    /// The offset from which a source has not been taken in yet, which nobody moves until this transaction ends; `None` for
    /// one that nobody has followed yet.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn source_hold(&mut self, name: &str) -> Result<Option<u64>, StoreError> {
        let mut session = self.session();
        session.run(sql!("source_offset/hold"), args![name]).await?;
        let row = session.row(sql!("source_offset/get"), args![name]).await?;
        row.map(|row| row.count("next_offset")).transpose()
    }

    /// Moves a source on with everything made from its records.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] if somebody else has moved it meanwhile.
    pub async fn source_move(&mut self, name: &str, from: u64, to: u64) -> Result<(), StoreError> {
        let mut session = self.session();
        session.run(sql!("source_offset/create"), args![name, from]).await?;
        if session.run(sql!("source_offset/move"), args![name, from, to]).await? == 1 {
            return Ok(());
        }
        let what = format!("the source `{name}`, or has moved it past {from}");
        Err(session.given_up(StoreError::Fenced { what }))
    }
}

impl Store {
    /// The offset from which a source has not been taken in yet; `None` for one that nobody has followed yet.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn source_offset(&self, name: &str) -> Result<Option<u64>, StoreError> {
        let row = self.read().await?.session().row(sql!("source_offset/get"), args![name]).await?;
        row.map(|row| row.count("next_offset")).transpose()
    }

    /// Moves a source on, after everything made from its records is acknowledged.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] if somebody else has moved it meanwhile.
    pub async fn source_move(&self, name: &str, from: u64, to: u64) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        tx.source_move(name, from, to).await?;
        tx.commit().await
    }
}
