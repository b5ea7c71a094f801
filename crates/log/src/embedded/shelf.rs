//! The files of a log in the order of their days, and what is done to them as a whole.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use jiff::civil::Date;
use sqlx::sqlite::SqliteConnection;

use super::day::{self, Day, Origin};
use super::folder;
use super::lanes::Lanes;
use crate::arena::Arena;
use crate::error::LogError;
use crate::settings::LogSettings;
use crate::surroundings::{DiskSpace, Surroundings};

/// The days of one log. Never empty: the newest day is there from the opening on and is never deleted.
#[derive(Debug)]
pub(super) struct Shelf {
    pub(super) lanes: Lanes,
    pub(super) generation: String,
    folder: PathBuf,
    days: RwLock<BTreeMap<Date, Arc<Day>>>,
    retention: Duration,
    floor_percent: u8,
    surroundings: Surroundings,
}

/// The day that is written.
#[derive(Debug)]
pub(super) struct Newest {
    pub(super) date: Date,
    pub(super) file: SqliteConnection,
    pub(super) tails: Vec<u64>,
}

impl Shelf {
    /// Opens what is there, or begins a new log.
    pub(super) async fn open(
        settings: &LogSettings,
        lanes: Lanes,
        surroundings: Surroundings,
    ) -> Result<(Shelf, Newest), LogError> {
        let folder = settings.data_dir.join("log");
        let failed = |error| LogError::unavailable(format!("reading {}", folder.display())).because(error);
        folder::make(&folder).map_err(failed)?;
        let mut dates = folder::days(&folder).map_err(failed)?;
        let newest = newest(&folder, &mut dates, &lanes, &surroundings).await?;
        let (origin, newest) = newest;
        let mut days = BTreeMap::new();
        for date in dates {
            let mut file = day::open_for_writing(&folder, date).await?;
            if day::origin(&mut file).await?.as_ref() != Some(&origin) {
                let what = format!("{} is of another log", folder::file_of(&folder, date).display());
                return Err(LogError::refused(what, "move that file away"));
            }
            day::close(file).await;
            days.insert(date, Day::open(&folder, date, &lanes).await?);
        }
        let shelf = Shelf {
            lanes,
            generation: origin.generation,
            folder,
            days: RwLock::new(days),
            retention: settings.retention,
            floor_percent: settings.free_disk_floor_percent,
            surroundings,
        };
        shelf.expire().await;
        Ok((shelf, newest))
    }

    /// The first offset still there.
    pub(super) fn start(&self, lane: usize) -> u64 {
        let days = self.days.read().unwrap_or_else(PoisonError::into_inner);
        days.values().next().and_then(|day| day.first.get(lane).copied()).unwrap_or(0)
    }

    /// Records from an offset on that is known to be below the end; never crosses midnight.
    pub(super) async fn read(
        &self,
        lane: usize,
        from: u64,
        max_records: usize,
        max_bytes: usize,
    ) -> Result<Arena, LogError> {
        let Some(day) = self.day_with(lane, from) else { return Ok(Arena::default()) };
        day.read(lane, from, max_records, max_bytes).await
    }

    /// The room on the disk below the folder.
    pub(super) fn space(&self) -> Result<DiskSpace, LogError> {
        (self.surroundings.space)(&self.folder)
            .map_err(|error| LogError::unavailable("asking for the free space of the disk").because(error))
    }

    /// Refuses when the disk has less room than the floor.
    pub(super) fn check_space(&self) -> Result<(), LogError> {
        let space = self.space()?;
        if u128::from(space.free) * 100 >= u128::from(space.total) * u128::from(self.floor_percent) {
            return Ok(());
        }
        Err(LogError::Full {
            folder: self.folder.display().to_string(),
            free_percent: space.free_percent(),
            floor_percent: self.floor_percent,
        })
    }

    /// Opens the newest day anew after a failure, to learn what of it is there.
    pub(super) async fn reopen(&self, date: Date) -> Result<(SqliteConnection, Vec<u64>), LogError> {
        let mut file = day::open_for_writing(&self.folder, date).await?;
        let tails = day::tails(&mut file).await?;
        Ok((file, tails))
    }

    /// Whether the clock has come to a later day; a clock that was set back changes nothing.
    pub(super) fn later_day(&self, than: Date) -> Result<Option<Date>, LogError> {
        let today = folder::day_of((self.surroundings.clock)())?;
        Ok((today > than).then_some(today))
    }

