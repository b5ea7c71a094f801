//! The API behind the pages: lists, single things, and how the process is.

use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, Query, Request, State as Of};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use muster_domain::id::{CaseId, EvidenceId};
use muster_pipeline::admit::Caller;
use muster_pipeline::desk::{Desk, MAX_EVIDENCE_BYTES, Standing};
use muster_store::{DeadLetterRow, Page};
use serde::Deserialize;
use serde_json::{Value, json};

use super::pages::{CaseQuery, ConditionQuery, LetterQuery, letter_refused};
use super::{State, answer, field};

type At = Of<Arc<State>>;

const MOST: u32 = 500;

fn list(items: Vec<Value>, next: Option<String>) -> Response {
    answer::json(&json!({ "items": items, "next": next }))
}

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or(Value::Null)
}

fn mirrored(thing: impl serde::Serialize) -> Value {
    serde_json::to_value(thing).unwrap_or(Value::Null)
}

pub(super) async fn cases(Of(state): At, query: Query<CaseQuery>) -> Response {
    let limit = query.limit.unwrap_or(50).clamp(1, MOST);
    match state.desk.cases(&query.filter(&state), limit, query.cursor.as_deref()).await {
        Ok(Page { items, next }) => {
            let with_links = |case: &muster_domain::case::Case| linked(&state.desk, case);
            list(items.iter().map(with_links).collect(), next)
        }
        Err(error) => answer::failed(&error),
    }
}

/// A case with the link of each seat that can still be taken up.
fn linked(desk: &Desk, case: &muster_domain::case::Case) -> Value {
    let mut shown = value(&muster_wire::case::write(case));
    let seats = shown.get_mut("seats").and_then(Value::as_array_mut);
    for (seat, shown) in case.seats.iter().zip(seats.into_iter().flatten()) {
        if seat.unit.is_some()
            && seat.state != muster_domain::case::SeatState::Returned
            && let (Some(link), Some(shown)) = (desk.link(&seat.id), shown.as_object_mut())
        {
            shown.insert("link".to_owned(), json!(format!("/f/{link}")));
        }
    }
    shown
}

