//! The days of a log as files elsewhere, while another process writes them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

use super::day::{self, storage};
use super::folder;
use crate::error::LogError;

/// Copies the days of a data folder's log to the files that `file_of` gives them, the newest first, and gives their names
/// such as `2026-11-24`. Nothing is written to the log, and nobody who writes it waits. A day that the log's retention
/// deletes meanwhile is left out, with all that are older. `generation` = what the log must be; `still` = whether nobody
/// can be writing a file, which then needs no lock and nothing beside it.
///
/// # Errors
/// [`LogError::Refused`] if a day is of another log; [`LogError::Unavailable`] if one cannot be read or a copy not written.
pub async fn copy_days(
    data_dir: &Path,
    generation: Option<&str>,
    still: fn(&Path) -> bool,
    mut file_of: impl FnMut(&str) -> PathBuf + Send,
) -> Result<Vec<String>, LogError> {
    let log = data_dir.join("log");
    if !log.is_dir() {
        return Ok(Vec::new());
    }
    let failed = |error| LogError::unavailable(format!("reading {}", log.display())).because(error);
    let mut copied = Vec::new();
    for date in folder::days(&log).map_err(failed)?.into_iter().rev() {
        let (from, name) = (folder::file_of(&log, date), date.to_string());
        let into = file_of(&name);
        match copy_day(&from, &into, generation, still(&from)).await {
            Ok(true) if from.exists() => copied.push(name),
            Ok(false) if from.exists() => {}
            Err(error) if from.exists() => return Err(error),
            // What was read of it may lack what its write-ahead log held.
            _ => {
                if into.exists() {
                    let left = |error| LogError::unavailable(format!("removing {}", into.display())).because(error);
                    fs::remove_file(&into).map_err(left)?;
                }
                break;
            }
        }
    }
    copied.reverse();
    Ok(copied)
}

/// Copies one day; false if it was made and never filled.
async fn copy_day(from: &Path, into: &Path, generation: Option<&str>, still: bool) -> Result<bool, LogError> {
    let doing = format!("copying {} to {}", from.display(), into.display());
    let name = into.to_str().ok_or_else(|| LogError::unavailable(format!("{doing}: the name is no UTF-8")))?;
    let options = SqliteConnectOptions::new().filename(from).busy_timeout(Duration::from_secs(10)).immutable(still);
    let mut day = options.connect().await.map_err(|error| storage(&doing, error))?;
    let copied = async {
        let origin = day::origin(&mut day).await.map_err(|error| match error {
            error if error.retryable() => {
                LogError::unavailable(format!("{} cannot be read", from.display())).because(error)
            }
            error => error,
        });
        let Some(origin) = origin? else { return Ok(false) };
        if generation.is_some_and(|generation| generation != origin.generation) {
            let what = format!("{} is of another log than the store", from.display());
            return Err(LogError::refused(what, "run `muster doctor`, which says what belongs together"));
        }
        let copy = sqlx::query(include_str!("../../sql/vacuum.sql")).bind(name);
        copy.execute(&mut day).await.map_err(|error| storage(&doing, error))?;
        Ok(true)
    };
    let copied = copied.await;
    day.close().await.map_err(|error| storage(&doing, error))?;
    copied
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::LogSettings;
    use crate::surroundings::Surroundings;
    use crate::{Append, EventLog as _, Record, Topic};

    async fn opened(folder: &Path) -> super::super::EmbeddedLog {
        let settings = LogSettings { data_dir: folder.to_path_buf(), partitions: 2, ..LogSettings::default() };
        super::super::EmbeddedLog::open(&settings, Surroundings::real()).await.unwrap()
    }

    fn append(payload: &str) -> Vec<Append> {
        vec![Append { topic: Topic::Observation, partition: 1, record: Record::new(payload.to_owned(), 1) }]
    }

    #[tokio::test]
    async fn a_living_log_is_copied_and_goes_on_elsewhere() {
        let (living, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let log = opened(living.path()).await;
        log.append(append("before")).await.unwrap();
        fs::create_dir(other.path().join("log")).unwrap();
        let file_of = |name: &str| other.path().join("log").join(format!("{name}.db"));
        let copied = copy_days(living.path(), None, |_| false, file_of).await.unwrap();
        log.append(append("after")).await.unwrap();
        let generation = log.identity().of(&Topic::Observation).unwrap().generation.clone();
        log.close().await;
        assert_eq!(copied.len(), 1);
        let log = opened(other.path()).await;
        assert_eq!(log.identity().of(&Topic::Observation).unwrap().generation, generation);
        assert_eq!(log.append(append("next")).await.unwrap(), [1]);
        let mut reader = log.reader(&Topic::Observation, 1, 0).await.unwrap();
        let batch = reader.next(10, 1 << 20, Duration::from_secs(5)).await.unwrap();
        let payloads: Vec<&[u8]> = batch.records.iter().map(|found| &*found.record.payload).collect();
        assert_eq!(payloads, [&b"before"[..], b"next"]);
        log.close().await;
    }

    #[tokio::test]
    async fn a_day_that_goes_meanwhile_is_left_out_with_all_older_ones() {
        let (living, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let log = opened(living.path()).await;
        log.append(append("x")).await.unwrap();
        let day = |name: &str| living.path().join("log").join(format!("{name}.db"));
        for old in ["2020-01-01", "2020-01-02"] {
            fs::write(day(old), "whatever").unwrap();
        }
        let file_of = |name: &str| {
            // The older ones go first, as retention has them go.
            if name == "2020-01-02" {
                fs::remove_file(day("2020-01-01")).unwrap();
                fs::remove_file(day(name)).unwrap();
            }
            other.path().join(name)
        };
        let copied = copy_days(living.path(), None, |_| false, file_of).await.unwrap();
        log.close().await;
        assert_eq!((copied.len(), fs::read_dir(other.path()).unwrap().count()), (1, 1), "{copied:?}");
    }

    #[tokio::test]
    async fn nothing_is_made_where_it_is_copied_from_and_another_log_is_refused() {
        let (living, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        assert_eq!(copy_days(living.path(), None, |_| false, |name| other.path().join(name)).await.unwrap(), [""; 0]);
        let log = opened(living.path()).await;
        log.append(append("x")).await.unwrap();
        log.close().await;
        // Made and never filled, as by a process that died at midnight.
        fs::write(living.path().join("log/9999-01-01.db"), "").unwrap();
        let there = |folder: &Path| {
            let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            names.sort();
            names
        };
        let before = there(&living.path().join("log"));
        let copied = copy_days(living.path(), None, |_| false, |name| other.path().join(name)).await.unwrap();
        assert_eq!((copied.len(), there(other.path()).len()), (1, 1));
        assert_eq!(there(&living.path().join("log")), before);
        let foreign =
            copy_days(living.path(), Some("another"), |_| false, |name| other.path().join(name)).await.unwrap_err();
        assert!(foreign.to_string().contains("is of another log"), "{foreign}");
        let full = copy_days(living.path(), None, |_| false, |name| other.path().join("nowhere").join(name))
            .await
            .unwrap_err();
        assert!(full.to_string().contains("nowhere"), "{full}");
    }
}
