//! One day of the log: one SQLite file.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt;
use jiff::civil::Date;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row};

use super::folder::file_of;
use super::lanes::Lanes;
use crate::arena::Arena;
use crate::error::LogError;

/// The layout of the files; another one is refused.
const FORMAT: i64 = 1;
/// The first SQLite without the race that could damage a file in WAL mode.
const OLDEST_SQLITE: [u32; 3] = [3, 51, 3];
/// Connections that read one day at the same time.
const READING: u32 = 4;

/// What a log was made as; the same in all its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) generation: String,
    pub(super) prefix: String,
    pub(super) partitions: u32,
}

/// One day for reading.
#[derive(Debug)]
pub(super) struct Day {
    pub(super) date: Date,
    /// The offset at which this day begins, by lane.
    pub(super) first: Vec<u64>,
    pool: SqlitePool,
}

/// Opens a day's file for writing, making it where it is missing; there is one such connection.
pub(super) async fn open_for_writing(folder: &Path, date: Date) -> Result<SqliteConnection, LogError> {
    let options = SqliteConnectOptions::new()
        .filename(file_of(folder, date))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(10))
        .pragma("journal_size_limit", "67108864");
    let mut file = options.connect().await.map_err(|error| storage("opening the file of a day", error))?;
    let version: String = sqlx::query_scalar("select sqlite_version()")
        .fetch_one(&mut file)
        .await
        .map_err(|error| storage("asking for SQLite's version", error))?;
    if !new_enough(&version) {
        return Err(LogError::refused(
            format!("SQLite {version} can damage a log"),
            "build with SQLite 3.51.3 or newer, as the lock file of this repository does",
        ));
    }
    Ok(file)
}

/// Fills an empty file: tables, origin, lanes, all or nothing.
pub(super) async fn fill(
    file: &mut SqliteConnection,
    origin: &Origin,
    lanes: &Lanes,
    first: &[u64],
) -> Result<(), LogError> {
    let failed = |error| storage("making the file of a day", error);
    let mut change = file.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
    sqlx::raw_sql(include_str!("../../sql/schema.sql")).execute(&mut *change).await.map_err(failed)?;
    sqlx::query(include_str!("../../sql/origin_insert.sql"))
        .bind(FORMAT)
        .bind(&origin.generation)
        .bind(&origin.prefix)
        .bind(i64::from(origin.partitions))
        .execute(&mut *change)
        .await
        .map_err(failed)?;
    for (id, ((topic, partition), first)) in lanes.all().iter().zip(first).enumerate() {
        sqlx::query(include_str!("../../sql/lane_insert.sql"))
            .bind(signed(id as u64))
            .bind(topic.name(&origin.prefix))
            .bind(i64::from(*partition))
            .bind(signed(*first))
            .execute(&mut *change)
            .await
            .map_err(failed)?;
    }
    change.commit().await.map_err(failed)
}

/// What the file was made as; `None` when it was made but never filled.
pub(super) async fn origin(file: &mut SqliteConnection) -> Result<Option<Origin>, LogError> {
    let failed = |error| storage("reading the origin of a day", error);
    let tables: i64 =
        sqlx::query_scalar(include_str!("../../sql/origin_exists.sql")).fetch_one(&mut *file).await.map_err(failed)?;
    if tables == 0 {
        return Ok(None);
    }
    let (format, generation, prefix, partitions): (i64, String, String, i64) =
        sqlx::query_as(include_str!("../../sql/origin_select.sql")).fetch_one(file).await.map_err(failed)?;
    if format != FORMAT {
        return Err(LogError::refused(
            format!("the files of the log have format {format}, this program knows {FORMAT}"),
            "use the version that wrote them, or move the folder away to begin a new log",
        ));
    }
    let partitions =
        u32::try_from(partitions).map_err(|error| LogError::corrupt("a partition count").because(error))?;
    Ok(Some(Origin { generation, prefix, partitions }))
}

