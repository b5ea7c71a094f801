//! `muster restore`: from a backup to where a server can go on.

use std::path::PathBuf;
use std::process::ExitCode;

use muster_pipeline::backup::Backup;
use muster_pipeline::clock::Clock;
use muster_wire::backup::write;
use muster_wire::rfc3339;

use super::backup::{place, settings};
use super::tally::bar;
use crate::exit::Failure;

/// Put a backup where the settings point, which must be empty: a data folder, or a database of PostgreSQL.
///
/// All of the backup is checked before anything is written. Broken off, it is run again; until it is finished no server
/// starts there. Then start `muster serve`: it goes on from where the backup was made. Exit codes: 0 done, 1 the backup is
/// refused, 2 wrong use, 3 disk or database are not there.
#[derive(Debug, clap::Args)]
pub(crate) struct Restore {
    /// The folder that `muster backup` made.
    folder: PathBuf,
    /// A TOML file of settings: those of the server that will go on.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The manifest of the backup, as one JSON object.
    #[arg(long)]
    json: bool,
}

impl Restore {
    pub(crate) async fn run(self) -> Result<ExitCode, Failure> {
        let place = place(&settings(self.config.as_deref())?);
        let backup = Backup::open(&self.folder).map_err(|error| Failure::backup(&error))?;
        // Everything is read twice: to be checked, and to be put where it belongs.
        let bar = bar(Some(backup.bytes().saturating_mul(2)));
        let restored = backup.restore(&place, Clock::real().micros(), &mut |bytes| bar.inc(bytes)).await;
        bar.finish_and_clear();
        restored.map_err(|error| Failure::backup(&error))?;
        let manifest = backup.manifest();
        let line = if self.json {
            write(manifest)
        } else {
            let (files, bytes, at) = (manifest.files.len(), backup.bytes(), rfc3339(manifest.at));
            format!("{files} files, {bytes} bytes restored, as of {at}; `muster serve` goes on from there")
        };
        crate::say(&format!("{line}\n"));
        Ok(ExitCode::SUCCESS)
    }
}
