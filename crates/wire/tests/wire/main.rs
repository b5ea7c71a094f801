//! The formats from outside: round trips, golden files, hostile input, and schemas that are fresh.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod cases;
mod generated;
mod golden;
mod hostile;
mod round_trip;
mod samples;
mod schemas;
