//! `muster migrate`: brings the database to the schema of this program, and says what that took.

use std::path::PathBuf;
use std::process::ExitCode;

use muster_pipeline::clock::Clock;
use muster_store::Store;

use crate::exit::Failure;
use crate::serve::parts::store_settings;
use crate::settings;

/// Bring the database to this program's schema. Doing so twice is harmless; an older program refuses a newer schema.
#[derive(Debug, clap::Args)]
pub(crate) struct Migrate {
    /// A TOML file of settings.
    #[arg(long)]
    config: Option<PathBuf>,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

impl Migrate {
    pub(crate) async fn run(self) -> Result<ExitCode, Failure> {
        let environment: settings::Environment = std::env::vars().collect();
        let settings = settings::load(self.config.as_deref(), &environment, &[])
            .map_err(|error| Failure::usage(muster_pipeline::chain(&error)))?;
        let store = Store::open(&store_settings(&settings)).await.map_err(|error| Failure::store(&error))?;
        let applied = store.migrate(Clock::real().micros()).await.map_err(|error| Failure::store(&error))?;
        let words = format!("{applied} migrations applied");
        let line = if self.json { serde_json::json!({ "applied": applied }).to_string() } else { words };
        crate::say(&format!("{line}\n"));
        store.close().await;
        Ok(ExitCode::SUCCESS)
    }
}
