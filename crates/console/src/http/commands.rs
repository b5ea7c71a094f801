//! Commands on cases, from the API as JSON and from pages as forms.

mod sent;

use std::sync::Arc;

use axum::Extension;
use axum::Form;
use axum::body::Bytes;
use axum::extract::{Path, State as Of};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use muster_domain::case::{Actor, Case, CaseState};
use muster_domain::id::{CaseId, SeatId};
use muster_domain::lifecycle::Command;
use muster_domain::text::Words;
use muster_domain::time::Filed;
use muster_pipeline::admit::Caller;
use muster_pipeline::operate::{Expects, Order, OrderError};
use muster_store::IdempotencyAnswer;
use muster_wire::problem::Problem;
use sha2::{Digest, Sha256};

pub use sent::Sent;

use super::{State, answer, api, heads};
use crate::text::{Lang, Text};
use crate::wording;

type At = Of<Arc<State>>;

/// How long an answer to a repeated request is kept.
const KEPT_MICROS: i64 = 24 * 3_600_000_000;

/// `POST /api/v1/cases/{id}/commands`.
pub(super) async fn from_api(
    Of(state): At,
    Path(id): Path<String>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if !heads::is_json(&headers) {
        return answer::refuse(415, "unsupported-media-type", "send application/json");
    }
    let sent = match Sent::json(&body) {
        Ok(sent) => sent,
        Err(problem) => return answer::problem(&problem),
    };
    let Some(key) = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).map(str::to_owned) else {
        return carry_out(&state, &id, &caller, &headers, &sent).await;
    };
    let request: String = Sha256::digest([id.as_bytes(), &body].concat()).iter().map(|b| format!("{b:02x}")).collect();
    let (now, store) = (state.desk.clock.micros(), &state.desk.store);
    match store.idempotency_begin(&caller.name, &key, &request, now, now + KEPT_MICROS).await {
        Ok(IdempotencyAnswer::New) => {}
        Ok(IdempotencyAnswer::Done { status, body }) => return again(status, body),
        Ok(IdempotencyAnswer::Running) => return answer::refuse(409, "still-running", "the same request is at work"),
        Ok(IdempotencyAnswer::Different) => {
            return answer::refuse(422, "key-reused", "this Idempotency-Key was used for another request");
        }
        Err(error) => return answer::failed(&error.into()),
    }
    let response = carry_out(&state, &id, &caller, &headers, &sent).await;
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap_or_default();
    if parts.status.is_server_error() {
        // It may go better next time: then the key is free again.
        if let Err(error) = store.idempotency_forget(&caller.name, &key).await {
            tracing::warn!(%error, "an idempotency key stays taken until it runs out");
        }
    } else {
        keep(&state, &caller, &key, &request, parts.status, &bytes, now).await;
    }
    Response::from_parts(parts, bytes.into())
}

fn again(status: u32, body: String) -> Response {
    let status = u16::try_from(status).ok().and_then(|code| StatusCode::from_u16(code).ok()).unwrap_or(StatusCode::OK);
    if !status.is_success() {
        return (status, [(header::CONTENT_TYPE, muster_wire::problem::MEDIA_TYPE)], body).into_response();
    }
    // The answer is the case as it was then, and says of which version.
    let version = api::value(&body).get("version").and_then(serde_json::Value::as_u64).unwrap_or_default();
    (status, as_case(version), body).into_response()
}

#[expect(clippy::too_many_arguments, reason = "one row of a table, column by column")]
async fn keep(state: &State, caller: &Caller, key: &str, request: &str, status: StatusCode, body: &[u8], now: i64) {
    let text = String::from_utf8_lossy(body);
    let kept = async {
        let mut tx = state.desk.store.begin().await?;
        let answer = (u32::from(status.as_u16()), text.as_ref());
        tx.idempotency_finish(&caller.name, key, request, answer, now + KEPT_MICROS).await?;
        tx.commit().await
    };
    if let Err(error) = kept.await {
        tracing::warn!(%error, "the answer to a command was not kept for its repeat");
    }
}

async fn carry_out(state: &State, id: &str, caller: &Caller, headers: &HeaderMap, sent: &Sent) -> Response {
    let Ok(id) = CaseId::parse(id) else { return answer::not_found().await };
    if caller.jurisdiction.is_some()
        && let Err(refusal) = api::visible(state, id.as_str(), caller).await
    {
        return *refusal;
    }
    let now = Filed::from_micros(state.desk.clock.micros());
    let command = match sent.command(now) {
        Ok(command) => command,
        Err(problem) => return answer::problem(&problem),
    };
    let expects = match expected(headers, sent) {
        Ok(expects) => expects,
        Err(problem) => return answer::problem(&problem),
    };
    if let Command::Photo(_, picture) = &command {
        match state.desk.has_evidence(picture).await {
            Ok(true) => {}
            Ok(false) => return answer::problem(&no_picture()),
            Err(error) => return answer::failed(&error),
        }
    }
    let by = Actor::Desk(caller.name.clone());
    match state.desk.order(&id, &Order { by, command, reason: sent.words(), expects }).await {
        Ok(case) => shown(&case),
        Err(error) => refused(&error),
    }
}

