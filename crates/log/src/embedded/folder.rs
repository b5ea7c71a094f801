//! The folder of the embedded log: its lock, and which day each file is.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::error::LogError;

/// How long a folder may still be held by a process that is just ending, or by a child of it that has not become its own
/// program yet.
const ENDING: Duration = Duration::from_millis(300);

/// The hold on a data folder; ends when it is dropped, or with the process, however that ends.
#[derive(Debug)]
pub struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// The file that lies in a data folder while it is restored into: what is there is half of something.
    pub const RESTORING: &str = "restoring";

    /// Locks a data folder by its file `lock`, making the folder where it is missing.
    ///
    /// # Errors
    /// [`LogError::Refused`] when another process holds it, it cannot be made, or a restore into it was not finished.
    pub fn acquire(data_dir: &Path) -> Result<FolderLock, LogError> {
        let lock = Self::acquire_to_restore(data_dir)?;
        if data_dir.join(Self::RESTORING).exists() {
            return Err(LogError::refused(
                format!("a restore into {} was not finished: half of a backup lies there", data_dir.display()),
                "run `muster restore` again, which begins anew",
            ));
        }
        Ok(lock)
    }

    /// As [`acquire`](Self::acquire), also where a restore was not finished: for whoever does it again.
    ///
    /// # Errors
    /// [`LogError::Refused`] when another process holds the folder, or it cannot be made.
    pub fn acquire_to_restore(data_dir: &Path) -> Result<FolderLock, LogError> {
        let failed = |error: io::Error| {
            LogError::refused(
                format!("the data folder {} cannot be used", data_dir.display()),
                "give log.data_dir a folder that this user may write",
            )
            .because(error)
        };
        make(data_dir).map_err(failed)?;
        let path = data_dir.join("lock");
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(failed)?;
        let begun = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if begun.elapsed() < ENDING => pause(),
                Err(TryLockError::WouldBlock) => {
                    return Err(LogError::refused(
                        format!("the data folder {} is in use by another process", data_dir.display()),
                        "stop that one, or give this one another data folder",
                    ));
                }
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
        // For people who wonder whose it is; nothing reads it.
        file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id())).map_err(failed)?;
        Ok(FolderLock { _file: file })
    }

    /// Whether another process holds the folder now. Nothing is made, and nothing is held afterwards.
    #[must_use]
    pub fn is_held(data_dir: &Path) -> bool {
        let Ok(file) = File::open(data_dir.join("lock")) else { return false };
        matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
    }
}

#[expect(clippy::disallowed_methods, reason = "a few hundredths of a second, once, before anything else begins")]
fn pause() {
    std::thread::sleep(Duration::from_millis(20));
}

/// Makes a folder and has its name written to the disk.
pub(super) fn make(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(folder)?;
    match folder.parent() {
        Some(parent) if parent != Path::new("") => File::open(parent)?.sync_all(),
        _ => Ok(()),
    }
}

/// The days that have a file, oldest first. Files of other names are left alone.
pub(super) fn days(folder: &Path) -> io::Result<Vec<Date>> {
    let mut days = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        days.extend(name.to_str().and_then(|name| name.strip_suffix(".db")).and_then(|day| day.parse::<Date>().ok()));
    }
    days.sort_unstable();
    Ok(days)
}

pub(super) fn file_of(folder: &Path, day: Date) -> PathBuf {
    folder.join(format!("{day}.db"))
}

/// Deletes a day: the file first, so that what is left of a half-done deletion is never read.
pub(super) fn delete(folder: &Path, day: Date) -> io::Result<()> {
    let file = file_of(folder, day);
    fs::remove_file(&file)?;
    for suffix in ["-wal", "-shm"] {
        let mut beside = file.clone().into_os_string();
        beside.push(suffix);
        match fs::remove_file(beside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// The UTC day of a time in microseconds since 1970.
pub(super) fn day_of(time_us: i64) -> Result<Date, LogError> {
    let instant = jiff::Timestamp::from_microsecond(time_us);
    let instant = instant.map_err(|error| LogError::unavailable("the clock tells no day").because(error))?;
    Ok(TimeZone::UTC.to_datetime(instant).date())
}

/// The last instant of a day plus one microsecond, in microseconds since 1970.
pub(super) fn end_of(day: Date) -> i64 {
    let end = day.tomorrow().and_then(|next| TimeZone::UTC.to_timestamp(next.at(0, 0, 0, 0)));
    end.map_or(i64::MAX, |end| end.as_microsecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_begin_at_midnight_utc() {
        let day = day_of(1_795_478_400_000_000).unwrap();
        assert_eq!(day.to_string(), "2026-11-24");
        assert_eq!(day_of(1_795_478_399_999_999).unwrap().to_string(), "2026-11-23");
        assert_eq!(end_of(day), 1_795_478_400_000_000 + 86_400_000_000);
    }

    #[test]
    fn a_folder_is_locked_once() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!FolderLock::is_held(folder.path()) && !folder.path().join("lock").exists());
        let held = FolderLock::acquire(folder.path()).unwrap();
        assert!(FolderLock::is_held(folder.path()));
        let refused = FolderLock::acquire(folder.path()).unwrap_err();
        assert!(refused.to_string().contains(folder.path().to_str().unwrap()), "{refused}");
        drop(held);
        assert!(!FolderLock::is_held(folder.path()));
        FolderLock::acquire(folder.path()).unwrap();
    }

    #[test]
    fn half_of_a_backup_is_not_worked_with() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FolderLock::RESTORING), "").unwrap();
        let refused = FolderLock::acquire(folder.path()).unwrap_err().to_string();
        assert!(refused.contains("muster restore"), "{refused}");
        let again = FolderLock::acquire_to_restore(folder.path()).unwrap();
        fs::remove_file(folder.path().join(FolderLock::RESTORING)).unwrap();
        drop(again);
        FolderLock::acquire(folder.path()).unwrap();
    }
}