    /// Begins a day: offsets go on from the tails.
    pub(super) async fn begin(&self, date: Date, tails: &[u64]) -> Result<SqliteConnection, LogError> {
        let path = folder::file_of(&self.folder, date);
        if path.exists() {
            // Left by an attempt that failed half-way, and the tails may have moved since.
            let mut left = day::open_for_writing(&self.folder, date).await?;
            if day::has_records(&mut left).await? {
                return Err(LogError::corrupt(format!("{} has records of a day that has not begun", path.display())));
            }
            day::close(left).await;
            folder::delete(&self.folder, date)
                .map_err(|error| LogError::unavailable(format!("deleting {}", path.display())).because(error))?;
        }
        let mut file = day::open_for_writing(&self.folder, date).await?;
        day::fill(&mut file, &self.origin(), &self.lanes, tails).await?;
        let day = Day::open(&self.folder, date, &self.lanes).await?;
        self.days.write().unwrap_or_else(PoisonError::into_inner).insert(date, day);
        Ok(file)
    }

    /// Deletes days that ended longer ago than the retention. What fails is tried again the next time.
    pub(super) async fn expire(&self) {
        let now = (self.surroundings.clock)();
        let retention = i64::try_from(self.retention.as_micros()).unwrap_or(i64::MAX);
        while let Some(day) = self.take_expired(now, retention) {
            day.close().await;
            match folder::delete(&self.folder, day.date) {
                Ok(()) => tracing::info!(day = %day.date, "a day of the log has outlived its retention and is deleted"),
                Err(error) => tracing::warn!(day = %day.date, %error, "a day of the log could not be deleted"),
            }
        }
    }

    /// Closes the connections that read.
    pub(super) async fn close(&self) {
        let days: Vec<_> = self.days.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        for day in days {
            day.close().await;
        }
    }

    fn take_expired(&self, now: i64, retention: i64) -> Option<Arc<Day>> {
        let mut days = self.days.write().unwrap_or_else(PoisonError::into_inner);
        let oldest = days.first_entry()?;
        let expired = folder::end_of(*oldest.key()).saturating_add(retention) <= now;
        if !expired || days.len() < 2 {
            return None;
        }
        days.pop_first().map(|(_, day)| day)
    }

    fn day_with(&self, lane: usize, offset: u64) -> Option<Arc<Day>> {
        let days = self.days.read().unwrap_or_else(PoisonError::into_inner);
        days.values().rev().find(|day| day.first.get(lane).is_some_and(|first| *first <= offset)).cloned()
    }

    fn origin(&self) -> Origin {
        let (prefix, partitions) = (self.lanes.prefix().to_owned(), self.lanes.setting());
        Origin { generation: self.generation.clone(), prefix, partitions }
    }
}

/// Opens the newest filled day or, in an empty folder, makes the first one. Adds it to the dates, and takes from them
/// a day that was made but not filled before the process died.
async fn newest(
    folder: &std::path::Path,
    dates: &mut Vec<Date>,
    lanes: &Lanes,
    surroundings: &Surroundings,
) -> Result<(Origin, Newest), LogError> {
    while let Some(&date) = dates.last() {
        let mut file = day::open_for_writing(folder, date).await?;
        if let Some(origin) = day::origin(&mut file).await? {
            fits(folder, &origin, lanes)?;
            let tails = day::tails(&mut file).await?;
            return Ok((origin, Newest { date, file, tails }));
        }
        dates.pop();
    }
    let date = folder::day_of((surroundings.clock)())?;
    let generation = format!("{:032x}", rand::random::<u128>());
    let origin = Origin { generation, prefix: lanes.prefix().to_owned(), partitions: lanes.setting() };
    let tails = vec![0; lanes.all().len()];
    let mut file = day::open_for_writing(folder, date).await?;
    day::fill(&mut file, &origin, lanes, &tails).await?;
    dates.push(date);
    Ok((origin, Newest { date, file, tails }))
}

/// The number of partitions decides where a place's records are: it never changes under a log.
fn fits(folder: &std::path::Path, origin: &Origin, lanes: &Lanes) -> Result<(), LogError> {
    let what = |name: &str, here: &dyn std::fmt::Display, there: &dyn std::fmt::Display| {
        LogError::refused(
            format!("log.{name} is {here}, but the log in {} was made with {there}", folder.display()),
            format!("set log.{name} to {there}, or move that folder away to begin a new log"),
        )
    };
    if origin.partitions != lanes.setting() {
        return Err(what("partitions", &lanes.setting(), &origin.partitions));
    }
    if origin.prefix != lanes.prefix() {
        return Err(what("topic_prefix", &lanes.prefix(), &origin.prefix));
    }
    Ok(())
}
