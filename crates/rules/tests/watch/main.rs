//! The watch from outside: scenarios worked out by hand from the sentences of ENGINE, and its properties on random worlds.

#![expect(clippy::unwrap_used, reason = "made-up worlds either fit or the test has nothing to say")]

mod checkpoints;
mod properties;
mod scenarios;
mod support;
