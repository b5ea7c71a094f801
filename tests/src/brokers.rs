//! Kafka brokers of a test's own, which it may kill and start again; by the launcher under `tests/kafka`.

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use crate::keeper::Keeper;
use crate::{need, root};

/// One or three brokers on data of their own, gone with this value.
#[derive(Debug)]
pub struct Brokers {
    launcher: PathBuf,
    bootstrap: String,
    advertised: Option<String>,
    folder: TempDir,
    /// Before the folder goes, the brokers end.
    keeper: Option<Keeper>,
}

impl Brokers {
    /// Starts so many (1 or 3); `None` means skipped, see [`need`]. `advertised` = the port that clients are told to go to,
    /// where that is not the broker's own.
    ///
    /// # Panics
    ///
    /// When they do not come up.
    #[must_use]
    pub fn start(count: u32, advertised: Option<&str>) -> Option<Self> {
        // Whoever could start the one for all tests can start this one.
        need("MUSTER_TEST_KAFKA", "Apache Kafka")?;
        let folder = TempDir::new().unwrap_or_else(|error| panic!("no folder for the brokers: {error}"));
        let launcher = root().join("tests/kafka/kafka");
        let keeper = Keeper::new("MUSTER_KAFKA_DIR=\"$2\" \"$1\" down --wipe", &[launcher.as_path(), folder.path()]);
        let advertised = advertised.map(str::to_owned);
        let mut brokers = Self { launcher, bootstrap: String::new(), advertised, folder, keeper: Some(keeper) };
        let printed = run(&mut brokers.command(&["up", &count.to_string()]));
        printed.lines().last().unwrap_or_default().trim().clone_into(&mut brokers.bootstrap);
        Some(brokers)
    }

    /// `host:port`, several with commas.
    #[must_use]
    pub fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// Ends one as a power cut would.
    pub fn kill(&self, number: u32) {
        run(&mut self.command(&["kill", &number.to_string()]));
    }

    /// Starts one again on its own data, and waits until it serves.
    pub fn start_again(&self, number: u32) {
        run(&mut self.command(&["start", &number.to_string()]));
    }

    /// Ends all, forgets all their data and starts as many anew on the same ports: another cluster.
    pub fn wipe(&self) {
        run(&mut self.command(&["anew"]));
    }

    /// Runs a tool of Kafka's own, such as `topics`, and gives what it printed. `$BOOTSTRAP` stands for the servers.
    #[must_use]
    pub fn tool(&self, arguments: &[&str]) -> String {
        let arguments: Vec<&str> =
            arguments.iter().map(|word| if *word == "$BOOTSTRAP" { self.bootstrap() } else { word }).collect();
        run(self.command(&["tool"]).args(arguments))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.launcher);
        command.args(arguments).env("MUSTER_KAFKA_DIR", self.folder.path());
        command.env("KAFKA_HEAP_OPTS", "-Xms96m -Xmx320m");
        command.envs(self.advertised.iter().map(|port| ("MUSTER_KAFKA_ADVERTISED", port)));
        command
    }
}

impl Drop for Brokers {
    fn drop(&mut self) {
        drop(self.keeper.take());
    }
}

/// What it printed.
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{command:?}: {}\n{}", output.status, text(&output.stderr));
    text(&output.stdout)
}
