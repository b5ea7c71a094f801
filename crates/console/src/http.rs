//! The routes: pages for people, the API behind each of them, and who may come in.

mod access;
mod answer;
mod api;
mod assets;
mod catalogue;
mod commands;
mod field;
pub mod heads;
mod inside;
mod letters;
mod listen;
mod pages;
mod probes;
mod query;
mod rest;
mod scene;
mod stream;
mod system;
#[cfg(test)]
mod tests;
mod told;
mod trail;
mod wordless;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use muster_pipeline::desk::Desk;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

pub use access::{Access, AccessError, Keys, Tokens};
pub use commands::Sent;
pub use field::Posted;
pub use inside::Inside;
pub use listen::Bounds;

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
    /// Whether the metrics have a listener of their own ([`serve_metrics`]) and are not shown here.
    pub metrics_apart: bool,
    /// How long readiness says no before a stop closes the listener, so that a load balancer can notice.
    pub linger: Duration,
    /// How much may be asked at once, and how slowly.
    pub bounds: Bounds,
}

#[derive(Debug)]
struct State {
    desk: Desk,
    settings: ConsoleSettings,
    /// Cancelled when the process begins to stop.
    stop: CancellationToken,
    /// A place for every stream that may be open.
    streams: Arc<Semaphore>,
    /// When the doctor last looked closely, and what only that sees.
    examined: system::Examined,
}

impl State {
    fn new(desk: Desk, settings: ConsoleSettings, stop: CancellationToken) -> Arc<Self> {
        let streams = Arc::new(Semaphore::new(settings.bounds.streams));
        Arc::new(Self { desk, settings, stop, streams, examined: system::Examined::default() })
    }
}

/// Serves everything on an open listener until told to stop; requests under way are finished.
pub async fn serve(
    listener: TcpListener,
    desk: Desk,
    settings: ConsoleSettings,
    intake: Option<Router>,
    stop: CancellationToken,
) {
    let (linger, bounds) = (settings.linger, settings.bounds);
    let state = State::new(desk, settings, stop.clone());
    let router = router(&state, intake.unwrap_or_default());
    let leave = async move {
        stop.cancelled().await;
        tokio::time::sleep(linger).await;
    };
    tokio::join!(listen::listen(listener, router, bounds, leave), system::examine_regularly(&state));
}

/// Serves the metrics alone, behind the same access control, until told to stop.
pub async fn serve_metrics(listener: TcpListener, desk: Desk, access: Access, bounds: Bounds, stop: CancellationToken) {
    let router = guarded(probes::metrics_of(desk.clone()), access, bounds, &desk);
    listen::listen(listener, router, bounds, stop.cancelled_owned()).await;
}

/// All routes of a process: those given (intake), and the console's own, behind the same access control.
fn router(state: &Arc<State>, intake: Router) -> Router {
    let (desk, settings) = (&state.desk, &state.settings);
    let metrics = if settings.metrics_apart { Router::new() } else { probes::metrics_of(desk.clone()) };
    let shown = if settings.pages { shown() } else { Router::new() };
    let routes = probes::routes().merge(shown).with_state(Arc::clone(state)).merge(metrics).merge(intake);
    let told = axum::middleware::from_fn_with_state(Arc::clone(state), told::to_people);
    guarded(routes, settings.access.clone(), settings.bounds, desk).layer(told)
}

/// Refusals in one form, the headers of every answer, and access control around routes.
fn guarded(routes: Router, access: Access, bounds: Bounds, desk: &Desk) -> Router {
    let gate = Arc::new(access::Gate { access, clock: desk.clock.clone() });
    routes
        .fallback(answer::not_found)
        .method_not_allowed_fallback(answer::method_not_allowed)
        .layer(axum::middleware::from_fn_with_state(gate, access::check))
        .layer(axum::middleware::from_fn_with_state(bounds.body, rest::read_on))
        .layer(axum::middleware::from_fn(answer::secured))
        .layer(axum::middleware::from_fn(trail::named))
}

fn shown() -> Router<Arc<State>> {
    Router::new()
        .route("/", get(pages::board))
        .route("/fragment/board", get(pages::fragment))
        .route("/cases", get(pages::cases))
        .route("/cases/{id}", get(pages::case))
        .route("/cases/{id}/commands", post(commands::from_page))
        .route("/conditions", get(pages::conditions))
        .route("/dead-letters", get(letters::page::show))
        .route("/dead-letters/replay", post(letters::page::replay_all))
        .route("/dead-letters/{id}/replay", post(letters::page::replay))
        .route("/dead-letters/{id}/drop", post(letters::page::put_down))
        .route("/system", get(system::page))
        .route("/f/{token}", get(field::show).post(field::post).layer(DefaultBodyLimit::max(21 << 20)))
        .route("/f/worker.js", get(assets::field_worker))
        .route("/assets/{name}", get(assets::serve))
        .route("/api/v1/cases", get(api::cases))
        .route("/api/v1/cases/{id}", get(api::case))
        .route("/api/v1/cases/{id}/events", get(api::events))
        .route("/api/v1/cases/{id}/commands", post(commands::from_api))
        .route("/api/v1/conditions", get(api::conditions))
        .route("/api/v1/conditions/{id}", get(api::condition))
        .route("/api/v1/places", get(catalogue::places))
        .route("/api/v1/devices", get(catalogue::devices))
        .route("/api/v1/units", get(catalogue::units))
        .route("/api/v1/grid", get(catalogue::grid))
        .route("/api/v1/rules", get(catalogue::rules))
        .route("/api/v1/reports/{source}/{id}", get(api::report))
        .route("/api/v1/dead-letters", get(letters::list))
        .route("/api/v1/dead-letters/{id}", get(letters::read))
        .route("/api/v1/dead-letters/{id}/replay", post(letters::replay))
        .route("/api/v1/dead-letters/{id}/drop", post(letters::put_down))
        .route("/api/v1/doctor", get(system::doctor))
        .route("/api/v1/system", get(system::read))
        .route("/api/v1/evidence/{id}", get(api::evidence))
        .route("/api/v1/media", post(api::media))
        .route("/api/v1/stream", get(stream::follow))
}
