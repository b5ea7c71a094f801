//! Where conditions stand after a transaction: of each only the last word counts.

use std::collections::{BTreeMap, BTreeSet};

use muster_store::{ConditionBlind, ConditionMoved, Tx};

use crate::PipelineError;

/// What changed about conditions, by their ids.
#[derive(Debug, Default)]
pub(super) struct Beliefs {
    withdrawn: BTreeSet<String>,
    moved: BTreeMap<String, ConditionMoved>,
    blind: BTreeMap<String, ConditionBlind>,
}

impl Beliefs {
    pub(super) fn moved(&mut self, row: ConditionMoved) {
        self.moved.insert(row.id.clone(), row);
    }

    pub(super) fn blind(&mut self, row: ConditionBlind) {
        self.blind.insert(row.id.clone(), row);
    }

    /// What was said of it before goes with it; what is said after begins anew.
    pub(super) fn withdrawn(&mut self, id: String) {
        self.moved.remove(&id);
        self.blind.remove(&id);
        self.withdrawn.insert(id);
    }

    pub(super) async fn write(self, tx: &mut Tx) -> Result<(), PipelineError> {
        if !self.withdrawn.is_empty() {
            tx.conditions_withdraw(&self.withdrawn.into_iter().collect::<Vec<_>>()).await?;
        }
        if !self.moved.is_empty() {
            tx.conditions_move(&self.moved.into_values().collect::<Vec<_>>()).await?;
        }
        if !self.blind.is_empty() {
            tx.conditions_blind(&self.blind.into_values().collect::<Vec<_>>()).await?;
        }
        Ok(())
    }
}
