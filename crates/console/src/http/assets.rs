//! Style sheets, scripts and the icon.

use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::answer;
use crate::asset;

pub(super) async fn serve(Path(name): Path<String>) -> Response {
    match asset::find(&name) {
        Some(found) => ([(header::CONTENT_TYPE, found.media_type)], found.bytes).into_response(),
        None => answer::not_found().await,
    }
}
