//! From a living system to a folder.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use muster_log::inspect::{Inspection, barred, inspect};
use muster_log::{FolderLock, LogSettings};
use muster_store::Copied;
use muster_wire::backup::{self, FILE, File, Item, Log, Manifest, Profile};

use super::{BackupError, Place, files};

/// A backup that was made.
#[derive(Debug, Clone)]
pub struct Made {
    /// What is in it.
    pub manifest: Manifest,
    /// Pictures that the store knows and whose files were not there as they were handed in.
    pub missing: Vec<String>,
}

/// Makes a backup in a folder that is not there yet, or is empty. Nothing is written to what is living, and nothing is
/// held: a server may run on it, and goes on. `moved` hears of the bytes that were written.
///
/// # Errors
/// [`BackupError`] with what is in the way; a folder in which something was left is named as unfinished.
pub async fn make(
    place: &Place,
    into: &Path,
    program: &str,
    now: i64,
    moved: &mut (dyn FnMut(u64) + Send),
) -> Result<Made, BackupError> {
    check(place, into)?;
    let fresh = !into.exists();
    files::make_folder(into)?;
    files::close_folder(into)?;
    let made = fill(place, into, program, now, moved).await;
    made.map_err(|error| {
        // What holds nothing is no unfinished backup.
        for folder in ["log", "store", "evidence"] {
            let _ = fs::remove_dir(into.join(folder));
        }
        let empty = files::names_in(into).is_ok_and(|names| names.is_empty());
        if empty && fresh {
            let _ = fs::remove_dir(into);
        }
        if empty { error } else { BackupError::Unfinished { folder: into.to_owned(), source: error.into() } }
    })
}

fn check(place: &Place, into: &Path) -> Result<(), BackupError> {
    let taken = into.exists() && !into.is_dir() || !files::names_in(into)?.is_empty();
    if taken {
        let what = format!("{} is there already and not empty: give each backup a folder of its own", into.display());
        return Err(BackupError::Misplaced(what));
    }
    if is_within(into, &place.data_dir) {
        let (into, data) = (into.display(), place.data_dir.display());
        let what = format!("{into} lies in the data folder {data}: a backup belongs elsewhere, best on another disk");
        return Err(BackupError::Misplaced(what));
    }
    if place.data_dir.join(FolderLock::RESTORING).exists() {
        let what = format!("a restore into {} was not finished: run `muster restore` again", place.data_dir.display());
        return Err(BackupError::Misplaced(what));
    }
    if place.profile == Profile::Kafka {
        return Ok(());
    }
    let (store, data) = (place.store_file()?, place.data_dir.display());
    match fs::metadata(&store) {
        Ok(found) if found.is_file() => Ok(()),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(BackupError::file(&store)(error)),
        _ => Err(BackupError::Misplaced(format!(
            "there is no database {}: nothing has run on the data folder {data}, or it is lost; `muster doctor` says which",
            store.display()
        ))),
    }
}

/// Whether nobody can be writing a file: this user may not write there, and whoever else has it open keeps its write-ahead
/// log beside it.
fn is_still(file: &Path) -> bool {
    barred(files::folder_of(file)).is_some() && !files::beside(file, "-wal").exists()
}

/// Whether a path that need not be there yet lies in a folder, whatever links lead to it.
fn is_within(path: &Path, folder: &Path) -> bool {
    let Ok(folder) = folder.canonicalize() else { return false };
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    whole.ancestors().find_map(|there| there.canonicalize().ok()).is_some_and(|there| there.starts_with(folder))
}

