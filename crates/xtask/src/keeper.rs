//! A process that stops a server when we end, however we end.

use std::ffi::OsStr;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

/// Waits for our end in a process group of its own, then runs a shell line.
///
/// The wait is a read from a pipe that only we hold: a panic, an interrupt and `kill -9` all close it, so that no
/// server outlives the run that started it.
#[derive(Debug)]
pub(crate) struct Keeper {
    shell: Child,
}

impl Keeper {
    /// `stop` may use `$1`, `$2`, … for `arguments`. It must bear that its server never came up.
    pub(crate) fn new<S: AsRef<OsStr>>(stop: &str, arguments: &[S]) -> io::Result<Self> {
        let shell = Command::new("sh")
            .arg("-c")
            .arg(format!("trap '' INT TERM HUP\ncat >/dev/null\n{stop}"))
            .arg("keeper")
            .args(arguments)
            .current_dir(std::env::temp_dir())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        Ok(Self { shell })
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keeper_runs_its_line_when_it_is_dropped() {
        let file = std::env::temp_dir().join(format!("muster-keeper-{}", std::process::id()));
        let keeper = Keeper::new("echo stopped >\"$1\"", &[&file]).unwrap();
        assert!(!file.exists());
        drop(keeper);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "stopped\n");
        std::fs::remove_file(&file).unwrap();
    }
}
