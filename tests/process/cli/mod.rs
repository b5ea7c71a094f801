//! The commands that send, import, measure, back up and deal with dead letters, with a server beside them and without.

mod backup;
mod bench;
mod catalogue;
mod doctor;
mod letters;
mod reports;
mod send;

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::stage::Stage;

/// A command that has ended.
#[derive(Debug)]
struct Ran {
    code: Option<i32>,
    out: String,
    said: String,
}

impl Ran {
    fn of(command: &mut Command) -> Self {
        Self::fed(command, b"")
    }

    /// With something on its standard input.
    fn fed(command: &mut Command, input: &[u8]) -> Self {
        let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = spawned.unwrap();
        // Who does not read its input may be gone already.
        let _ = child.stdin.take().unwrap().write_all(input);
        let output = child.wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), out: text(output.stdout), said: text(output.stderr) }
    }

    /// The exit code must be this one, and all of these words must have been said to people.
    #[track_caller]
    fn ended(self, code: i32, words: &[&str]) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        for word in words {
            assert!(self.said.contains(word), "{word:?} is missing: {self:#?}");
        }
        self
    }

    /// Each line of the output as JSON.
    fn lines(&self) -> Vec<Value> {
        let line = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        self.out.lines().map(line).collect()
    }
}

/// A command on a stage that has no server, or that PostgreSQL leads to.
fn run(stage: &Stage, arguments: &[&str]) -> Ran {
    Ran::of(&mut stage.command(arguments))
}

/// A file in a folder, and its path.
fn file(folder: &tempfile::TempDir, name: &str, content: impl AsRef<[u8]>) -> String {
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}
