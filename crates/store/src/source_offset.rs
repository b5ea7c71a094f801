//! How far other topics have been taken in.

use crate::error::StoreError;
use crate::statement::{args, sql};
use crate::store::Store;

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
        let mut session = tx.session();
        session.run(sql!("source_offset/create"), args![name, from]).await?;
        if session.run(sql!("source_offset/move"), args![name, from, to]).await? != 1 {
            return Err(StoreError::Fenced { what: format!("the source `{name}`, or has moved it past {from}") });
        }
        tx.commit().await
    }
}
