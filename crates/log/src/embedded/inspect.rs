//! A look at a data folder: is it there, can it be written, whose is it, can its files be opened.

use std::path::Path;
use std::time::Duration;

use sqlx::ConnectOptions as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

use super::day::{self, storage};
use super::folder::{self, FolderLock};
use super::lanes::Lanes;
use crate::error::LogError;
use crate::inspect::{Day, Folder, MadeAs, barred};
use crate::record::Bounds;
use crate::settings::LogSettings;
use crate::surroundings::SpaceOf;
use crate::topic::Topic;

/// Looks at the data folder of the settings.
pub(crate) async fn inspect(settings: &LogSettings, space: &SpaceOf, files: bool) -> Folder {
    let path = settings.data_dir.clone();
    if !path.is_dir() {
        let unwritable = path.exists().then(|| format!("{}: it is no folder", path.display()));
        return Folder { path, unwritable, ..Folder::default() };
    }
    let mut found = Folder {
        there: true,
        unwritable: barred(&path),
        held: FolderLock::is_held(&path),
        restoring: path.join(FolderLock::RESTORING).exists(),
        space: space(&path).ok(),
        path,
        ..Folder::default()
    };
    if files && found.unwritable.is_none() {
        look_at_days(&settings.data_dir.join("log"), &mut found).await;
    }
    found
}

async fn look_at_days(log: &Path, found: &mut Folder) {
    found.unwritable = barred(log);
    if found.unwritable.is_some() {
        return;
    }
    let dates = if log.is_dir() { folder::days(log) } else { Ok(Vec::new()) };
    let dates = match dates {
        Ok(dates) => dates,
        Err(error) => {
            found.days.push(Day { path: log.to_owned(), trouble: Some(error.to_string()), made_as: None });
            return;
        }
    };
    for date in dates {
        let path = folder::file_of(log, date);
        if let Some(why) = barred(&path) {
            // Without all days nobody knows where the log ends.
            found.bounds.clear();
            found.unwritable = Some(why);
            return;
        }
        let (trouble, made_as) = match look_at_day(&path, &mut found.bounds).await {
            Ok(made_as) => (None, made_as),
            Err(error) => (Some(in_words(&error)), None),
        };
        found.days.push(Day { path, trouble, made_as });
    }
}

/// Reads as what a day was made, and moves the ends of the observation topic on to where its lanes end.
async fn look_at_day(path: &Path, bounds: &mut Vec<Bounds>) -> Result<Option<MadeAs>, LogError> {
    let options =
        SqliteConnectOptions::new().filename(path).busy_timeout(Duration::from_secs(5)).pragma("query_only", "on");
    let mut file = options.connect().await.map_err(|error| storage("opening the file of a day", error))?;
    let read = async {
        let Some(origin) = day::origin(&mut file).await? else { return Ok(None) };
        let ends = day::tails(&mut file).await?;
        let lanes = Lanes::new(&origin.prefix, origin.partitions);
        let starts = starts(&mut file).await?;
        for partition in 0..origin.partitions {
            let Some(lane) = lanes.index(&Topic::Observation, partition) else { continue };
            let (Some(start), Some(end)) = (starts.get(lane), ends.get(lane)) else { continue };
            match bounds.get_mut(partition as usize) {
                Some(known) => known.end = *end,
                None => bounds.push(Bounds { start: *start, end: *end }),
            }
        }
        Ok(Some(MadeAs { generation: origin.generation, prefix: origin.prefix, partitions: origin.partitions }))
    };
    let made_as = read.await;
    day::close(file).await;
    made_as
}

/// Where each lane of a day begins.
async fn starts(file: &mut SqliteConnection) -> Result<Vec<u64>, LogError> {
    let found: Vec<(String, i64, i64)> = sqlx::query_as(include_str!("../../sql/lane_select.sql"))
        .fetch_all(file)
        .await
        .map_err(|error| storage("reading the lanes of a day", error))?;
    Ok(found.into_iter().map(|(_, _, first)| u64::try_from(first).unwrap_or(0)).collect())
}

fn in_words(error: &LogError) -> String {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("{error}{cause}")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::surroundings::{DiskSpace, Surroundings};
    use crate::{Append, EventLog as _, Record};

    fn roomy() -> SpaceOf {
        Arc::new(|_| Ok(DiskSpace { free: 3, total: 4 }))
    }

    fn settings(folder: &Path) -> LogSettings {
        LogSettings { data_dir: folder.to_path_buf(), partitions: 2, ..LogSettings::default() }
    }

    #[tokio::test]
    async fn a_folder_is_seen_as_it_is_and_nothing_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("none");
        let seen = inspect(&settings(&missing), &roomy(), true).await;
        assert!(!seen.there && seen.unwritable.is_none() && !missing.exists());
        std::fs::write(&missing, "no folder").unwrap();
        assert!(inspect(&settings(&missing), &roomy(), true).await.unwritable.is_some());
        let seen = inspect(&settings(folder.path()), &roomy(), true).await;
        assert!(seen.there && !seen.held && seen.days.is_empty() && !folder.path().join("lock").exists());
        assert_eq!(seen.space, Some(DiskSpace { free: 3, total: 4 }));
    }

    #[tokio::test]
    async fn bounds_are_told_while_the_log_is_written_and_a_damaged_day_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path());
        let log = super::super::EmbeddedLog::open(&settings, Surroundings::real()).await.unwrap();
        let append = |partition| Append { topic: Topic::Observation, partition, record: Record::new("x", 1) };
        log.append(vec![append(1), append(1), append(0)]).await.unwrap();
        let seen = inspect(&settings, &roomy(), true).await;
        assert!(seen.held);
        assert_eq!(seen.bounds, [Bounds { start: 0, end: 1 }, Bounds { start: 0, end: 2 }]);
        assert_eq!(seen.days[0].made_as.as_ref().map(|made| made.partitions), Some(2));
        log.close().await;
        std::fs::write(folder.path().join("log/2020-01-01.db"), "this is no database, and long enough to be none")
            .unwrap();
        let seen = inspect(&settings, &roomy(), true).await;
        assert!(seen.days[0].trouble.is_some() && seen.days[1].trouble.is_none(), "{seen:?}");
    }
}
