//! The watch from outside: scenarios worked out by hand from the sentences of ENGINE, told to the slow reference.

#![expect(clippy::unwrap_used, reason = "made-up worlds either fit or the test has nothing to say")]

mod scenarios;
#[expect(dead_code, reason = "random worlds for the properties beside, which are not part of the run yet")]
mod support;
