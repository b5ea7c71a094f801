//! Where a measurement takes place: a log and a store that nobody else uses, and the rules that fit the load.

use std::path::{Path, PathBuf};

use muster_domain::catalogue::Catalogue;
use muster_pipeline::configs::RuleFiles;
use muster_sources::catalogue::{Kind, read_into};
use muster_sources::table::{Encoding, Table};
use muster_store::{Scratch, Store, StoreSettings, risky};
use muster_street::load::{Load, LoadCatalogue};

use crate::exit::Failure;
use crate::serve::parts::built_in_rules;
use crate::settings::Settings;

/// The rule that stands in the place of the example's fire lane, for loads that are ten times as hasty.
const HASTY_LANE: &str = include_str!("lane.toml");
/// How much hastier that rule is.
pub(super) const HURRY: u32 = 10;

/// A folder, topics and a database of their own. What can be removed goes with [`Scene::end`].
pub(super) struct Scene {
    pub(super) settings: Settings,
    folder: PathBuf,
    scratch: Option<Scratch>,
}

impl Scene {
    /// Sets it up beside what the settings name. The name tells one measurement of a process from another.
    pub(super) async fn set(settings: &Settings, name: &str) -> Result<Self, Failure> {
        let name = format!("muster_bench_{}_{name}", std::process::id());
        let folder = std::env::temp_dir().join(&name);
        std::fs::create_dir_all(&folder)
            .map_err(|error| Failure::outside(format!("cannot make {}", folder.display()), &error))?;
        let mut settings = settings.clone();
        settings.data_dir.clone_from(&folder);
        let mut scratch = None;
        if settings.log.url == "embedded" {
            settings.store.url = format!("sqlite:{}", folder.join("muster.db").display());
        } else {
            let made = Scratch::make(&settings.store.url, &name).await.map_err(|error| Failure::store(&error))?;
            settings.store.url = made.url();
            settings.log.topic_prefix = name.replace('_', "-");
            scratch = Some(made);
        }
        Ok(Self { settings, folder, scratch })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Lets the database learn what is in it before anything is looked up.
    pub(super) async fn settle(&self) -> Result<(), Failure> {
        match &self.scratch {
            Some(scratch) => scratch.settle().await.map_err(|error| Failure::store(&error)),
            None => Ok(()),
        }
    }

    pub(super) async fn end(self) -> Result<(), Failure> {
        if let Some(scratch) = self.scratch {
            scratch.drop().await.map_err(|error| Failure::store(&error))?;
        }
        std::fs::remove_dir_all(&self.folder)
            .map_err(|error| Failure::outside(format!("cannot remove {}", self.folder.display()), &error))
    }
}

/// Whether the database answers a commit when it is on its disk. Our own connections ask for that; the server may be set
/// not to ask the disk.
pub(super) async fn durable(settings: &Settings) -> Result<bool, Failure> {
    if settings.log.url == "embedded" {
        return Ok(true);
    }
    let url = settings.store.url.clone();
    let store =
        Store::open(&StoreSettings { url, max_connections: 1 }).await.map_err(|error| Failure::store(&error))?;
    let facts = store.facts().await.map_err(|error| Failure::store(&error));
    store.close().await;
    Ok(risky(&facts?).is_empty())
}

/// The rules of the example street; for a hasty load with a lane as hasty.
pub(super) fn rules(hasty: bool) -> RuleFiles {
    let mut rules = built_in_rules();
    if hasty {
        for (name, text) in &mut rules {
            if name.ends_with("fire_lane.toml") {
                HASTY_LANE.clone_into(text);
            }
        }
    }
    rules
}

/// The four files of a load's catalogue.
pub(super) fn files(files: &LoadCatalogue) -> [(Kind, &str); 4] {
    [
        (Kind::Grid, &files.grid),
        (Kind::Units, &files.units),
        (Kind::Places, &files.places),
        (Kind::Devices, &files.devices),
    ]
}

pub(super) fn catalogue(load: &Load) -> Result<Catalogue, Failure> {
    let mut catalogue = Catalogue::default();
    for (kind, text) in files(&load.catalogue()) {
        let broken = |what: String| Failure::refused(format!("the catalogue of the load: {what}"));
        let table =
            Table::read(kind.name(), text.as_bytes(), Encoding::Utf8).map_err(|error| broken(format!("{error:?}")))?;
        read_into(&mut catalogue, kind, &table, false).map_err(|errors| broken(format!("{errors:?}")))?;
    }
    Ok(catalogue)
}
