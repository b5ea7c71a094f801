//! `muster backup`: everything that Muster keeps, in a folder, while it goes on.

use std::path::PathBuf;
use std::process::ExitCode;

use muster_pipeline::backup::{Place, make};
use muster_pipeline::clock::Clock;
use muster_wire::backup::{Profile, write};

use super::tally::bar;
use crate::exit::Failure;
use crate::settings::{self, Settings};

/// At most so many missing pictures are named.
const NAMED: usize = 20;

/// Put everything that Muster keeps into a folder, while a server runs or not.
///
/// The folder must not be there, or be empty. It holds personal data and is made for this user alone. The server is neither
/// asked nor held up. Records of a Kafka are not in it: the brokers keep copies of those. Exit codes: 0 done, 1 done but for
/// pictures whose files are gone, or the log and the store are not of the same time, 2 wrong use, 3 disk or database are not
/// there.
#[derive(Debug, clap::Args)]
pub(crate) struct Backup {
    /// Where to.
    folder: PathBuf,
    /// A TOML file of settings: those of the server.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The manifest of the backup, as one JSON object.
    #[arg(long)]
    json: bool,
}

impl Backup {
    pub(crate) async fn run(self) -> Result<ExitCode, Failure> {
        let place = place(&settings(self.config.as_deref())?);
        let bar = bar(None);
        let program = env!("CARGO_PKG_VERSION");
        let made = make(&place, &self.folder, program, Clock::real().micros(), &mut |bytes| bar.inc(bytes)).await;
        bar.finish_and_clear();
        let made = made.map_err(|error| Failure::backup(&error))?;
        let files = &made.manifest.files;
        let bytes: u64 = files.iter().map(|file| file.bytes).sum();
        let words = format!("{} files, {bytes} bytes in {}", files.len(), self.folder.display());
        let line = if self.json { write(&made.manifest) } else { words };
        crate::say(&format!("{line}\n"));
        if made.missing.is_empty() {
            return Ok(ExitCode::SUCCESS);
        }
        let all = made.missing.len();
        eprintln!(
            "muster: {all} pictures that the store knows are not in it: their files are not there, or are damaged"
        );
        for id in made.missing.iter().take(NAMED) {
            eprintln!("  {id}");
        }
        if all > NAMED {
            eprintln!("  and {} more", all - NAMED);
        }
        Ok(ExitCode::FAILURE)
    }
}

/// The settings that file and environment come to.
pub(super) fn settings(config: Option<&std::path::Path>) -> Result<Settings, Failure> {
    let environment: settings::Environment = std::env::vars().collect();
    settings::load(config, &environment, &[]).map_err(|error| Failure::usage(muster_pipeline::chain(&error)))
}

/// Where settings say that everything is.
pub(super) fn place(settings: &Settings) -> Place {
    let profile = if settings.log.url == "embedded" { Profile::Embedded } else { Profile::Kafka };
    Place { profile, data_dir: settings.data_dir.clone(), store_url: settings.store.url.clone() }
}
