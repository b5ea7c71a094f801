//! The outbox: what committed work has to do outside, numbered once it is visible.

use crate::error::StoreError;
use crate::statement::{FromRow, Row, args, sql};
use crate::store::Store;
use crate::tx::Tx;

/// A row on its way into the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRow {
    /// Where it goes.
    pub destination: String,
    /// Rows of one key are sent in order; claim what the key stands for (the case's row, the partition's) before pushing.
    pub ordering_key: String,
    /// The id of the effect: within a destination the same effect is there once.
    pub effect: Option<String>,
    /// What goes there.
    pub body: String,
    /// When it was committed, in microseconds since 1970.
    pub created: i64,
    /// Past this instant it must not happen any more.
    pub not_after: Option<i64>,
}

/// A row with its publish number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Its number: without gaps, in the order in which rows became visible, and a cursor for readers.
    pub publish_no: u64,
    /// Where it goes.
    pub destination: String,
    /// Rows of one key are sent in order.
    pub ordering_key: String,
    /// The id of the effect.
    pub effect: Option<String>,
    /// What goes there.
    pub body: String,
    /// When it was committed, in microseconds since 1970.
    pub created: i64,
    /// Past this instant it must not happen any more.
    pub not_after: Option<i64>,
}

/// Publish numbers that were given at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbered {
    /// How many.
    pub count: u64,
    /// The last of them.
    pub last: Option<u64>,
}

/// What has not reached its destination yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutboxPending {
    /// How many rows.
    pub count: i64,
    /// When the oldest was committed, in microseconds since 1970.
    pub oldest: Option<i64>,
}

/// Which publish numbers there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutboxEnds {
    /// The oldest that is still there.
    pub first: Option<u64>,
    /// The newest that was given, though it may be gone.
    pub last: Option<u64>,
}

/// The destinations that open screens follow.
pub const FEED: [&str; 3] = ["case", "condition", "letter"];

impl FromRow for Published {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            publish_no: row.count("publish_no")?,
            destination: row.get("destination")?,
            ordering_key: row.get("ordering_key")?,
            effect: row.get("effect")?,
            body: row.get("body")?,
            created: row.get("created")?,
            not_after: row.get("not_after")?,
        })
    }
}

impl FromRow for OutboxPending {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self { count: row.get("count")?, oldest: row.get("oldest")? })
    }
}

impl FromRow for OutboxEnds {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let given = |number: u64| (number > 0).then_some(number);
        Ok(Self { first: given(row.count("first")?), last: given(row.count("last")?) })
    }
}

impl Tx {
    /// Adds rows in order. A row whose effect its destination has already is left out.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn outbox_push(&mut self, rows: &[OutboxRow]) -> Result<(), StoreError> {
        let values = |row: &OutboxRow| {
            let OutboxRow { destination, ordering_key, effect, body, created, not_after } = row;
            args![destination, ordering_key, effect, body, *created, *not_after]
        };
        self.session().run_many(sql!("outbox/push"), rows, values).await.map(|_| ())
    }
}

impl Store {
    /// Gives publish numbers to at most `limit` rows that have none. Only the holder of the lease `publish` numbers, by
    /// its epoch. A row that commits later gets a later number, whatever its id.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] if the lease is another's by now.
    pub async fn outbox_number(&self, epoch: u64, limit: u32) -> Result<Numbered, StoreError> {
        let mut tx = self.begin().await?;
        tx.hold_lease("publish", epoch).await?;
        let mut session = tx.session();
        let last = session.row(sql!("outbox/last_number"), args![]).await?;
        let last = last.ok_or_else(|| StoreError::corrupt("outbox/last_number", "no answer"))?.count("value")?;
        let count = session.run(sql!("outbox/number"), args![last, limit]).await?;
        if count > 0 {
            session.run(sql!("outbox/numbered"), args![count]).await?;
        }
        tx.commit().await?;
        Ok(Numbered { count, last: (count > 0).then_some(last + count) })
    }

    /// A destination's rows after a publish number, in order.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn outbox_after(
        &self,
        destination: &str,
        publish_no: u64,
        limit: u32,
    ) -> Result<Vec<Published>, StoreError> {
        self.read().await?.session().all(sql!("outbox/after"), args![destination, publish_no, limit]).await
    }

    /// What open screens follow ([`FEED`]) after a publish number, in order.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn feed_after(&self, publish_no: u64, limit: u32) -> Result<Vec<Published>, StoreError> {
        let [case, condition, letter] = FEED;
        self.read().await?.session().all(sql!("outbox/feed"), args![publish_no, case, condition, letter, limit]).await
    }

    /// Which publish numbers there are: a reader whose cursor is older than the first has missed something.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn outbox_ends(&self) -> Result<OutboxEnds, StoreError> {
        let ends = self.read().await?.session().one(sql!("outbox/ends"), args![]).await?;
        ends.ok_or_else(|| StoreError::corrupt("outbox/ends", "no answer"))
    }

    /// What has not reached its destination yet.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn outbox_pending(&self) -> Result<OutboxPending, StoreError> {
        let pending = self.read().await?.session().one(sql!("outbox/pending"), args![]).await?;
        pending.ok_or_else(|| StoreError::corrupt("outbox/pending", "no answer"))
    }

    /// Removes at most `limit` rows committed before an instant that their destination has had, and says how many.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn outbox_prune(&self, before: i64, limit: u32) -> Result<u64, StoreError> {
        let mut tx = self.begin().await?;
        let gone = tx.session().run(sql!("outbox/prune"), args![before, limit]).await?;
        tx.commit().await?;
        Ok(gone)
    }
}
