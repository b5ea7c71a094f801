//! The clock and the disk that the embedded log lives with, so that tests can set both.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Microseconds since 1970 UTC.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;
/// The space on the disk that holds a folder.
pub type SpaceOf = Arc<dyn Fn(&Path) -> io::Result<DiskSpace> + Send + Sync>;

/// The room on a disk, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskSpace {
    /// What an unprivileged process may still write.
    pub free: u64,
    /// The whole size.
    pub total: u64,
}

/// The clock and the disk.
#[derive(Clone)]
pub struct Surroundings {
    /// Tells the day whose file is written, and what has outlived its retention.
    pub clock: Clock,
    /// Tells whether the disk is below its floor.
    pub space: SpaceOf,
}

impl Surroundings {
    /// The real clock and the real disk.
    pub fn real() -> Surroundings {
        Surroundings { clock: Arc::new(now), space: Arc::new(space) }
    }
}

impl DiskSpace {
    /// What is free, in whole percent rounded down.
    pub fn free_percent(self) -> u8 {
        let percent = u128::from(self.free) * 100 / u128::from(self.total.max(1));
        u8::try_from(percent).unwrap_or(u8::MAX)
    }
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings").finish_non_exhaustive()
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

fn space(folder: &Path) -> io::Result<DiskSpace> {
    let found = rustix::fs::statvfs(folder)?;
    let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
    Ok(DiskSpace { free: bytes(found.f_bavail), total: bytes(found.f_blocks) })
}
