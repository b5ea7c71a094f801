//! Answers: problem+json for whatever goes wrong, pages as HTML, and the headers that every answer carries.

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use muster_pipeline::PipelineError;
use muster_wire::problem::{MEDIA_TYPE, Problem};

/// A problem as an answer.
pub(super) fn problem(problem: &Problem) -> Response {
    let status = StatusCode::from_u16(problem.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, MEDIA_TYPE)], problem.json()).into_response()
}

/// A problem of a status, a stable code and words.
pub(super) fn refuse(status: u16, code: &str, detail: impl Into<String>) -> Response {
    problem(&Problem::new(status, code).detail(detail))
}

/// What failed inside: said in the log, not to the caller.
pub(super) fn failed(error: &PipelineError) -> Response {
    let words = muster_pipeline::chain(error);
    if let PipelineError::Store(muster_store::StoreError::Refused(what)) = error {
        return refuse(400, "refused", what.clone());
    }
    tracing::error!(error = %words, "a request failed");
    let mut response = refuse(503, "unavailable", "the store or the log cannot be used now; try again");
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
    response
}

/// A page, or the failure to draw it.
pub(super) fn page(drawn: askama::Result<String>) -> Response {
    match drawn {
        Ok(text) => Html(text).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page cannot be drawn");
            refuse(500, "page", "the page cannot be drawn")
        }
    }
}

/// JSON that is written already.
pub(super) fn json(value: &serde_json::Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}

pub(super) async fn not_found() -> Response {
    refuse(404, "not-found", "there is nothing at this address")
}

pub(super) async fn method_not_allowed() -> Response {
    refuse(405, "method-not-allowed", "this address does not take that method")
}

/// Every answer says what a browser may do with it; assets, which are named by content, may be kept.
pub(super) async fn secured(request: Request, next: Next) -> Response {
    let asset = request.uri().path().starts_with("/assets/");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(
        header::CONTENT_SECURITY_POLICY,
        "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self'; \
         frame-ancestors 'none'",
    );
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    // not `no-referrer`: under it a browser posts our own forms with `Origin: null`, as if they came from elsewhere
    set(header::REFERRER_POLICY, "same-origin");
    set(header::CACHE_CONTROL, if asset { "public, max-age=31536000, immutable" } else { "no-store" });
    response
}
