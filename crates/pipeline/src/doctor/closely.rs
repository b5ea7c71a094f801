//! What only a close look sees, kept for the glances that follow it: they are cheap, and would forget it.

use std::collections::BTreeMap;

use muster_log::inspect::{Day, Inspection};

use super::facts::{Facts, StoreSeen};

/// What a close look found that a glance does not look for.
#[derive(Debug, Clone)]
pub struct CloseLook {
    at: i64,
    days: Vec<Day>,
    damage: Option<String>,
    partitions: BTreeMap<u32, Found>,
}

#[derive(Debug, Clone)]
struct Found {
    takeovers: Vec<i64>,
    /// The offset of the newest checkpoint, where it is damaged.
    damaged: Option<u64>,
}

impl CloseLook {
    /// That of thorough facts.
    #[must_use]
    pub fn of(facts: &Facts) -> Self {
        let days = match &facts.log {
            Ok(Inspection::Folder(folder)) => folder.days.clone(),
            _ => Vec::new(),
        };
        let partitions = facts.work.iter().flat_map(|work| &work.partitions).map(|seen| {
            let damaged = seen.checkpoint.filter(|_| seen.damaged).map(|checkpoint| checkpoint.offset);
            (seen.row.partition, Found { takeovers: seen.takeovers.clone(), damaged })
        });
        let damage = if let StoreSeen::Open(store) = &facts.store { store.damage.clone() } else { None };
        Self { at: facts.now, days, damage, partitions: partitions.collect() }
    }

    /// When it was, in microseconds since 1970.
    #[must_use]
    pub const fn at(&self) -> i64 {
        self.at
    }

    /// Adds to what a glance saw what it did not look for.
    pub fn recall(&self, facts: &mut Facts) {
        if let Ok(Inspection::Folder(folder)) = &mut facts.log {
            folder.days.clone_from(&self.days);
        }
        if let StoreSeen::Open(store) = &mut facts.store {
            store.damage.clone_from(&self.damage);
        }
        for seen in facts.work.iter_mut().flat_map(|work| &mut work.partitions) {
            let Some(found) = self.partitions.get(&seen.row.partition) else { continue };
            seen.takeovers.clone_from(&found.takeovers);
            // A newer checkpoint has taken the place of a damaged one.
            seen.damaged = seen.checkpoint.is_some_and(|newest| found.damaged == Some(newest.offset));
        }
    }
}
