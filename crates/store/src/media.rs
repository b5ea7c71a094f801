//! Evidence by the hash of its content, and the ledger of who looked at it.

use crate::case::Inserted;
use crate::error::StoreError;
use crate::statement::{FromRow, Row, args, sql};
use crate::store::Store;

/// A stored file. The file itself lies outside the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaRow {
    /// SHA-256 of its content in hex.
    pub id: String,
    /// What it truly is.
    pub media_type: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Where it lies, below the evidence folder.
    pub path: String,
    /// Who handed it in.
    pub uploaded_by: String,
    /// When, in microseconds since 1970.
    pub at: i64,
}

/// Somebody looked at evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewingRow {
    /// The evidence.
    pub evidence: String,
    /// Who looked.
    pub who: String,
    /// On account of this case.
    pub case: Option<String>,
    /// Or for this reason.
    pub reason: String,
    /// When, in microseconds since 1970.
    pub at: i64,
}

impl FromRow for MediaRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get("id")?,
            media_type: row.get("media_type")?,
            bytes: row.count("bytes")?,
            path: row.get("path")?,
            uploaded_by: row.get("uploaded_by")?,
            at: row.get("at")?,
        })
    }
}

impl FromRow for ViewingRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            evidence: row.get("evidence")?,
            who: row.get("who")?,
            case: row.get("case_id")?,
            reason: row.get("reason")?,
            at: row.get("at")?,
        })
    }
}

impl Store {
    /// Writes down a file; the same content again is the same file.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn media_put(&self, row: &MediaRow) -> Result<Inserted, StoreError> {
        let mut tx = self.begin().await?;
        let values = args![&row.id, &row.media_type, row.bytes, &row.path, &row.uploaded_by, row.at];
        let rows = tx.session().run(sql!("media/insert"), values).await?;
        tx.commit().await?;
        Ok(Inserted::of(rows))
    }

    /// Enters a look at evidence into the ledger.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails: then nothing may be shown.
    pub async fn view(&self, row: &ViewingRow) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let values = args![&row.evidence, &row.who, &row.case, &row.reason, row.at];
        tx.session().run(sql!("media/view"), values).await?;
        tx.commit().await
    }

    /// A file.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn media(&self, id: &str) -> Result<Option<MediaRow>, StoreError> {
        self.read().await?.session().one(sql!("media/get"), args![id]).await
    }

    /// Who looked at a piece of evidence, the last looks first.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn viewings(&self, evidence: &str, limit: u32) -> Result<Vec<ViewingRow>, StoreError> {
        self.read().await?.session().all(sql!("media/viewings"), args![evidence, limit]).await
    }
}