/// Whether anything was ever written to this day; an unfilled file has nothing.
pub(super) async fn has_records(file: &mut SqliteConnection) -> Result<bool, LogError> {
    if origin(file).await?.is_none() {
        return Ok(false);
    }
    sqlx::query_scalar(include_str!("../../sql/record_exists.sql"))
        .fetch_one(file)
        .await
        .map_err(|error| storage("looking for records of a day", error))
}

/// Closes a connection that writes; what is committed is safe whether this succeeds or not.
pub(super) async fn close(file: SqliteConnection) {
    if let Err(error) = file.close().await {
        tracing::warn!(%error, "a file of the log did not close cleanly; nothing is lost");
    }
}

/// Where each lane ends.
pub(super) async fn tails(file: &mut SqliteConnection) -> Result<Vec<u64>, LogError> {
    let tails: Vec<i64> = sqlx::query_scalar(include_str!("../../sql/lane_tails.sql"))
        .fetch_all(file)
        .await
        .map_err(|error| storage("reading where the lanes end", error))?;
    Ok(tails.into_iter().map(unsigned).collect())
}

impl Day {
    /// Opens a filled file for reading.
    pub(super) async fn open(folder: &Path, date: Date, lanes: &Lanes) -> Result<Arc<Day>, LogError> {
        let options = SqliteConnectOptions::new()
            .filename(file_of(folder, date))
            .busy_timeout(Duration::from_secs(10))
            .pragma("query_only", "on");
        let pool = SqlitePoolOptions::new()
            .max_connections(READING)
            .idle_timeout(Duration::from_secs(60))
            .test_before_acquire(false)
            .connect_lazy_with(options);
        let found: Vec<(String, i64, i64)> = sqlx::query_as(include_str!("../../sql/lane_select.sql"))
            .fetch_all(&pool)
            .await
            .map_err(|error| storage("reading the lanes of a day", error))?;
        let expected = lanes.all().iter().map(|(topic, partition)| (topic.name(lanes.prefix()), i64::from(*partition)));
        if !found.iter().map(|(topic, partition, _)| (topic.clone(), *partition)).eq(expected) {
            return Err(LogError::corrupt(format!("the file of {date} has other topics or partitions than the log")));
        }
        let first = found.into_iter().map(|(_, _, first)| unsigned(first)).collect();
        Ok(Arc::new(Day { date, first, pool }))
    }

    /// Records of one lane from an offset on, as many as fit and are there.
    pub(super) async fn read(
        &self,
        lane: usize,
        from: u64,
        max_records: usize,
        max_bytes: usize,
    ) -> Result<Arena, LogError> {
        let failed = |error| storage(&format!("reading records of {}", self.date), error);
        let mut arena = Arena::default();
        let mut rows = sqlx::query(include_str!("../../sql/record_select.sql"))
            .bind(signed(lane as u64))
            .bind(signed(from))
            .bind(i64::try_from(max_records).unwrap_or(i64::MAX))
            .fetch(&self.pool);
        while arena.bytes() < max_bytes
            && let Some(row) = rows.try_next().await.map_err(failed)?
        {
            let expected = arena.next().unwrap_or(from);
            let offset = unsigned(row.try_get(0).map_err(failed)?);
            if offset != expected {
                return Err(LogError::corrupt(format!("offset {expected} is missing in the file of {}", self.date)));
            }
            let key: Option<&[u8]> = row.try_get(2).map_err(failed)?;
            let payload: &[u8] = row.try_get(4).map_err(failed)?;
            arena.push(offset, row.try_get(1).map_err(failed)?, key, payload);
            if let Some(packed) = row.try_get::<Option<&[u8]>, _>(3).map_err(failed)? {
                arena
                    .push_headers(packed)
                    .ok_or_else(|| LogError::corrupt(format!("the headers of offset {offset}")))?;
            }
        }
        Ok(arena)
    }

