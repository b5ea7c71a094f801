//! The screens in a real browser: every page whole, the board live and by keyboard, the field page with and without
//! scripts.

mod field;
mod keys;
mod letters;
mod lists;
mod live;
mod pages;

use muster_tests::{Server, eventually};
use serde_json::Value;

use crate::api::{Api, PATIENCE};
use crate::stage::program;

/// A demo street in a hurry.
fn street() -> Server {
    Server::start(&mut program(&["demo", "--listen", "127.0.0.1:0", "--speed", "8"]))
}

/// The cases once some are there and a seat of one has a link.
async fn cases(api: &Api, least: usize) -> (Vec<Value>, String) {
    eventually("cases and a seat that was asked", PATIENCE, || async {
        let cases = api.list("/api/v1/cases").await;
        let link = cases.iter().find_map(link)?;
        (cases.len() >= least).then_some((cases, link))
    })
    .await
}

/// The first field link of a case.
fn link(case: &Value) -> Option<String> {
    case["seats"].as_array()?.iter().find_map(|seat| seat["link"].as_str()).map(str::to_owned)
}
