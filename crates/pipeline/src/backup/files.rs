//! Files that are on the disk when they count as written, and that nobody else may read.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::BackupError;

/// How much is read at once.
const PIECE: usize = 1 << 20;

/// What a file holds: its bytes, and their SHA-256 in hex.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) bytes: u64,
    pub(super) sha256: String,
}

/// Makes a folder, and those above it, for ours alone.
pub(super) fn make_folder(path: &Path) -> Result<(), BackupError> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(BackupError::file(path))
}

/// Closes a folder that was there before against everybody else.
pub(super) fn close_folder(path: &Path) -> Result<(), BackupError> {
    fs::set_permissions(path, Permissions::from_mode(0o700)).map_err(BackupError::file(path))
}

/// The folder that a path lies in.
pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."))
}

/// A path with something added to its name.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.to_owned().into_os_string();
    name.push(ending);
    name.into()
}

/// Writes a mark, there before the first thing that it marks. One that was cut short marks nothing yet.
pub(super) fn mark(path: &Path, text: &str) -> Result<(), BackupError> {
    let written = || {
        let mut file = File::create(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    written().map_err(BackupError::file(path))
}

/// The names in a folder; none where there is no folder.
pub(super) fn names_in(folder: &Path) -> Result<Vec<String>, BackupError> {
    let failed = |error| BackupError::file(folder)(error);
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    entries.map(|entry| Ok(entry.map_err(failed)?.file_name().to_string_lossy().into_owned())).collect()
}

/// Has a folder's names written to the disk.
pub(super) fn sync_folder(folder: &Path) -> Result<(), BackupError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(BackupError::file(folder))
}

/// Closes what others wrote against everybody else, has it written to the disk, and says what it holds.
pub(super) fn seal(path: &Path) -> Result<Content, BackupError> {
    let sealed = || {
        fs::set_permissions(path, Permissions::from_mode(0o600))?;
        let mut file = File::open(path)?;
        file.sync_all()?;
        hash(&mut file, &mut io::sink())
    };
    sealed().map_err(BackupError::file(path))
}

/// Says what a file holds. What is no plain file is none: a pipe would be waited for.
pub(super) fn read(path: &Path) -> Result<Content, BackupError> {
    let read = || {
        if !fs::symlink_metadata(path)?.is_file() {
            return Err(io::Error::other("it is no plain file"));
        }
        hash(&mut File::open(path)?, &mut io::sink())
    };
    read().map_err(BackupError::file(path))
}

/// Copies a file: beside its place first, then into it once it is on the disk. The folder is the caller's to sync.
pub(super) fn copy(from: &Path, into: &Path) -> Result<Content, BackupError> {
    let mut source = File::open(from).map_err(BackupError::file(from))?;
    put(into, |file| hash(&mut source, file))
}

/// Writes a file as [`copy`] does.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<Content, BackupError> {
    put(path, |file| hash(&mut &*bytes, file))
}

fn put(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<Content>) -> Result<Content, BackupError> {
    let beside = beside(path, ".new");
    let written = || {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        let content = fill(&mut file)?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        Ok(content)
    };
    written().map_err(BackupError::file(path))
}

fn hash(from: &mut impl Read, into: &mut impl Write) -> io::Result<Content> {
    let (mut piece, mut bytes, mut hash) = (vec![0; PIECE], 0, Sha256::new());
    loop {
        let read = match from.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        into.write_all(&piece[..read])?;
        hash.update(&piece[..read]);
        bytes += read as u64;
    }
    let sha256 = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Content { bytes, sha256 })
}
