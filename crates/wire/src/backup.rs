//! `muster.backup.v1`: what is in a backup, written last: a folder without it is an unfinished one.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{At, Code, WireError};
use crate::fault::Fault;
use crate::instant::Instant;
use crate::mirror::mirrored;
use crate::text::Text;
use crate::{instant, read, write};

/// The `format` of the document.
pub const FORMAT: &str = "muster.backup.v1";

/// Its name in the folder of the backup.
pub const FILE: &str = "manifest.json";

/// The most bytes of a manifest: about 600,000 pictures.
pub const MAX_MANIFEST_BYTES: usize = 128 << 20;

/// Bytes of a name in it that is no path.
const MAX_WORD_BYTES: usize = 256;

/// What a backup holds, and of what it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The version of the program that made it.
    pub program: String,
    /// When it was begun, in microseconds since 1970.
    pub at: i64,
    /// Of which profile.
    pub profile: Profile,
    /// The version of the store's schema.
    pub schema: u32,
    /// The log that the store's offsets belong to; absent where nothing ever ran on the store.
    pub log: Option<Log>,
    /// Pictures that the store knows and whose files were not there.
    pub missing: u64,
    /// The files, each once.
    pub files: Vec<File>,
}

/// Which pair of log and store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// The embedded log and SQLite.
    Embedded,
    /// Apache Kafka and PostgreSQL.
    Kafka,
}

impl Profile {
    /// The name used in every format.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Kafka => "kafka",
        }
    }
}

/// The log as the store has it pinned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// Kafka's cluster id.
    pub cluster: String,
    /// Each topic's name and id, such as `muster.case.v1=x7Yq`.
    pub topics: Vec<String>,
    /// The generation of the observation topic.
    pub generation: String,
    /// Partitions of the observation topic.
    pub partitions: u32,
}

/// A file of a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// What it is.
    pub item: Item,
    /// Its bytes.
    pub bytes: u64,
    /// SHA-256 of its content in hex.
    pub sha256: String,
    /// The rows of a table.
    pub rows: Option<u64>,
}

/// What a file of a backup is. Nothing else is one, so no path in a manifest leads anywhere else.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Item {
    /// The SQLite database.
    Store,
    /// A table of the PostgreSQL database, by its name.
    Table(String),
    /// A day of the embedded log, such as `2026-11-24`.
    Day(String),
    /// A picture, by the hash of its content.
    Evidence(String),
}

impl Item {
    /// Where it lies in the folder of a backup; `/` between folders.
    #[must_use]
    pub fn path(&self) -> String {
        match self {
            Self::Store => "store.db".to_owned(),
            Self::Table(name) => format!("store/{name}.copy"),
            Self::Day(day) => format!("log/{day}.db"),
            Self::Evidence(id) => format!("evidence/{}/{id}", id.get(..2).unwrap_or_default()),
        }
    }

    /// The other way; nothing for a path that no backup has.
    #[must_use]
    pub fn parse(path: &str) -> Option<Self> {
        let name = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        let item = match path.split_once('/') {
            None => Self::Store,
            Some(("store", file)) => Self::Table(file.strip_suffix(".copy").filter(|table| name(table))?.to_owned()),
            Some(("log", file)) => Self::Day(file.strip_suffix(".db").filter(|day| is_day(day))?.to_owned()),
            Some(("evidence", file)) => {
                Self::Evidence(file.rsplit_once('/').map(|(_, id)| id).filter(|id| is_hash(id))?.to_owned())
            }
            Some(_) => return None,
        };
        (item.path() == path).then_some(item)
    }
}

fn is_day(text: &str) -> bool {
    text.len() == 10
        && text
            .bytes()
            .enumerate()
            .all(|(at, byte)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() })
}

fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// Writes a manifest; the same manifest always gives the same bytes.
#[must_use]
pub fn write(manifest: &Manifest) -> String {
    write::text(&BackupV1::from(manifest))
}

/// Reads a manifest.
///
/// # Errors
/// [`WireError`] if it is something else, names a file twice, or one that no backup has.
pub fn read(json: &[u8]) -> Result<Manifest, WireError> {
    let whole = |code, fault| At::Root.refuse(code, fault);
    if json.len() > MAX_MANIFEST_BYTES {
        let (size, most) = (json.len(), MAX_MANIFEST_BYTES);
        let reason = Fault::ForeignTooLarge.with(&[("size", &size), ("most", &most)]);
        return Err(At::Root.refuse(Code::TooLarge, reason));
    }
    let json = std::str::from_utf8(json).map_err(|_| whole(Code::NotUtf8, Fault::NotUtf8))?;
    // First the format alone: what a later version says may read quite differently.
    let Envelope { format } = read::typed(json, &At::Root)?;
    if &*format != FORMAT {
        let reason = Fault::OtherFormat.with(&[("wanted", &FORMAT)]);
        return Err(At::Root.key("format").refuse(Code::UnknownType, reason));
    }
    read::typed::<BackupV1<'_>>(json, &At::Root)?.checked()
}

