//! A ladder that asks first: the answer to its call, told by an observation, passes its next step over.

use muster_tests::eventually;
use serde_json::{Value, json};

use super::way::the_case;
use crate::api::{Api, PATIENCE};
use crate::records::{RULES, STREET, ago, blocked};
use crate::stage::{CatalogueFiles, Stage, book};

const CALL: &str = r#"
[[rule.respond]]
after = "0s"
call = "roll_call"

[[rule.respond]]
after = "6s"
unless = "answered('roll_call')"
"#;

const ANSWER: &str = r#"
[[observation]]
kind = "roll_call"
reports = "on_event"
made_by = "link"
values = { answered = "bool" }
"#;

/// Who hears a call and answers it, at the first two lanes.
const PANELS: &str = "id,kind,name,places,upstream,external_ids,reports,props\n\
                      cam-1,camera,一号相机,lane-1,,,occupancy=every 10s,\n\
                      cam-2,camera,二号相机,lane-2,,,occupancy=every 10s,\n\
                      panel-1,sensor,一号装置,lane-1,,,roll_call=on_event,\n\
                      panel-2,sensor,二号装置,lane-2,,,roll_call=on_event,\n";

#[tokio::test]
async fn a_call_that_is_answered_passes_the_next_step_over() {
    let rules = RULES.replace("\n[[rule.respond]]\nafter = \"0s\"", CALL);
    let stage = Stage::embedded();
    stage.adopt(&book(&format!("{rules}{ANSWER}")), CatalogueFiles { devices: PANELS, ..STREET }).await;
    let server = stage.serve();
    let api = Api::new(server.url());
    api.observe(&blocked(1)).await;
    api.observe(&blocked(2)).await;
    let (heard, silent) = (case_of(&api, "lane-1").await, case_of(&api, "lane-2").await);
    entry(&api, &heard, "laddered").await;
    // A record of the same kind that does not say so is no answer.
    api.observe(&[answer(2, "no", false), answer(1, "yes", true)]).await;
    let passed = entry(&api, &heard, "ladder_skipped").await;
    assert!(passed.to_string().contains("answered('roll_call') holds"), "{passed}");
    entry(&api, &silent, "seats_wanted").await;
    let journal = api.list(&format!("/api/v1/cases/{heard}/events")).await;
    assert!(!journal.iter().any(|event| event["what"].get("seats_wanted").is_some()), "nobody is sent: {journal:?}");
}

fn answer(lane: u32, id: &str, answered: bool) -> Value {
    json!({
        "specversion": "1.0", "type": "muster.observation.v1", "source": "/panels/test", "id": id, "time": ago(0),
        "datacontenttype": "application/json",
        "data": { "device": format!("panel-{lane}"), "kind": "roll_call", "values": { "answered": answered } },
    })
}

async fn case_of(api: &Api, place: &str) -> String {
    the_case(api, |case| case["place"] == place).await["id"].as_str().unwrap().to_owned()
}

/// The first journal entry of a kind.
async fn entry(api: &Api, case: &str, what: &str) -> Value {
    let path = format!("/api/v1/cases/{case}/events");
    let find = async || api.list(&path).await.into_iter().find(|event| event["what"].get(what).is_some());
    eventually(what, PATIENCE, find).await
}
