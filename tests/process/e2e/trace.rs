//! The trace: one observation's source and id lead from the line of its intake to the line of its case.

use muster_tests::{Server, eventually};
use serde_json::Value;

use super::way::the_case;
use crate::api::{Api, PATIENCE};
use crate::records::{RULES, STREET, blocked};
use crate::stage::{Stage, book};

#[tokio::test]
async fn one_observation_is_followed_from_intake_to_case() {
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), STREET).await;
    let mut command = stage.command(&["serve"]);
    command.env("MUSTER_TRACE__JSON", "true").env("MUSTER_TRACE__FILTER", "info,muster_pipeline=debug");
    let server = Server::start(&mut command);
    let api = Api::new(server.url());
    api.observe(&blocked(1)).await;
    let case = the_case(&api, |case| case["place"] == "lane-1").await;
    let lines = || -> Vec<Value> {
        server.words().lines().filter_map(|line| serde_json::from_str(line).ok()).collect::<Vec<Value>>()
    };
    let said = |line: &Value, message: &str| line["fields"]["message"] == message;
    let admitted = |line: &Value| said(line, "admitted") && line["fields"]["id"] == "still-1";
    // The case itself may wait for the next tick: then the episode leads there.
    let began = |line: &Value| {
        let span = &line["span"];
        said(line, "a condition moved") && span["id"] == "still-1" && span["source"] == "/gateways/test"
    };
    let filed = |line: &Value| said(line, "an episode has its case") && line["fields"]["case"] == case["id"];
    let (began, filed) = eventually("the three lines", PATIENCE, async || {
        let lines = lines();
        lines.iter().find(|line| admitted(line))?;
        let find = |which: &dyn Fn(&Value) -> bool| lines.iter().find(|line| which(line)).cloned();
        find(&began).zip(find(&filed))
    })
    .await;
    assert_eq!(began["fields"]["episode"], filed["fields"]["episode"]);
}
