//! Tokens of the field page: one seat, bound once to one device and one named person.

use crate::error::StoreError;
use crate::statement::{FromRow, Row, args, sql};
use crate::store::Store;
use crate::tx::Tx;

/// A field link. The token itself is nowhere, only its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeatTokenRow {
    /// The hash of the token.
    pub hash: String,
    /// The seat it opens.
    pub seat: String,
    /// The seat's case.
    pub case: String,
    /// The hash of the device it is bound to.
    pub device: Option<String>,
    /// The name of the person it is bound to.
    pub person: Option<String>,
    /// When it was made, in microseconds since 1970.
    pub created: i64,
    /// When it was bound.
    pub bound: Option<i64>,
    /// When it died.
    pub revoked: Option<i64>,
}

impl FromRow for SeatTokenRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            hash: row.get("hash")?,
            seat: row.get("seat")?,
            case: row.get("case_id")?,
            device: row.get("device")?,
            person: row.get("person")?,
            created: row.get("created")?,
            bound: row.get("bound")?,
            revoked: row.get("revoked")?,
        })
    }
}

impl Store {
    /// Makes a link for a seat; the same hash again is harmless.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn token_put(&self, hash: &str, seat: &str, case: &str, created: i64) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        tx.session().run(sql!("token/insert"), args![hash, seat, case, created]).await?;
        tx.commit().await
    }

    /// Binds a link to a device (by its hash) and a named person; `false` if it is bound or dead already.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn token_bind(&self, hash: &str, device: &str, person: &str, at: i64) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let bound = tx.session().run(sql!("token/bind"), args![hash, device, person, at]).await?;
        tx.commit().await?;
        Ok(bound == 1)
    }

    /// The link of a token's hash.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn token(&self, hash: &str) -> Result<Option<SeatTokenRow>, StoreError> {
        self.read().await?.session().one(sql!("token/get"), args![hash]).await
    }

    /// All links of a seat, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn tokens(&self, seat: &str) -> Result<Vec<SeatTokenRow>, StoreError> {
        self.read().await?.session().all(sql!("token/of_seat"), args![seat]).await
    }
}

impl Tx {
    /// Ends all links of a seat, and says how many there were.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn tokens_revoke(&mut self, seat: &str, at: i64) -> Result<u64, StoreError> {
        self.session().run(sql!("token/revoke"), args![seat, at]).await
    }
}
