//! Migrations: forward only, each in one transaction, guarded against a program that is too old.

use sha2::{Digest, Sha256};

use crate::connect::StoreProfile;
use crate::error::StoreError;
use crate::statement::{Session, args, pair, sql};
use crate::store::Store;

/// One step of the schema.
#[derive(Debug)]
pub(crate) struct Migration {
    pub(crate) version: i64,
    pub(crate) name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

const BASE: &str = include_str!("../migrations/0001_base.sql");
const FAULT: &str = include_str!("../migrations/0003_fault.sql");
const INDEXES: &str = include_str!("../migrations/0004_indexes.sql");
const LETTERS: &str = include_str!("../migrations/0005_letters.sql");

/// In order, never edited, never removed.
const MIGRATIONS: [Migration; 5] = [
    Migration { version: 1, name: "base", sqlite: BASE, postgres: BASE },
    Migration {
        version: 2,
        name: "queues",
        sqlite: include_str!("../migrations/0002_queues.sqlite.sql"),
        postgres: include_str!("../migrations/0002_queues.pg.sql"),
    },
    Migration { version: 3, name: "fault", sqlite: FAULT, postgres: FAULT },
    Migration { version: 4, name: "indexes", sqlite: INDEXES, postgres: INDEXES },
    Migration { version: 5, name: "letters", sqlite: LETTERS, postgres: LETTERS },
];

/// The newest schema that this program knows.
pub(crate) const KNOWN: i64 = MIGRATIONS[MIGRATIONS.len() - 1].version;

/// The newest version of the schema that this program knows.
pub const KNOWN_SCHEMA: u32 = MIGRATIONS.len() as u32;

/// The steps that lead to a version.
pub(crate) fn up_to(version: i64) -> impl Iterator<Item = &'static Migration> {
    MIGRATIONS.iter().filter(move |step| step.version <= version)
}

impl Migration {
    pub(crate) fn text(&self, profile: StoreProfile) -> &'static str {
        match profile {
            StoreProfile::Sqlite => self.sqlite,
            StoreProfile::Postgres => self.postgres,
        }
    }
}

/// A migration that the database has had.
pub(crate) struct Applied {
    pub(crate) version: i64,
    name: String,
    checksum: String,
}

impl From<(i64, String, String)> for Applied {
    fn from((version, name, checksum): (i64, String, String)) -> Self {
        Self { version, name, checksum }
    }
}

impl Store {
    /// Brings the schema up to what this program knows, and says how many steps that took. Safe to run twice, and by
    /// several programs at once.
    ///
    /// # Errors
    /// [`StoreError::Newer`] if the database has been used by a newer program; it is then left as it is.
    pub async fn migrate(&self, now: i64) -> Result<u32, StoreError> {
        let mut tx = self.begin().await?;
        let profile = self.profile();
        let mut session = tx.session();
        session.row(pair!("migration/lock"), args![]).await?;
        session.run(sql!("migration/table"), args![]).await?;
        let applied = applied(&mut session).await?;
        check(&applied, profile)?;
        let mut steps = 0;
        for migration in MIGRATIONS.iter().skip(applied.len()) {
            session.script("migrate", migration.text(profile)).await?;
            let sum = checksum(migration.text(profile));
            session.run(sql!("migration/insert"), args![migration.version, migration.name, &sum, now]).await?;
            steps += 1;
        }
        tx.commit().await?;
        Ok(steps)
    }

    /// Whether the schema is exactly the one that this program knows.
    ///
    /// # Errors
    /// [`StoreError::Newer`] or [`StoreError::TooOld`], with what to do.
    pub async fn check_version(&self) -> Result<(), StoreError> {
        let too_old = |found: i64| StoreError::TooOld {
            what: "the database's schema",
            found: found.to_string(),
            needed: KNOWN.to_string(),
            hint: "run `muster migrate`",
        };
        let applied = had(&mut self.read().await?.session()).await?;
        check(&applied, self.profile())?;
        match applied.last().map_or(0, |last| last.version) {
            KNOWN => Ok(()),
            found => Err(too_old(found)),
        }
    }
}

/// The steps that a database has had: none where it has no table of them.
pub(crate) async fn had(session: &mut Session<'_>) -> Result<Vec<Applied>, StoreError> {
    match applied(session).await {
        Err(StoreError::Unfit { .. }) => Ok(Vec::new()),
        applied => applied,
    }
}

async fn applied(session: &mut Session<'_>) -> Result<Vec<Applied>, StoreError> {
    let rows = session.rows(sql!("migration/list"), args![]).await?;
    rows.iter()
        .map(|row| Ok(Applied { version: row.get("version")?, name: row.get("name")?, checksum: row.get("checksum")? }))
        .collect()
}

/// What the database has had must be the beginning of what this program has.
pub(crate) fn check(applied: &[Applied], profile: StoreProfile) -> Result<(), StoreError> {
    if let Some(newer) = applied.last().filter(|last| last.version > KNOWN) {
        return Err(StoreError::Newer { found: newer.version, known: KNOWN });
    }
    for (had, known) in applied.iter().zip(&MIGRATIONS) {
        if had.version != known.version || had.checksum != checksum(known.text(profile)) {
            let what = format!("step {} ({}) of its schema is not the one of this program", had.version, had.name);
            return Err(StoreError::corrupt("migrate", what));
        }
    }
    Ok(())
}

/// SHA-256 in hex, blank ends of lines not counted.
pub(crate) fn checksum(text: &str) -> String {
    let mut hash = Sha256::new();
    for line in text.lines() {
        hash.update(line.trim_end().as_bytes());
        hash.update(b"\n");
    }
    hex(&hash.finalize())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_numbered_without_a_gap() {
        assert!(MIGRATIONS.iter().zip(1..).all(|(migration, number)| migration.version == number));
        assert_eq!(i64::from(KNOWN_SCHEMA), KNOWN);
    }
}
