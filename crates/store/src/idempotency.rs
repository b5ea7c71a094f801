//! Idempotency keys: a repeated request gets the answer of the first.

use crate::error::StoreError;
use crate::statement::{args, sql};
use crate::store::Store;
use crate::tx::Tx;

/// What a key means for a request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum IdempotencyAnswer {
    /// The key was free and is this request's now: do it, then finish, in the same transaction.
    New,
    /// The same request was answered before.
    Done {
        /// The HTTP status of that answer.
        status: u32,
        /// Its body.
        body: String,
    },
    /// The key belongs to another request.
    Different,
}

impl Store {
    /// Removes at most `limit` keys that have run out, and says how many.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn idempotency_prune(&self, now: i64, limit: u32) -> Result<u64, StoreError> {
        let mut tx = self.begin().await?;
        let gone = tx.session().run(sql!("idempotency/prune"), args![now, limit]).await?;
        tx.commit().await?;
        Ok(gone)
    }
}

impl Tx {
    /// Claims a key for a request, whose hash is `request`, until `expires` (microseconds since 1970). Whoever sends the
    /// same meanwhile waits until this transaction has ended; if it comes to nothing, the key is free again.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if the key ran out at this very moment.
    pub async fn idempotency_begin(
        &mut self,
        caller: &str,
        key: &str,
        request: &str,
        now: i64,
        expires: i64,
    ) -> Result<IdempotencyAnswer, StoreError> {
        let mut session = self.session();
        if session.run(sql!("idempotency/begin"), args![caller, key, request, expires, now]).await? == 1 {
            return Ok(IdempotencyAnswer::New);
        }
        let there = session.row(sql!("idempotency/get"), args![caller, key]).await?;
        let Some(there) = there else {
            return Err(session.given_up(StoreError::Conflict { operation: "idempotency/begin" }));
        };
        if there.get::<String>("request")? != request {
            return Ok(IdempotencyAnswer::Different);
        }
        let body = there.get::<Option<String>>("body")?.unwrap_or_default();
        Ok(IdempotencyAnswer::Done { status: there.small("status")?, body })
    }

    /// Keeps the answer of a request in the transaction that carries it out.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if the key is another's.
    pub async fn idempotency_finish(
        &mut self,
        caller: &str,
        key: &str,
        request: &str,
        answer: (u32, &str),
        expires: i64,
    ) -> Result<(), StoreError> {
        let (status, body) = answer;
        let values = args![caller, key, request, status, body, expires];
        match self.session().run(sql!("idempotency/finish"), values).await? {
            1 => Ok(()),
            _ => Err(self.session().given_up(StoreError::Conflict { operation: "idempotency/finish" })),
        }
    }
}
