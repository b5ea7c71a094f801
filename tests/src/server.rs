//! The real program, started by a test and ended with it.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::until;

/// How long a start may take before the test gives up.
const START: Duration = Duration::from_secs(60);

/// How long an orderly end may take before the test gives up.
const END: Duration = Duration::from_secs(60);

/// How many lines of a server are shown when its test fails.
const LAST: usize = 60;

/// A running `muster` that has printed its address.
#[derive(Debug)]
pub struct Server {
    child: Child,
    url: String,
    /// Everything it printed and logged so far.
    words: Arc<Mutex<String>>,
}

impl Server {
    /// The `muster` that was built beside the running test (`MUSTER_BIN` names another one).
    ///
    /// # Panics
    ///
    /// When it has not been built: `cargo build -p muster`.
    #[must_use]
    pub fn command() -> Command {
        let beside = || Some(std::env::current_exe().ok()?.parent()?.parent()?.join("muster"));
        let program = std::env::var_os("MUSTER_BIN").map(PathBuf::from).or_else(beside).unwrap_or_default();
        assert!(program.is_file(), "{} is not there: cargo build -p muster", program.display());
        Command::new(program)
    }

    /// Starts a command and waits until it has printed an `http://` address on standard output.
    ///
    /// # Panics
    ///
    /// When it ends before, or takes more than a minute; what it said is in the message.
    #[must_use]
    pub fn start(command: &mut Command) -> Self {
        let spawned = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = spawned.unwrap_or_else(|error| panic!("{}: {error}", command.get_program().display()));
        let words = Arc::new(Mutex::new(String::new()));
        let (address, printed) = sync_channel(1);
        let listeners = [
            child.stdout.take().map(|stdout| listen(stdout, &words, Some(address))),
            child.stderr.take().map(|stderr| listen(stderr, &words, None)),
        ];
        let mut server = Self { child, url: String::new(), words };
        match printed.recv_timeout(START) {
            Ok(url) => server.url = url,
            Err(RecvTimeoutError::Disconnected) => {
                let status = server.child.wait();
                listeners.into_iter().flatten().for_each(|listener| drop(listener.join()));
                panic!("it ended without an address: {status:?}\n{}", server.words());
            }
            Err(RecvTimeoutError::Timeout) => panic!("no address within {START:?}\n{}", server.words()),
        }
        server
    }

    /// Where it answers, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What it printed and logged so far.
    #[must_use]
    pub fn words(&self) -> String {
        self.words.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as a power cut would (`kill -9`).
    pub fn kill(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Sends it a signal, such as `STOP`.
    ///
    /// # Panics
    ///
    /// When it cannot be sent.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(sent.as_ref().is_ok_and(ExitStatus::success), "kill -{name}: {sent:?}");
    }

    /// Asks it to end (`SIGTERM`) and gives its status.
    ///
    /// # Panics
    ///
    /// When it cannot be asked, or takes more than a minute; what it said is in the message.
    #[must_use]
    pub fn terminate(mut self) -> ExitStatus {
        self.signal("TERM");
        let begun = Instant::now();
        let ended = until("it to end, or a minute to pass", END * 2, || match self.child.try_wait() {
            Ok(None) if begun.elapsed() < END => None,
            other => Some(other),
        });
        match ended {
            Ok(Some(status)) => status,
            other => panic!("it did not end within {END:?}: {other:?}\n{}", self.words()),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // What it said last is the first thing that whoever reads the failure wants to know.
            let words = self.words();
            let lines: Vec<&str> = words.lines().collect();
            let last = lines[lines.len().saturating_sub(LAST)..].join("\n");
            let _ = writeln!(std::io::stderr(), "{} said last:\n{last}", self.url);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Keeps what a pipe says, so that the program never blocks on a full one, and passes the first address on.
fn listen(
    pipe: impl Read + Send + 'static,
    words: &Arc<Mutex<String>>,
    mut address: Option<SyncSender<String>>,
) -> JoinHandle<()> {
    let words = Arc::clone(words);
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).into_owned();
            let mut kept = words.lock().unwrap_or_else(PoisonError::into_inner);
            kept.push_str(&line);
            kept.push('\n');
            drop(kept);
            // only now, so that whoever has the address finds the words that came with it
            if let Some(url) = url_in(&line)
                && let Some(address) = address.take()
            {
                let _ = address.try_send(url);
            }
        }
    })
}

/// The first `http://` address in a line, without what surrounds it.
fn url_in(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("http://")?;
    let end = rest.find(|letter: char| letter.is_whitespace() || "\"'<>)\u{1b}".contains(letter)).unwrap_or(rest.len());
    Some(format!("http://{}", rest[..end].trim_end_matches(['/', '.', ','])))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn the_address_is_found_among_other_words() {
        let server = Server::start(&mut shell("echo 打开 http://127.0.0.1:41234/ now; exec cat /dev/zero >&-"));
        assert_eq!(server.url(), "http://127.0.0.1:41234");
        assert!(server.words().contains("打开"));
        server.kill();
    }

    #[test]
    fn a_program_that_is_asked_to_end_says_how_it_ended() {
        let server = Server::start(&mut shell(
            "trap 'exit 7' TERM; echo http://127.0.0.1:1; while :; do read x </dev/tty; done 2>&-",
        ));
        assert_eq!(server.terminate().code(), Some(7));
    }

    #[test]
    #[should_panic(expected = "the folder is locked")]
    fn a_start_that_fails_says_why() {
        let _ = Server::start(&mut shell("echo the folder is locked >&2; exit 1"));
    }
}
