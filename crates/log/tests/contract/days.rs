//! A clock and a disk that a test sets, for the embedded log.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use muster_log::{DiskSpace, EventLog, LogError, LogSettings, Surroundings};

/// 2026-11-24T00:00:00Z in microseconds.
const BEGIN: i64 = 1_795_478_400_000_000;
const DAY: i64 = 24 * 3600 * 1_000_000;

/// The world of one embedded log.
#[derive(Clone)]
pub(crate) struct World {
    now: Arc<AtomicI64>,
    free_percent: Arc<AtomicU64>,
}

impl World {
    pub(crate) fn new() -> World {
        World { now: Arc::new(AtomicI64::new(BEGIN)), free_percent: Arc::new(AtomicU64::new(50)) }
    }

    /// Sets the clock to noon of the day after so many days.
    pub(crate) fn set_day(&self, day: i64) {
        self.now.store(BEGIN + day * DAY + DAY / 2, Ordering::Relaxed);
    }

    pub(crate) fn set_free(&self, percent: u64) {
        self.free_percent.store(percent, Ordering::Relaxed);
    }

    pub(crate) async fn open(&self, settings: &LogSettings) -> Result<Arc<dyn EventLog>, LogError> {
        let world = self.clone();
        let clock = Arc::new(move || world.now.load(Ordering::Relaxed));
        let world = self.clone();
        let space = move |_: &std::path::Path| {
            Ok(DiskSpace { free: world.free_percent.load(Ordering::Relaxed) * 1_000_000, total: 100_000_000 })
        };
        muster_log::open_in(settings, Surroundings { clock, space: Arc::new(space) }).await
    }
}

/// Two and a half days.
pub(crate) fn short_retention(settings: LogSettings) -> LogSettings {
    LogSettings { retention: Duration::from_secs(60 * 3600), ..settings }
}
