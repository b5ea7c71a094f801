//! The store as files: copied out of a living database, and copied into an empty one.

mod postgres;
mod sqlite;

use std::path::PathBuf;

pub use postgres::{TableFile, check_empty, copy_postgres, restore_postgres};
pub use sqlite::{copy_sqlite, sqlite_file};

use crate::connect::StoreProfile;
use crate::error::StoreError;
use crate::identity::Identity;
use crate::migrate::{self, Applied};

/// Every table of the schema but `migration`, each with the version that made it, and after those that it refers to.
const TABLES: [(&str, u32); 24] = [
    ("config_version", 1),
    ("log_identity", 1),
    ("log_partition", 1),
    ("source_offset", 1),
    ("skipped_record", 1),
    ("checkpoint", 1),
    ("lease", 1),
    ("member", 1),
    ("counter", 1),
    ("condition", 1),
    ("cases", 1),
    ("case_event", 1),
    ("seat", 1),
    ("case_episode", 1),
    ("case_report", 1),
    ("report", 1),
    ("vault", 1),
    ("media", 1),
    ("destination", 1),
    ("idempotency", 1),
    ("seat_token", 1),
    ("outbox", 2),
    ("dead_letter", 2),
    ("viewing", 2),
];

/// The tables of a version of the schema, in an order in which they can be filled.
fn tables_of(schema: u32) -> impl Iterator<Item = &'static str> {
    TABLES.into_iter().filter(move |(_, since)| *since <= schema).map(|(name, _)| name)
}

/// What a copy says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// The version of its schema.
    pub schema: u32,
    /// The log that its offsets belong to, if one is pinned.
    pub identity: Option<Identity>,
    /// How far the results of each partition are committed.
    pub offsets: Vec<u64>,
    /// The ids of all evidence that it knows.
    pub evidence: Vec<String>,
    /// The rows of each table; empty for SQLite, which is one file.
    pub tables: Vec<(String, u64)>,
}

impl Copied {
    fn of(
        applied: &[Applied],
        profile: StoreProfile,
        identity: Option<(String, String, String, String, i64)>,
        offsets: Vec<(i64,)>,
        evidence: Vec<(String,)>,
    ) -> Result<Self, StoreError> {
        let damaged = |what: &str| StoreError::corrupt("copy", format!("a number in {what} is negative"));
        migrate::check(applied, profile)?;
        let schema = applied.last().map_or(0, |last| last.version);
        let identity = identity.map(|(profile, cluster, topics, generation, partitions)| {
            let partitions = u32::try_from(partitions).map_err(|_| damaged("log_identity"))?;
            let topics = topics.lines().map(str::to_owned).collect();
            Ok(Identity { profile, cluster, topics, generation, partitions })
        });
        let offset = |(offset,)| u64::try_from(offset).map_err(|_| damaged("log_partition"));
        Ok(Self {
            schema: u32::try_from(schema).map_err(|_| damaged("migration"))?,
            identity: identity.transpose()?,
            offsets: offsets.into_iter().map(offset).collect::<Result<_, _>>()?,
            evidence: evidence.into_iter().map(|(id,)| id).collect(),
            tables: Vec::new(),
        })
    }
}

/// Asks a connection what is said of a copy. (The two drivers share no type that could be asked.)
macro_rules! described {
    ($connection:expr, $profile:expr) => {{
        let failed = |error| $crate::error::StoreError::from_driver("copy", error);
        let steps = sqlx::query_as::<_, (i64, String, String)>(include_str!("../../sql/migration/list.sql"));
        let steps = steps.fetch_all(&mut *$connection).await.map_err(failed)?;
        let applied: Vec<_> = steps.into_iter().map($crate::migrate::Applied::from).collect();
        if applied.is_empty() {
            return Err($crate::copy::nothing());
        }
        let identity = sqlx::query_as(include_str!("../../sql/identity/get.sql"));
        let identity = identity.fetch_optional(&mut *$connection).await.map_err(failed)?;
        let offsets = sqlx::query_as(include_str!("../../sql/copy/offsets.sql"));
        let offsets = offsets.fetch_all(&mut *$connection).await.map_err(failed)?;
        let evidence = sqlx::query_as(include_str!("../../sql/copy/evidence.sql"));
        let evidence = evidence.fetch_all(&mut *$connection).await.map_err(failed)?;
        $crate::copy::Copied::of(&applied, $profile, identity, offsets, evidence)
    }};
}
use described;

