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
use muster_pipeline::operate::{Answered, Expects, Once, Order, OrderError};
use muster_wire::problem::Problem;
use sha2::{Digest, Sha256};

pub use sent::Sent;

use super::{State, answer, api, heads};
use crate::text::{Lang, Text};
use crate::wording;

type At = Of<Arc<State>>;

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
    let request: String = Sha256::digest([id.as_bytes(), &body].concat()).iter().map(|b| format!("{b:02x}")).collect();
    let key = match heads::idempotency_key(&headers) {
        Ok(key) => key,
        Err(problem) => return answer::problem(&problem),
    };
    let once = key.map(|key| Once { caller: &caller.name, key, request: &request });
    match order(&state, &id, &caller, &headers, &sent).await {
        Ok((id, order)) => carry_out(&state, &id, &order, once).await,
        Err(refusal) => *refusal,
    }
}

/// Carries out an order, once if it can be known again; what is answered.
pub(super) async fn carry_out(state: &State, id: &CaseId, order: &Order, once: Option<Once<'_>>) -> Response {
    let Some(once) = once else { return told(&state.desk.order(id, order).await) };
    match state.desk.operate.order_once(id, order, once, kept).await {
        Answered::Now(done) => told(&done),
        Answered::Before(status, body) => again(status, body),
        Answered::KeyOfAnother => {
            answer::refuse(422, "key-reused", "this Idempotency-Key was used for another request")
        }
    }
}

/// What a repeat of the command is told.
fn kept(done: &Result<Case, OrderError>) -> (u32, String) {
    match done {
        Ok(case) => (200, muster_wire::case::write(case)),
        Err(error) => {
            let problem = problem(error);
            (u32::from(problem.status()), problem.json())
        }
    }
}

fn told(done: &Result<Case, OrderError>) -> Response {
    match done {
        Ok(case) => shown(case),
        Err(error) => refused(error),
    }
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

/// What is ordered of which case, where the caller may know of it.
async fn order(
    state: &State,
    id: &str,
    caller: &Caller,
    headers: &HeaderMap,
    sent: &Sent,
) -> Result<(CaseId, Order), Box<Response>> {
    let Ok(id) = CaseId::parse(id) else { return Err(Box::new(answer::not_found().await)) };
    if caller.jurisdiction.is_some() {
        api::visible(state, id.as_str(), caller).await?;
    }
    let now = Filed::from_micros(state.desk.clock.micros());
    let unusable = |problem: Problem| Box::new(answer::problem(&problem));
    let command = sent.command(now).map_err(unusable)?;
    let expects = expected(headers, sent).map_err(unusable)?;
    if let Command::Photo(_, picture) = &command {
        match state.desk.has_evidence(picture).await {
            Ok(true) => {}
            Ok(false) => return Err(unusable(no_picture())),
            Err(error) => return Err(Box::new(answer::failed(&error))),
        }
    }
    Ok((id, Order { by: Actor::Desk(caller.name.clone()), command, reason: sent.words(), expects }))
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
fn refused(error: &OrderError) -> Response {
    match error {
        OrderError::Failed(error) => answer::failed(error),
        refusal => answer::problem(&problem(refusal)),
    }
}

fn problem(error: &OrderError) -> Problem {
    match error {
        OrderError::NoCase => Problem::new(404, "not-found").detail("there is no such case"),
        OrderError::Changed(case) => {
            let detail = format!("the case is {} at version {} now", case.state.name(), case.version);
            Problem::new(412, "precondition-failed").detail(detail).allowed(allowed(case))
        }
        OrderError::Refused(refusal, case) => Problem::new(409, refusal.code())
            .detail(refusal.to_string())
            .words(with_allowed(refusal.words(), case))
            .allowed(allowed(case)),
        OrderError::Failed(_) => Problem::new(503, "unavailable"),
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
    let response = match order(&state, &id, &caller, &HeaderMap::new(), &sent).await {
        Ok((id, order)) => carry_out(&state, &id, &order, None).await,
        Err(refusal) => *refusal,
    };
    if !response.status().is_success() {
        return response;
    }
    // Only an address of our own, whatever the form says.
    let back = sent.back.filter(|back| back.starts_with('/') && !back.starts_with("//") && !back.contains('\\'));
    Redirect::to(&back.unwrap_or_else(|| "/".to_owned())).into_response()
}
