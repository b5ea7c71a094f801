//! The PostgreSQL database as a file a table, in PostgreSQL's own text form, whose first line names the columns.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::PathBuf;
use std::str::FromStr as _;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Connection as _};

use super::{Copied, TABLES, described, file_failed, nothing, tables_of};
use crate::connect::{StoreProfile, within};
use crate::error::StoreError;
use crate::migrate::{self, KNOWN_SCHEMA};
use crate::store::{Store, StoreSettings};

/// How long a database may be silent within a copy: a scan over many dead rows says nothing for a while.
const SILENCE: Duration = Duration::from_secs(120);

/// A table that was copied out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableFile {
    /// Its name.
    pub name: String,
    /// Its file.
    pub path: PathBuf,
    /// Its rows.
    pub rows: u64,
}

/// Copies every table to the file that `file_of` gives it, all as they are at one instant, and says what the copy
/// holds. Memory is bounded; nobody who writes the database waits. `moved` hears of the bytes.
///
/// # Errors
/// [`StoreError`] if the database cannot be read, or a file not written.
pub async fn copy_postgres(
    url: &str,
    file_of: impl Fn(&str) -> PathBuf + Send,
    mut moved: impl FnMut(u64) + Send,
) -> Result<Copied, StoreError> {
    let mut connection = connect(url).await?;
    script(&mut connection, include_str!("../../sql/copy/snapshot.sql")).await?;
    if !tables(&mut connection).await?.contains("migration") {
        return Err(nothing());
    }
    let mut copied: Copied = described!(&mut connection, StoreProfile::Postgres)?;
    for name in tables_of(copied.schema) {
        let rows = copy_table(&mut connection, name, file_of(name), &mut moved).await?;
        copied.tables.push((name.to_owned(), rows));
    }
    connection.close().await.map_err(failed)?;
    Ok(copied)
}

/// Copies one table and counts its rows: each is a line, and a line's end within a text is written as `\n`.
async fn copy_table(
    connection: &mut PgConnection,
    name: &'static str,
    path: PathBuf,
    moved: &mut (impl FnMut(u64) + Send),
) -> Result<u64, StoreError> {
    let statement = format!("copy {name} to stdout with (format text, header)");
    let written = |error| file_failed(path.clone(), error);
    let mut file = std::io::BufWriter::new(std::fs::File::create_new(&path).map_err(written)?);
    let mut lines = 0;
    let mut rows = within(SILENCE, connection.copy_out_raw(&statement)).await.map_err(failed)?;
    while let Some(bytes) = within(SILENCE, rows.try_next()).await.map_err(failed)? {
        file.write_all(&bytes).map_err(written)?;
        lines += bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        moved(bytes.len() as u64);
    }
    file.flush().map_err(written)?;
    Ok(lines.saturating_sub(1))
}

/// Whether nothing of Muster is in a database.
///
/// # Errors
/// [`StoreError::Refused`] if something is; other ones if the database cannot be asked.
pub async fn check_empty(url: &str) -> Result<(), StoreError> {
    let mut connection = connect(url).await?;
    let empty = is_empty(&mut connection).await;
    connection.close().await.map_err(failed)?;
    empty
}

async fn is_empty(connection: &mut PgConnection) -> Result<(), StoreError> {
    let there = tables(connection).await?;
    let ours = TABLES.iter().map(|(name, _)| *name).chain(["migration"]).find(|name| there.contains(*name));
    ours.map_or(Ok(()), |name| {
        Err(StoreError::Refused(format!(
            "the database is not empty (it has a table {name}): point store.url at an empty one, made with encoding UTF8"
        )))
    })
}