/// A database that Muster has never used.
fn nothing() -> StoreError {
    StoreError::Refused("the database has no tables of Muster: there is nothing to back up".to_owned())
}

fn file_failed(path: PathBuf, source: std::io::Error) -> StoreError {
    StoreError::File { path, source }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use sqlx::{AnyConnection, Connection as _, Row as _};

    use super::*;
    use crate::store::{Store, StoreSettings};

    /// Migrates an empty database step by step, and compares at each version what is there with what is listed.
    async fn lists_what_is_there(url: &str, profile: StoreProfile, list: &'static str) {
        sqlx::any::install_default_drivers();
        let mut connection = AnyConnection::connect(url).await.unwrap();
        for migration in migrate::up_to(migrate::KNOWN) {
            sqlx::raw_sql(migration.text(profile)).execute(&mut connection).await.unwrap();
            let rows = sqlx::query(list).fetch_all(&mut connection).await.unwrap();
            let there: BTreeSet<String> = rows.iter().map(|row| row.get(0)).collect();
            let listed: Vec<&str> = tables_of(u32::try_from(migration.version).unwrap()).collect();
            let sorted: BTreeSet<String> = listed.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(there, sorted, "version {}", migration.version);
            assert_eq!(listed.len(), sorted.len(), "none twice");
        }
    }

    /// Makes a store as an older program left it, with one dead letter in it.
    async fn leave_behind(url: &str, profile: StoreProfile, schema: i64) {
        sqlx::any::install_default_drivers();
        let mut connection = AnyConnection::connect(url).await.unwrap();
        sqlx::raw_sql(include_str!("../sql/migration/table.sql")).execute(&mut connection).await.unwrap();
        for step in migrate::up_to(schema) {
            let text = step.text(profile);
            sqlx::raw_sql(text).execute(&mut connection).await.unwrap();
            let entry = sqlx::query(include_str!("../sql/migration/insert.sql"));
            let entry = entry.bind(step.version).bind(step.name).bind(migrate::checksum(text)).bind(0_i64);
            entry.execute(&mut connection).await.unwrap();
        }
        let letter = "insert into dead_letter (topic, partition, position, original_topic, bytes, headers, code, message, \
                      received, state) values ('dead.v1', 0, 7, '', '', '{}', 'json', 'old', 0, 'open')";
        sqlx::raw_sql(letter).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    async fn is_brought_up(url: String, steps: u32) {
        let store = Store::open(&StoreSettings { url, max_connections: 2 }).await.unwrap();
        assert_eq!(store.migrate(0).await.unwrap(), steps);
        store.check_version().await.unwrap();
        assert_eq!(store.source_offset("dead.v1:0").await.unwrap(), Some(8), "copying goes on behind the newest copy");
    }

    #[tokio::test]
    async fn a_copy_of_an_older_schema_is_brought_up_to_this_one() {
        let folder = tempfile::tempdir().unwrap();
        let (old, copy) = (folder.path().join("old.db"), folder.path().join("copy.db"));
        leave_behind(&format!("sqlite:{}?mode=rwc", old.display()), StoreProfile::Sqlite, 2).await;
        assert_eq!(copy_sqlite(&old, &copy, false).await.unwrap().schema, 2);
        is_brought_up(format!("sqlite:{}", copy.display()), migrate::KNOWN_SCHEMA - 2).await;
        let (Some(old), Some(new)) = (muster_tests::database(), muster_tests::database()) else { return };
        leave_behind(&old.url(), StoreProfile::Postgres, 2).await;
        let copied = copy_postgres(&old.url(), |name| folder.path().join(name), |_| ()).await.unwrap();
        assert_eq!(copied.schema, 2);
        let file = |(name, rows): &(String, u64)| TableFile {
            name: name.clone(),
            path: folder.path().join(name),
            rows: *rows,
        };
        let files: Vec<TableFile> = copied.tables.iter().map(file).collect();
        restore_postgres(&new.url(), 2, &files, 0, |_| ()).await.unwrap();
        is_brought_up(new.url(), 0).await;
    }

    #[tokio::test]
    async fn every_table_is_copied_at_every_version_of_the_schema() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}?mode=rwc", folder.path().join("store.db").display());
        let list = "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'";
        lists_what_is_there(&url, StoreProfile::Sqlite, list).await;
        let Some(database) = muster_tests::database() else { return };
        lists_what_is_there(&database.url(), StoreProfile::Postgres, include_str!("../sql/copy/tables.sql")).await;
    }
}
