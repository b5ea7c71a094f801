//! What lists may be asked with, on pages and in the API alike.

use muster_domain::case::CaseState;
use muster_domain::condition::State as ConditionState;
use muster_domain::id::GridId;
use muster_pipeline::admit::Caller;
use muster_rules::rulebook::ADAPTER_SILENT;
use muster_store::{CaseFilter, ConditionFilter, DeadLetterFilter, DeadLetterState};
use muster_wire::problem::Problem;
use serde::Deserialize;

use super::{State, answer};

/// The filters of a list of cases.
#[derive(Debug, Default, Deserialize)]
pub(super) struct CaseQuery {
    #[serde(default)]
    pub(super) state: String,
    #[serde(default)]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) unit: String,
    #[serde(default)]
    pub(super) grid: String,
    #[serde(default)]
    pub(super) overdue: String,
    #[serde(default)]
    pub(super) q: String,
    pub(super) limit: Option<u32>,
    pub(super) cursor: Option<String>,
}

impl CaseQuery {
    /// The filter of the store, with what the caller may see; a grid cell stands for all below it.
    pub(super) fn filter(&self, state: &State, caller: &Caller) -> Result<CaseFilter, Problem> {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        // people also ask for all that are open, whatever their state
        let live = self.state == "live";
        if !self.state.is_empty() && !live && CaseState::parse(&self.state).is_none() {
            return Err(answer::bad_parameter("state", "is no state of a case"));
        }
        let overdue = match self.overdue.as_str() {
            "" => None,
            "1" | "true" | "on" => Some(true),
            "0" | "false" | "off" => Some(false),
            _ => return Err(answer::bad_parameter("overdue", "is neither true nor false")),
        };
        let above = (!self.grid.is_empty()).then(|| GridId::parse(&self.grid)).transpose();
        let above = above.map_err(|_| answer::bad_parameter("grid", "is no id of a grid cell"))?;
        let grids = above.map_or_else(Vec::new, |above| {
            let config = state.desk.config();
            let cells = config.iter().flat_map(|config| config.catalogue.grid.keys().map(move |cell| (config, cell)));
            let below = cells.filter(|(config, cell)| config.catalogue.lies_in(cell, &above));
            below.map(|(_, cell)| cell.to_string()).chain([above.to_string()]).collect()
        });
        Ok(CaseFilter {
            state: some(&self.state).filter(|_| !live),
            live: live.then_some(true),
            kind: some(&self.kind),
            jurisdiction: caller.jurisdiction.clone(),
            unit: some(&self.unit),
            grids,
            overdue: overdue.map(|late| (late, state.desk.clock.micros())),
            q: some(&self.q.to_lowercase()),
            ..CaseFilter::default()
        })
    }
}

/// What an adapter is called that is silent: it serves nobody.
const UNSERVED: &str = "unserved";

/// The filters of a list of conditions.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ConditionQuery {
    #[serde(default)]
    pub(super) place: String,
    #[serde(default)]
    pub(super) rule: String,
    #[serde(default)]
    pub(super) state: String,
    pub(super) limit: Option<u32>,
    pub(super) cursor: Option<String>,
}

impl ConditionQuery {
    pub(super) fn filter(&self) -> Result<ConditionFilter, Problem> {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let (place, rule) = (some(&self.place), some(&self.rule));
        match self.state.as_str() {
            "" => Ok(ConditionFilter { place, rule, ..ConditionFilter::default() }),
            "blind" => Ok(ConditionFilter { place, rule, blind: Some(true), ..ConditionFilter::default() }),
            UNSERVED => {
                // Of another rule nothing is ever so.
                let state =
                    if rule.as_deref().is_none_or(|rule| rule == ADAPTER_SILENT) { "present" } else { UNSERVED };
                let rule = rule.or_else(|| Some(ADAPTER_SILENT.to_owned()));
                Ok(ConditionFilter { place, rule, state: Some(state.to_owned()), blind: None })
            }
            name if ConditionState::parse(name).is_some() => {
                Ok(ConditionFilter { place, rule, state: Some(name.to_owned()), blind: None })
            }
            _ => Err(answer::bad_parameter("state", "is neither a state of a condition nor blind or unserved")),
        }
    }
}

/// The filters of a list of dead letters.
#[derive(Debug, Default, Deserialize)]
pub(super) struct LetterQuery {
    #[serde(default)]
    pub(super) code: String,
    #[serde(default)]
    pub(super) state: String,
    pub(super) limit: Option<u32>,
    pub(super) cursor: Option<String>,
}

impl LetterQuery {
    pub(super) fn filter(&self) -> Result<DeadLetterFilter, Problem> {
        let state = match self.state.as_str() {
            "" => Some(DeadLetterState::Open),
            name => DeadLetterState::parse(name),
        };
        let state = state.ok_or_else(|| answer::bad_parameter("state", "is neither open, replayed nor dropped"))?;
        let code = (!self.code.is_empty()).then(|| self.code.clone());
        Ok(DeadLetterFilter { code, state: Some(state), ..DeadLetterFilter::default() })
    }
}
