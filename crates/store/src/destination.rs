//! Destinations of the outbox: how far each has got, and how it fares.

use crate::error::StoreError;
use crate::statement::{FromRow, Row, args, sql};
use crate::store::Store;

/// How far a destination has got.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DestinationRow {
    /// Its name.
    pub name: String,
    /// The last publish number that it has had.
    pub cursor: u64,
    /// When it last had something, in microseconds since 1970; 0 if never.
    pub moved: i64,
    /// How often the next one has failed.
    pub attempts: u32,
    /// When to try again, in microseconds since 1970.
    pub retry_at: i64,
    /// What it said last.
    pub last_error: Option<String>,
}

impl FromRow for DestinationRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            name: row.get("name")?,
            cursor: row.count("cursor_no")?,
            moved: row.get("moved")?,
            attempts: row.small("attempts")?,
            retry_at: row.get("retry_at")?,
            last_error: row.get("last_error")?,
        })
    }
}

impl Store {
    /// How far a destination has got; a new one begins at 0.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn destination(&self, name: &str) -> Result<DestinationRow, StoreError> {
        let known = self.read().await?.session().one(sql!("destination/get"), args![name]).await?;
        Ok(known.unwrap_or_else(|| DestinationRow { name: name.to_owned(), ..DestinationRow::default() }))
    }

    /// All destinations that have had something.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn destinations(&self) -> Result<Vec<DestinationRow>, StoreError> {
        self.read().await?.session().all(sql!("destination/list"), args![]).await
    }

    /// Moves a destination on, after it has had everything up to `to`.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] if somebody else has moved it meanwhile.
    pub async fn destination_advance(&self, name: &str, from: u64, to: u64, now: i64) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let mut session = tx.session();
        session.run(sql!("destination/create"), args![name]).await?;
        if session.run(sql!("destination/advance"), args![name, from, to, now]).await? != 1 {
            return Err(StoreError::Fenced { what: format!("the destination `{name}`, or has moved it past {from}") });
        }
        tx.commit().await
    }

    /// Writes down that a destination did not take what comes after `at`, and when to try again.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] if somebody else has moved it meanwhile.
    pub async fn destination_failed(&self, name: &str, at: u64, retry_at: i64, error: &str) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let mut session = tx.session();
        session.run(sql!("destination/create"), args![name]).await?;
        if session.run(sql!("destination/failed"), args![name, at, retry_at, error]).await? != 1 {
            return Err(StoreError::Fenced { what: format!("the destination `{name}`, or has moved it past {at}") });
        }
        tx.commit().await
    }
}
