//! Leases by name: work that one process at a time does.

use crate::error::StoreError;
use crate::statement::{FromRow, Row, args, sql};
use crate::store::Store;
use crate::tx::Tx;

/// A lease that is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// Rises with every taking; transactions under the lease compare it.
    pub epoch: u64,
}

/// A lease's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseRow {
    /// Its name, such as `dispatch`.
    pub name: String,
    /// Who has it; it may have run out.
    pub owner: Option<String>,
    /// Rises with every taking.
    pub epoch: u64,
    /// Until when, in microseconds since 1970.
    pub lease_until: i64,
}

impl FromRow for Lease {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self { epoch: row.count("epoch")? })
    }
}

impl FromRow for LeaseRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            name: row.get("name")?,
            owner: row.get("owner")?,
            epoch: row.count("epoch")?,
            lease_until: row.get("lease_until")?,
        })
    }
}

impl Store {
    /// Takes a lease that is free or has run out, or renews this owner's own. The epoch rises with every taking and stays
    /// with every renewal, so owners must be unique to a start of a process. `ttl` is in microseconds; `now` counts on
    /// SQLite only.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn lease_acquire(
        &self,
        name: &str,
        owner: &str,
        ttl: i64,
        now: i64,
    ) -> Result<Option<Lease>, StoreError> {
        let mut tx = self.begin().await?;
        let now = tx.now_micros(now).await?;
        let values = args![name, owner, now.saturating_add(ttl), now];
        let lease = tx.session().one(sql!("lease/acquire"), values).await?;
        tx.commit().await?;
        Ok(lease)
    }

    /// Gives a lease back, if it is still this owner's.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails; the lease then runs out by itself.
    pub async fn lease_release(&self, name: &str, owner: &str) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        tx.session().run(sql!("lease/release"), args![name, owner]).await?;
        tx.commit().await
    }

    /// Frees everything that any process holds: partitions, leases and its place among the others. For whoever knows to be
    /// the only one: what is held then is left from before, and may be held until a time that a wrong clock made up.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn free_all(&self) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let mut session = tx.session();
        for statement in [sql!("partition/free_all"), sql!("lease/free_all"), sql!("member/free_all")] {
            session.run(statement, args![]).await?;
        }
        tx.commit().await
    }

    /// All leases.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn leases(&self) -> Result<Vec<LeaseRow>, StoreError> {
        self.read().await?.session().all(sql!("lease/list"), args![]).await
    }
}

impl Tx {
    /// Holds a lease to the end of this transaction: nobody takes it meanwhile, and a former holder learns it here.
    ///
    /// # Errors
    /// [`StoreError::Fenced`] if it is another's by now.
    pub async fn hold_lease(&mut self, name: &str, epoch: u64) -> Result<(), StoreError> {
        match self.session().run(sql!("lease/hold"), args![name, epoch]).await? {
            1 => Ok(()),
            _ => Err(self.session().given_up(StoreError::Fenced { what: format!("the lease `{name}`") })),
        }
    }
}
