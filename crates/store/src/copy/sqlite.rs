//! The SQLite database as one file, while another process writes it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};

use super::{Copied, described, file_failed};
use crate::connect::StoreProfile;
use crate::error::StoreError;

/// The file that a `sqlite:` URL names.
#[must_use]
pub fn sqlite_file(url: &str) -> Option<PathBuf> {
    let path = url.strip_prefix("sqlite:")?;
    Some(PathBuf::from(path.strip_prefix("//").unwrap_or(path)))
}

/// Copies the database to a file that is not there yet, as it is at one instant, and says what the copy holds. Nothing
/// is written to the database, and nobody who writes it waits. `still` = nobody can be writing it: then it needs no lock,
/// and nothing beside it.
///
/// # Errors
/// [`StoreError`] if the database cannot be read, or the copy not written.
pub async fn copy_sqlite(from: &Path, into: &Path, still: bool) -> Result<Copied, StoreError> {
    let options = SqliteConnectOptions::new().filename(from).busy_timeout(Duration::from_secs(10)).immutable(still);
    let mut living = options.connect().await.map_err(|error| in_file(from, error))?;
    let name = into.to_str().ok_or_else(|| file_failed(into.to_owned(), std::io::ErrorKind::InvalidFilename.into()))?;
    let has_steps = include_str!("../../sql/copy/has_steps.sql");
    let read = sqlx::query_scalar::<_, i64>(has_steps).fetch_one(&mut living).await;
    read.map_err(|error| in_file(from, error))?;
    let copied = sqlx::query(include_str!("../../sql/copy/vacuum.sql")).bind(name).execute(&mut living).await;
    let closed = living.close().await;
    // It can be read: what fails now is the writing of the copy, such as on a full disk.
    copied.map_err(|error| in_file(into, error))?;
    closed.map_err(|error| StoreError::from_driver("copy", error))?;
    let options = SqliteConnectOptions::new().filename(into).read_only(true);
    let mut copy = options.connect().await.map_err(|error| StoreError::from_driver("copy", error))?;
    let told = told(&mut copy).await;
    copy.close().await.map_err(|error| StoreError::from_driver("copy", error))?;
    told
}

/// A file answers always: that it does not is the file's.
fn in_file(file: &Path, error: sqlx::Error) -> StoreError {
    match StoreError::from_driver("copy", error) {
        StoreError::Unavailable { source, .. } => file_failed(file.to_owned(), std::io::Error::other(source)),
        other => other,
    }
}

async fn told(copy: &mut SqliteConnection) -> Result<Copied, StoreError> {
    let tables = sqlx::query_scalar::<_, i64>(include_str!("../../sql/copy/has_steps.sql")).fetch_one(&mut *copy).await;
    if tables.map_err(|error| StoreError::from_driver("copy", error))? == 0 {
        return Err(super::nothing());
    }
    described!(copy, StoreProfile::Sqlite)
}
