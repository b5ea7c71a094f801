//! Answers: problem+json for whatever goes wrong, pages as HTML, and the headers that every answer carries.

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use muster_pipeline::PipelineError;
use muster_store::StoreError;
use muster_wire::problem::{MEDIA_TYPE, Problem};

use super::pages::follow;

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
    match error {
        PipelineError::Store(StoreError::Cursor) => {
            return problem(&bad_cursor());
        }
        PipelineError::Store(StoreError::Refused(what)) => return refuse(400, "refused", what.clone()),
        _ => {}
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

/// A body of JSON.
pub(super) fn json(body: &impl serde::Serialize) -> Response {
    match serde_json::to_string(body) {
        Ok(text) => ([(header::CONTENT_TYPE, "application/json")], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "an answer cannot be written");
            refuse(500, "internal", "the answer cannot be written")
        }
    }
}

/// One page of a list.
pub(super) fn list(items: &[impl serde::Serialize], next: Option<String>) -> Response {
    let mut response = json(&serde_json::json!({ "items": items, "next": next }));
    if let Some(next) = next {
        response.extensions_mut().insert(GoesOn(next));
    }
    response
}

/// The cursor of the page that follows.
#[derive(Debug, Clone)]
struct GoesOn(String);

pub(super) async fn not_found() -> Response {
    refuse(404, "not-found", "there is nothing at this address")
}

pub(super) async fn method_not_allowed() -> Response {
    refuse(405, "method-not-allowed", "this address does not take that method")
}

/// The longest refusal of the framework that is passed on.
const MAX_WORDS: usize = 4096;

/// What the framework refuses by itself (a query, a path, a form, a body, a method) is a problem as well.
async fn worded(response: Response) -> Response {
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !(status.is_client_error() || status.is_server_error()) || !(kind.is_empty() || kind.starts_with("text/plain")) {
        return response;
    }
    let code = match status {
        StatusCode::NOT_FOUND => "not-found",
        StatusCode::METHOD_NOT_ALLOWED => "method-not-allowed",
        StatusCode::PAYLOAD_TOO_LARGE => "too-large",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "unsupported-media-type",
        status if status.is_client_error() => "malformed-request",
        _ => "internal",
    };
    let (mut parts, body) = response.into_parts();
    let words = axum::body::to_bytes(body, MAX_WORDS).await.unwrap_or_default();
    let words = String::from_utf8_lossy(&words).into_owned();
    let words = if words.is_empty() { status.canonical_reason().unwrap_or_default().to_owned() } else { words };
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    Response::from_parts(parts, Problem::new(status.as_u16(), code).detail(words).json().into())
}

/// A parameter of the query that cannot be what it is.
pub(super) fn bad_parameter(name: &str, what: &str) -> Problem {
    Problem::new(400, "invalid-parameter").detail(format!("`{name}` {what}"))
}

/// A cursor that came from somewhere else.
pub(super) fn bad_cursor() -> Problem {
    bad_parameter("cursor", "is not one that this list gave")
}

/// Every answer says what a browser may do with it; assets, which are named by content, may be kept. A list that goes on
/// says where.
pub(super) async fn secured(request: Request, next: Next) -> Response {
    let asset = request.uri().path().starts_with("/assets/");
    let asked = request.uri().clone();
    let mut response = worded(next.run(request).await).await;
    if let Some(GoesOn(cursor)) = response.extensions_mut().remove() {
        let address = asked.path_and_query().map_or("/", |address| address.as_str());
        let link = format!("<{}>; rel=\"next\"", follow(address, &cursor));
        response.headers_mut().extend(HeaderValue::try_from(link).ok().map(|link| (header::LINK, link)));
    }
    for (name, value) in protective(asset) {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// What a browser may do with an answer.
pub(super) const fn protective(asset: bool) -> [(HeaderName, &'static str); 4] {
    [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self'; \
             frame-ancestors 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // not `no-referrer`: under it a browser posts our own forms with `Origin: null`, as if they came from elsewhere
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, if asset { "public, max-age=31536000, immutable" } else { "no-store" }),
    ]
}
