//! The catalogue and the rule book over the API, as they hold now: pages by id.

use std::sync::Arc;

use axum::extract::{Query, State as Of};
use axum::response::Response;
use muster_domain::id::GridId;
use muster_rules::rulebook::{Clause, Clear, Rule};
use muster_wire::{api as wire, catalogue};
use serde::{Deserialize, Serialize};

use super::{State, answer, api};

type At = Of<Arc<State>>;

/// A page of something: the cursor is the last id of the page before.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Slice {
    #[serde(default)]
    class: String,
    #[serde(default)]
    grid: String,
    #[serde(default)]
    place: String,
    limit: Option<u32>,
    #[serde(default)]
    cursor: String,
}

impl Slice {
    fn of<T, S: Serialize>(
        &self,
        all: impl Iterator<Item = T>,
        id: impl Fn(&T) -> String,
        show: impl Fn(T) -> S,
    ) -> Response {
        let limit = api::limit(self.limit, 100) as usize;
        let mut page: Vec<T> = all.filter(|one| id(one) > self.cursor).take(limit + 1).collect();
        let more = page.len() > limit;
        page.truncate(limit);
        let next = if more { page.last().map(&id) } else { None };
        answer::list(&page.into_iter().map(show).collect::<Vec<_>>(), next)
    }
}

fn not_ready() -> Response {
    answer::refuse(503, "not-ready", "no rule book and catalogue hold yet; try again in a few seconds")
}

pub(super) async fn places(Of(state): At, query: Query<Slice>) -> Response {
    let Some(config) = state.desk.config() else { return not_ready() };
    let above = (!query.grid.is_empty()).then(|| GridId::parse(&query.grid)).transpose();
    let Ok(above) = above else {
        return answer::problem(&answer::bad_parameter("grid", "is no id of a grid cell"));
    };
    let within = |grid: Option<&GridId>| match &above {
        Some(above) => grid.is_some_and(|grid| config.catalogue.lies_in(grid, above)),
        None => true,
    };
    let found =
        config.catalogue.places.values().filter(|place| {
            (query.class.is_empty() || place.class.as_str() == query.class) && within(place.grid.as_ref())
        });
    query.of(found, |place| place.id.to_string(), |place| catalogue::mirror_place(place))
}

pub(super) async fn devices(Of(state): At, query: Query<Slice>) -> Response {
    let Some(config) = state.desk.config() else { return not_ready() };
    let found = config.catalogue.devices.values().filter(|device| {
        query.place.is_empty() || device.places.iter().any(|covered| covered.place.as_str() == query.place)
    });
    query.of(found, |device| device.id.to_string(), |device| catalogue::mirror_device(device))
}

pub(super) async fn units(Of(state): At, query: Query<Slice>) -> Response {
    let Some(config) = state.desk.config() else { return not_ready() };
    let all = config.catalogue.units.values();
    query.of(all, |unit| unit.id.to_string(), |unit| catalogue::mirror_unit(unit))
}

pub(super) async fn grid(Of(state): At, query: Query<Slice>) -> Response {
    let Some(config) = state.desk.config() else { return not_ready() };
    query.of(config.catalogue.grid.values(), |cell| cell.id.to_string(), catalogue::mirror_cell)
}

pub(super) async fn rules(Of(state): At, query: Query<Slice>) -> Response {
    let Some(config) = state.desk.config() else { return not_ready() };
    query.of(config.rulebook.rules.values(), |rule| rule.id.to_string(), |rule| card(rule))
}

fn card(rule: &Rule) -> wire::Rule {
    let clause = |clause: &Clause| wire::Clause {
        when: Some(clause.when.text().to_owned()),
        hold: Some(clause.hold.to_string()),
    };
    wire::Rule {
        id: rule.id.to_string(),
        version: rule.version,
        name: wire::words(&rule.name),
        watches: rule.watches.to_string(),
        sees: rule.sees.to_string(),
        mode: rule.mode.name().to_owned(),
        kind: rule.kind.to_string(),
        severity: rule.severity.level(),
        raise: clause(&rule.raise),
        clear: match &rule.clear {
            Clear::When(when) => clause(when),
            Clear::Quiet(quiet) => wire::Clause { when: None, hold: Some(quiet.to_string()) },
            Clear::ByPerson => wire::Clause::default(),
        },
    }
}