async fn fill(
    place: &Place,
    into: &Path,
    program: &str,
    now: i64,
    moved: &mut (dyn FnMut(u64) + Send),
) -> Result<Made, BackupError> {
    let path = |item: &Item| into.join(item.path());
    let mut items = Vec::new();
    let copied = match place.profile {
        Profile::Embedded => {
            let store = place.store_file()?;
            let still = is_still(&store);
            let copied = muster_store::copy_sqlite(&store, &path(&Item::Store), still).await?;
            items.push(Item::Store);
            items.extend(copy_log(place, into, &copied).await?);
            if still && !is_still(&store) {
                let what = "a server was started on the data folder meanwhile: make the backup as its user";
                return Err(BackupError::Misplaced(what.to_owned()));
            }
            copied
        }
        Profile::Kafka => {
            files::make_folder(&into.join("store"))?;
            let file_of = |name: &str| path(&Item::Table(name.to_owned()));
            let copied = muster_store::copy_postgres(&place.store_url, file_of, &mut *moved).await?;
            items.extend(copied.tables.iter().map(|(name, _)| Item::Table(name.clone())));
            copied
        }
    };
    let rows: BTreeMap<&str, u64> = copied.tables.iter().map(|(name, rows)| (name.as_str(), *rows)).collect();
    let mut sealed = Vec::new();
    for item in items {
        let content = files::seal(&path(&item))?;
        let rows = if let Item::Table(name) = &item { rows.get(name.as_str()).copied() } else { None };
        if rows.is_none() {
            moved(content.bytes);
        }
        sealed.push(File { item, bytes: content.bytes, sha256: content.sha256, rows });
    }
    let missing = copy_evidence(place, into, &copied.evidence, &mut sealed, moved)?;
    for folder in ["log", "store", "evidence"].map(|name| into.join(name)).iter().filter(|folder| folder.is_dir()) {
        files::sync_folder(folder)?;
    }
    files::sync_folder(into)?;
    let log = copied.identity.map(|pinned| Log {
        cluster: pinned.cluster,
        topics: pinned.topics,
        generation: pinned.generation,
        partitions: pinned.partitions,
    });
    let manifest = Manifest {
        program: program.to_owned(),
        at: now,
        profile: place.profile,
        schema: copied.schema,
        log,
        missing: missing.len() as u64,
        files: sealed,
    };
    let written = backup::write(&manifest);
    // What could not be read again would be found out on the day that it is needed.
    backup::read(written.as_bytes()).map_err(|error| BackupError::Damaged(format!("the manifest: {error}")))?;
    files::write(&into.join(FILE), written.as_bytes())?;
    files::sync_folder(into)?;
    files::sync_folder(files::folder_of(into))?;
    Ok(Made { manifest, missing })
}

/// Copies the days of the log, and holds them to the store: it has results of nothing that they lack.
async fn copy_log(place: &Place, into: &Path, copied: &Copied) -> Result<Vec<Item>, BackupError> {
    files::make_folder(&into.join("log"))?;
    let generation = copied.identity.as_ref().map(|identity| identity.generation.as_str());
    let file_of = |name: &str| into.join(Item::Day(name.to_owned()).path());
    let days = muster_log::copy_days(&place.data_dir, generation, is_still, file_of).await?;
    let settings = LogSettings { data_dir: into.to_owned(), ..LogSettings::default() };
    let bounds = match inspect(&settings, true).await {
        Ok(Inspection::Folder(folder)) => folder.bounds,
        _ => Vec::new(),
    };
    for (partition, committed) in copied.offsets.iter().enumerate() {
        let end = bounds.get(partition).map_or(0, |bounds| bounds.end);
        if end < *committed {
            let what = format!(
                "partition {partition} of the log ends at {end}, and the store has committed up to {committed}: they are \
                 not of the same time, and neither is a backup of them; run `muster doctor`"
            );
            return Err(BackupError::Damaged(what));
        }
    }
    Ok(days.into_iter().map(Item::Day).collect())
}

/// Copies the pictures that the store knows, and gives the ids of those that are not there, or not what they were.
fn copy_evidence(
    place: &Place,
    into: &Path,
    ids: &[String],
    copied: &mut Vec<File>,
    moved: &mut (dyn FnMut(u64) + Send),
) -> Result<Vec<String>, BackupError> {
    let mut missing = Vec::new();
    for id in ids {
        let item = Item::Evidence(id.clone());
        let target = into.join(item.path());
        let folder = files::folder_of(&target);
        files::make_folder(folder)?;
        match files::copy(&place.evidence_file(id), &target) {
            Ok(content) if content.sha256 == *id => {
                moved(content.bytes);
                copied.push(File { item, bytes: content.bytes, sha256: content.sha256, rows: None });
            }
            Ok(_) => {
                fs::remove_file(&target).map_err(BackupError::file(&target))?;
                missing.push(id.clone());
            }
            Err(BackupError::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                missing.push(id.clone())
            }
            Err(error) => return Err(error),
        }
        files::sync_folder(folder)?;
    }
    Ok(missing)
}
