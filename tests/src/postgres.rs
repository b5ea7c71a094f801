//! A fresh PostgreSQL database for one test.

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::need;

/// An empty database of its own, dropped with this value.
#[derive(Debug)]
pub struct Database {
    server: String,
    name: String,
}

/// Makes an empty database on the server of `MUSTER_TEST_POSTGRES`; `None` means skipped, see [`need`].
///
/// # Panics
///
/// When the server does not answer or `psql` is not there.
#[must_use]
pub fn database() -> Option<Database> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let server = need("MUSTER_TEST_POSTGRES", "PostgreSQL")?;
    let name = format!("muster_test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    if let Err(complaint) = psql(&server, &format!("create database {name}")) {
        panic!("no database for the test: {complaint}");
    }
    Some(Database { server, name })
}

impl Database {
    /// Where it is: `postgres://…`.
    #[must_use]
    pub fn url(&self) -> String {
        let (host, _) = self.server.rsplit_once('/').unwrap_or((&self.server, ""));
        format!("{host}/{}", self.name)
    }

    /// Runs one statement and gives its rows, columns separated by `|`, rows by lines.
    ///
    /// # Errors
    ///
    /// What `psql` complained about.
    pub fn query(&self, statement: &str) -> Result<String, String> {
        psql(&self.url(), statement)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // a server that has gone takes the database with it
        let _ = psql(&self.server, &format!("drop database if exists {} with (force)", self.name));
    }
}

fn psql(url: &str, statement: &str) -> Result<String, String> {
    let arguments = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", statement];
    let output = Command::new("psql").args(arguments).output().map_err(|error| format!("psql: {error}"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_test_has_a_database_to_itself_and_leaves_none_behind() {
        let (Some(one), Some(other)) = (database(), database()) else { return };
        one.query("create table seen (id bigint)").unwrap();
        assert!(other.query("select * from seen").unwrap_err().contains("seen"));
        let (server, name) = (one.server.clone(), one.name.clone());
        drop(one);
        let left = psql(&server, &format!("select count(*) from pg_database where datname = '{name}'"));
        assert_eq!(left.unwrap(), "0");
    }
}
