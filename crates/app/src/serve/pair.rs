//! Log and store are a pair: neither begins anew beside the other, which would forget it, or do its work again.

use std::sync::Arc;

use muster_log::inspect::{Inspection, inspect};
use muster_log::{EventLog, FolderLock, LogSettings};
use muster_pipeline::pair;
use muster_store::{Store, sqlite_file};

use super::parts::store_settings;
use crate::exit::Failure;
use crate::settings::Settings;

/// Refuses a database whose embedded log is gone, before a new one is made in its place.
pub(super) async fn has_log(settings: &Settings, log: &LogSettings) -> Result<(), Failure> {
    let Some(file) = sqlite_file(&settings.store.url).filter(|file| file.is_file()) else { return Ok(()) };
    // Who holds the folder has its log, and lets nobody else have it.
    if FolderLock::is_held(&log.data_dir) {
        return Ok(());
    }
    let Ok(Inspection::Folder(folder)) = inspect(log, true).await else { return Ok(()) };
    let there = folder.days.iter().any(|day| day.made_as.is_some() || day.trouble.is_some());
    if there || folder.restoring || folder.unwritable.is_some() {
        return Ok(());
    }
    let store = open(settings).await?;
    let pinned = store.identity().await;
    store.close().await;
    match pinned.map_err(|error| Failure::store(&error))? {
        None => Ok(()),
        Some(_) => Err(Failure::usage(format!(
            "the database {} belongs to a log, and there is none in {}: put it back, or restore both from one backup into an \
             empty folder (`muster restore`); to begin anew on purpose set another MUSTER_DATA_DIR. `muster doctor` says more",
            file.display(),
            log.data_dir.join("log").display()
        ))),
    }
}

/// Opens the store of a log, brings it up to date, and binds it to the log. A log in use without its store is refused, and
/// nothing is made in its place: whoever began anew would file cases for all of it again.
pub(super) async fn store_of(settings: &Settings, log: &Arc<dyn EventLog>, now: i64) -> Result<Store, Failure> {
    let is_used = async || pair::is_used(log).await.map_err(|error| Failure::log(&error));
    if sqlite_file(&settings.store.url).is_some_and(|file| !file.exists()) && is_used().await? {
        log.close().await;
        return Err(lost(settings));
    }
    let store = open(settings).await?;
    let is_new = async || store.identity().await.map(|pinned| pinned.is_none()).map_err(|error| Failure::store(&error));
    // Another process may be at its first start: it has bound the store by the time that it writes.
    if is_new().await? && is_used().await? && is_new().await? {
        log.close().await;
        store.close().await;
        return Err(lost(settings));
    }
    store.migrate(now).await.map_err(|error| Failure::store(&error))?;
    pair::pin(log, &store).await.map_err(|error| Failure::store(&error))?;
    Ok(store)
}

async fn open(settings: &Settings) -> Result<Store, Failure> {
    Store::open(&store_settings(settings)).await.map_err(|error| Failure::store(&error))
}

fn lost(settings: &Settings) -> Failure {
    let (place, anew) = match sqlite_file(&settings.store.url) {
        Some(file) => (format!("{} is not there, or is new", file.display()), "MUSTER_DATA_DIR"),
        None => ("the one that store.url names is new".to_owned(), "MUSTER_LOG__TOPIC_PREFIX"),
    };
    Failure::usage(format!(
        "the log holds records, and the database with what became of them is lost: {place}. Point store.url at the database it \
         was, or restore a backup (`muster restore`); to begin anew on purpose set another {anew}. `muster doctor` says more"
    ))
}
