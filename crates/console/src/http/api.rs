//! The API behind the pages: cases, conditions, what became of reports, and pictures.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, Query, Request, State as Of};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use muster_domain::case::Case;
use muster_domain::condition::{BlindSource, Change};
use muster_domain::id::{CaseId, EvidenceId};
use muster_pipeline::admit::Caller;
use muster_pipeline::desk::{Desk, MAX_EVIDENCE_BYTES, Standing};
use muster_store::Page;
use muster_wire::api as wire;
use serde::Deserialize;
use serde_json::{Value, json};

use super::query::{CaseQuery, ConditionQuery};
use super::{State, answer, field, heads};

type At = Of<Arc<State>>;

/// The most items of one page.
const MOST: u32 = 500;

/// How many items a page has.
pub(super) fn limit(asked: Option<u32>, usual: u32) -> u32 {
    asked.unwrap_or(usual).clamp(1, MOST)
}

/// JSON of our own as it is stored.
pub(super) fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or(Value::Null)
}

pub(super) async fn cases(Of(state): At, query: Query<CaseQuery>, Extension(caller): Extension<Caller>) -> Response {
    let filter = match query.filter(&state, &caller) {
        Ok(filter) => filter,
        Err(problem) => return answer::problem(&problem),
    };
    match state.desk.cases(&filter, limit(query.limit, 50), query.cursor.as_deref()).await {
        Ok(Page { items, next }) => {
            let shown: Vec<Value> = items.iter().map(|case| linked(&state.desk, case)).collect();
            answer::list(&shown, next)
        }
        Err(error) => answer::failed(&error),
    }
}

/// A case with the link of each seat that can still be taken up.
fn linked(desk: &Desk, case: &Case) -> Value {
    let mut shown = value(&muster_wire::case::write(case));
    let seats = shown.get_mut("seats").and_then(Value::as_array_mut);
    for (seat, shown) in case.seats.iter().zip(seats.into_iter().flatten()) {
        if case.state.is_live()
            && seat.unit.is_some()
            && seat.state != muster_domain::case::SeatState::Returned
            && let (Some(link), Some(shown)) = (desk.link(&seat.id), shown.as_object_mut())
        {
            shown.insert("link".to_owned(), json!(format!("/f/{link}")));
        }
    }
    shown
}

/// A case that the caller may see, or the answer that there is none.
pub(super) async fn visible(state: &State, id: &str, caller: &Caller) -> Result<Case, Box<Response>> {
    let Ok(id) = CaseId::parse(id) else { return Err(Box::new(answer::not_found().await)) };
    match state.desk.case(&id).await {
        Ok(Some(case)) if caller.sees(&case) => Ok(case),
        Ok(_) => Err(Box::new(answer::not_found().await)),
        Err(error) => Err(Box::new(answer::failed(&error))),
    }
}

pub(super) async fn case(
    Of(state): At,
    headers: HeaderMap,
    Path(id): Path<String>,
    Extension(caller): Extension<Caller>,
) -> Response {
    let case = match visible(&state, &id, &caller).await {
        Ok(case) => case,
        Err(refusal) => return *refusal,
    };
    let tag = format!("\"{}\"", case.version);
    if heads::if_none_match(&headers, &tag) {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response();
    }
    ([(header::ETAG, tag)], answer::json(&linked(&state.desk, &case))).into_response()
}

/// After which entry of a journal to go on.
#[derive(Debug, Deserialize)]
pub(super) struct After {
    limit: Option<u32>,
    cursor: Option<String>,
}

pub(super) async fn events(
    Of(state): At,
    Path(id): Path<String>,
    query: Query<After>,
    Extension(caller): Extension<Caller>,
) -> Response {
    let case = match visible(&state, &id, &caller).await {
        Ok(case) => case,
        Err(refusal) => return *refusal,
    };
    let after = query.cursor.as_deref().map_or(Some(0), heads::number);
    let Some(after) = after else { return answer::problem(&answer::bad_cursor()) };
    let limit = limit(query.limit, 100);
    match state.desk.journal(&case.id, after, limit).await {
        Ok(events) => {
            let last = events.last().filter(|last| events.len() >= limit as usize && last.version < case.version);
            let next = last.map(|event| event.version.to_string());
            let shown: Vec<Value> = events.iter().map(|event| value(&muster_wire::case::write_event(event))).collect();
            answer::list(&shown, next)
        }
        Err(error) => answer::failed(&error),
    }
}

