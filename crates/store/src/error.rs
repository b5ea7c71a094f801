//! What can go wrong with a database, sorted by what can be done about it.

use std::error::Error;
use std::path::PathBuf;

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database is not there, or too busy; it may heal.
    #[error("the database does not answer ({operation}); check that it runs and can be reached")]
    Unavailable {
        /// What was being done.
        operation: &'static str,
        /// What the driver says.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The database does not let this user in.
    #[error("the database does not let this user in: {what}")]
    Denied {
        /// What it says.
        what: String,
    },
    /// The server is there, and has no such database.
    #[error("the server has no such database: {what}")]
    NoDatabase {
        /// What it says.
        what: String,
    },
    /// SQLite's write-ahead log does not work on the disk of the file.
    #[error("SQLite cannot use its write-ahead log on this disk, as on many network shares: {what}")]
    NotWal {
        /// What it says.
        what: String,
    },
    /// The answer to a commit was lost: what it would have written must be read to know whether it happened.
    #[error("the database did not answer to a commit: whether it happened must be read back")]
    FateUnknown {
        /// What the driver says.
        source: Box<dyn Error + Send + Sync>,
    },
    /// Somebody else was first; the whole transaction can be tried again.
    #[error("somebody else was first ({operation}); the transaction has to be tried again")]
    Conflict {
        /// What was being done.
        operation: &'static str,
    },
    /// Another owner holds the partition or the lease, or the offset is not where the caller believes.
    #[error("another owner holds {what}")]
    Fenced {
        /// The partition or lease.
        what: String,
    },
    /// The schema is newer than this program.
    #[error("the database has schema version {found}, this program knows {known}: run the newer program")]
    Newer {
        /// The version in the database.
        found: i64,
        /// The newest version this program has.
        known: i64,
    },
    /// The schema, or the database program itself, is too old.
    #[error("{what} is {found}, at least {needed} is needed: {hint}")]
    TooOld {
        /// What is too old.
        what: &'static str,
        /// Its version.
        found: String,
        /// The version that is needed.
        needed: String,
        /// What to do.
        hint: &'static str,
    },
    /// What is stored is not what was written.
    #[error("the database holds what Muster never wrote ({operation}): {what}; restore it from a backup")]
    Corrupt {
        /// What was being done.
        operation: &'static str,
        /// What was found.
        what: String,
    },
    /// A file of a copy cannot be written or read.
    #[error("cannot write or read {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The database lacks what this program needs there: a table, a column, a right.
    #[error(
        "the database cannot do this ({operation}): {what}; its schema and this user's rights are not what they should be"
    )]
    Unfit {
        /// What was being done.
        operation: &'static str,
        /// What it says.
        what: String,
    },
    /// A list is asked to go on from where it never was.
    #[error("`cursor` is not one that this list gave")]
    Cursor,
    /// The request cannot be carried out, now or ever.
    #[error("{0}")]
    Refused(String),
}

impl StoreError {
    /// Whether the same call, or the same transaction from its beginning, may succeed later.
    #[must_use]
    pub fn retryable(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::Conflict { .. })
    }

    /// Whether somebody else was first: the transaction can be tried again at once.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict { .. })
    }

    /// Whether the work was done or not can only be told by reading what it writes.
    #[must_use]
    pub fn is_unknown_fate(&self) -> bool {
        matches!(self, Self::FateUnknown { .. })
    }

    pub(crate) fn corrupt(operation: &'static str, what: impl Into<String>) -> Self {
        Self::Corrupt { operation, what: what.into() }
    }

    pub(crate) fn from_driver(operation: &'static str, error: sqlx::Error) -> Self {
        use sqlx::Error as E;
        let code = match &error {
            E::Database(refused) => refused.code().map(|code| code.into_owned()),
            _ => None,
        };
        match (error, code.as_deref()) {
            (E::Database(refused), Some(code)) => Self::from_code(operation, code, refused),
            (E::Configuration(what), _) => Self::Refused(format!("the database's URL cannot be used: {what}")),
            (E::ColumnDecode { index, source }, _) => Self::corrupt(operation, format!("column {index}: {source}")),
            (E::Decode(what), _) => Self::corrupt(operation, what.to_string()),
            (E::ColumnNotFound(what), _) => Self::corrupt(operation, format!("there is no column {what}")),
            (E::Encode(what), _) => Self::Refused(format!("a value cannot be stored ({operation}): {what}")),
            (error, _) => Self::Unavailable { operation, source: error.into() },
        }
    }

    fn from_code(operation: &'static str, code: &str, refused: Box<dyn sqlx::error::DatabaseError>) -> Self {
        let unavailable = |refused: Box<dyn sqlx::error::DatabaseError>| Self::Unavailable {
            operation,
            source: sqlx::Error::Database(refused).into(),
        };
        match code {
            // PostgreSQL: serialisation, deadlock, lock timeout, unique. SQLite: primary key, unique, rowid, snapshot.
            "40001" | "40P01" | "55P03" | "23505" | "1555" | "2067" | "2579" | "517" => Self::Conflict { operation },
            // Authorisation refused, a wrong password, no right to connect; and a database that is not there.
            "28000" | "28P01" | "42501" if operation == "connect" => Self::Denied { what: refused.to_string() },
            "3D000" => Self::NoDatabase { what: refused.to_string() },
            // The index of the write-ahead log cannot be mapped. At a first look no want of memory explains that.
            "5386" if operation == "connect" => Self::NotWal { what: refused.to_string() },
            // A NUL character, as a byte or as an escape.
            "22021" | "22P05" => Self::Refused(NUL.to_owned()),
            // Damaged pages, and a file that is no database.
            "XX001" | "XX002" | "11" | "26" | "267" | "523" | "779" => Self::corrupt(operation, refused.to_string()),
            // Out of memory or disk, being shut down, no connection, cancelled; busy, locked, read-only, I/O, full.
            _ if ["08", "53", "57", "58", "25"].iter().any(|class| code.len() == 5 && code.starts_with(class)) => {
                unavailable(refused)
            }
            _ if code.len() < 5 && code.parse().is_ok_and(|code: u32| matches!(code & 0xff, 5..=10 | 13 | 14)) => {
                unavailable(refused)
            }
            _ if is_of_values(code) => Self::Refused(format!("the database refuses ({operation}): {refused}")),
            _ => Self::Unfit { operation, what: refused.to_string() },
        }
    }
}

/// Whether a code speaks of the values that were given. PostgreSQL: data, constraints, limits; SQLite: too big, a
/// constraint, another type, out of range.
fn is_of_values(code: &str) -> bool {
    match code.len() {
        5 => ["22", "23", "54"].iter().any(|class| code.starts_with(class)),
        _ => code.parse().is_ok_and(|code: u32| matches!(code & 0xff, 18..=20 | 25)),
    }
}

/// What is said about a text that PostgreSQL cannot keep; SQLite could, but the two must not differ.
pub(crate) const NUL: &str = "a text holds a NUL character, which cannot be stored";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_heal_is_tried_again() {
        let conflict = StoreError::Conflict { operation: "cases/update" };
        assert!(conflict.retryable() && conflict.is_conflict());
        assert!(StoreError::from_driver("x", sqlx::Error::PoolTimedOut).retryable());
        assert!(!StoreError::Fenced { what: "partition 3".into() }.retryable());
        let lost = StoreError::FateUnknown { source: "gone".into() };
        assert!(lost.is_unknown_fate() && !lost.retryable());
        let newer = StoreError::Newer { found: 9, known: 2 };
        assert_eq!(newer.to_string(), "the database has schema version 9, this program knows 2: run the newer program");
    }
}
