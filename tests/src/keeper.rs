//! A process that ends a server of a test's own when the test ends, however it ends.

use std::ffi::OsStr;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

/// Runs a shell line when it is dropped, and also when the test is killed: its wait is a read from a pipe that only the
/// test holds.
#[derive(Debug)]
pub(crate) struct Keeper(Child);

impl Keeper {
    /// `stop` may use `$1`, `$2`, … for `arguments`, and must bear that its server never came up.
    pub(crate) fn new<S: AsRef<OsStr>>(stop: &str, arguments: &[S]) -> Self {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("trap '' INT TERM HUP\ncat >/dev/null\n{stop}"), "keeper"]).args(arguments);
        shell.current_dir(std::env::temp_dir()).process_group(0);
        shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        Self(shell.spawn().unwrap_or_else(|error| panic!("sh: {error}")))
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}