#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct Envelope<'a> {
    format: Text<'a>,
}

/// What a backup holds, and of what it was made.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "Backup", bound(deserialize = "'de: 'a"))]
pub(crate) struct BackupV1<'a> {
    /// Always `muster.backup.v1`.
    format: Text<'a>,
    /// The version of the program that made it.
    program: Text<'a>,
    /// When it was begun.
    #[schemars(with = "Instant")]
    at: Text<'a>,
    /// Which pair of log and store.
    profile: ProfileV1,
    /// The version of the store's schema.
    schema: u32,
    /// The log that the store's offsets belong to; `null` where nothing ever ran on the store.
    log: Option<LogV1<'a>>,
    /// How many pictures the store knows whose files were not there.
    #[serde(default)]
    missing: u64,
    /// The files, each once.
    files: Vec<FileV1<'a>>,
}

mirrored! {
    /// Which pair of log and store.
    ProfileV1 as "BackupProfile" = Profile { Embedded, Kafka }
}

/// The log as the store has it pinned.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "BackupLog", bound(deserialize = "'de: 'a"))]
struct LogV1<'a> {
    /// Kafka's cluster id.
    cluster: Text<'a>,
    /// Each topic's name and id.
    topics: Vec<Text<'a>>,
    /// The generation of the observation topic.
    generation: Text<'a>,
    /// Partitions of the observation topic.
    partitions: u32,
}

/// A file of a backup.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "BackupFile", bound(deserialize = "'de: 'a"))]
struct FileV1<'a> {
    /// Where it lies: `store.db`, `store/TABLE.copy`, `log/DAY.db`, or `evidence/` with the hash.
    path: Text<'a>,
    /// Its bytes.
    bytes: u64,
    /// SHA-256 of its content in hex.
    sha256: Text<'a>,
    /// The rows of a table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rows: Option<u64>,
}

impl<'a> From<&'a Manifest> for BackupV1<'a> {
    fn from(manifest: &'a Manifest) -> Self {
        let file = |file: &'a File| FileV1 {
            path: Text(file.item.path().into()),
            bytes: file.bytes,
            sha256: (&file.sha256).into(),
            rows: file.rows,
        };
        Self {
            format: FORMAT.into(),
            program: (&manifest.program).into(),
            at: Text(instant::rfc3339(manifest.at).into()),
            profile: manifest.profile.into(),
            schema: manifest.schema,
            log: manifest.log.as_ref().map(|log| LogV1 {
                cluster: (&log.cluster).into(),
                topics: log.topics.iter().map(Text::from).collect(),
                generation: (&log.generation).into(),
                partitions: log.partitions,
            }),
            missing: manifest.missing,
            files: manifest.files.iter().map(file).collect(),
        }
    }
}

impl BackupV1<'_> {
    fn checked(self) -> Result<Manifest, WireError> {
        let word = |text: &Text<'_>, name: &'static str| read::bounded(text, At::Root.key(name), MAX_WORD_BYTES);
        let (files, mut seen) = (At::Root.key("files"), BTreeSet::new());
        let mut checked = Vec::with_capacity(self.files.len());
        for (n, file) in self.files.into_iter().enumerate() {
            let file = file.checked(files.item(n))?;
            if !seen.insert(file.item.clone()) {
                return Err(files.item(n).key("path").refuse(Code::DuplicateKey, Fault::IdTwice));
            }
            checked.push(file);
        }
        Ok(Manifest {
            program: word(&self.program, "program")?,
            at: read::time(&self.at, At::Root.key("at"))?,
            profile: self.profile.into(),
            schema: self.schema,
            log: self.log.map(LogV1::checked).transpose()?,
            missing: self.missing,
            files: checked,
        })
    }
}

impl LogV1<'_> {
    fn checked(self) -> Result<Log, WireError> {
        let at = At::Root.key("log");
        let topics = self.topics.iter().map(|topic| read::bounded(topic, at.key("topics"), MAX_WORD_BYTES));
        Ok(Log {
            cluster: read::bounded(&self.cluster, at.key("cluster"), MAX_WORD_BYTES)?,
            topics: topics.collect::<Result<_, _>>()?,
            generation: read::bounded(&self.generation, at.key("generation"), MAX_WORD_BYTES)?,
            partitions: self.partitions,
        })
    }
}

impl FileV1<'_> {
    fn checked(self, at: At<'_>) -> Result<File, WireError> {
        let item = Item::parse(&self.path);
        let item = item.ok_or_else(|| at.key("path").refuse(Code::InvalidValue, Fault::NoBackupFile))?;
        // What a picture is called is what it must be.
        let named = matches!(&item, Item::Evidence(id) if **id != *self.sha256);
        if !is_hash(&self.sha256) || named {
            return Err(at.key("sha256").refuse(Code::InvalidValue, Fault::NoHash));
        }
        Ok(File { item, bytes: self.bytes, sha256: self.sha256.into(), rows: self.rows })
    }
}
