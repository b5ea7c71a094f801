//! Whether the pages of a SQLite file are what SQLite wrote, as far as that shows within a time.

use std::path::Path;
use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};

use crate::error::StoreError;

/// Pages that are looked at between two looks at the clock.
const PAGES: i32 = 500;

/// What is wrong with the pages of a file; nothing where nothing shows until then, or where somebody else is busy with it.
/// Nobody who writes the file waits.
pub async fn damage(file: &Path, until: Instant) -> Option<String> {
    let options = SqliteConnectOptions::new().filename(file).busy_timeout(Duration::ZERO).pragma("query_only", "on");
    let mut connection = options.connect().await.ok()?;
    let checked = check(&mut connection, until).await;
    if let Err(error) = connection.close().await {
        tracing::warn!(%error, file = %file.display(), "a file that was looked at did not close cleanly; nothing is lost");
    }
    match checked.map_err(|error| StoreError::from_driver("pages", error)) {
        Ok(said) => Some(said).filter(|said| said != "ok").map(|said| said.replace('\n', ": ")),
        Err(StoreError::Corrupt { what, .. }) => Some(what),
        Err(_) => None,
    }
}

async fn check(connection: &mut SqliteConnection, until: Instant) -> Result<String, sqlx::Error> {
    connection.lock_handle().await?.set_progress_handler(PAGES, move || Instant::now() < until);
    sqlx::query_scalar(include_str!("../sql/session/pages.sql")).fetch_one(connection).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Store, StoreSettings};

    #[tokio::test]
    async fn a_page_that_was_written_over_is_seen_and_a_look_that_takes_too_long_says_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("store.db");
        let url = format!("sqlite:{}", file.display());
        let store = Store::open(&StoreSettings { url, max_connections: 1 }).await.unwrap();
        store.migrate(0).await.unwrap();
        let soon = || Instant::now() + Duration::from_secs(60);
        assert_eq!(damage(&file, soon()).await, None, "beside whoever has it open");
        store.close().await;
        assert_eq!(damage(&file, soon()).await, None);
        let mut bytes = std::fs::read(&file).unwrap();
        let middle = bytes.len() / 2 / 4096 * 4096;
        bytes[middle..middle + 4096].fill(0xaa);
        std::fs::write(&file, bytes).unwrap();
        let seen = damage(&file, soon()).await.unwrap();
        assert!(seen.contains("page"), "{seen}");
        assert_eq!(damage(&folder.path().join("none.db"), soon()).await, None);
    }
}