    /// Closes the connections that read.
    pub(super) async fn close(&self) {
        self.pool.close().await;
    }
}

/// One row on its way into the table.
#[derive(Debug)]
pub(super) struct NewRow<'a> {
    pub(super) lane: usize,
    pub(super) offset: u64,
    pub(super) timestamp_us: i64,
    pub(super) key: Option<&'a [u8]>,
    /// `None` for no headers: most control records have none.
    pub(super) headers: Option<&'a [u8]>,
    pub(super) payload: &'a [u8],
}

/// Insert statements of a few sizes, so that few have to be prepared and many rows go in at once.
#[derive(Debug)]
pub(super) struct Inserts(Vec<(usize, Arc<str>)>);

impl Inserts {
    pub(super) fn new() -> Inserts {
        let insert = include_str!("../../sql/record_insert.sql");
        let of = |rows: usize| (rows, Arc::from(format!("{insert} {}", vec!["(?,?,?,?,?,?)"; rows].join(","))));
        Inserts([128, 32, 8, 1].map(of).to_vec())
    }

    /// Writes all rows in one transaction; when this returns they are on the disk.
    pub(super) async fn write(&self, file: &mut SqliteConnection, rows: Vec<NewRow<'_>>) -> Result<(), LogError> {
        let failed = |error| storage("appending records", error);
        let mut change = file.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
        let mut rows = rows.into_iter();
        while let Some((size, insert)) = self.0.iter().find(|(size, _)| *size <= rows.len()) {
            let mut query = sqlx::query(AssertSqlSafe(Arc::clone(insert)));
            for row in rows.by_ref().take(*size) {
                query = query
                    .bind(signed(row.lane as u64))
                    .bind(signed(row.offset))
                    .bind(row.timestamp_us)
                    .bind(row.key)
                    .bind(row.headers)
                    .bind(row.payload);
            }
            query.execute(&mut *change).await.map_err(failed)?;
        }
        change.commit().await.map_err(failed)
    }
}

/// An error of the files, sorted by what the caller can do.
pub(super) fn storage(doing: &str, error: sqlx::Error) -> LogError {
    let code = error.as_database_error().and_then(|error| error.code());
    // The primary result code is the low byte: https://www.sqlite.org/rescode.html
    let primary = code.and_then(|code| code.parse::<u32>().ok()).map(|code| code & 0xff);
    match (primary, &error) {
        (Some(11 | 26), _) => LogError::corrupt(doing).because(error),
        (_, sqlx::Error::PoolClosed) => LogError::Closed,
        _ => LogError::unavailable(doing).because(error),
    }
}

fn new_enough(version: &str) -> bool {
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let found: [u32; 3] = std::array::from_fn(|_| parts.next().unwrap_or(0));
    found >= OLDEST_SQLITE
}

// SQLite's integers are signed; offsets stay far below their end.
fn signed(offset: u64) -> i64 {
    i64::try_from(offset).unwrap_or(i64::MAX)
}

fn unsigned(offset: i64) -> u64 {
    u64::try_from(offset).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_sqlite_is_seen() {
        assert!(new_enough("3.51.3") && new_enough("3.52.0") && new_enough("4.0"));
        assert!(!new_enough("3.51.2") && !new_enough("3.9.9") && !new_enough("nonsense"));
    }

    #[tokio::test]
    async fn what_is_committed_is_on_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = open_for_writing(folder.path(), jiff::civil::date(2026, 11, 24)).await.unwrap();
        let synchronous: i64 = sqlx::query_scalar("pragma synchronous").fetch_one(&mut file).await.unwrap();
        let journal: String = sqlx::query_scalar("pragma journal_mode").fetch_one(&mut file).await.unwrap();
        // 2 is FULL: https://www.sqlite.org/pragma.html#pragma_synchronous
        assert_eq!((synchronous, journal.as_str()), (2, "wal"));
    }
}
