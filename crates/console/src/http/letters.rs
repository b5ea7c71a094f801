//! Dead letters over the API: listed, read, taken again and dropped; and why that was refused.

pub(super) mod page;

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State as Of};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use muster_domain::text::Words;
use muster_pipeline::desk::LetterError;
use muster_store::{DeadLetterRow, Page};
use muster_wire::api::{Dropped, Letter, WholeLetter};
use muster_wire::problem::Problem;
use muster_wire::receipt::Receipt;

use super::query::LetterQuery;
use super::{State, answer, api};
use crate::view::{dead, refusal};

type At = Of<Arc<State>>;

fn letter(row: &DeadLetterRow) -> Letter {
    Letter {
        id: row.id,
        topic: row.topic.clone(),
        offset: row.offset,
        original_topic: row.original_topic.clone(),
        original_partition: row.original_partition,
        original_offset: row.original_offset,
        code: row.code.clone(),
        message: row.message.clone(),
        received: muster_wire::rfc3339(row.received),
        state: row.state.name().to_owned(),
        note: row.note.clone(),
        size: row.size,
    }
}

pub(super) async fn list(Of(state): At, query: Query<LetterQuery>) -> Response {
    let filter = match query.filter() {
        Ok(filter) => filter,
        Err(problem) => return answer::problem(&problem),
    };
    match state.desk.letters(&filter, api::limit(query.limit, 50), query.cursor.as_deref()).await {
        Ok(Page { items, next }) => answer::list(&items.iter().map(letter).collect::<Vec<_>>(), next),
        Err(error) => answer::failed(&error),
    }
}

pub(super) async fn read(Of(state): At, Path(id): Path<u64>) -> Response {
    match state.desk.letter(id).await {
        Ok(Some(found)) => answer::json(&WholeLetter {
            letter: letter(&found.row),
            headers: api::value(&found.row.headers),
            text: String::from_utf8_lossy(&found.bytes).into_owned(),
            bytes_base64: base64::Engine::encode(&base64::prelude::BASE64_STANDARD, &found.bytes),
        }),
        Ok(None) => answer::not_found().await,
        Err(error) => answer::failed(&error),
    }
}

/// Takes a dead letter again; a body, if there is one, stands in place of its bytes.
pub(super) async fn replay(Of(state): At, Path(id): Path<u64>, body: Bytes) -> Response {
    match state.desk.replay(id, (!body.is_empty()).then_some(body)).await {
        Ok(admitted) => answer::json(&Receipt {
            accepted: admitted.accepted as u64,
            duplicates: admitted.duplicates as u64,
            parked: vec![],
        }),
        Err(error) => refused(&error),
    }
}

pub(super) async fn put_down(Of(state): At, Path(id): Path<u64>, body: Bytes) -> Response {
    let Dropped { reason } = match serde_json::from_slice(if body.is_empty() { b"{}" } else { &body }) {
        Ok(dropped) => dropped,
        Err(error) => return answer::refuse(400, "malformed-json", error.to_string()),
    };
    match state.desk.drop_letter(id, &reason).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => refused(&error),
    }
}

/// Why a dead letter was not taken again or dropped.
fn refused(error: &LetterError) -> Response {
    let (status, code) = match error {
        LetterError::Unknown => (404, "not-found"),
        LetterError::Settled(_) => (409, "settled"),
        LetterError::StillBad { .. } => (422, "still-bad"),
        LetterError::NoReason => (400, "needs-reason"),
        LetterError::NotNow(_) => (503, "not-now"),
        LetterError::Failed(error) => return answer::failed(error),
    };
    let mut words = refusal::said(status, code, None).what;
    if let LetterError::StillBad { pointer, reason } = error {
        let reason = dead::said(pointer, reason);
        words = Words::new(format!("{}。{}", reason.zh, words.zh), format!("{}. {}", reason.en, words.en));
    }
    answer::problem(&Problem::new(status, code).detail(error.to_string()).words(words))
}
