//! Journals: append-only, no number twice.

use crate::error::StoreError;
use crate::statement::{FromRow, Row, args, sql};
use crate::store::Store;
use crate::tx::Tx;

/// One entry of a case's journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseEventRow {
    /// The case.
    pub case: String,
    /// Its place in the journal, from 1.
    pub version: i64,
    /// When it was committed, in microseconds since 1970.
    pub at: i64,
    /// The entry, as JSON.
    pub doc: String,
}

impl FromRow for CaseEventRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self { case: row.get("case_id")?, version: row.get("version")?, at: row.get("at")?, doc: row.get("doc")? })
    }
}

impl Tx {
    /// Appends entries, of one case or of several.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if one of the numbers is there already.
    pub async fn case_events_append(&mut self, rows: &[CaseEventRow]) -> Result<(), StoreError> {
        let values = |row: &CaseEventRow| args![&row.case, row.version, row.at, &row.doc];
        self.session().run_many(sql!("case_event/append"), rows, values).await.map(|_| ())
    }
}

impl Store {
    /// A case's journal after a version (0 = from the beginning), at most `limit` entries.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn journal(&self, case: &str, after: i64, limit: u32) -> Result<Vec<CaseEventRow>, StoreError> {
        self.read().await?.session().all(sql!("case_event/journal"), args![case, after, limit]).await
    }
}
