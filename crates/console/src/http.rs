//! The routes: pages for people, the API behind each of them, and who may come in.

mod access;
mod answer;
mod api;
mod assets;
mod commands;
mod field;
mod inside;
mod pages;
mod scene;
mod stream;
mod told;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use muster_pipeline::desk::Desk;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use access::{Access, AccessError};
pub use inside::Inside;

use crate::map::Scenery;

/// How the console is set up.
#[derive(Debug, Clone)]
pub struct ConsoleSettings {
    /// Who may come in.
    pub access: Access,
    /// The data is simulated, and every screen must say so.
    pub demo: bool,
    /// How much faster than the clock the demo's world runs.
    pub speed: f64,
    /// Roads and water for the map, as GeoJSON.
    pub scenery: Scenery,
    /// The time zone of the street.
    pub zone: jiff::tz::TimeZone,
    /// Whether this process shows pages and the API, or only how it is.
    pub pages: bool,
}

#[derive(Debug)]
struct State {
    desk: Desk,
    settings: ConsoleSettings,
}

/// Serves everything on an open listener until told to stop; requests under way are finished.
pub async fn serve(
    listener: TcpListener,
    desk: Desk,
    settings: ConsoleSettings,
    intake: Option<Router>,
    stop: CancellationToken,
) {
    let router = router(desk, settings, intake.unwrap_or_default());
    let served = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned());
    if let Err(error) = served.await {
        tracing::error!(%error, "the HTTP listener ended badly");
    }
}

/// All routes of a process: those given (intake), and the console's own, behind the same access control.
fn router(desk: Desk, settings: ConsoleSettings, intake: Router) -> Router {
    let access = settings.access.clone();
    let pages = settings.pages;
    let state = Arc::new(State { desk, settings });
    let health = Router::new()
        .route("/livez", get(api::livez))
        .route("/readyz", get(api::readyz))
        .route("/metrics", get(api::metrics));
    let shown = if pages { shown() } else { Router::new() };
    health
        .merge(shown)
        .fallback(answer::not_found)
        .method_not_allowed_fallback(answer::method_not_allowed)
        .with_state(Arc::clone(&state))
        .merge(intake)
        .layer(axum::middleware::from_fn_with_state(Arc::new(access), access::check))
        .layer(axum::middleware::from_fn_with_state(state, told::to_people))
        .layer(axum::middleware::from_fn(answer::secured))
}

fn shown() -> Router<Arc<State>> {
    Router::new()
        .route("/", get(pages::board))
        .route("/fragment/board", get(pages::fragment))
        .route("/cases", get(pages::cases))
        .route("/cases/{id}", get(pages::case))
        .route("/cases/{id}/commands", post(commands::from_page))
        .route("/conditions", get(pages::conditions))
        .route("/dead-letters", get(pages::dead))
        .route("/dead-letters/{id}/replay", post(pages::replay))
        .route("/dead-letters/{id}/drop", post(pages::drop_letter))
        .route("/f/{token}", get(field::show).post(field::post).layer(DefaultBodyLimit::max(21 << 20)))
        .route("/assets/{name}", get(assets::serve))
        .route("/asyncapi.json", get(api::asyncapi))
        .route("/api/v1/cases", get(api::cases))
        .route("/api/v1/cases/{id}", get(api::case))
        .route("/api/v1/cases/{id}/events", get(api::events))
        .route("/api/v1/cases/{id}/commands", post(commands::from_api))
        .route("/api/v1/conditions", get(api::conditions))
        .route("/api/v1/conditions/{id}", get(api::condition))
        .route("/api/v1/places", get(api::places))
        .route("/api/v1/devices", get(api::devices))
        .route("/api/v1/units", get(api::units))
        .route("/api/v1/grid", get(api::grid))
        .route("/api/v1/reports/{source}/{id}", get(api::report))
        .route("/api/v1/dead-letters", get(api::dead_letters))
        .route("/api/v1/dead-letters/{id}", get(api::dead_letter))
        .route("/api/v1/dead-letters/{id}/replay", post(api::replay))
        .route("/api/v1/dead-letters/{id}/drop", post(api::drop_letter))
        .route("/api/v1/evidence/{id}", get(api::evidence))
        .route("/api/v1/media", post(api::media))
        .route("/api/v1/stream", get(stream::follow))
}
