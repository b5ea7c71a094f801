//! The watch from outside: hand-worked scenarios, and properties of engine and reference on random worlds.

#![expect(clippy::unwrap_used, reason = "made-up worlds either fit or the test has nothing to say")]

mod properties;
mod scenarios;
mod support;
