//! A simulated sub-district that speaks to Muster as any other client would.
//!
//! Everything goes over public HTTP: observations and reports in, the list of cases out. Nothing here knows anything
//! of the inside, so what the demo shows is what an integrator gets.

mod catalogue;
mod chance;
mod client;
mod day;
pub mod load;
mod reaction;
mod script;
mod stamp;
mod voice;
mod world;

use std::time::Duration;

use tokio_util::sync::CancellationToken;

pub use catalogue::{EXAMPLE, EXAMPLE_RULES, StreetFiles};
pub use stamp::{MICROS, Stamp};

use catalogue::Street;
use client::Client;
use voice::Voices;
use world::World;

/// How the street is to run.
#[derive(Debug, Clone)]
pub struct StreetSettings {
    /// Base address of the server, such as `http://127.0.0.1:8080`.
    pub url: String,
    /// The same seed gives the same day.
    pub seed: u64,
    /// World seconds in one real second; more than 0.
    pub speed: f64,
    /// Bearer token, where the server asks for one.
    pub token: Option<String>,
    /// The last minutes before the start, delivered at once as a gateway does that was cut off.
    pub burst: Duration,
}

/// Why the street stopped.
#[derive(Debug, thiserror::Error)]
pub enum StreetError {
    /// A setting that makes no sense.
    #[error("the street cannot run: {0}")]
    Settings(&'static str),
    /// A catalogue file that cannot be read.
    #[error("{file}:{line}: {reason}")]
    Catalogue {
        /// Name of the file.
        file: &'static str,
        /// Line in it, from 1.
        line: u64,
        /// What is wrong there.
        reason: String,
    },
    /// The HTTP client could not be made.
    #[error("the HTTP client could not be made")]
    Http(#[source] reqwest::Error),
    /// The server will not have us; repeating would not help.
    #[error("{path} answered {status}: check the street's token and the source names it may use")]
    Refused {
        /// The route that refused.
        path: &'static str,
        /// Its status.
        status: u16,
    },
}

/// At most this many events are held before they are sent, so that a long cut costs time and not memory.
const EVENTS_A_ROUND: usize = 4_000;

/// Runs the example street until `stop`: advances the world to `clock` (world time in microseconds since 1970), says what
/// its devices see, and lets the world react to what the cases show. Nothing is lost while the server is away: the world
/// waits, and what it saw meanwhile is delivered afterwards.
///
/// # Errors
/// [`StreetError`] if the settings make no sense or the server refuses us for good.
pub async fn run(
    settings: StreetSettings,
    clock: impl Fn() -> i64 + Send + Sync,
    stop: CancellationToken,
) -> Result<(), StreetError> {
    if !(settings.speed.is_finite() && settings.speed > 0.0) {
        return Err(StreetError::Settings("speed must be more than 0"));
    }
    let client = Client::new(&settings)?;
    let street = Street::read(&EXAMPLE)?;
    let start = clock().div_euclid(MICROS) * MICROS;
    let burst = i64::try_from(settings.burst.as_secs()).unwrap_or(i64::MAX / MICROS).min(3_000) * MICROS;
    let mut world = World::new(&street, settings.seed, start - burst);
    world.stage(script::opening(&street, start));
    let mut voices = Voices::new(&street, settings.seed);
    let mut at = start - burst;
    let mut polled = None::<tokio::time::Instant>;
    while !stop.is_cancelled() {
        let now = clock();
        while at + MICROS <= now && voices.waiting() < EVENTS_A_ROUND {
            world.advance(at);
            voices.speak(&street, &mut world, at);
            at += MICROS;
        }
        for post in voices.take() {
            if !client.deliver(&post, &stop).await? {
                return Ok(());
            }
        }
        if at + MICROS <= clock() {
            continue;
        }
        if polled.is_none_or(|last| last.elapsed() >= pause(&settings, 2.0, 500, 2_000)) {
            polled = Some(tokio::time::Instant::now());
            let cases = client.cases().await;
            world.hear(&street, &cases, at);
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(pause(&settings, 1.0, 20, 250)) => {}
        }
    }
    Ok(())
}

/// So many world seconds as real time, within bounds in milliseconds.
fn pause(settings: &StreetSettings, seconds: f64, least: u64, most: u64) -> Duration {
    Duration::try_from_secs_f64(seconds / settings.speed)
        .unwrap_or(Duration::MAX)
        .clamp(Duration::from_millis(least), Duration::from_millis(most))
}

#[cfg(test)]
mod tests;
