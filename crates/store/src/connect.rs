//! Connecting: which database it is, whether it is one that can be trusted, and how its connections behave.

use std::io;
use std::str::FromStr;
use std::time::Duration;

use sqlx::any::{Any, AnyConnectOptions, AnyPoolOptions};
use sqlx::pool::Pool;
use sqlx::{AnyConnection, Connection};

use crate::error::StoreError;
use crate::statement::{Session, args, pair};

/// Which database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreProfile {
    /// One file, one process.
    Sqlite,
    /// PostgreSQL, for several processes.
    Postgres,
}

/// The version from which SQLite's WAL no longer loses pages when two connections reset it at once.
const SQLITE_NEEDED: [u32; 3] = [3, 51, 3];
const POSTGRES_NEEDED: u32 = 150_000;
/// How long a caller waits for a connection before the database counts as not there.
const WAIT: Duration = Duration::from_secs(10);

/// How long a database at the other end of a network may be silent on one question. Without a bound a machine that
/// vanished would be waited for for ever: nothing comes, not even an end of the connection.
const ANSWER: Duration = Duration::from_secs(15);
/// How long it may be silent when it is only asked whether it is there.
const PING: Duration = Duration::from_secs(2);

/// A connection that was idle for longer is asked whether it still lives before it is used.
const ASK_AFTER: Duration = Duration::from_secs(1);

/// What a connection of a pool may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Write,
    ReadOnly,
}

/// A database's place, checked.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    pub(crate) profile: StoreProfile,
    options: AnyConnectOptions,
}

impl Address {
    pub(crate) fn parse(url: &str) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let (profile, url) = if let Some(path) = url.strip_prefix("sqlite:") {
            (StoreProfile::Sqlite, sqlite_url(path)?)
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            (StoreProfile::Postgres, url.to_owned())
        } else {
            return Err(StoreError::Refused("the store's URL is `sqlite:PATH` or `postgres://…`".to_owned()));
        };
        let options = AnyConnectOptions::from_str(&url).map_err(|error| StoreError::from_driver("url", error))?;
        Ok(Self { profile, options })
    }

    /// Says the first words of a connection to a file, which tell whether it is a database that can be used at all. A pool
    /// says them again and again until its time is over, and then knows no more than that.
    pub(crate) async fn greet(&self) -> Result<(), StoreError> {
        if self.profile != StoreProfile::Sqlite {
            return Ok(());
        }
        let greeted = async {
            let mut connection = AnyConnection::connect_with(&self.options).await?;
            let said = sqlx::raw_sql(pair!("session/open").text(self.profile)).execute(&mut connection).await;
            connection.close().await?;
            said.map(drop)
        };
        match greeted.await.map_err(|error| StoreError::from_driver("connect", error)) {
            Err(error) if !error.retryable() => Err(error),
            // Whoever is busy may not be in a moment: the pool waits for that.
            _ => Ok(()),
        }
    }

    pub(crate) async fn pool(&self, access: Access, connections: u32) -> Result<Pool<Any>, StoreError> {
        let open = pair!("session/open").text(self.profile);
        let (read_only, profile) = (pair!("session/read_only").text(self.profile), self.profile);
        let mut pool = AnyPoolOptions::new()
            .max_connections(connections.max(1))
            .acquire_timeout(WAIT)
            // A question before every use would double the round trips: only who was idle for a while is asked.
            .test_before_acquire(false)
            .before_acquire(move |connection, metadata| {
                Box::pin(async move {
                    if metadata.idle_for > ASK_AFTER {
                        profile.is_there(connection).await?;
                    }
                    Ok(true)
                })
            })
            .after_release(move |connection, _| Box::pin(is_sound(connection, profile)))
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    sqlx::raw_sql(open).execute(&mut *connection).await?;
                    if access == Access::ReadOnly {
                        sqlx::raw_sql(read_only).execute(&mut *connection).await?;
                    }
                    Ok(())
                })
            });
        if self.profile == StoreProfile::Sqlite {
            // A file does not age: its connections keep their caches.
            pool = pool.max_lifetime(None).idle_timeout(None);
        }
        pool.connect_with(self.options.clone()).await.map_err(|error| StoreError::from_driver("connect", error))
    }
}

impl StoreProfile {
    /// What the database answers; a long silence is an error as if the connection had ended. A file is never silent.
    pub(crate) async fn answer<T>(self, asked: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
        match self {
            Self::Sqlite => asked.await,
            Self::Postgres => within(ANSWER, asked).await,
        }
    }

