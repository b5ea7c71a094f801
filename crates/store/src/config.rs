//! Configuration versions: immutable once written, in use once every partition has them.

use crate::error::StoreError;
use crate::statement::{FromRow, Row, args, sql};
use crate::store::Store;

/// One immutable configuration version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigRow {
    /// Its number; versions rise.
    pub version: u64,
    /// The rule book.
    pub rulebook: String,
    /// The catalogue.
    pub catalogue: String,
    /// Who made it.
    pub by: String,
    /// When, in microseconds since 1970.
    pub at: i64,
}

impl FromRow for ConfigRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            version: row.count("version")?,
            rulebook: row.get("rulebook")?,
            catalogue: row.get("catalogue")?,
            by: row.get("by_whom")?,
            at: row.get("at")?,
        })
    }
}

impl Store {
    /// Writes a new version. The same documents again under the same number are harmless.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if the number is taken by other documents.
    pub async fn config_put(&self, row: &ConfigRow) -> Result<(), StoreError> {
        let ConfigRow { version, rulebook, catalogue, by, at } = row;
        let mut tx = self.begin().await?;
        let mut session = tx.session();
        let new = session.run(sql!("config/insert"), args![*version, rulebook, catalogue, by, *at]).await?;
        let there: Option<ConfigRow> = session.one(sql!("config/get"), args![*version]).await?;
        tx.commit().await?;
        match there {
            Some(there) if new == 1 || (&there.rulebook, &there.catalogue) == (rulebook, catalogue) => Ok(()),
            _ => Err(StoreError::Conflict { operation: "config/insert" }),
        }
    }

    /// Says that every partition of the log has the version; `false` if there is no such version.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn config_ready(&self, version: u64) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let known = tx.session().run(sql!("config/ready"), args![version]).await?;
        tx.commit().await?;
        Ok(known == 1)
    }

    /// The newest version, ready or not.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn config_latest(&self) -> Result<Option<ConfigRow>, StoreError> {
        self.read().await?.session().one(sql!("config/latest"), args![]).await
    }

    /// The number of the newest version that every partition has: the one that admit uses.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn config_ready_latest(&self) -> Result<Option<u64>, StoreError> {
        let row = self.read().await?.session().row(sql!("config/ready_latest"), args![]).await?;
        row.map(|row| row.count("version")).transpose()
    }

    /// One version.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn config_get(&self, version: u64) -> Result<Option<ConfigRow>, StoreError> {
        self.read().await?.session().one(sql!("config/get"), args![version]).await
    }

    /// The numbers of all versions, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn config_versions(&self) -> Result<Vec<u64>, StoreError> {
        let rows = self.read().await?.session().rows(sql!("config/list"), args![]).await?;
        rows.iter().map(|row| row.count("version")).collect()
    }
}
