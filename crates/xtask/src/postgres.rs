//! A private PostgreSQL: a cluster in a temporary folder, on a free port of the loopback, gone with the run.

use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::keeper::Keeper;
use crate::tools;

/// Settings of a database which is thrown away.
const SETTINGS: &str = "\
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 300
shared_buffers = 128MB
log_min_messages = warning
";
/// Its disk is never asked to be safe, unless that is what is measured.
const HASTY: &str = "\
fsync = off
synchronous_commit = off
full_page_writes = off
";

/// A running cluster, ended when dropped.
#[derive(Debug)]
pub(crate) struct Postgres {
    /// Where the server and client programs live.
    pub(crate) programs: PathBuf,
    pub(crate) url: String,
    pub(crate) version: String,
    /// Held for its end: it stops the server and removes the folder.
    _keeper: Keeper,
}

/// Makes a cluster and waits until it answers.
pub(crate) fn start(durable: bool) -> Result<Postgres, String> {
    let programs = programs().ok_or("PostgreSQL is not installed: apt-get install -y postgresql")?;
    let version = tools::version(&programs.join("postgres"));
    let folder = PathBuf::from(tools::run(&mut server(Path::new("mktemp"), &["-d", &template()]))?.trim());
    let keeper = keep(&programs, &folder).map_err(|error| format!("sh: {error}"))?;
    let data = folder.join("data").to_string_lossy().into_owned();
    let make = ["-D", &data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"];
    tools::run(&mut server(&programs.join("initdb"), &make))?;
    let port = free_port().map_err(|error| format!("no free port: {error}"))?;
    configure(Path::new(&data), port, durable).map_err(|error| format!("{data}: {error}"))?;
    let log = folder.join("log").to_string_lossy().into_owned();
    let start = ["-D", &data, "-l", &log, "-w", "-t", "60", "start"];
    tools::run(&mut server(&programs.join("pg_ctl"), &start))
        .map_err(|error| format!("{error}\n{}", std::fs::read_to_string(&log).unwrap_or_default()))?;
    let url = format!("postgres://postgres@127.0.0.1:{port}/postgres");
    Ok(Postgres { programs, url, version, _keeper: keeper })
}

/// The folder of the newest server programs: Debian keeps them off the search path.
fn programs() -> Option<PathBuf> {
    let complete = |folder: &PathBuf| ["initdb", "pg_ctl", "postgres"].iter().all(|name| folder.join(name).is_file());
    let mut debian: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, folder)| complete(folder))
        .collect();
    debian.sort();
    let on_path = || tools::find(&["pg_ctl"])?.canonicalize().ok()?.parent().map(Path::to_path_buf);
    debian.pop().map(|(_, folder)| folder).or_else(|| on_path().filter(complete))
}

/// A command as the user that PostgreSQL accepts: it refuses to run as root.
fn server(program: &Path, arguments: &[&str]) -> Command {
    let mut command = if is_root() {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    command.args(arguments).current_dir(std::env::temp_dir());
    command
}

fn keep(programs: &Path, folder: &Path) -> std::io::Result<Keeper> {
    let become_server = if is_root() { "runuser -u postgres -- " } else { "" };
    let stop = format!("{become_server}\"$1\" -D \"$2/data\" -m immediate stop\nrm -rf \"$2\"");
    Keeper::new(&stop, &[programs.join("pg_ctl").as_path(), folder])
}

fn configure(data: &Path, port: u16, durable: bool) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new().append(true).open(data.join("postgresql.conf"))?;
    write!(file, "\n{SETTINGS}{}port = {port}\n", if durable { "" } else { HASTY })
}

fn template() -> String {
    std::env::temp_dir().join("muster-postgres.XXXXXX").to_string_lossy().into_owned()
}

fn is_root() -> bool {
    tools::run(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

/// A port that nobody listens on now.
fn free_port() -> std::io::Result<u16> {
    TcpListener::bind("127.0.0.1:0")?.local_addr().map(|address| address.port())
}