/// A case as JSON with its version as a strong `ETag`.
fn shown(case: &Case) -> Response {
    (as_case(case.version), muster_wire::case::write(case)).into_response()
}

fn as_case(version: u64) -> [(header::HeaderName, String); 2] {
    [(header::CONTENT_TYPE, "application/json".to_owned()), (header::ETAG, format!("\"{version}\""))]
}

fn expected(headers: &HeaderMap, sent: &Sent) -> Result<Expects, Problem> {
    let version = heads::if_match(headers)?;
    let state = match sent.expects.as_ref().and_then(|expects| expects.state.as_deref()) {
        None => None,
        Some(name) => Some(CaseState::parse(name).ok_or_else(|| {
            Problem::new(400, "invalid-command").pointer("/expects/state").detail("is no state of a case")
        })?),
    };
    let seat = match (sent.expects.as_ref().and_then(|expects| expects.seat_version), &sent.seat) {
        (None, _) => None,
        (Some(version), Some(seat)) => {
            let wrong = || Problem::new(400, "invalid-command").pointer("/seat").detail("is no id of a seat");
            Some((SeatId::parse(seat).map_err(|_| wrong())?, version))
        }
        (Some(_), None) => {
            let problem = Problem::new(400, "invalid-command").pointer("/expects/seat_version");
            return Err(problem.detail("says what a seat is believed to be, and the command names no seat"));
        }
    };
    Ok(Expects { version, state, seat })
}

/// Only what is kept can be shown to anybody later.
fn no_picture() -> Problem {
    let (zh, en) = (
        "这张照片没有交来过；请先上传照片，再记入案件",
        "nobody has handed in that picture; send it to /api/v1/media first, and then the command with its id",
    );
    Problem::new(422, "unknown-evidence").pointer("/evidence").detail(en).words(Words::new(zh, en))
}

/// Why a command came to nothing, in words, with what is allowed now.
pub(super) fn refused(error: &OrderError) -> Response {
    match error {
        OrderError::NoCase => answer::refuse(404, "not-found", "there is no such case"),
        OrderError::Changed(case) => {
            let detail = format!("the case is {} at version {} now", case.state.name(), case.version);
            answer::problem(&Problem::new(412, "precondition-failed").detail(detail).allowed(allowed(case)))
        }
        OrderError::Refused(refusal, case) => answer::problem(
            &Problem::new(409, refusal.code())
                .detail(refusal.to_string())
                .words(with_allowed(refusal.words(), case))
                .allowed(allowed(case)),
        ),
        OrderError::Failed(error) => answer::failed(error),
    }
}

/// A refusal's words with what a person at the desk can press instead.
fn with_allowed(words: Words, case: &Case) -> Words {
    let buttons: Vec<Text> = allowed(case).into_iter().filter_map(wording::decision).collect();
    let listed = |lang: Lang, joint: &str| buttons.iter().map(|text| text.say(lang)).collect::<Vec<_>>().join(joint);
    Words {
        zh: format!("{}。现在可以：{}", words.zh, listed(Lang::Zh, "、")),
        en: format!("{}. Possible now: {}", words.en, listed(Lang::En, ", ")),
    }
}

/// The commands that the case would take now.
fn allowed(case: &Case) -> Vec<&'static str> {
    use muster_domain::case::SeatState;
    let mut commands = vec!["arrived", "done", "photo", "note"];
    if !case.state.is_live() {
        commands.push("reopen");
        return commands;
    }
    let stage = |wanted: &[SeatState]| case.live_seats().any(|seat| wanted.contains(&seat.state));
    if stage(&[SeatState::Asked]) {
        commands.push("accept");
    }
    if stage(&[SeatState::Asked, SeatState::Accepted, SeatState::OnScene]) {
        commands.extend(["return", "redispatch"]);
    }
    if case.state == CaseState::Handled {
        commands.push("post_check");
    }
    commands.extend(["acknowledge", "verdict", "void"]);
    commands
}

/// `POST /cases/{id}/commands`: a decision from a page; the script asks for a problem, the browser for a page.
pub(super) async fn from_page(
    Of(state): At,
    Path(id): Path<String>,
    Extension(caller): Extension<Caller>,
    Form(sent): Form<Sent>,
) -> Response {
    let response = carry_out(&state, &id, &caller, &HeaderMap::new(), &sent).await;
    if !response.status().is_success() {
        return response;
    }
    // Only an address of our own, whatever the form says.
    let back = sent.back.filter(|back| back.starts_with('/') && !back.starts_with("//") && !back.contains('\\'));
    Redirect::to(&back.unwrap_or_else(|| "/".to_owned())).into_response()
}
