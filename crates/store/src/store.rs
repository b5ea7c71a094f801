//! A store: one pool that writes and one that reads.

use std::time::Duration;

use sqlx::any::Any;
use sqlx::pool::{Pool, PoolConnection};

use crate::connect::{Access, Address, StoreProfile, check_program};
use crate::error::StoreError;
use crate::statement::{Session, args, sql};
use crate::tx::Tx;

/// How long connections may take to end in order.
const CLOSE: Duration = Duration::from_secs(5);

/// How to open a store.
#[derive(Debug, Clone)]
pub struct StoreSettings {
    /// `sqlite:PATH` or `postgres://…`.
    pub url: String,
    /// At most this many connections, readers and writers together; SQLite has one writer besides.
    pub max_connections: u32,
}

/// An open store. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    profile: StoreProfile,
    /// SQLite: one connection, so that writers wait in a queue and not in busy loops.
    writers: Pool<Any>,
    /// Apart from the writers, so that a transaction that reads outside itself cannot wait for itself.
    readers: Pool<Any>,
}

impl Store {
    /// Connects, and checks that the database program is one to be trusted. Makes the file of a new SQLite store, but no
    /// tables: see [`Store::migrate`] and [`Store::check_version`].
    ///
    /// # Errors
    /// [`StoreError`] if the URL is none, nothing answers there, or what answers is too old.
    pub async fn open(settings: &StoreSettings) -> Result<Self, StoreError> {
        let address = Address::parse(&settings.url)?;
        address.greet().await?;
        let (writers, readers) = match address.profile {
            StoreProfile::Sqlite => (1, settings.max_connections),
            StoreProfile::Postgres => (settings.max_connections.div_ceil(2), settings.max_connections.div_ceil(2)),
        };
        let writers = address.pool(Access::Write, writers).await?;
        check_program(&writers, address.profile).await?;
        let readers = address.pool(Access::ReadOnly, readers).await?;
        Ok(Self { profile: address.profile, writers, readers })
    }

    /// Which database it is.
    #[must_use]
    pub fn profile(&self) -> StoreProfile {
        self.profile
    }

    /// Begins a transaction that writes. SQLite takes its write lock at once (`BEGIN IMMEDIATE`), so that nothing read in
    /// it can be out of date when it writes.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if there is no connection within ten seconds.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        let begin = match self.profile {
            StoreProfile::Sqlite => "BEGIN IMMEDIATE",
            StoreProfile::Postgres => "BEGIN",
        };
        let transaction = self.profile.answer(self.writers.begin_with(begin)).await;
        let transaction = transaction.map_err(|error| StoreError::from_driver("begin", error))?;
        Ok(Tx::new(transaction, self.profile))
    }

    /// Whether the database answers and has its tables.
    ///
    /// # Errors
    /// [`StoreError`] that says why not.
    pub async fn healthy(&self) -> Result<(), StoreError> {
        self.read().await?.session().row(sql!("session/ping"), args![]).await.map(|_| ())
    }

    /// What time it is for this store: see [`Tx::now_micros`](crate::Tx::now_micros).
    ///
    /// # Errors
    /// [`StoreError`] if the database does not say.
    pub async fn now_micros(&self, now: i64) -> Result<i64, StoreError> {
        self.read().await?.session().now_micros(now).await
    }

    /// Ends all connections; what is under way is rolled back. Whoever is silent is not waited for: see `connect::PING`.
    pub async fn close(&self) {
        for pool in [&self.readers, &self.writers] {
            if tokio::time::timeout(CLOSE, pool.close()).await.is_err() {
                tracing::warn!("the database does not say goodbye; it ends what is left of our connections by itself");
            }
        }
    }

    /// A connection for reading.
    pub(crate) async fn read(&self) -> Result<Reading, StoreError> {
        let connection = self.readers.acquire().await.map_err(|error| StoreError::from_driver("connect", error))?;
        Ok(Reading { connection, profile: self.profile, failed: false })
    }
}

/// A connection that only reads.
#[derive(Debug)]
pub(crate) struct Reading {
    connection: PoolConnection<Any>,
    profile: StoreProfile,
    failed: bool,
}

impl Reading {
    pub(crate) fn session(&mut self) -> Session<'_> {
        Session { connection: &mut self.connection, profile: self.profile, failed: &mut self.failed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What every connection must say of itself, whichever pool it is of.
    #[tokio::test]
    async fn a_commit_of_sqlite_is_on_the_disk_before_it_is_answered() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("store.db").display());
        let store = Store::open(&StoreSettings { url, max_connections: 2 }).await.unwrap();
        for (pool, query_only) in [(&store.writers, 0), (&store.readers, 1)] {
            let said = async |pragma| sqlx::query_scalar::<_, i64>(pragma).fetch_one(pool).await.unwrap();
            assert_eq!(said("pragma synchronous").await, 2, "2 is FULL");
            assert_eq!(said("pragma foreign_keys").await, 1);
            assert_eq!(said("pragma query_only").await, query_only);
            let mode: String = sqlx::query_scalar("pragma journal_mode").fetch_one(pool).await.unwrap();
            assert_eq!(mode, "wal");
        }
        assert_eq!(store.writers.options().get_max_connections(), 1, "one writes, the others wait in a queue");
    }

    #[tokio::test]
    async fn readers_cannot_write() {
        let folder = tempfile::tempdir().unwrap();
        let database = muster_tests::database();
        let sqlite = format!("sqlite:{}", folder.path().join("store.db").display());
        for url in [Some(sqlite), database.as_ref().map(|database| database.url())].into_iter().flatten() {
            let store = Store::open(&StoreSettings { url, max_connections: 2 }).await.unwrap();
            store.migrate(0).await.unwrap();
            let mut reading = store.read().await.unwrap();
            let written = reading.session().run(sql!("config/ready"), args![1_i64]).await;
            assert!(written.is_err(), "{:?} lets a reader write", store.profile());
        }
    }
}
