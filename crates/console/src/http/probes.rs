//! How the process is, what it counts, and the descriptions of what it speaks.

use std::sync::Arc;

use axum::Router;
use axum::extract::State as Of;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use muster_pipeline::desk::Desk;
use muster_pipeline::roles::Role;
use muster_wire::api::{Part, Readiness, RoleReady};

use super::{State, answer};

type At = Of<Arc<State>>;

/// The part that every role needs: the process itself, until it stops.
const PROCESS: &str = "process";

/// The routes that every process has, whatever its roles.
pub(super) fn routes() -> Router<Arc<State>> {
    Router::new()
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/openapi.json", get(openapi))
        .route("/asyncapi.json", get(asyncapi))
}

/// The metrics: with the other routes, or on a listener of their own.
pub(super) fn metrics_of(desk: Desk) -> Router {
    Router::new().route("/metrics", get(metrics)).with_state(desk)
}

async fn livez() -> Response {
    "ok\n".into_response()
}

async fn readyz(Of(state): At) -> Response {
    let stopping = state.stop.is_cancelled().then(|| "the process is stopping".to_owned());
    let parts = state.desk.health().await.into_iter().map(|health| (health.part.name(), health.trouble));
    let part = |(part, reason): (&str, Option<String>)| Part { part: part.to_owned(), ready: reason.is_none(), reason };
    let parts: Vec<Part> = [(PROCESS, stopping)].into_iter().chain(parts).map(part).collect();
    let roles = state.desk.roles.iter().map(|role| waiting(*role, &parts)).collect();
    let ready = parts.iter().all(|part| part.ready);
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, answer::json(&Readiness { ready, roles, parts })).into_response()
}

/// What a role waits for among the parts of its process.
fn waiting(role: Role, parts: &[Part]) -> RoleReady {
    let needed = |part: &&Part| part.part == PROCESS || role.needs().iter().any(|need| need.name() == part.part);
    let waits_for: Vec<String> =
        parts.iter().filter(needed).filter(|part| !part.ready).map(|part| part.part.clone()).collect();
    RoleReady { role: role.name().to_owned(), ready: waits_for.is_empty(), waits_for }
}

async fn openapi() -> Response {
    answer::json(&muster_wire::schema::openapi())
}

async fn asyncapi() -> Response {
    answer::json(&muster_wire::schema::asyncapi())
}

async fn metrics(Of(desk): Of<Desk>) -> Response {
    if let Err(error) = desk.measure().await {
        tracing::warn!(error = %muster_pipeline::chain(&error), "the gauges from the store are not fresh");
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], desk.metrics.render()).into_response()
}
