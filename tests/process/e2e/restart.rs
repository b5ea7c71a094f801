//! A restart compares what it believes with the condition table, and corrects the table in words.

use muster_domain::condition::{ConditionKey, State, Subject};
use muster_domain::id::RuleId;
use muster_store::ConditionMoved;
use muster_tests::eventually;
use serde_json::{Value, json};

use super::way::{now, the_case};
use crate::api::{Api, PATIENCE};
use crate::records::{RULES, STREET, blocked};
use crate::stage::{CatalogueFiles, Stage, book};

#[tokio::test]
async fn a_condition_table_that_was_bent_is_corrected() {
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), STREET).await;
    let server = stage.serve();
    let api = Api::new(server.url());
    api.observe(&blocked(1)).await;
    let case = the_case(&api, |case| case["place"] == "lane-1").await;
    let before = condition(&api, "lane-1").await.expect("a condition of the lane");
    assert_eq!(before["state"], State::Present.name());
    assert!(server.terminate().success());

    bend(&stage, "lane-1").await;
    let server = stage.serve();
    let api = Api::new(server.url());
    let corrected = async || condition(&api, "lane-1").await.filter(|now| now["state"] == before["state"]);
    let after = eventually("the correction", PATIENCE, corrected).await;
    assert_eq!((&after["episode"], &after["since"]), (&before["episode"], &before["since"]));
    assert!(after["reason"].to_string().contains("corrected at restart"), "{after}");
    assert!(server.words().contains("the condition table is corrected"), "{}", server.words());
    let gone = async || condition(&api, "lane-9").await.is_none().then_some(());
    eventually("the row of a place that is not there to go", PATIENCE, gone).await;
    let cases = api.list("/api/v1/cases").await;
    assert_eq!((cases.len(), &cases[0]["id"]), (1, &case["id"]), "the case is the one it was");
}

#[tokio::test]
async fn a_case_whose_place_is_withdrawn_is_left_to_a_person() {
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), STREET).await;
    let server = stage.serve();
    let api = Api::new(server.url());
    api.observe(&blocked(1)).await;
    let case = the_case(&api, |case| case["seats"][0]["state"] == "asked").await;
    assert!(server.terminate().success());
    let without = |text: &str| text.lines().filter(|line| !line.contains("lane-1")).collect::<Vec<_>>().join("\n");
    let (places, devices) = (without(STREET.places), without(STREET.devices));
    stage.adopt(&book(RULES), CatalogueFiles { places: &places, devices: &devices, ..STREET }).await;
    let server = stage.serve();
    let api = Api::new(server.url());
    let gone = async || condition(&api, "lane-1").await.is_none().then_some(());
    eventually("the condition to be withdrawn", PATIENCE, gone).await;
    is_left_to_a_person(&api, &case).await;
}

#[tokio::test]
async fn the_state_of_the_watch_is_told_the_same_from_inside_and_from_outside() {
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), STREET).await;
    let server = stage.serve();
    let api = Api::new(server.url());
    api.observe(&blocked(1)).await;
    the_case(&api, |case| case["place"] == "lane-1").await;
    assert!(server.terminate().success(), "which leaves a checkpoint behind");
    let doctor = stage.command(&["doctor"]).output().unwrap();
    let outside = String::from_utf8(doctor.stderr).unwrap();
    let json = String::from_utf8(stage.command(&["doctor", "--json"]).output().unwrap().stdout).unwrap();
    let last: Value = serde_json::from_str(json.lines().last().unwrap()).unwrap();
    let server = stage.serve();
    let inside = Api::new(server.url()).get("/api/v1/doctor").await.json();
    assert_eq!(last, json!({ "states": inside["states"] }));
    let states = inside["states"].as_array().unwrap();
    assert_eq!(states.len(), crate::stage::PARTITIONS as usize, "{inside}");
    for state in states {
        let (partition, offset, hash) = (&state["partition"], &state["offset"], &state["hash"]);
        let line = format!("muster: partition {partition} at offset {offset}: state {hash}\n");
        assert!(outside.contains(&line), "{line}{outside}");
    }
}

/// A case whose condition is believed no more is as live as before, says why it will not end by itself, and ends by a word.
pub(super) async fn is_left_to_a_person(api: &Api, case: &Value) {
    let id = case["id"].as_str().unwrap();
    let events = api.list(&format!("/api/v1/cases/{id}/events")).await;
    assert!(events.iter().any(|event| event.to_string().contains("a person decides")), "{events:?}");
    assert_eq!(now(api, id).await["state"], "dispatched");
    let over = json!({ "command": "void", "reason": "已到现场看过" });
    assert_eq!(api.order(id, &over).await.status, 200);
    assert_eq!(now(api, id).await["state"], "void");
}

async fn condition(api: &Api, place: &str) -> Option<Value> {
    api.list(&format!("/api/v1/conditions?place={place}&rule=lane")).await.pop()
}

/// Writes that the lane is clear, and that a place which nobody knows is blocked.
async fn bend(stage: &Stage, place: &str) {
    let (log, store) = stage.open().await;
    for partition in store.partitions().await.unwrap() {
        let rows = store.conditions_of_partition(partition.partition).await.unwrap();
        let Some(row) = rows.into_iter().find(|row| row.place.as_deref() == Some(place)) else { continue };
        let false_row = ConditionMoved {
            id: row.id,
            rule: row.rule,
            subject: row.subject,
            place: row.place,
            state: State::Clear.name().to_owned(),
            since: row.since + 1,
            episode: None,
            rule_version: row.rule_version,
            kind: row.kind,
            severity: row.severity,
            grid: row.grid,
            doc: row.doc.unwrap(),
        };
        let (rule, subject) = (RuleId::parse("lane").unwrap(), Subject::parse("place:lane-9").unwrap());
        let lost = ConditionMoved {
            id: muster_wire::condition::id(&ConditionKey { rule, subject: subject.clone() }),
            subject: subject.key(),
            place: Some("lane-9".to_owned()),
            state: State::Present.name().to_owned(),
            ..false_row.clone()
        };
        let mut tx = store.begin().await.unwrap();
        tx.move_offset(partition.partition, partition.epoch, partition.offset, partition.offset).await.unwrap();
        tx.conditions_move(&[false_row.clone(), lost.clone()]).await.unwrap();
        tx.commit().await.unwrap();
    }
    log.close().await;
    store.close().await;
}