pub(super) async fn case(Of(state): At, headers: HeaderMap, Path(id): Path<String>) -> Response {
    let Ok(id) = CaseId::parse(&id) else { return answer::not_found().await };
    match state.desk.case(&id).await {
        Ok(Some(case)) => {
            let tag = format!("\"{}\"", case.version);
            let known = headers.get(header::IF_NONE_MATCH).and_then(|known| known.to_str().ok());
            if known.is_some_and(|known| known.split(',').any(|one| one.trim() == tag)) {
                return (StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response();
            }
            ([(header::ETAG, tag)], answer::json(&linked(&state.desk, &case))).into_response()
        }
        Ok(None) => answer::not_found().await,
        Err(error) => answer::failed(&error),
    }
}

/// After which entry of a journal to go on.
#[derive(Debug, Deserialize)]
pub(super) struct After {
    limit: Option<u32>,
    cursor: Option<u64>,
}

pub(super) async fn events(Of(state): At, Path(id): Path<String>, query: Query<After>) -> Response {
    let Ok(id) = CaseId::parse(&id) else { return answer::not_found().await };
    let (limit, after) = (query.limit.unwrap_or(100).clamp(1, MOST), query.cursor.unwrap_or(0));
    match state.desk.journal(&id, after, limit).await {
        Ok(events) => {
            let full = events.len() >= limit as usize;
            let next = events.last().filter(|_| full).map(|event| event.version.to_string());
            list(events.iter().map(|event| value(&muster_wire::case::write_event(event))).collect(), next)
        }
        Err(error) => answer::failed(&error),
    }
}

pub(super) async fn conditions(Of(state): At, query: Query<ConditionQuery>) -> Response {
    let limit = query.limit.unwrap_or(100).clamp(1, MOST);
    match state.desk.conditions(&query.filter(), limit, query.cursor.as_deref()).await {
        Ok(Page { items, next }) => list(items.iter().map(standing).collect(), next),
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

fn standing(standing: &Standing) -> Value {
    let row = &standing.row;
    let reason = standing.last.as_ref().map(|last| value(&muster_wire::condition::write(last)));
    json!({
        "id": row.id, "rule": row.rule, "subject": row.subject, "place": row.place, "state": row.state,
        "blind": row.blind, "since": muster_wire::rfc3339(row.since),
        "blind_since": row.blind_since.map(muster_wire::rfc3339), "level": Value::Null, "episode": row.episode,
        "reason": reason.as_ref().and_then(|last| last.pointer("/change/moved/reason")),
    })
}

/// A page of something of the catalogue: the cursor is the last id of the page before.
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
    fn of<T>(&self, all: impl Iterator<Item = T>, id: impl Fn(&T) -> String, show: impl Fn(&T) -> Value) -> Response {
        let limit = self.limit.unwrap_or(100).clamp(1, MOST) as usize;
        let mut page: Vec<T> = all.filter(|one| id(one) > self.cursor).take(limit + 1).collect();
        let more = page.len() > limit;
        page.truncate(limit);
        let next = if more { page.last().map(&id) } else { None };
        list(page.iter().map(show).collect(), next)
    }
}

fn not_ready() -> Response {
    answer::refuse(503, "not-ready", "no rule book and catalogue hold yet; try again in a few seconds")
}

pub(super) async fn places(Of(state): At, query: Query<Slice>) -> Response {
    let Some(config) = state.desk.config() else { return not_ready() };
    let above = muster_domain::id::GridId::parse(&query.grid).ok();
    let found = config.catalogue.places.values().filter(|place| {
        (query.class.is_empty() || place.class.as_str() == query.class)
            && above
                .as_ref()
                .is_none_or(|above| place.grid.as_ref().is_some_and(|grid| config.catalogue.lies_in(grid, above)))
    });
    query.of(found, |place| place.id.to_string(), |place| mirrored(muster_wire::catalogue::mirror_place(place)))
}

pub(super) async fn devices(Of(state): At, query: Query<Slice>) -> Response {
    let Some(config) = state.desk.config() else { return not_ready() };
    let found = config.catalogue.devices.values().filter(|device| {
        query.place.is_empty() || device.places.iter().any(|covered| covered.place.as_str() == query.place)
    });
    query.of(found, |device| device.id.to_string(), |device| mirrored(muster_wire::catalogue::mirror_device(device)))
}

pub(super) async fn units(Of(state): At, query: Query<Slice>) -> Response {
    let Some(config) = state.desk.config() else { return not_ready() };
    let all = config.catalogue.units.values();
    query.of(all, |unit| unit.id.to_string(), |unit| mirrored(muster_wire::catalogue::mirror_unit(unit)))
}

pub(super) async fn grid(Of(state): At, query: Query<Slice>) -> Response {
    let Some(config) = state.desk.config() else { return not_ready() };
    let all = config.catalogue.grid.values();
    query.of(all, |cell| cell.id.to_string(), |cell| mirrored(muster_wire::catalogue::mirror_cell(cell)))
}

pub(super) async fn report(Of(state): At, Path((source, id)): Path<(String, String)>) -> Response {
    match state.desk.report(&source, &id).await {
        Ok(Some(row)) => answer::json(&json!({ "state": row.state, "case": row.case, "reason": row.reason })),
        Ok(None) => answer::not_found().await,
        Err(error) => answer::failed(&error),
    }
}

fn letter(row: &DeadLetterRow) -> Value {
    json!({
        "id": row.id, "topic": row.topic, "offset": row.offset, "original_topic": row.original_topic,
        "original_partition": row.original_partition, "original_offset": row.original_offset, "code": row.code,
        "message": row.message, "received": muster_wire::rfc3339(row.received), "state": row.state.name(),
        "note": row.note, "size": row.size,
    })
}

pub(super) async fn dead_letters(Of(state): At, query: Query<LetterQuery>) -> Response {
    let limit = query.limit.unwrap_or(50).clamp(1, MOST);
    match state.desk.letters(&query.filter(), limit, query.cursor.as_deref()).await {
        Ok(Page { items, next }) => list(items.iter().map(letter).collect(), next),
        Err(error) => answer::failed(&error),
    }
}

pub(super) async fn dead_letter(Of(state): At, Path(id): Path<u64>) -> Response {
    match state.desk.letter(id).await {
        Ok(Some(found)) => {
            let mut shown = letter(&found.row);
            if let Some(shown) = shown.as_object_mut() {
                shown.insert("headers".to_owned(), value(&found.row.headers));
                shown.insert("text".to_owned(), json!(String::from_utf8_lossy(&found.bytes)));
                let bytes = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, &found.bytes);
                shown.insert("bytes_base64".to_owned(), json!(bytes));
            }
            answer::json(&shown)
        }
        Ok(None) => answer::not_found().await,
        Err(error) => answer::failed(&error),
    }
}

/// Takes a dead letter again; a body, if there is one, stands in place of its bytes.
pub(super) async fn replay(Of(state): At, Path(id): Path<u64>, body: Bytes) -> Response {
    match state.desk.replay(id, (!body.is_empty()).then_some(body)).await {
        Ok(admitted) => {
            answer::json(&json!({ "accepted": admitted.accepted, "duplicates": admitted.duplicates, "parked": [] }))
        }
        Err(error) => letter_refused(&error),
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Dropped {
    #[serde(default)]
    reason: String,
}

pub(super) async fn drop_letter(Of(state): At, Path(id): Path<u64>, body: Bytes) -> Response {
    let reason = serde_json::from_slice::<Dropped>(&body).map(|dropped| dropped.reason).unwrap_or_default();
    match state.desk.drop_letter(id, &reason).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => letter_refused(&error),
    }
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
    let Ok(id) = EvidenceId::parse(&id) else { return answer::not_found().await };
    match state.desk.view_evidence(&id, &caller.name, query.case.as_deref(), &query.reason).await {
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
    match state.desk.keep_evidence(bytes, &caller.name).await {
        Ok(id) => {
            let body = answer::json(&json!({ "id": id.as_str(), "sha256": id.as_str() }));
            (StatusCode::CREATED, body).into_response()
        }
        Err(error) => field::evidence_refused(&error),
    }
}

pub(super) async fn asyncapi() -> Response {
    answer::json(&mirrored(muster_wire::schema::asyncapi()))
}

pub(super) async fn livez() -> Response {
    "ok\n".into_response()
}

pub(super) async fn readyz(Of(state): At) -> Response {
    let parts = state.desk.health().await;
    let well = parts.iter().all(|part| part.trouble.is_none());
    let shown: Vec<Value> = parts
        .iter()
        .map(|part| json!({ "part": part.part, "ready": part.trouble.is_none(), "reason": part.trouble }))
        .collect();
    let status = if well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, answer::json(&json!({ "ready": well, "parts": shown }))).into_response()
}

pub(super) async fn metrics(Of(state): At) -> Response {
    if let Err(error) = state.desk.measure().await {
        tracing::warn!(error = %muster_pipeline::chain(&error), "the gauges from the store are not fresh");
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], state.desk.metrics.render()).into_response()
}
