//! Pages for people.

use axum::Extension;
use axum::extract::{Path, Query, State as Of};
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::Response;
use muster_domain::case::Case;
use muster_domain::id::CaseId;
use muster_pipeline::PipelineError;
use muster_pipeline::admit::Caller;
use muster_pipeline::desk::Desk;
use muster_store::{CaseFilter, ConditionFilter};
use serde::Deserialize;
use std::sync::Arc;

use super::query::{CaseQuery, ConditionQuery};
use super::scene::{Drawn, condition};
use super::{State, answer, api};
use crate::page;
use crate::scene::{ConditionNow, LastHour};
use crate::view::board::BoardData;
use crate::view::{board, case as case_view, condition as condition_view, list};

type At = Of<Arc<State>>;

/// Live cases that one board shows; what is beyond is on the list of cases.
const BOARD_CASES: u32 = 500;
/// Cases that are named as possibly the same: more than anybody compares.
const SAME: usize = 20;
/// Conditions that one page reads at once.
const CONDITIONS: u32 = 1000;

pub(super) async fn board(
    Of(state): At,
    headers: HeaderMap,
    uri: Uri,
    query: Query<Chosen>,
    Extension(caller): Extension<Caller>,
) -> Response {
    drawn_board((&state, &caller), &headers, &uri, &query.0, page::board).await
}

pub(super) async fn fragment(
    Of(state): At,
    headers: HeaderMap,
    uri: Uri,
    query: Query<Chosen>,
    Extension(caller): Extension<Caller>,
) -> Response {
    drawn_board((&state, &caller), &headers, &uri, &query.0, page::fragment).await
}

/// Which case the board shows.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Chosen {
    case: Option<String>,
    keep: Option<String>,
}

type Draw = fn(&crate::look::Look, &board::BoardView) -> askama::Result<String>;

async fn drawn_board(
    (state, caller): (&State, &Caller),
    headers: &HeaderMap,
    uri: &Uri,
    query: &Chosen,
    draw: Draw,
) -> Response {
    let Some(drawn) = Drawn::new(state, headers, uri) else { return not_ready() };
    let desk = &state.desk;
    let read = async {
        let live = CaseFilter { live: Some(true), jurisdiction: caller.jurisdiction.clone(), ..CaseFilter::default() };
        let muster_store::Page { items: mut cases, next } = desk.cases(&live, BOARD_CASES, None).await?;
        let hour = last_hour(desk, caller, &cases, next.is_some()).await?;
        let wanted = query.case.as_deref().or(query.keep.as_deref()).and_then(|id| CaseId::parse(id).ok());
        if let Some(id) = &wanted
            && !cases.iter().any(|case| case.id == *id)
        {
            cases.extend(desk.case(id).await?.filter(|case| caller.sees(case)));
        }
        Ok::<_, PipelineError>((cases, next.is_some(), conditions_now(desk, &ConditionFilter::default()).await?, hour))
    };
    let (cases, more, conditions, hour) = match read.await {
        Ok(read) => read,
        Err(error) => return answer::failed(&error),
    };
    let chosen = query.case.as_deref().or(query.keep.as_deref()).and_then(|id| CaseId::parse(id).ok());
    let chosen = chosen.filter(|id| cases.iter().any(|case| case.id == *id));
    let scene = drawn.scene(state);
    let data = BoardData { cases: &cases, more, conditions: &conditions, hour: &hour, chosen: chosen.as_ref() };
    let shown = board::selection(&scene, data);
    let mut view = board::board(&scene, data);
    view.chosen = query.case.is_some() && chosen.is_some();
    if let Some(case) = shown.and_then(|id| cases.iter().find(|case| case.id == id)) {
        let events = desk.journal(&case.id, 0, 500).await.unwrap_or_default();
        let same = maybe_same(desk, caller, case).await.unwrap_or_default();
        let known = case_view::Known { events: &events, conditions: &conditions, same: &same };
        view.pane = Some(case_view::whole(&scene, case, known));
    }
    with_choice(headers, uri, answer::page(draw(&drawn.look, &view)))
}

