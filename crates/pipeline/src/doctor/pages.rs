//! Whether the files of an embedded log and of SQLite are whole, page by page, as far as a short time goes.

use std::time::{Duration, Instant};

use muster_log::inspect::Inspection;
use muster_store::{StoreSettings, damage, sqlite_file};

use super::facts::{Facts, StoreSeen};

/// How long all of it may take. What is not reached is judged by nothing; the newest day comes first.
const LONGEST: Duration = Duration::from_secs(2);

/// Looks at every page of the files that can be opened.
pub(super) async fn look(facts: &mut Facts, store: &StoreSettings) {
    let until = Instant::now() + LONGEST;
    if let (StoreSeen::Open(seen), Some(file)) = (&mut facts.store, sqlite_file(&store.url)) {
        seen.damage = damage(&file, until).await;
    }
    let Ok(Inspection::Folder(folder)) = &mut facts.log else { return };
    for day in folder.days.iter_mut().rev().filter(|day| day.trouble.is_none()) {
        day.trouble = damage(&day.path, until).await;
    }
}
