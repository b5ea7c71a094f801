//! From a folder to a system that goes on.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use muster_log::FolderLock;
use muster_store::{KNOWN_SCHEMA, StoreError, TableFile};
use muster_wire::backup::{self, FILE, File, Item, MAX_MANIFEST_BYTES, Manifest, Profile};

use super::{BackupError, Place, files};

/// What may lie in a data folder that is restored into.
const HARMLESS: [&str; 2] = ["lock", FolderLock::RESTORING];

/// A backup, its manifest read.
#[derive(Debug, Clone)]
pub struct Backup {
    folder: PathBuf,
    manifest: Manifest,
}

impl Backup {
    /// Opens a backup and reads its manifest.
    ///
    /// # Errors
    /// [`BackupError`] if there is none, or an unfinished one, or one of a later format.
    pub fn open(folder: &Path) -> Result<Self, BackupError> {
        if !folder.is_dir() {
            return Err(BackupError::Misplaced(format!("{} is no folder", folder.display())));
        }
        let path = folder.join(FILE);
        let manifest = match fs::File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let what = format!("{} has no {FILE}: it is an unfinished backup, or none at all", folder.display());
                return Err(BackupError::Damaged(what));
            }
            manifest => manifest.map_err(BackupError::file(&path))?,
        };
        let mut text = Vec::new();
        // One byte more than there may be, so that more shows.
        let most = MAX_MANIFEST_BYTES as u64 + 1;
        manifest.take(most).read_to_end(&mut text).map_err(BackupError::file(&path))?;
        let manifest = backup::read(&text).map_err(|error| {
            BackupError::Damaged(format!("{} cannot be used: {error} (program {})", path.display(), program_of(&text)))
        })?;
        Ok(Self { folder: folder.to_owned(), manifest })
    }

    /// What is in it.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The bytes of its files.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        // What a manifest claims may be anything.
        self.manifest.files.iter().fold(0, |sum: u64, file| sum.saturating_add(file.bytes))
    }

    /// Puts everything where it belongs, where nothing is yet. All of the backup is checked before anything is written.
    /// Broken off at any instant it leaves what is not worked with, and is done again from its beginning. `moved` hears
    /// of bytes twice: when they are checked, and when they are written.
    ///
    /// # Errors
    /// [`BackupError`] if the backup is damaged or of another profile, or the place is not empty.
    pub async fn restore(
        &self,
        place: &Place,
        now: i64,
        moved: &mut (dyn FnMut(u64) + Send),
    ) -> Result<(), BackupError> {
        self.fits(place)?;
        match place.profile {
            Profile::Embedded if !place.data_dir.join(FolderLock::RESTORING).exists() => is_free(place)?,
            Profile::Embedded => {}
            Profile::Kafka => muster_store::check_empty(&place.store_url).await?,
        }
        for file in &self.manifest.files {
            let content = files::read(&self.path(file)).map_err(|error| match error {
                BackupError::File { path, source } if source.kind() != io::ErrorKind::PermissionDenied => {
                    BackupError::Damaged(format!("{} cannot be read: {source}", path.display()))
                }
                other => other,
            })?;
            self.is_whole(file, &content)?;
            moved(content.bytes);
        }
        match place.profile {
            Profile::Embedded => self.fill_folder(place, moved),
            Profile::Kafka => self.fill_database(place, now, moved).await,
        }
    }

    /// Whether this program, as it is set up, can go on from it.
    fn fits(&self, place: &Place) -> Result<(), BackupError> {
        let Manifest { profile, schema, files, .. } = &self.manifest;
        if *profile != place.profile {
            let (is, set) = (profile.name(), place.profile.name());
            return Err(BackupError::Misplaced(format!(
                "this is a backup of the profile {is}, and the settings are those of {set}: set log.url and store.url to \
                 what it was made of"
            )));
        }
        if *schema > KNOWN_SCHEMA {
            return Err(StoreError::Newer { found: i64::from(*schema), known: i64::from(KNOWN_SCHEMA) }.into());
        }
        let stores = files.iter().filter(|file| file.item == Item::Store).count();
        let strange = files.iter().find(|file| match (&file.item, profile) {
            (Item::Store | Item::Day(_), Profile::Embedded) | (Item::Evidence(_), _) => false,
            (Item::Table(_), Profile::Kafka) => file.rows.is_none(),
            _ => true,
        });
        match strange {
            Some(file) => Err(self.damaged(&format!("{} is no file of such a backup", file.item.path()))),
            None if *profile == Profile::Embedded && stores == 0 => Err(self.damaged("it has no store.db")),
            None => Ok(()),
        }
    }

    fn damaged(&self, what: &str) -> BackupError {
        BackupError::Damaged(format!("the backup in {} is damaged: {what}", self.folder.display()))
    }

    fn path(&self, file: &File) -> PathBuf {
        self.folder.join(file.item.path())
    }

    fn is_whole(&self, file: &File, content: &files::Content) -> Result<(), BackupError> {
        let path = file.item.path();
        if content.bytes != file.bytes {
            return Err(self.damaged(&format!("{path} has {} bytes, and had {}", content.bytes, file.bytes)));
        }
        if content.sha256 != file.sha256 {
            return Err(self.damaged(&format!("{path} is not what was backed up (its SHA-256 differs)")));
        }
        Ok(())
    }

    /// Copies one file to its place; what changed since it was checked is seen.
    fn put(&self, file: &File, target: &Path, moved: &mut (dyn FnMut(u64) + Send)) -> Result<(), BackupError> {
        let folder = files::folder_of(target);
        files::make_folder(folder)?;
        let content = files::copy(&self.path(file), target)?;
        self.is_whole(file, &content)?;
        files::sync_folder(folder)?;
        moved(content.bytes);
        Ok(())
    }

    /// The embedded log and SQLite: behind a mark that stays until everything is there.
    fn fill_folder(&self, place: &Place, moved: &mut (dyn FnMut(u64) + Send)) -> Result<(), BackupError> {
        let _lock = FolderLock::acquire_to_restore(&place.data_dir)?;
        clear(place)?;
        is_free(place)?;
        let mark = place.data_dir.join(FolderLock::RESTORING);
        files::mark(&mark, &marked(place)?)?;
        files::sync_folder(&place.data_dir)?;
        let (stores, others): (Vec<_>, Vec<_>) = self.manifest.files.iter().partition(|file| file.item == Item::Store);
        for file in others.into_iter().chain(stores) {
            if let Some(target) = place.file_of(&file.item)? {
                self.put(file, &target, moved)?;
            }
        }
        for folder in ["log", "evidence"].map(|name| place.data_dir.join(name)).iter().filter(|folder| folder.is_dir())
        {
            files::sync_folder(folder)?;
        }
        files::sync_folder(&place.data_dir)?;
        fs::remove_file(&mark).map_err(BackupError::file(&mark))?;
        files::sync_folder(&place.data_dir)
    }

    /// PostgreSQL: the pictures first, which harm nobody if it goes no further, then the database in one transaction.
    async fn fill_database(
        &self,
        place: &Place,
        now: i64,
        moved: &mut (dyn FnMut(u64) + Send),
    ) -> Result<(), BackupError> {
        let mut tables = Vec::new();
        for file in &self.manifest.files {
            if let Some(target) = place.file_of(&file.item)? {
                self.put(file, &target, moved)?;
            } else if let Item::Table(name) = &file.item {
                tables.push(TableFile {
                    name: name.clone(),
                    path: self.path(file),
                    rows: file.rows.unwrap_or_default(),
                });
            }
        }
        let filled = muster_store::restore_postgres(&place.store_url, self.manifest.schema, &tables, now, moved).await;
        filled.map_err(|error| match error {
            StoreError::Refused(what) => self.damaged(&what),
            other => other.into(),
        })
    }
}

