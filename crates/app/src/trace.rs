//! What the process says of itself: structured lines on stderr, as text or JSON.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

/// Starts tracing; RUST_LOG goes over the filter of the settings. A second start in one process is left alone.
pub(crate) fn start(filter: &str, json: bool) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(filter));
    let lines = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = if json { lines.json().try_init() } else { lines.try_init() };
    if let Err(error) = started {
        eprintln!("muster: tracing was started before: {error}");
    }
}
