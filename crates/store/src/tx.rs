//! A transaction that writes: all of it or nothing.

use sqlx::Transaction;
use sqlx::any::Any;

use crate::connect::StoreProfile;
use crate::error::StoreError;
use crate::statement::Session;

/// A transaction. Dropped without [`Tx::commit`] it leaves nothing behind.
#[derive(Debug)]
pub struct Tx {
    transaction: Transaction<'static, Any>,
    profile: StoreProfile,
    failed: bool,
    /// The partition and offset that this transaction moves to: what conditions are written with.
    pub(crate) standing: Option<(u32, u64)>,
}

impl Tx {
    pub(crate) fn new(transaction: Transaction<'static, Any>, profile: StoreProfile) -> Self {
        Self { transaction, profile, failed: false, standing: None }
    }

    pub(crate) fn session(&mut self) -> Session<'_> {
        Session { connection: &mut self.transaction, profile: self.profile, failed: &mut self.failed }
    }

    /// What time it is for this store, in microseconds since 1970: the database's own clock on PostgreSQL, the caller's
    /// (`now`) on SQLite.
    ///
    /// # Errors
    /// [`StoreError`] if the database does not say.
    pub async fn now_micros(&mut self, now: i64) -> Result<i64, StoreError> {
        self.session().now_micros(now).await
    }

    /// Makes it so. Refuses after any failed call, even one whose error was passed over: PostgreSQL has by then given the
    /// transaction up, and would answer as if it had committed; and an owner that was overtaken must write nothing.
    ///
    /// # Errors
    /// [`StoreError::FateUnknown`] if the answer was lost: read back what was written before anything else.
    pub async fn commit(self) -> Result<(), StoreError> {
        if self.failed {
            self.rollback().await;
            return Err(StoreError::Refused(
                "a transaction in which a statement failed cannot be committed".to_owned(),
            ));
        }
        match self.profile.answer(self.transaction.commit()).await {
            Ok(()) => Ok(()),
            Err(error) => match StoreError::from_driver("commit", error) {
                StoreError::Unavailable { source, .. } => Err(StoreError::FateUnknown { source }),
                known => Err(known),
            },
        }
    }

    /// Leaves nothing behind, and waits until that is so.
    pub async fn rollback(self) {
        if let Err(error) = self.profile.answer(self.transaction.rollback()).await {
            tracing::debug!(%error, "a rollback did not reach the database, which does it by itself");
        }
    }
}