/// Fills an empty database with what was copied out, in one transaction, then brings its schema up to this program's.
///
/// # Errors
/// [`StoreError`] if the database is not empty, or the files do not hold what they should; it is then left empty.
pub async fn restore_postgres(
    url: &str,
    schema: u32,
    files: &[TableFile],
    now: i64,
    mut moved: impl FnMut(u64) + Send,
) -> Result<(), StoreError> {
    if schema > KNOWN_SCHEMA {
        return Err(StoreError::Newer { found: schema.into(), known: KNOWN_SCHEMA.into() });
    }
    let (given, wanted): (BTreeSet<&str>, BTreeSet<&str>) =
        (files.iter().map(|file| file.name.as_str()).collect(), tables_of(schema).collect());
    if let Some(name) = given.symmetric_difference(&wanted).next() {
        let what = format!("the tables of the backup are not those of schema version {schema}: look for {name}");
        return Err(StoreError::Refused(what));
    }
    // What answers must be a database to be trusted with data.
    let store = Store::open(&StoreSettings { url: url.to_owned(), max_connections: 2 }).await?;
    let mut connection = connect(url).await?;
    script(&mut connection, include_str!("../../sql/copy/transaction.sql")).await?;
    script(&mut connection, include_str!("../../sql/migration/lock.pg.sql")).await?;
    is_empty(&mut connection).await?;
    script(&mut connection, include_str!("../../sql/migration/table.sql")).await?;
    for step in migrate::up_to(schema.into()) {
        let text = step.text(StoreProfile::Postgres);
        script(&mut connection, text).await?;
        let entry = sqlx::query(include_str!("../../sql/migration/insert.sql"));
        let entry = entry.bind(step.version).bind(step.name).bind(migrate::checksum(text)).bind(now);
        entry.execute(&mut connection).await.map_err(failed)?;
    }
    for name in tables_of(schema) {
        for file in files.iter().filter(|file| file.name == name) {
            moved(fill_table(&mut connection, name, file).await?);
        }
    }
    script(&mut connection, include_str!("../../sql/copy/numbers.sql")).await?;
    script(&mut connection, "commit").await.map_err(|error| match error {
        StoreError::Unavailable { source, .. } => StoreError::FateUnknown { source },
        known => known,
    })?;
    connection.close().await.map_err(failed)?;
    store.migrate(now).await?;
    store.close().await;
    Ok(())
}

/// Fills one table and gives the bytes that it took. The first line must name the very columns that the table has.
async fn fill_table(connection: &mut PgConnection, name: &'static str, file: &TableFile) -> Result<u64, StoreError> {
    let unread = |error| file_failed(file.path.clone(), error);
    let source = tokio::fs::File::open(&file.path).await.map_err(unread)?;
    let bytes = source.metadata().await.map_err(unread)?.len();
    let statement = format!("copy {name} from stdin with (format text, header match)");
    let mut rows = connection.copy_in_raw(&statement).await.map_err(failed)?;
    rows.read_from(source).await.map_err(failed)?;
    let count = rows.finish().await.map_err(|error| match failed(error) {
        refused @ (StoreError::Refused(_) | StoreError::Conflict { .. }) => {
            StoreError::Refused(format!("{} cannot be put into the table {name}: {refused}", file.path.display()))
        }
        other => other,
    })?;
    if count == file.rows {
        return Ok(bytes);
    }
    let what = format!("{} has {count} rows, and {} were copied out", file.path.display(), file.rows);
    Err(StoreError::Refused(what))
}

async fn connect(url: &str) -> Result<PgConnection, StoreError> {
    let failed = |error| StoreError::from_driver("connect", error);
    let options = PgConnectOptions::from_str(url).map_err(failed)?;
    StoreProfile::Postgres.answer(options.connect()).await.map_err(failed)
}

async fn script(connection: &mut PgConnection, text: &'static str) -> Result<(), StoreError> {
    sqlx::raw_sql(text).execute(connection).await.map(|_| ()).map_err(failed)
}

async fn tables(connection: &mut PgConnection) -> Result<BTreeSet<String>, StoreError> {
    let names = sqlx::query_scalar(include_str!("../../sql/copy/tables.sql")).fetch_all(connection).await;
    Ok(names.map_err(failed)?.into_iter().collect())
}

fn failed(error: sqlx::Error) -> StoreError {
    StoreError::from_driver("copy", error)
}