    /// Asks a connection whether it is there.
    async fn is_there(self, connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite => connection.ping().await,
            Self::Postgres => within(PING, connection.ping()).await,
        }
    }
}

/// Whether a connection may go back into its pool.
///
/// The driver asks without a bound whether it is there, and a silent one would keep its place until the system gives it
/// up; one that falls silent just between the two questions still does. And where the disk is full SQLite gives a
/// transaction up by itself, of which the driver knows nothing: it takes that connection for busy for ever.
async fn is_sound(connection: &mut AnyConnection, profile: StoreProfile) -> Result<bool, sqlx::Error> {
    profile.is_there(connection).await?;
    Ok(!connection.is_in_transaction())
}

/// What is answered within a time; a longer silence is an error as if the connection had ended.
pub(crate) async fn within<T>(
    time: Duration,
    asked: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    let silent = |_| sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, format!("no answer within {time:?}")));
    tokio::time::timeout(time, asked).await.map_err(silent)?
}

/// Refuses a database that is too old to be trusted with data.
pub(crate) async fn check_program(pool: &Pool<Any>, profile: StoreProfile) -> Result<(), StoreError> {
    let mut connection = pool.acquire().await.map_err(|error| StoreError::from_driver("connect", error))?;
    let mut failed = false;
    let mut session = Session { connection: &mut connection, profile, failed: &mut failed };
    let row = session.row(pair!("session/version"), args![]).await?;
    let row = row.ok_or_else(|| StoreError::corrupt("session/version", "no answer"))?;
    let (version, encoding): (String, String) = (row.get("version")?, row.get("encoding")?);
    if encoding != "UTF8" {
        return Err(StoreError::Refused(format!("the database's encoding is {encoding}: make one with UTF8")));
    }
    match profile {
        StoreProfile::Sqlite if numbers(&version) < SQLITE_NEEDED.to_vec() => Err(StoreError::TooOld {
            what: "SQLite",
            found: version,
            needed: SQLITE_NEEDED.map(|n| n.to_string()).join("."),
            hint: "older ones can lose pages of a write-ahead log; build with the bundled one",
        }),
        StoreProfile::Postgres if version.parse().unwrap_or(0_u32) < POSTGRES_NEEDED => Err(StoreError::TooOld {
            what: "PostgreSQL",
            found: version,
            needed: POSTGRES_NEEDED.to_string(),
            hint: "upgrade the server to 15 or later",
        }),
        _ => Ok(()),
    }
}

fn numbers(version: &str) -> Vec<u32> {
    version.split('.').map(|part| part.parse().unwrap_or(0)).collect()
}

/// The path as a URL that the driver takes apart again into exactly this path; the file is made if it is missing.
fn sqlite_url(path: &str) -> Result<String, StoreError> {
    let path = path.strip_prefix("//").unwrap_or(path);
    if path.is_empty() || path.starts_with(':') {
        return Err(StoreError::Refused(
            "`sqlite:` needs the path of a file: what is only in memory is lost".to_owned(),
        ));
    }
    let mut url = String::from("sqlite:");
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => url.push(char::from(byte)),
            _ => url.push_str(&format!("%{byte:02X}")),
        }
    }
    url.push_str("?mode=rwc");
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_files_and_servers() {
        assert_eq!(Address::parse("sqlite:/tmp/a b?.db").unwrap().profile, StoreProfile::Sqlite);
        assert_eq!(Address::parse("postgres://u:p@h/db").unwrap().profile, StoreProfile::Postgres);
        for url in ["", "sqlite:", "sqlite::memory:", "mysql://h/db", "/tmp/a.db"] {
            assert!(matches!(Address::parse(url), Err(StoreError::Refused(_))), "{url}");
        }
        assert_eq!(sqlite_url("data/点 兵.db").unwrap(), "sqlite:data/%E7%82%B9%20%E5%85%B5.db?mode=rwc");
    }

    #[tokio::test]
    async fn a_file_that_is_no_database_is_refused_as_such() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let address = Address::parse(&format!("sqlite:{}", path.display())).unwrap();
        std::fs::write(&path, "somebody's letters, and no database at all").unwrap();
        assert!(matches!(address.greet().await, Err(StoreError::Corrupt { .. })));
        std::fs::remove_file(&path).unwrap();
        address.greet().await.unwrap();
    }

    #[test]
    fn versions_compare_as_numbers() {
        assert!(numbers("3.51.3") >= SQLITE_NEEDED.to_vec());
        assert!(numbers("3.100.0") > SQLITE_NEEDED.to_vec());
        assert!(numbers("3.9.9") < SQLITE_NEEDED.to_vec());
    }
}
