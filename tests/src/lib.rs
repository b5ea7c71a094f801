//! What every test from outside shares: servers started and ended by the test that needs them.
//!
//! A test that needs something outside itself asks [`need`] for it and returns when it is not there; the test command
//! counts that as skipped, never as passed, and in CI it is a failure. Nothing here waits by sleeping for a guessed time.

mod brokers;
mod chromium;
mod devtools;
mod keeper;
mod need;
mod postgres;
mod proxy;
mod server;
mod wait;

use std::path::{Path, PathBuf};

pub use brokers::Brokers;
pub use chromium::{Browser, Theme, View, Visit};
pub use devtools::Tab;
pub use need::{data, need, skipped};
pub use postgres::{Database, Postgres, database};
pub use proxy::{Lost, Passage, Proxy};
pub use server::Server;
pub use wait::{eventually, lasts, until};

/// The top of the repository.
#[must_use]
pub fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_path_buf()
}
