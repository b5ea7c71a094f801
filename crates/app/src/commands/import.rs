//! `muster import`: catalogue files and other people's reports, from files into what holds.

mod catalogue;
mod reports;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ValueEnum;
use muster_sources::catalogue::Kind;
use muster_sources::table::Encoding;

use super::server::Remote;
use crate::exit::Failure;

/// Take over files of the catalogue (grid, places, devices, units), or reports of another system by a mapping.
///
/// Files are CSV, JSON lines (.ndjson, .jsonl) or, for the grid, GeoJSON. A catalogue file is refused as a whole with
/// every bad line named; the same file again changes nothing. What a line names must be there: grid, units, places and
/// devices go in this order. Where a server holds the data folder the files go to it.
#[derive(Debug, clap::Args)]
pub(crate) struct Import {
    /// What the files hold.
    #[arg(value_enum, value_name = "KIND")]
    what: What,
    /// The files, taken one after the other.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// For reports: which column becomes which field, a TOML file as in deploy/mappings.
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// How the files are text: utf-8 or gb18030.
    #[arg(long, default_value = "utf-8", value_parser = encoding)]
    encoding: Encoding,
    /// Leave bad lines out instead of refusing the file; they are named all the same, and the exit code is 1.
    #[arg(long)]
    partial: bool,
    /// Say what would change, and change nothing. Of reports: which can be read, and which come twice in the files; whether
    /// one is known already, only a server knows, and none is asked.
    #[arg(long)]
    dry_run: bool,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    remote: Remote,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// 网格: cells of the grid.
    Grid,
    /// 点位: places that are watched.
    Places,
    /// 设备: cameras, sensors and what else speaks of places.
    Devices,
    /// 处置单位: who is sent.
    Units,
    /// 上报: reports of another system.
    Reports,
    #[value(hide = true)]
    Shifts,
    #[value(hide = true)]
    Standards,
    #[value(hide = true)]
    Calendar,
}

fn encoding(name: &str) -> Result<Encoding, String> {
    Encoding::parse(name).ok_or_else(|| "must be utf-8 or gb18030".to_owned())
}

impl Import {
    pub(crate) async fn run(self) -> Result<ExitCode, Failure> {
        let kind = match self.what {
            What::Grid => Kind::Grid,
            What::Places => Kind::Places,
            What::Devices => Kind::Devices,
            What::Units => Kind::Units,
            What::Reports => return reports::run(&self).await,
            What::Shifts | What::Standards | What::Calendar => {
                let what = self.what.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
                return Err(Failure::usage(format!(
                    "{what} cannot be imported yet; this program takes grid, places, devices, units and reports"
                )));
            }
        };
        if self.mapping.is_some() {
            return Err(Failure::usage("--mapping is for reports; the columns of a catalogue file are fixed"));
        }
        catalogue::run(&self, kind).await
    }
}

/// A file's name and bytes. Workbooks are refused before anything is sent.
fn read(path: &Path) -> Result<(String, Vec<u8>), Failure> {
    let name = path.display().to_string();
    if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("xlsx") || ending.eq_ignore_ascii_case("xls"))
    {
        return Err(Failure::usage(format!("{name}: workbooks are not read yet; save it as CSV")));
    }
    let bytes = std::fs::read(path).map_err(|error| Failure::usage(format!("{name} cannot be read: {error}")))?;
    Ok((name, bytes))
}
