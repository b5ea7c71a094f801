//! Over HTTP: CloudEvents to `/api/v1/observations`, reports to `/api/v1/reports`, catalogue files (INTERFACE §2, §7).

mod catalogue;

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;

use ::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Extension, Router};
use bytes::{Bytes, BytesMut};
use muster_domain::id::{AdapterName, SourceId};
use muster_pipeline::admit::{Admit, AdmitError, Admitted, Caller, ParkedItem, Sender, Sent};
use muster_wire::WireError;
use muster_wire::bounds::{MAX_BATCH_BYTES, MAX_RECORD_BYTES};
use muster_wire::cloudevents::read_http;
use muster_wire::problem::{MEDIA_TYPE, Problem};
use muster_wire::receipt::{AllParked, Parked, Receipt};
use muster_wire::report;

pub use axum::Router as Routes;
pub use catalogue::router as catalogue_router;

/// The adapter under which HTTP intake is known to the watch.
pub const ADAPTER: &str = "http";

fn sender(caller: &Caller, adapter: &AdapterName) -> Sender {
    Sender { adapter: adapter.clone(), name: caller.name.clone(), may: caller.may.clone() }
}

#[derive(Debug)]
struct Door {
    admit: Admit,
    adapter: AdapterName,
}

/// The routes of intake. Each request must carry a [`Caller`] as an extension.
pub fn router(admit: Admit, adapter: AdapterName) -> Router {
    Router::new()
        .route("/api/v1/observations", post(observations))
        .route("/api/v1/reports", post(reports))
        .with_state(Arc::new(Door { admit, adapter }))
}

async fn observations(
    State(door): State<Arc<Door>>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let body = match whole(body, MAX_BATCH_BYTES).await {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    let items = match read_http(&parts.headers, &body) {
        Ok(read) => read.items(),
        Err(error) => return refused(&error),
    };
    if items.is_empty() {
        return empty("event");
    }
    let sender = sender(&caller, &door.adapter);
    let sent = Sent { sender: &sender, body: &body, headers: kept(&parts.headers), origin: None };
    answer(door.admit.events(sent, items).await)
}

async fn reports(State(door): State<Arc<Door>>, Extension(caller): Extension<Caller>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    if !is_json(&parts.headers) {
        let detail = "send application/json";
        return problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", detail);
    }
    let body = match whole(body, MAX_BATCH_BYTES).await {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    let mut items = match report::reports(&body) {
        Ok(items) => items,
        Err(error) => return refused(&error),
    };
    if items.is_empty() {
        return empty("report");
    }
    let key = parts.headers.get("idempotency-key").and_then(|key| key.to_str().ok());
    if let ([item], Some(key)) = (items.as_mut_slice(), key)
        && let Ok(report) = &mut item.read
        && report.id.is_none()
    {
        match SourceId::parse(key.trim_matches('"')) {
            Ok(id) => report.id = Some(id),
            Err(error) => {
                let detail = error.to_string();
                return problem(StatusCode::BAD_REQUEST, "invalid-idempotency-key", &detail);
            }
        }
    }
    if body.len() > MAX_RECORD_BYTES && items.len() == 1 {
        let detail = format!("a report has at most {MAX_RECORD_BYTES} bytes");
        return problem(StatusCode::PAYLOAD_TOO_LARGE, "too-large", &detail);
    }
    let sender = sender(&caller, &door.adapter);
    let sent = Sent { sender: &sender, body: &body, headers: kept(&parts.headers), origin: None };
    answer(door.admit.reports(sent, items).await)
}

async fn whole(mut body: Body, limit: usize) -> Result<Bytes, Response> {
    let mut whole = BytesMut::new();
    while let Some(frame) = poll_fn(|task| Pin::new(&mut body).poll_frame(task)).await {
        let broken = |_| problem(StatusCode::BAD_REQUEST, "unreadable-body", "the body broke off; send it again");
        let frame = frame.map_err(broken)?;
        let data = frame.data_ref().map_or(&[][..], |data| data);
        if whole.len() + data.len() > limit {
            let detail = format!("a request has at most {limit} bytes; send several");
            return Err(problem(StatusCode::PAYLOAD_TOO_LARGE, "too-large", &detail));
        }
        whole.extend_from_slice(data);
    }
    Ok(whole.freeze())
}

fn is_json(headers: &HeaderMap) -> bool {
    let essence = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    essence.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// Headers that a dead letter keeps, so that it can be read again as it came.
fn kept(headers: &HeaderMap) -> muster_pipeline::Headers {
    headers
        .iter()
        .filter(|(name, _)| *name == header::CONTENT_TYPE || name.as_str().starts_with("ce-"))
        .take(48)
        .collect()
}

fn answer(result: Result<Admitted, AdmitError>) -> Response {
    let admitted = match result {
        Ok(admitted) => admitted,
        Err(error) => return unavailable(&error),
    };
    let nothing = admitted.accepted + admitted.duplicates == 0;
    let receipt = Receipt {
        accepted: admitted.accepted as u64,
        duplicates: admitted.duplicates as u64,
        parked: admitted
            .parked
            .into_iter()
            .map(|ParkedItem { index, pointer, reason, code }| Parked { index, pointer, reason, code })
            .collect(),
    };
    if !nothing {
        return (StatusCode::ACCEPTED, axum::Json(receipt)).into_response();
    }
    let headers = [(header::CONTENT_TYPE, MEDIA_TYPE)];
    (StatusCode::UNPROCESSABLE_ENTITY, headers, axum::Json(AllParked::new(receipt))).into_response()
}

fn unavailable(error: &AdmitError) -> Response {
    let busy = matches!(error, AdmitError::Busy { .. });
    let status = if busy { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::SERVICE_UNAVAILABLE };
    let code = match error {
        AdmitError::Busy { .. } => "busy",
        AdmitError::NotReady => "not-ready",
        AdmitError::Log(_) => "log-unavailable",
        AdmitError::Store(_) => "store-unavailable",
    };
    tracing::warn!(error = %muster_pipeline::chain(error), "intake is refused for now");
    let mut response = problem(status, code, &error.to_string());
    let seconds = error.retry_after().as_secs().max(1);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

fn empty(what: &str) -> Response {
    problem(StatusCode::BAD_REQUEST, "empty", &format!("there is nothing in it; send at least one {what}"))
}

fn refused(error: &WireError) -> Response {
    as_response(&Problem::from(error))
}

fn problem(status: StatusCode, code: &str, detail: &str) -> Response {
    as_response(&Problem::new(status.as_u16(), code).detail(detail))
}

fn as_response(problem: &Problem) -> Response {
    let status = StatusCode::from_u16(problem.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, MEDIA_TYPE)], problem.json()).into_response()
}
