//! Configuration versions: immutable once written, in use once every partition has them.

use crate::error::StoreError;
use crate::statement::{FromRow, Row, args, sql};
use crate::store::Store;
use crate::tx::Tx;

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
    /// Every partition of the log has it: admit may use it.
    pub ready: bool,
}

/// A configuration version without its documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigVersion {
    /// Its number.
    pub version: u64,
    /// Who made it.
    pub by: String,
    /// When, in microseconds since 1970.
    pub at: i64,
    /// Every partition of the log has it.
    pub ready: bool,
}

impl FromRow for ConfigRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            version: row.count("version")?,
            rulebook: row.get("rulebook")?,
            catalogue: row.get("catalogue")?,
            by: row.get("by_whom")?,
            at: row.get("at")?,
            ready: row.flag("ready")?,
        })
    }
}

impl FromRow for ConfigVersion {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            version: row.count("version")?,
            by: row.get("by_whom")?,
            at: row.get("at")?,
            ready: row.flag("ready")?,
        })
    }
}

impl Tx {
    /// Writes a new version. The same documents again under the same number are harmless.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if the number is taken by other documents.
    pub async fn config_put(
        &mut self,
        version: u64,
        rulebook: &str,
        catalogue: &str,
        by: &str,
        at: i64,
    ) -> Result<(), StoreError> {
        let mut session = self.session();
        let new = session.run(sql!("config/insert"), args![version, rulebook, catalogue, by, at]).await?;
        if new == 1 {
            return Ok(());
        }
        let there: Option<ConfigRow> = session.one(sql!("config/get"), args![version]).await?;
        match there {
            Some(there) if there.rulebook == rulebook && there.catalogue == catalogue => Ok(()),
            _ => Err(StoreError::Conflict { operation: "config/insert" }),
        }
    }
}

impl Store {
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
        self.read().await?.session().one(sql!("config/latest"), args![false]).await
    }

    /// The newest version that every partition has.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn config_latest_ready(&self) -> Result<Option<ConfigRow>, StoreError> {
        self.read().await?.session().one(sql!("config/latest"), args![true]).await
    }

    /// One version.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn config_get(&self, version: u64) -> Result<Option<ConfigRow>, StoreError> {
        self.read().await?.session().one(sql!("config/get"), args![version]).await
    }

    /// All versions, oldest first, without their documents.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn config_versions(&self) -> Result<Vec<ConfigVersion>, StoreError> {
        self.read().await?.session().all(sql!("config/list"), args![]).await
    }
}
