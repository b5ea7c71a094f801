//! Processes that are there, by role: how work is shared out fairly.

use crate::error::StoreError;
use crate::statement::{args, sql};
use crate::store::Store;

impl Store {
    /// Says that `owner` is there for another `ttl` microseconds, and counts who is there in this role, itself included.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn live_owners(&self, role: &str, owner: &str, ttl: i64, now: i64) -> Result<usize, StoreError> {
        let mut tx = self.begin().await?;
        let now = tx.now_micros(now).await?;
        let mut session = tx.session();
        session.run(sql!("member/beat"), args![role, owner, now.saturating_add(ttl)]).await?;
        session.run(sql!("member/forget"), args![role, now]).await?;
        let row = session.row(sql!("member/count"), args![role, now]).await?;
        let members = row.map_or(Ok(1), |row| row.small("members"))?;
        tx.commit().await?;
        Ok(members as usize)
    }

    /// Says that `owner` is gone, so that others take over at once.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails; it is then forgotten when its time has run out.
    pub async fn owner_leaves(&self, role: &str, owner: &str) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        tx.session().run(sql!("member/leave"), args![role, owner]).await?;
        tx.commit().await
    }
}
