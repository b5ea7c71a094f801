//! "Possibly the same": a report without a place names the live cases of its kind nearby, and no others.

use std::collections::BTreeSet;

use muster_tests::eventually;
use serde_json::{Value, json};

use crate::api::{Api, PATIENCE};
use crate::records::{RULES, STREET};
use crate::stage::{Stage, book};

/// A thousandth of a degree of latitude is some 111 m.
fn report(id: &str, kind: &str, lat: f64) -> Value {
    let location = json!({ "lon": 106.5512, "lat": lat, "crs": "wgs84" });
    json!({ "source": "141", "id": id, "kind": kind, "text": "垃圾", "location": location })
}

/// Hands reports in together, and gives the cases that they became.
async fn filed(api: &Api, reports: &[Value]) -> Vec<Value> {
    let answer = api.post("/api/v1/reports", "application/json", json!(reports).to_string()).await;
    assert_eq!((answer.status, &answer.json()["accepted"]), (202, &json!(reports.len())), "{}", answer.text());
    let mut cases = Vec::new();
    for report in reports {
        let path = format!("/api/v1/reports/141/{}", report["id"].as_str().unwrap());
        let case = eventually("the case of a report", PATIENCE, || async {
            let stands = api.get(&path).await.json();
            stands["case"].as_str().map(|id| format!("/api/v1/cases/{id}"))
        });
        cases.push(api.get(&case.await).await.json());
    }
    cases
}

fn names(case: &Value) -> BTreeSet<String> {
    case["maybe_same"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect()
}

fn ids<'a>(cases: impl IntoIterator<Item = &'a Value>) -> BTreeSet<String> {
    cases.into_iter().map(|case| case["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_report_names_the_live_cases_of_its_kind_nearby() {
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), STREET).await;
    let server = stage.serve();
    let api = Api::new(server.url());
    let there = filed(&api, &[report("there", "street.litter", 29.5630)]).await.remove(0);
    assert_eq!(names(&there), BTreeSet::new(), "there was nothing before it");
    let mut at_lane = report("at-lane", "street.litter", 29.5630);
    at_lane["place"] = json!("lane-1");
    let others = [report("kind", "street.vending", 29.5630), report("far", "street.litter", 29.5640), at_lane];
    let others = filed(&api, &others).await;
    assert_eq!(names(&others[0]), BTreeSet::new(), "another kind");
    assert_eq!(names(&others[1]), BTreeSet::new(), "111 m away");
    assert_eq!(names(&others[2]), BTreeSet::new(), "a place says for itself what it is");
    let near = filed(&api, &[report("near", "street.litter", 29.5635)]).await.remove(0);
    assert_eq!(names(&near), ids([&there, &others[1], &others[2]]));

    let page = api.get(&format!("/cases/{}?lang=zh", near["id"].as_str().unwrap())).await.text();
    let (_, said) = page.split_once("可能是同一件").expect("it is said on the page");
    let (said, _) = said.split_once("</section>").unwrap();
    assert!(said.contains(there["number"].as_str().unwrap()) && said.contains("相距 56 米"), "{said}");

    let over = json!({ "command": "void", "reason": "录错了" });
    assert_eq!(api.order(there["id"].as_str().unwrap(), &over).await.status, 200);
    let later = filed(&api, &[report("later", "street.litter", 29.5630)]).await.remove(0);
    assert_eq!(names(&later), ids([&others[2], &near]), "what is over is not named, nor what is too far");
}

/// They lie in several partitions, some of them in one batch: whichever is filed later must know of the others.
async fn none_is_overlooked(stage: Stage) {
    stage.adopt(&book(RULES), STREET).await;
    let server = stage.serve();
    let reports: Vec<Value> = (0..12).map(|n| report(&format!("r-{n}"), "street.litter", 29.5630)).collect();
    let cases = filed(&Api::new(server.url()), &reports).await;
    let mut named: Vec<usize> = cases.iter().map(|case| names(case).len()).collect();
    named.sort_unstable();
    assert_eq!(named, (0..12).collect::<Vec<_>>(), "each names all that were filed before it");
}

#[tokio::test]
async fn of_reports_that_come_together_none_is_overlooked() {
    none_is_overlooked(Stage::embedded()).await;
}

#[tokio::test]
async fn none_is_overlooked_with_postgresql_either() {
    let Some(stage) = Stage::kafka() else { return };
    none_is_overlooked(stage).await;
}