/// Which program says it made a manifest that this one cannot read.
fn program_of(text: &[u8]) -> String {
    let json: Option<serde_json::Value> = serde_json::from_slice(text).ok();
    let program = json.as_ref().and_then(|json| json["program"].as_str()).unwrap_or("unknown");
    program.chars().filter(|letter| !letter.is_control()).take(40).collect()
}

/// Whether nothing lies where a restore would put something.
fn is_free(place: &Place) -> Result<(), BackupError> {
    let names = files::names_in(&place.data_dir)?;
    if let Some(name) = names.iter().find(|name| !HARMLESS.contains(&name.as_str())) {
        let data = place.data_dir.display();
        return Err(BackupError::Misplaced(format!(
            "the data folder {data} is not empty (there is {name}): give data_dir another one, or move that away"
        )));
    }
    let store = place.store_file()?;
    // A write-ahead log that is left of another database would be taken for that of the restored one.
    match ["", "-wal"].map(|ending| files::beside(&store, ending)).iter().find(|file| file.exists()) {
        Some(file) => Err(BackupError::Misplaced(format!(
            "{} is there already: point store.url elsewhere, or move it away",
            file.display()
        ))),
        None => Ok(()),
    }
}

/// What is written into the mark: which database it is that is half there.
fn marked(place: &Place) -> Result<String, BackupError> {
    let store = place.store_file()?;
    Ok(std::path::absolute(&store).unwrap_or(store).display().to_string())
}

/// Removes what a restore that was broken off has made.
fn clear(place: &Place) -> Result<(), BackupError> {
    let mark = place.data_dir.join(FolderLock::RESTORING);
    let Ok(begun) = fs::read_to_string(&mark) else { return Ok(()) };
    for folder in ["log", "evidence"].map(|name| place.data_dir.join(name)) {
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(BackupError::file(&folder)(error)),
            _ => {}
        }
    }
    // A database that other settings name is not ours to remove.
    let store = place.store_file()?;
    let left = if begun == marked(place)? { ["-wal", "-shm", ".new", ""].as_slice() } else { &[] };
    for file in left.iter().map(|ending| files::beside(&store, ending)) {
        match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(BackupError::file(&file)(error)),
            _ => {}
        }
    }
    Ok(())
}
