//! Processes of one role each: what their own work does not need may be away, and they are ready all the same.

use muster_tests::{Brokers, Database, Postgres, Server, eventually};
use serde_json::{Value, json};

use super::way::the_case;
use crate::api::{Api, PATIENCE};
use crate::records::{RULES, STREET, blocked};
use crate::stage::{Stage, book};

/// Every role with what it stands on.
const NEEDS: [(&str, &[&str]); 5] = [
    ("admit", &["clock", "log", "configuration"]),
    ("watch", &["store", "clock", "log", "configuration", "partitions"]),
    ("publish", &["store", "clock", "log", "configuration"]),
    ("console", &["store", "clock", "configuration"]),
    ("tick", &["store", "clock", "configuration"]),
];

/// A process of one role.
struct Process {
    role: &'static str,
    needs: &'static [&'static str],
    api: Api,
    _server: Server,
}

impl Process {
    fn start(stage: &Stage, role: &'static str, needs: &'static [&'static str]) -> Self {
        let server = Server::start(&mut stage.command(&["serve", "--roles", role]));
        Self { role, needs, api: Api::new(server.url()), _server: server }
    }

    /// What it waits for, and all that it said.
    async fn waits_for(&self) -> (Value, Value) {
        let answer = self.api.get("/readyz").await;
        let said = answer.json();
        let roles = said["roles"].as_array().unwrap();
        assert_eq!((roles.len(), &roles[0]["role"]), (1, &json!(self.role)), "{said}");
        let parts: Vec<&str> =
            said["parts"].as_array().unwrap().iter().map(|part| part["part"].as_str().unwrap()).collect();
        assert_eq!(parts, [&["process"], self.needs].concat(), "{said}");
        let waits_for = roles[0]["waits_for"].clone();
        assert_eq!(answer.status, if waits_for == json!([]) { 200 } else { 503 }, "{said}");
        (waits_for, said)
    }
}

/// Waits until everybody who needs what is away says so; whoever does not need it is ready.
async fn without(away: Option<&str>, processes: &[Process]) {
    for process in processes {
        let wanted = match away.filter(|part| process.needs.contains(part)) {
            Some(part) => json!([part]),
            None => json!([]),
        };
        let said = async || (process.waits_for().await.0 == wanted).then_some(());
        eventually(&format!("{} to wait for {wanted}", process.role), PATIENCE, said).await;
    }
    // All have noticed by now, and nobody who was ready has changed its mind.
    for process in processes.iter().filter(|process| away.is_none_or(|part| !process.needs.contains(&part))) {
        let (waits_for, said) = process.waits_for().await;
        assert_eq!(waits_for, json!([]), "{}: {said}", process.role);
    }
}

#[tokio::test]
async fn a_process_is_ready_by_what_its_own_roles_need() {
    let (Some(brokers), Some(postgres)) = (Brokers::start(1, None), Postgres::start()) else { return };
    let stage = Stage::on(brokers.bootstrap().to_owned(), Database::on(postgres.url()));
    stage.adopt(&book(RULES), STREET).await;
    let processes = NEEDS.map(|(role, needs)| Process::start(&stage, role, needs));
    let [admit, _, _, console, _] = &processes;
    without(None, &processes).await;

    postgres.kill();
    without(Some("store"), &processes).await;
    admit.api.observe(&blocked(1)).await;
    assert_eq!(console.api.get("/api/v1/cases").await.status, 503);
    postgres.start_again();
    without(None, &processes).await;
    the_case(&console.api, |case| case["place"] == "lane-1" && case["seats"][0]["state"] == "asked").await;

    brokers.kill(1);
    without(Some("log"), &processes).await;
    let case = the_case(&console.api, |case| case["place"] == "lane-1").await;
    let accept = json!({ "command": "accept", "seat": case["seats"][0]["id"] });
    let accepted = console.api.order(case["id"].as_str().unwrap(), &accept).await;
    assert_eq!(accepted.status, 200, "{}", accepted.text());
    brokers.start_again(1);
    without(None, &processes).await;
}
