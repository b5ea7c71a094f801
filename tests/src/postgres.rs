//! A fresh PostgreSQL database for one test, and a server for a test that kills it.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::keeper::Keeper;
use crate::{need, until};

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
    Some(Database::on(need("MUSTER_TEST_POSTGRES", "PostgreSQL")?))
}

impl Database {
    /// Makes an empty database on a server: `postgres://…`.
    ///
    /// # Panics
    ///
    /// When the server does not answer or `psql` is not there.
    #[must_use]
    pub fn on(server: String) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("muster_test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        if let Err(complaint) = psql(&server, &format!("create database {name}")) {
            panic!("no database for the test: {complaint}");
        }
        Self { server, name }
    }

    /// Puts a copy of what the database holds now beside it; nobody may be connected.
    ///
    /// # Panics
    ///
    /// When it cannot be copied.
    pub fn keep_copy(&self) {
        let (name, copy) = (&self.name, self.copy());
        self.order(&[&format!("create database {copy} template {name}")]);
    }

    /// Puts the copy in the place of what the database holds now; nobody may be connected.
    ///
    /// # Panics
    ///
    /// When there is no copy.
    pub fn restore_copy(&self) {
        let (name, copy) = (&self.name, self.copy());
        self.order(&[&format!("drop database {name}"), &format!("alter database {copy} rename to {name}")]);
    }

    fn copy(&self) -> String {
        format!("{}_copy", self.name)
    }

    fn order(&self, statements: &[&str]) {
        // A connection that was just closed may still be counted for a moment.
        for statement in statements {
            until(statement, Duration::from_secs(30), || psql(&self.server, statement).ok());
        }
    }

    /// Where it is: `postgres://…`.
    #[must_use]
    pub fn url(&self) -> String {
        let (host, _) = self.server.rsplit_once('/').unwrap_or((&self.server, ""));
        format!("{host}/{}", self.name)
    }

    /// Where its server is: `host:port`.
    #[must_use]
    pub fn address(&self) -> String {
        let (_, host) = self.server.rsplit_once('@').or(self.server.split_once("://")).unwrap_or_default();
        host.split('/').next().unwrap_or_default().to_owned()
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
        for name in [&self.name, &self.copy()] {
            let _ = psql(&self.server, &format!("drop database if exists {name} with (force)"));
        }
    }
}

/// A PostgreSQL server of a test's own, which it may kill and start again; gone with this value.
#[derive(Debug)]
pub struct Postgres {
    data: PathBuf,
    port: u16,
    /// Held for its end: it stops the server and removes the folder.
    _keeper: Keeper,
}

/// An answered commit is with the system, which outlives the server that is killed; nothing here outlives the system.
const SETTINGS: &str = "listen_addresses = '127.0.0.1'\nunix_socket_directories = ''\nfsync = off\n\
                        full_page_writes = off\nmax_connections = 100\nshared_buffers = 64MB\n";

impl Postgres {
    /// Makes and starts one; `None` means skipped, see [`need`].
    ///
    /// # Panics
    ///
    /// When it does not come up.
    #[must_use]
    pub fn start() -> Option<Self> {
        // Whoever could start the one for all tests can start this one.
        need("MUSTER_TEST_POSTGRES", "PostgreSQL")?;
        let template = std::env::temp_dir().join("muster-postgres.XXXXXX");
        let folder = PathBuf::from(run(as_server("mktemp").arg("-d").arg(template)).trim());
        let data = folder.join("data");
        let runuser = if is_root() { "runuser -u postgres -- " } else { "" };
        let stop = format!("{runuser}pg_ctl -D \"$1/data\" -m immediate stop\nrm -rf \"$1\"");
        let keeper = Keeper::new(&stop, &[&folder]);
        let make = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync", "-D"];
        run(as_server("initdb").args(make).arg(&data));
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
        let port = port.unwrap_or_else(|error| panic!("no free port: {error}")).port();
        let file = data.join("postgresql.conf");
        let settings = std::fs::read_to_string(&file).unwrap_or_default();
        let written = std::fs::write(&file, format!("{settings}\n{SETTINGS}port = {port}\n"));
        assert!(written.is_ok(), "{}: {written:?}", file.display());
        let server = Self { data, port, _keeper: keeper };
        server.start_again();
        Some(server)
    }

    /// Where it is: `postgres://…`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://postgres@{}/postgres", self.address())
    }

    /// `host:port`.
    #[must_use]
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Ends it as a power cut would.
    ///
    /// # Panics
    ///
    /// When it was not running.
    pub fn kill(&self) {
        let file = self.data.join("postmaster.pid");
        let id = std::fs::read_to_string(&file).unwrap_or_default();
        let id = id.lines().next().unwrap_or_default().to_owned();
        run(Command::new("kill").args(["-KILL", &id]));
    }

    /// Ends it in order and starts it again as the standby of a primary that is not there: it can only be read.
    ///
    /// # Panics
    ///
    /// When it does not end or start.
    pub fn stand_by(&self) {
        run(as_server("pg_ctl").arg("-D").arg(&self.data).args(["-w", "-m", "fast", "stop"]));
        run(as_server("touch").arg(self.data.join("standby.signal")));
        self.start_again();
    }

    /// Starts it again on its own data, and waits until it answers.
    ///
    /// # Panics
    ///
    /// When it does not.
    pub fn start_again(&self) {
        let log = self.data.with_file_name("log");
        // Until the last process of the one that was killed has noticed, a new one refuses.
        until("PostgreSQL to start", Duration::from_secs(60), || {
            let mut start = as_server("pg_ctl");
            start.arg("-D").arg(&self.data).arg("-l").arg(&log).args(["-w", "-t", "60", "start"]);
            start.output().is_ok_and(|output| output.status.success()).then_some(())
        });
    }
}

/// A command as the user that PostgreSQL accepts: it refuses to run as root.
fn as_server(program: &str) -> Command {
    let mut command = Command::new(if is_root() { "runuser" } else { program });
    if is_root() {
        command.args(["-u", "postgres", "--", program]);
    }
    command.current_dir(std::env::temp_dir());
    command
}

fn is_root() -> bool {
    run(Command::new("id").arg("-u")).trim() == "0"
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{command:?}: {}\n{}", output.status, text(&output.stderr));
    text(&output.stdout)
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
