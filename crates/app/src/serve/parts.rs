//! The parts of a process, opened in order: clock, store, log, identity, configuration.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use muster_domain::catalogue::Catalogue;
use muster_domain::id::GridId;
use muster_log::{EventLog, LogError, LogSettings, Topic};
use muster_pipeline::PipelineError;
use muster_pipeline::admit::{Admit, AdmitSettings};
use muster_pipeline::clock::Clock;
use muster_pipeline::configs::{Configs, RuleFiles};
use muster_pipeline::desk::LinkSecret;
use muster_pipeline::metrics::Metrics;
use muster_pipeline::numbering::Numbering;
use muster_pipeline::wake::Wake;
use muster_pipeline::watch::Troubles;
use muster_store::{Store, StoreSettings};

use super::intake::{Foreign, foreign};
use super::pair;
use crate::exit::Failure;
use crate::settings::Settings;

/// Everything that roles and commands are made of.
#[derive(Debug, Clone)]
pub(crate) struct Parts {
    pub(crate) clock: Clock,
    pub(crate) store: Store,
    pub(crate) log: Arc<dyn EventLog>,
    pub(crate) configs: Configs,
    pub(crate) metrics: Metrics,
    pub(crate) admit: Admit,
    pub(crate) wake: Wake,
    pub(crate) troubles: Troubles,
    pub(crate) numbering: Numbering,
    /// Other systems' topics, by name.
    pub(crate) foreign: Arc<Foreign>,
    /// What field links are signed with.
    pub(crate) secret: LinkSecret,
    /// The name under which this process holds leases.
    pub(crate) owner: String,
}

impl Parts {
    /// Opens log and store, brings the store up to date and holds the two to one another.
    pub(crate) async fn open(settings: &Settings, clock: Clock) -> Result<Self, Failure> {
        let foreign = Arc::new(foreign(&settings.intake.topics)?);
        let embedded = settings.log.url == "embedded";
        if embedded {
            std::fs::create_dir_all(&settings.data_dir).map_err(|error| {
                Failure::outside(format!("cannot make the data folder {}", settings.data_dir.display()), &error)
            })?;
        }
        let log = log_settings(settings, &foreign);
        pair::has_log(settings, &log).await?;
        // The log first: embedded, it locks the data folder that the database lies in.
        let log = muster_log::open(&log).await.map_err(|error| Failure::log(&error))?;
        let store = pair::store_of(settings, &log, clock.micros()).await?;
        if embedded {
            // The folder is locked: whoever held anything is gone, even if its clock said that it would be here for longer.
            store.free_all().await.map_err(|error| Failure::store(&error))?;
        }
        let metrics = Metrics::new().map_err(|error| Failure::inside("the metrics clash", &error))?;
        let configs = Configs::new(store.clone());
        let intake = AdmitSettings {
            skew: settings.intake.skew,
            late_after: settings.intake.late_after,
            in_flight: settings.intake.in_flight_mib as usize * (1 << 20),
        };
        let admit =
            Admit::new(Arc::clone(&log), store.clone(), configs.clone(), clock.clone(), metrics.clone(), intake);
        let secret = LinkSecret::of(&store, clock.micros()).await.map_err(|error| Failure::pipeline(&error))?;
        let numbering = numbering(settings)?;
        let owner = format!("{}-{}", host(), std::process::id());
        Ok(Self {
            clock,
            store,
            log,
            configs,
            metrics,
            admit,
            wake: Wake::default(),
            troubles: Troubles::default(),
            numbering,
            foreign,
            secret,
            owner,
        })
    }

    /// Moves the clock of a simulated world on to the newest record of its log: such a world may have run ahead.
    pub(crate) async fn go_on(&self) -> Result<(), Failure> {
        for partition in 0..self.log.partitions(&Topic::Observation) {
            let newest = self.newest(partition).await.map_err(|error| Failure::log(&error))?;
            self.clock.not_before(newest.unwrap_or_default());
        }
        Ok(())
    }

    /// The time of the newest record of a partition.
    async fn newest(&self, partition: u32) -> Result<Option<i64>, LogError> {
        let bounds = self.log.bounds(&Topic::Observation, partition).await?;
        if bounds.end == bounds.start {
            return Ok(None);
        }
        let mut reader = self.log.reader(&Topic::Observation, partition, bounds.end - 1).await?;
        let batch = reader.next(1, usize::MAX, Duration::from_secs(5)).await?;
        Ok(batch.records.last().map(|newest| newest.record.timestamp_us))
    }

    /// Makes sure that a configuration holds, for a command that takes something in: what is stored, else what `serve`
    /// would begin with.
    pub(crate) async fn settle(&self, settings: &Settings) -> Result<(), Failure> {
        let stored = self.configs.newest().await.map_err(|error| Failure::pipeline(&error))?;
        let rules = if stored.is_some() { None } else { first_rules(settings)? };
        self.adopt(rules, None).await
    }