pub(super) async fn conditions(Of(state): At, query: Query<ConditionQuery>) -> Response {
    let filter = match query.filter() {
        Ok(filter) => filter,
        Err(problem) => return answer::problem(&problem),
    };
    match state.desk.conditions(&filter, limit(query.limit, 100), query.cursor.as_deref()).await {
        Ok(Page { items, next }) => answer::list(&items.iter().map(standing).collect::<Vec<_>>(), next),
        Err(error) => answer::failed(&error),
    }
}

pub(super) async fn condition(Of(state): At, Path(id): Path<String>) -> Response {
    match state.desk.condition(&id).await {
        Ok(Some(found)) => answer::json(&standing(&found)),
        Ok(None) => answer::not_found().await,
        Err(error) => answer::failed(&error),
    }
}

fn standing(standing: &Standing) -> wire::Standing {
    let row = &standing.row;
    let last = standing.last.as_ref().map(|last| value(&muster_wire::condition::write(last)));
    let sources = match &standing.blind {
        Some(Change::Blind(blind)) => blind.sources.as_slice(),
        _ => &[],
    };
    let source = |told: &BlindSource| wire::BlindSource {
        source: told.source.clone(),
        cause: told.cause.map(|cause| cause.name().to_owned()),
    };
    wire::Standing {
        id: row.id.clone(),
        rule: row.rule.clone(),
        subject: row.subject.clone(),
        place: row.place.clone(),
        state: row.state.clone(),
        blind: row.blind,
        since: muster_wire::rfc3339(row.since),
        blind_since: row.blind_since.map(muster_wire::rfc3339),
        blind_sources: sources.iter().map(source).collect(),
        level: None,
        episode: row.episode.clone(),
        reason: last.and_then(|mut last| last.pointer_mut("/change/moved/reason").map(Value::take)),
    }
}

/// Whoever may send under the source's name, and whoever may see the case. What is in no case is of no jurisdiction yet,
/// and shown only to those who see every one.
pub(super) async fn report(
    Of(state): At,
    Path((source, id)): Path<(String, String)>,
    Extension(caller): Extension<Caller>,
) -> Response {
    let row = match state.desk.report(&source, &id).await {
        Ok(Some(row)) => row,
        Ok(None) => return answer::not_found().await,
        Err(error) => return answer::failed(&error),
    };
    if !caller.speaks_for(&source) {
        match &row.case {
            Some(case) if caller.looks => {
                if let Err(refusal) = visible(&state, case, &caller).await {
                    return *refusal;
                }
            }
            None if caller.looks && caller.jurisdiction.is_none() => {}
            _ => return answer::not_found().await,
        }
    }
    answer::json(&wire::ReportStands { state: row.state, case: row.case, reason: row.reason })
}

/// Why somebody looks at evidence.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Why {
    case: Option<String>,
    #[serde(default)]
    reason: String,
}

pub(super) async fn evidence(
    Of(state): At,
    Path(id): Path<String>,
    query: Query<Why>,
    Extension(caller): Extension<Caller>,
) -> Response {
    let Some(id) = EvidenceId::of_hash(&id) else { return answer::not_found().await };
    let case = match query.case.as_deref().filter(|case| !case.is_empty()) {
        Some(case) => match visible(&state, case, &caller).await {
            Ok(case) => Some(case),
            Err(refusal) => return *refusal,
        },
        None => None,
    };
    match state.desk.view_evidence(&id, &caller.name, case.as_ref(), &query.reason).await {
        Ok(found) => {
            let headers =
                [(header::CONTENT_TYPE, found.media_type), (header::CONTENT_DISPOSITION, "inline".to_owned())];
            (headers, found.bytes).into_response()
        }
        Err(error) => field::evidence_refused(&error),
    }
}

pub(super) async fn media(Of(state): At, Extension(caller): Extension<Caller>, request: Request) -> Response {
    let Ok(bytes) = axum::body::to_bytes(request.into_body(), MAX_EVIDENCE_BYTES).await else {
        return answer::refuse(413, "too-large", "a picture has at most 20 MiB");
    };
    if bytes.is_empty() {
        return answer::refuse(400, "empty", "there is nothing in it; send the bytes of a picture");
    }
    match state.desk.keep_evidence(bytes, &caller.name).await {
        Ok(id) => {
            let kept = wire::Kept { id: id.to_string(), sha256: id.to_string() };
            (StatusCode::CREATED, answer::json(&kept)).into_response()
        }
        Err(error) => field::evidence_refused(&error),
    }
}
