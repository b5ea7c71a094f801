//! The same routes without a socket, for commands of this machine that have opened log and store themselves.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, Request, Response, header};
use muster_pipeline::desk::Desk;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::ConsoleSettings;

/// All routes of a process, asked from within it.
#[derive(Debug, Clone)]
pub struct Inside(Router);

impl Inside {
    /// The console's routes, and those given.
    #[must_use]
    pub fn new(desk: Desk, settings: ConsoleSettings, routes: Router) -> Self {
        Self(super::router(&super::State::new(desk, settings, CancellationToken::new()), routes))
    }

    /// Answers a request as the listener would.
    pub async fn ask(&self, request: Request<Bytes>) -> Response<Bytes> {
        let mut request = request.map(Body::from);
        request.headers_mut().insert(header::HOST, HeaderValue::from_static("localhost"));
        let answered = match self.0.clone().oneshot(request).await {
            Ok(answered) => answered,
            Err(never) => match never {},
        };
        let (parts, body) = answered.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
        Response::from_parts(parts, body)
    }
}