    /// Makes rules and catalogue hold: those given, else those that hold already, else the built-in rules and nothing.
    pub(crate) async fn adopt(&self, rules: Option<RuleFiles>, catalogue: Option<Catalogue>) -> Result<(), Failure> {
        self.configs.refresh().await.map_err(|error| Failure::pipeline(&error))?;
        let stored = self.configs.newest().await.map_err(|error| Failure::pipeline(&error))?;
        let rules = rules.or_else(|| stored.as_ref().map(|config| config.rulebook.files().to_vec()));
        let rules = rules.unwrap_or_else(built_in_rules);
        let catalogue =
            catalogue.or_else(|| stored.as_ref().map(|config| config.catalogue.clone())).unwrap_or_default();
        let adopted = self.configs.adopt(&self.log, &self.clock, &rules, &catalogue, &self.owner).await;
        match adopted {
            Ok(config) => {
                tracing::info!(version = config.version, places = catalogue.places.len(), "configuration holds");
                Ok(())
            }
            Err(PipelineError::RuleBook(faults)) => {
                let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
                Err(Failure::refused(format!("the rule book is refused:\n{}", lines.join("\n"))))
            }
            Err(error) => Err(Failure::pipeline(&error)),
        }
    }
}

pub(crate) fn log_settings(settings: &Settings, foreign: &Foreign) -> LogSettings {
    LogSettings {
        url: settings.log.url.clone(),
        topic_prefix: settings.log.topic_prefix.clone(),
        partitions: settings.log.partitions,
        replication: u16::try_from(settings.log.replication).ok().filter(|copies| *copies > 0),
        retention: Duration::from_secs(u64::try_from(settings.log.retention.secs()).unwrap_or(u64::MAX)),
        data_dir: settings.data_dir.clone(),
        free_disk_floor_percent: settings.log.free_disk_percent,
        kafka: settings.log.kafka.clone(),
        foreign_topics: foreign.keys().cloned().collect(),
        ..LogSettings::default()
    }
}

pub(crate) fn store_settings(settings: &Settings) -> StoreSettings {
    StoreSettings { url: settings.store.url.clone(), max_connections: settings.store.max_connections }
}

fn numbering(settings: &Settings) -> Result<Numbering, Failure> {
    let street = &settings.street;
    let jurisdiction =
        GridId::parse(&street.jurisdiction).map_err(|error| Failure::usage(format!("street.jurisdiction: {error}")))?;
    let zone = jiff::tz::TimeZone::get(&street.time_zone)
        .map_err(|error| Failure::usage(format!("street.time_zone: {error}")))?;
    Ok(Numbering { jurisdiction, zone })
}

fn host() -> String {
    std::env::var("HOSTNAME").ok().filter(|name| !name.is_empty()).unwrap_or_else(|| "muster".to_owned())
}

/// The rule book that is part of the program.
pub(crate) fn built_in_rules() -> RuleFiles {
    muster_street::EXAMPLE_RULES.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

/// The rule book of the settings' folder, if they name one.
pub(crate) fn first_rules(settings: &Settings) -> Result<Option<RuleFiles>, Failure> {
    let folder = &settings.rules.dir;
    if folder.as_os_str().is_empty() { Ok(None) } else { rules_of(&[folder]).map(Some) }
}

/// The files of a rule book: those that are named, and the `.toml` files of folders in the order of their names.
pub(crate) fn rules_of(named: &[impl AsRef<Path>]) -> Result<RuleFiles, Failure> {
    let mut paths = Vec::new();
    for path in named.iter().map(AsRef::as_ref) {
        if path.is_dir() {
            paths.extend(in_folder(path)?);
        } else {
            paths.push(path.to_path_buf());
        }
    }
    paths.iter().map(|path| Ok((path.display().to_string(), text_of(path)?))).collect()
}

fn in_folder(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .map_err(|error| Failure::usage(format!("{} cannot be read: {error}", folder.display())))?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
        .collect();
    paths.sort();
    if paths.is_empty() {
        return Err(Failure::refused(format!("{} holds no .toml file", folder.display())));
    }
    Ok(paths)
}

fn text_of(path: &Path) -> Result<String, Failure> {
    const MOST: u64 = 4 << 20;
    let unreadable = |error: std::io::Error| Failure::usage(format!("{} cannot be read: {error}", path.display()));
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    if size > MOST {
        return Err(Failure::refused(format!("{} has {size} bytes, at most {MOST} are read", path.display())));
    }
    std::fs::read_to_string(path).map_err(unreadable)
}
