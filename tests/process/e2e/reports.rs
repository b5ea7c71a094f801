//! Reports of people and other platforms: nothing that one says is lost, and whoever sent it hears what became of it.

use muster_tests::eventually;
use serde_json::{Value, json};

use super::way::{now, replays, the_case};
use crate::api::{Answer, Api, PATIENCE};
use crate::records::{RULES, STREET};
use crate::stage::{Stage, book};

const PATH: &str = "/api/v1/reports";

async fn post(api: &Api, report: &Value) -> Answer {
    api.post(PATH, "application/json", report.to_string()).await
}

async fn taken(api: &Api, report: &Value) {
    let answer = post(api, report).await;
    assert_eq!((answer.status, &answer.json()["accepted"]), (202, &json!(1)), "{}", answer.text());
}

/// A report of a blocked lane with whatever is changed about it.
fn report(id: &str, more: Value) -> Value {
    let mut report = json!({ "source": "141", "id": id, "kind": "fire.lane.blocked", "text": "有车" });
    report.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    report
}

async fn case_of(api: &Api, id: &str) -> String {
    let settled = async || {
        let report = api.get(&format!("{PATH}/141/{id}")).await.json();
        report["case"].as_str().filter(|_| report["state"] == "case").map(str::to_owned)
    };
    eventually("the report's case", PATIENCE, settled).await
}

#[tokio::test]
async fn what_is_refused_says_why_until_it_comes_mended() {
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), STREET).await;
    let server = stage.serve();
    let api = Api::new(server.url());
    for (id, more, words) in [
        ("r-1", json!({ "place": "lane-99" }), "/place: is not in the catalogue"),
        ("r-2", json!({ "severity": 9 }), "/severity: "),
        ("r-3", json!({ "text": 4 }), "/text: "),
    ] {
        assert_eq!(post(&api, &report(id, more)).await.status, 422, "{id}");
        let stands = api.get(&format!("{PATH}/141/{id}")).await.json();
        let why = stands["reason"].as_str().unwrap_or_default();
        assert!(stands["state"] == "refused" && stands["case"].is_null() && why.starts_with(words), "{id}: {stands}");
    }
    taken(&api, &report("r-1", json!({ "place": "lane-1" }))).await;
    let case = case_of(&api, "r-1").await;
    assert_eq!(post(&api, &report("r-1", json!({ "place": "lane-99" }))).await.status, 422);
    assert_eq!(case_of(&api, "r-1").await, case, "an amendment that is refused takes no case away");
}

#[tokio::test]
async fn a_report_that_names_an_unknown_cell_is_asked_of_somebody_all_the_same() {
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), STREET).await;
    let server = stage.serve();
    let api = Api::new(server.url());
    taken(&api, &report("r-1", json!({ "grid": "zz" }))).await;
    let case = the_case(&api, |case| case["seats"][0]["state"] == "asked").await;
    assert_eq!((&case["grid"], &case["reports"][0]["id"]), (&Value::Null, &json!("r-1")), "{case}");
}

/// The page at a path, in Chinese.
async fn page(api: &Api, path: &str) -> String {
    let answer = api.get(path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.text()
}

#[tokio::test]
async fn where_it_is_in_words_and_what_is_pointed_to_reach_everybody_who_works_on_it() {
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), STREET).await;
    let server = stage.serve();
    let api = Api::new(server.url());
    let files = json!([
        { "url": "https://141.example/a/1.jpg?key=s&x=\"><b>", "media_type": "image/jpeg" },
        { "url": "/api/v1/evidence/1" },
    ]);
    let reporter = json!({ "name": "MARK-张三", "phone": "MARK-139" });
    let more = json!({ "address": "某路3号<b>门口", "attachments": files, "reporter": reporter });
    taken(&api, &report("r-1", more)).await;
    let case = the_case(&api, |case| case["seats"][0]["state"] == "asked").await;
    let link = &case["reports"][0];
    assert_eq!((&link["address"], &link["attachments"]), (&json!("某路3号<b>门口"), &files), "{case}");
    let id = case["id"].as_str().unwrap();
    assert_eq!(api.list("/api/v1/cases?q=某路3号").await.len(), 1, "it is found by its address");
    let field = case["seats"][0]["link"].as_str().unwrap();
    for path in [&format!("/cases/{id}"), &format!("/fragment/board?case={id}"), field] {
        let page = page(&api, path).await;
        for words in [
            "地址：某路3号&#60;b&#62;门口",
            "<a href=\"https://141.example/a/1.jpg?key=s&#38;x=&#34;&#62;&#60;b&#62;\" rel=\"noreferrer\">https://141.example/a/1.jpg</a>",
            "<li>/api/v1/evidence/1</li>",
        ] {
            assert!(page.contains(words), "no {words} on {path}: {page}");
        }
        assert!(!page.contains("MARK"), "the reporter stays in the vault: {page}");
    }
    let english = page(&api, &format!("/cases/{id}?lang=en")).await;
    assert!(english.contains("Address: 某路3号"), "{english}");
    assert!(!case.to_string().contains("MARK"), "{case}");
}

#[tokio::test]
async fn what_is_said_later_stands_in_the_journal_and_may_raise_the_severity() {
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), STREET).await;
    let server = stage.serve();
    let api = Api::new(server.url());
    taken(&api, &report("r-1", json!({ "severity": 2 }))).await;
    let id = case_of(&api, "r-1").await;
    assert_eq!(now(&api, &id).await["severity"], 2);
    let more = json!({ "severity": 5, "place": "lane-1", "grid": "zz", "address": "后门" });
    taken(&api, &report("r-1", more)).await;
    let raised = async || Some(now(&api, &id).await).filter(|case| case["severity"] == 5);
    let case = eventually("the severity to be raised", PATIENCE, raised).await;
    assert_eq!(case["reports"].as_array().unwrap().len(), 1, "{case}");
    assert_eq!((&case["reports"][0]["place"], &case["place"]), (&json!("lane-1"), &Value::Null), "it is not moved");
    taken(&api, &report("r-1", json!({ "severity": 1, "text": "走了一辆" }))).await;
    let amended = async || Some(now(&api, &id).await).filter(|case| case["reports"][0]["text"] == "走了一辆");
    let case = eventually("the last amendment", PATIENCE, amended).await;
    assert_eq!((&case["severity"], &case["reports"][0]["severity"]), (&json!(5), &json!(1)), "{case}");
    replays(&api, &case).await;
    let shown = page(&api, &format!("/cases/{id}")).await;
    for words in ["补充上报：有车；点位：一号通道；网格：zz；地址：后门", "紧急程度升为五级"]
    {
        assert!(shown.contains(words), "no {words}: {shown}");
    }
    let english = page(&api, &format!("/cases/{id}?lang=en")).await;
    for words in ["amended: 有车; Place: 一号通道; Grid cell: zz; Address: 后门", "Severity raised: Level 5"] {
        assert!(english.contains(words), "no {words}: {english}");
    }
    // one that joins a case is heard as well
    taken(&api, &report("r-2", json!({ "severity": 3, "place": "lane-2" }))).await;
    let joined = case_of(&api, "r-2").await;
    taken(&api, &report("r-3", json!({ "severity": 4, "place": "lane-2" }))).await;
    assert_eq!(case_of(&api, "r-3").await, joined);
    assert_eq!(now(&api, &joined).await["severity"], 4);
}
