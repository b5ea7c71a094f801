//! Configuration versions: immutable in the store, announced to every partition, used by admit once all have it.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use muster_domain::catalogue::Catalogue;
use muster_domain::record::LogRecord;
use muster_log::{EventLog, Record, Topic};
use muster_rules::config::Config;
use muster_rules::rulebook::RuleBook;
use muster_store::{ConfigRow, Store};
use tokio::sync::watch;

use crate::PipelineError;
use crate::clock::Clock;
use crate::docs;
use crate::watch::append_control;

/// The rule book's files, by name.
pub type RuleFiles = Vec<(String, String)>;

/// The configuration versions that this process knows.
#[derive(Debug, Clone)]
pub struct Configs(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Store,
    known: RwLock<BTreeMap<u64, Arc<Config>>>,
    ready: watch::Sender<Option<Arc<Config>>>,
}

impl Configs {
    /// Knows nothing yet.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self(Arc::new(Inner { store, known: RwLock::default(), ready: watch::Sender::new(None) }))
    }

    /// The version that admit and the screens use: the newest that every partition has.
    #[must_use]
    pub fn latest(&self) -> Option<Arc<Config>> {
        self.0.ready.borrow().clone()
    }

    /// Follows the newest ready version.
    #[must_use]
    pub fn follow(&self) -> watch::Receiver<Option<Arc<Config>>> {
        self.0.ready.subscribe()
    }

    /// A version that has been loaded before.
    #[must_use]
    pub fn get(&self, version: u64) -> Option<Arc<Config>> {
        self.0.known.read().unwrap_or_else(PoisonError::into_inner).get(&version).cloned()
    }

    /// Loads a version from the store unless it is known.
    ///
    /// # Errors
    /// [`PipelineError`] if the store does not have it or cannot say.
    pub async fn load(&self, version: u64) -> Result<Arc<Config>, PipelineError> {
        if let Some(config) = self.get(version) {
            return Ok(config);
        }
        let row = self.0.store.config_get(version).await?.ok_or(PipelineError::NoConfig(version))?;
        let config = build(&row)?;
        self.remember(&config);
        Ok(config)
    }

    fn remember(&self, config: &Arc<Config>) {
        self.0.known.write().unwrap_or_else(PoisonError::into_inner).insert(config.version, Arc::clone(config));
    }

    /// Loads every version that checkpoints may name.
    pub(crate) async fn prepare_all(&self) -> Result<(), PipelineError> {
        for known in self.0.store.config_versions().await? {
            self.load(known).await?;
        }
        Ok(())
    }

    /// Loads the version that a record announces, if it announces one. Of one that the store does not have the engine
    /// speaks: it is a fault of that record.
    pub(crate) async fn prepare(&self, record: &Record) -> Result<(), PipelineError> {
        if record.header("ce_type").is_none_or(|kind| kind != docs::CONFIG_TYPE.as_bytes()) {
            return Ok(());
        }
        if let Ok(LogRecord::Config { version }) = docs::decode(record) {
            match self.load(version).await {
                Ok(_) | Err(PipelineError::NoConfig(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Takes over the newest version that every partition has, where another process made it ready.
    ///
    /// # Errors
    /// [`PipelineError`] if the store cannot say.
    pub async fn refresh(&self) -> Result<(), PipelineError> {
        let Some(version) = self.0.store.config_ready_latest().await? else { return Ok(()) };
        if self.latest().is_none_or(|config| config.version < version) {
            let config = self.load(version).await?;
            self.0.ready.send_replace(Some(config));
        }
        Ok(())
    }

    /// The newest version in the store, ready or not.
    ///
    /// # Errors
    /// [`PipelineError`] if the store cannot say.
    pub async fn newest(&self) -> Result<Option<Arc<Config>>, PipelineError> {
        match self.0.store.config_latest().await? {
            Some(row) => self.load(row.version).await.map(Some),
            None => Ok(None),
        }
    }

    /// Makes rule book and catalogue the next version, unless they are what already holds.
    ///
    /// The version is stored, then announced to every partition, and only then ready: nothing is admitted under a
    /// version that a partition does not know.
    ///
    /// # Errors
    /// [`PipelineError::RuleBook`] if the book or catalogue is refused, naming every fault.
    pub async fn adopt(
        &self,
        log: &Arc<dyn EventLog>,
        clock: &Clock,
        rules: &RuleFiles,
        catalogue: &Catalogue,
        by: &str,
    ) -> Result<Arc<Config>, PipelineError> {
        let rules_doc = serde_json::to_string(rules)?;
        let catalogue_doc = docs::catalogue_doc(catalogue);
        let newest = self.0.store.config_latest().await?;
        let version = match newest {
            Some(row) if row.rulebook == rules_doc && row.catalogue == catalogue_doc => row.version,
            newest => {
                let version = newest.map_or(1, |row| row.version + 1);
                let row = ConfigRow {
                    version,
                    rulebook: rules_doc,
                    catalogue: catalogue_doc,
                    by: by.to_owned(),
                    at: clock.micros(),
                };
                self.remember(&build(&row)?);
                self.0.store.config_put(&row).await?;
                version
            }
        };
        self.announce(log, clock, version).await?;
        self.load(version).await
    }

    /// Whether rule book and catalogue would be adopted. Nothing is stored.
    ///
    /// # Errors
    /// As [`adopt`](Self::adopt).
    pub fn would_hold(rules: &RuleFiles, catalogue: &Catalogue) -> Result<(), PipelineError> {
        let book = RuleBook::parse(rules).map_err(PipelineError::RuleBook)?;
        Config::new(0, book, catalogue.clone()).map_err(PipelineError::Config).map(drop)
    }

    /// Announces a stored version to every partition, then marks it ready. Doing so twice does no harm.
    async fn announce(&self, log: &Arc<dyn EventLog>, clock: &Clock, version: u64) -> Result<(), PipelineError> {
        if self.0.store.config_ready_latest().await? != Some(version) {
            let record = LogRecord::Config { version };
            let partitions = log.partitions(&Topic::Observation);
            log.append((0..partitions).map(|partition| append_control(clock, partition, &record)).collect()).await?;
            self.0.store.config_ready(version).await?;
        }
        let config = self.load(version).await?;
        self.0.ready.send_replace(Some(config));
        Ok(())
    }
}

fn build(row: &ConfigRow) -> Result<Arc<Config>, PipelineError> {
    let files: RuleFiles = serde_json::from_str(&row.rulebook)?;
    let book = RuleBook::parse(&files).map_err(PipelineError::RuleBook)?;
    let catalogue = docs::catalogue(&row.catalogue)?;
    Config::new(row.version, book, catalogue).map_err(PipelineError::Config)
}
