//! Taking catalogue files over: read over what holds, adopted as the next configuration version, or refused as a whole.

use std::sync::Arc;

use muster_domain::catalogue::Catalogue;
use muster_log::EventLog;
use muster_pipeline::PipelineError;
use muster_pipeline::clock::Clock;
use muster_pipeline::configs::{Configs, RuleFiles};
use muster_rules::rulebook::RuleBook;

use super::{Difference, Kind, read_fitting};
use crate::table::{Bad, Table};

/// How often it is tried again when somebody else was first.
const TRIES: usize = 5;

/// Takes catalogue files over.
#[derive(Debug)]
pub struct Registrar {
    /// Which configuration holds.
    pub configs: Configs,
    /// Where a new one is announced.
    pub log: Arc<dyn EventLog>,
    /// The clock.
    pub clock: Clock,
    /// The rule book that goes with the first catalogue, while none holds yet.
    pub rules: RuleFiles,
}

/// How a file is to be taken.
#[derive(Debug, Clone, Copy, Default)]
pub struct Taking {
    /// Bad lines are left out instead of refusing the file.
    pub partial: bool,
    /// Nothing is changed; only what would be is said.
    pub dry_run: bool,
}

/// What became of a file.
#[derive(Debug)]
pub struct Taken {
    /// What it brings.
    pub difference: Difference,
    /// The lines that were left out.
    pub bad: Vec<Bad>,
    /// The configuration version that holds now; `None` after a dry run.
    pub version: Option<u64>,
}

/// Why a file was not taken.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// It has bad lines.
    #[error("the file has {} bad lines", .0.len())]
    Bad(Vec<Bad>),
    /// The whole does not go with the rule book, whichever line it is.
    #[error("the file does not go with the rule book: {0}")]
    Unfit(String),
    /// The log or the store failed.
    #[error("the configuration cannot be changed now")]
    Failed(#[from] PipelineError),
}

impl Registrar {
    /// Takes a file over. What it does not name stays; the same file again changes nothing.
    ///
    /// # Errors
    /// [`NotTaken`]; then nothing has changed.
    pub async fn take(&self, kind: Kind, table: &Table, how: Taking, by: &str) -> Result<Taken, NotTaken> {
        let mut tries = 0;
        loop {
            match self.once(kind, table, how, by).await {
                Err(NotTaken::Failed(error)) if error.is_conflict() && tries < TRIES => tries += 1,
                Err(NotTaken::Failed(PipelineError::Config(unfit))) => {
                    return Err(NotTaken::Unfit(unfit.wrong.join("; ")));
                }
                done => return done,
            }
        }
    }

    async fn once(&self, kind: Kind, table: &Table, how: Taking, by: &str) -> Result<Taken, NotTaken> {
        let newest = self.configs.newest().await?;
        let first;
        let (book, mut catalogue) = match &newest {
            Some(config) => (&config.rulebook, config.catalogue.clone()),
            None => {
                first = RuleBook::parse(&self.rules).map_err(PipelineError::RuleBook)?;
                (&first, Catalogue::default())
            }
        };
        let rules = book.files().to_vec();
        let (difference, bad) = read_fitting(&mut catalogue, book, kind, table, how.partial).map_err(NotTaken::Bad)?;
        if how.dry_run {
            Configs::would_hold(&rules, &catalogue)?;
            return Ok(Taken { difference, bad, version: None });
        }
        let adopted = self.configs.adopt(&self.log, &self.clock, &rules, &catalogue, by).await?;
        Ok(Taken { difference, bad, version: Some(adopted.version) })
    }
}
