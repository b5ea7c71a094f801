//! The list of cases with its filters.

use muster_domain::case::{Case, CaseState};

use crate::phrase::{self, When};
use crate::scene::{ConditionNow, Scene};
use crate::view::case::{Card, card};
use crate::wording;

/// The list of cases.
#[derive(Debug, Clone, PartialEq)]
pub struct ListView {
    /// The filters as they stand.
    pub filter: Filter,
    /// Choices of state: value, words, chosen.
    pub states: Vec<(&'static str, &'static str, bool)>,
    /// Choices of kind: code, name, chosen.
    pub kinds: Vec<(String, String, bool)>,
    /// The cases of this page.
    pub rows: Vec<Row>,
    /// The cursor of the next page.
    pub next: Option<String>,
}

/// The filters of the list, as they stand in the address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// `live`, the name of a state, or nothing.
    pub state: String,
    /// A kind, or nothing.
    pub kind: String,
    /// A unit, or nothing.
    pub unit: String,
    /// A grid cell with everything below it, or nothing.
    pub grid: String,
    /// Only those that are late.
    pub overdue: bool,
    /// Words to look for.
    pub q: String,
}

/// A case in the list.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What its card says.
    pub card: Card,
    /// Its stage, or how it ended.
    pub state: &'static str,
    /// The unit of its lead seat.
    pub lead: Option<String>,
    /// When it was filed.
    pub filed: When,
}

/// The list of these cases, in the order given.
#[must_use]
pub fn list(
    scene: &Scene<'_>,
    filter: Filter,
    cases: &[Case],
    conditions: &[ConditionNow],
    next: Option<String>,
) -> ListView {
    let look = scene.look;
    ListView {
        states: CaseState::ALL
            .into_iter()
            .map(|state| (state.name(), look.t(wording::case_state(state)), filter.state == state.name()))
            .collect(),
        kinds: scene
            .book
            .kinds
            .keys()
            .map(|kind| (kind.to_string(), scene.kind(kind), filter.kind == kind.as_str()))
            .collect(),
        rows: cases.iter().map(|case| row(scene, case, conditions)).collect(),
        next,
        filter,
    }
}

fn row(scene: &Scene<'_>, case: &Case, conditions: &[ConditionNow]) -> Row {
    let look = scene.look;
    Row {
        card: card(scene, case, conditions),
        state: look
            .t(case.outcome.map_or(wording::case_state(case.state), |ended| wording::outcome(&case.subject, ended))),
        lead: case.lead().and_then(|seat| seat.unit.as_ref()).map(|unit| scene.unit(unit)),
        filed: phrase::when(look, case.filed.micros()),
    }
}