/// Remembers language and theme where the address names them.
pub(super) fn with_choice(headers: &HeaderMap, uri: &Uri, mut response: Response) -> Response {
    let _ = headers;
    for pair in uri.query().unwrap_or_default().split('&') {
        let known = matches!(pair, "lang=zh" | "lang=en" | "theme=dark" | "theme=light" | "theme=system");
        if known && let Ok(value) = HeaderValue::from_str(&format!("{pair}; Path=/; Max-Age=31536000; SameSite=Lax")) {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
    }
    response
}

pub(super) fn not_ready() -> Response {
    answer::refuse(503, "not-ready", "no rule book and catalogue hold yet; wait a moment and load the page again")
}

/// All conditions of a filter.
pub(super) async fn conditions_now(desk: &Desk, filter: &ConditionFilter) -> Result<Vec<ConditionNow>, PipelineError> {
    let (mut all, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let page = desk.conditions(filter, CONDITIONS, cursor.as_deref()).await?;
        all.extend(page.items.into_iter().filter_map(condition));
        match page.next {
            Some(next) if all.len() < 20_000 => cursor = Some(next),
            _ => return Ok(all),
        }
    }
}

/// What was filed and what ended in the last hour.
async fn last_hour(desk: &Desk, caller: &Caller, live: &[Case], more: bool) -> Result<LastHour, PipelineError> {
    let since = desk.clock.micros() - 3_600_000_000;
    let over = CaseFilter { live: Some(false), jurisdiction: caller.jurisdiction.clone(), ..CaseFilter::default() };
    let over = desk.cases(&over, BOARD_CASES, None).await?;
    // Those that ended last come first.
    let cut = over.next.is_some() && over.items.last().is_some_and(|last| last.changed.micros() >= since);
    let mut hour = LastHour { opened_more: more || cut, ended_more: cut, ..LastHour::default() };
    hour.opened.extend(live.iter().map(|case| case.filed).filter(|filed| filed.micros() >= since));
    for case in over.items {
        if case.filed.micros() >= since {
            hour.opened.push(case.filed);
        }
        if case.changed.micros() >= since {
            hour.ended.push(case.changed);
        }
    }
    Ok(hour)
}

pub(super) async fn case(
    Of(state): At,
    headers: HeaderMap,
    uri: Uri,
    Path(id): Path<String>,
    Extension(caller): Extension<Caller>,
) -> Response {
    let Some(drawn) = Drawn::new(&state, &headers, &uri) else { return not_ready() };
    let case = match api::visible(&state, &id, &caller).await {
        Ok(case) => case,
        Err(refusal) => return *refusal,
    };
    let desk = &state.desk;
    let read = async {
        let events = desk.journal(&case.id, 0, 1000).await?;
        let conditions = conditions_now(desk, &of_case(&case)).await?;
        let same = maybe_same(desk, &caller, &case).await?;
        Ok::<_, PipelineError>((events, conditions, same))
    };
    match read.await {
        Ok((events, conditions, same)) => {
            let known = case_view::Known { events: &events, conditions: &conditions, same: &same };
            let view = case_view::whole(&drawn.scene(&state), &case, known);
            with_choice(&headers, &uri, answer::page(page::case(&drawn.look, &view)))
        }
        Err(error) => answer::failed(&error),
    }
}

/// The cases that may be about the same thing, as far as the caller may see them.
async fn maybe_same(desk: &Desk, caller: &Caller, case: &Case) -> Result<Vec<Case>, PipelineError> {
    let mut found = Vec::new();
    for id in case.maybe_same.iter().take(SAME) {
        found.extend(desk.case(id).await?.filter(|other| caller.sees(other)));
    }
    Ok(found)
}

fn of_case(case: &Case) -> ConditionFilter {
    ConditionFilter { place: case.place().map(ToString::to_string), ..ConditionFilter::default() }
}

pub(super) async fn cases(
    Of(state): At,
    headers: HeaderMap,
    uri: Uri,
    query: Query<CaseQuery>,
    Extension(caller): Extension<Caller>,
) -> Response {
    let Some(drawn) = Drawn::new(&state, &headers, &uri) else { return not_ready() };
    let limit = query.limit.unwrap_or(50).clamp(1, 200);
    let filter = match query.filter(&state, &caller) {
        Ok(filter) => filter,
        Err(problem) => return answer::problem(&problem),
    };
    let page = match state.desk.cases(&filter, limit, query.cursor.as_deref()).await {
        Ok(page) => page,
        Err(error) => return answer::failed(&error),
    };
    let conditions = conditions_now(&state.desk, &ConditionFilter::default()).await.unwrap_or_default();
    let filter = list::Filter {
        state: query.state.clone(),
        kind: query.kind.clone(),
        unit: query.unit.clone(),
        grid: query.grid.clone(),
        overdue: filter.overdue.is_some_and(|(late, _)| late),
        q: query.q.clone(),
    };
    let next = page.next.map(|cursor| follow(&drawn.look.path, &cursor));
    let view = list::list(&drawn.scene(&state), filter, &page.items, &conditions, next);
    with_choice(&headers, &uri, answer::page(page::cases(&drawn.look, &view)))
}

/// The address of the next page.
pub(super) fn follow(path: &str, cursor: &str) -> String {
    let (bare, query) = path.split_once('?').unwrap_or((path, ""));
    let mut parts: Vec<&str> =
        query.split('&').filter(|part| !part.is_empty() && !part.starts_with("cursor=")).collect();
    let cursor = percent_encoding::utf8_percent_encode(cursor, percent_encoding::NON_ALPHANUMERIC);
    let cursor = format!("cursor={cursor}");
    parts.push(&cursor);
    format!("{bare}?{}", parts.join("&"))
}

pub(super) async fn conditions(Of(state): At, headers: HeaderMap, uri: Uri, query: Query<ConditionQuery>) -> Response {
    let Some(drawn) = Drawn::new(&state, &headers, &uri) else { return not_ready() };
    let limit = query.limit.unwrap_or(200).clamp(1, 1000);
    let filter = match query.filter() {
        Ok(filter) => filter,
        Err(problem) => return answer::problem(&problem),
    };
    let (now, next) = match found(&state, &drawn, filter, (limit, query.cursor.as_deref())).await {
        Ok(found) => found,
        Err(error) => return answer::failed(&error),
    };
    let filter = condition_view::ConditionFilter {
        rule: query.rule.clone(),
        state: query.state.clone(),
        place: query.place.clone(),
    };
    let next = next.map(|cursor| follow(&drawn.look.path, &cursor));
    let view = condition_view::conditions(&drawn.scene(&state), filter, &now, next);
    with_choice(&headers, &uri, answer::page(page::conditions(&drawn.look, &view)))
}

/// The conditions of a filter. People write a part of a place's name where programs write its id.
async fn found(
    state: &State,
    drawn: &Drawn,
    filter: ConditionFilter,
    (limit, cursor): (u32, Option<&str>),
) -> Result<(Vec<ConditionNow>, Option<String>), PipelineError> {
    let words = filter.place.clone().unwrap_or_default();
    let words = words.trim();
    let known =
        muster_domain::id::PlaceId::parse(words).is_ok_and(|id| drawn.config.catalogue.places.contains_key(&id));
    if words.is_empty() || known {
        let page = state.desk.conditions(&filter, limit, cursor).await?;
        return Ok((page.items.into_iter().filter_map(condition).collect(), page.next));
    }
    let scene = drawn.scene(state);
    let mut all = conditions_now(&state.desk, &ConditionFilter { place: None, ..filter }).await?;
    all.retain(|one| one.subject.place().is_some_and(|place| scene.place_name(place).contains(words)));
    Ok((all, None))
}
