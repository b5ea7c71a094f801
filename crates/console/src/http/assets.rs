//! Style sheets, scripts, the icon, and the worker of the field page.

use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::answer;
use crate::asset;

/// Below `/f/`, so that a browser lets it speak for field pages and for nothing else.
pub(super) async fn field_worker() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, asset::FIELD_WORKER.media_type)], asset::FIELD_WORKER.bytes)
}

pub(super) async fn serve(Path(name): Path<String>) -> Response {
    match asset::find(&name) {
        Some(found) => ([(header::CONTENT_TYPE, found.media_type)], found.bytes).into_response(),
        None => answer::not_found().await,
    }
}
