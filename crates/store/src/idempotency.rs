//! Idempotency keys: a repeated request gets the answer of the first.

use crate::error::StoreError;
use crate::statement::{args, sql};
use crate::store::Store;
use crate::tx::Tx;

/// What a key means for a request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum IdempotencyAnswer {
    /// The key was free and is this request's now: do it, then finish or forget it.
    New,
    /// The same request was answered before.
    Done {
        /// The HTTP status of that answer.
        status: u32,
        /// Its body.
        body: String,
    },
    /// The same request is still at work.
    Running,
    /// The key belongs to another request.
    Different,
}

impl Store {
    /// Claims a key for a request, whose hash is `request`. Until it is finished it is held to `expires` (microseconds
    /// since 1970), so that a caller that dies leaves it free.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if the key ran out or was forgotten at this very moment.
    pub async fn idempotency_begin(
        &self,
        caller: &str,
        key: &str,
        request: &str,
        now: i64,
        expires: i64,
    ) -> Result<IdempotencyAnswer, StoreError> {
        let mut tx = self.begin().await?;
        let mut session = tx.session();
        let new = session.run(sql!("idempotency/begin"), args![caller, key, request, expires, now]).await?;
        let there = session.row(sql!("idempotency/get"), args![caller, key]).await?;
        tx.commit().await?;
        if new == 1 {
            return Ok(IdempotencyAnswer::New);
        }
        let there = there.ok_or(StoreError::Conflict { operation: "idempotency/begin" })?;
        if there.get::<String>("request")? != request {
            return Ok(IdempotencyAnswer::Different);
        }
        Ok(match there.get::<Option<i64>>("status")? {
            Some(_) => IdempotencyAnswer::Done {
                status: there.small("status")?,
                body: there.get::<Option<String>>("body")?.unwrap_or_default(),
            },
            None => IdempotencyAnswer::Running,
        })
    }

    /// Frees a key whose request came to nothing, so that it can be sent again.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails; the key then frees itself when it runs out.
    pub async fn idempotency_forget(&self, caller: &str, key: &str) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        tx.session().run(sql!("idempotency/forget"), args![caller, key]).await?;
        tx.commit().await
    }

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
    /// Keeps the answer of a request in the transaction that carries it out.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if the key ran out meanwhile and is another's by now.
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
