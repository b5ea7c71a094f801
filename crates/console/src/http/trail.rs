//! Every request has a name, the one that it brought or one drawn for it: its answer bears it, and what is logged of it.

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument as _;

/// The header that bears it.
pub(super) const NAME: HeaderName = HeaderName::from_static("x-request-id");
/// A longer one is none of ours to repeat.
const LONGEST: usize = 128;

pub(super) async fn named(request: Request, next: Next) -> Response {
    let brought = request.headers().get(&NAME).and_then(|name| name.to_str().ok()).filter(|name| fits(name));
    let name = brought.map_or_else(drawn, str::to_owned);
    let span = tracing::info_span!("request", id = name);
    let mut response = next.run(request).instrument(span).await;
    response.headers_mut().extend(HeaderValue::try_from(name).ok().map(|name| (NAME, name)));
    response
}

/// A name for what brought none.
pub(super) fn drawn() -> String {
    format!("{:032x}", rand::random::<u128>())
}

/// What may stand in a log as it is.
fn fits(name: &str) -> bool {
    let plain = |letter: u8| letter.is_ascii_alphanumeric() || b"-_.:".contains(&letter);
    (1..=LONGEST).contains(&name.len()) && name.bytes().all(plain)
}
