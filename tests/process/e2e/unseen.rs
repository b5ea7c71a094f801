//! What cannot be seen, and what serves nobody, is on the page of conditions with since and cause; and the system page
//! says when the doctor last looked closely.

use muster_tests::{Server, eventually};
use serde_json::{Value, json};

use crate::api::{Api, PATIENCE};
use crate::records::{RULES, STREET, blocked, seen};
use crate::stage::{Stage, book};

/// A part of a page: from the element of an id to the end of its section.
fn part<'a>(page: &'a str, id: &str) -> &'a str {
    let (_, rest) = page.split_once(&format!("<section id=\"{id}\"")).unwrap_or_else(|| panic!("no {id}: {page}"));
    rest.split_once("</section>").map_or(rest, |(part, _)| part)
}

async fn page(api: &Api, path: &str) -> String {
    let answer = api.get(path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.text()
}

#[tokio::test]
async fn an_intake_that_was_killed_is_not_served_until_it_is_back() {
    let Some(stage) = Stage::kafka() else { return };
    stage.adopt(&book(RULES), STREET).await;
    let back = Server::start(&mut stage.command(&["serve", "--roles", "watch,publish,tick,console"]));
    let api = Api::new(back.url());
    let intake = || Server::start(&mut stage.command(&["serve", "--roles", "admit"]));
    let front = intake();
    // Its first sign of life goes before what it is sent.
    Api::new(front.url()).observe(&blocked(1)).await;
    eventually("the observation to be watched", PATIENCE, || async {
        api.list("/api/v1/conditions?state=present&place=lane-1").await.pop()
    })
    .await;
    assert!(part(&page(&api, "/conditions").await, "unserved").contains("所有接入都在服务。"));

    front.kill();
    let silent = eventually("the intake to be found silent", PATIENCE, || async {
        let unserved = api.list("/api/v1/conditions?state=unserved").await;
        unserved.into_iter().find(|condition| condition["subject"] == "adapter:http")
    })
    .await;
    assert_eq!(silent["rule"], "muster.adapter.silent");
    for (query, words) in [
        ("?lang=zh", ["HTTP 接入", "接入服务中断", "chip unserved\">未服务", "没有心跳"]),
        (
            "?state=unserved&lang=en",
            ["HTTP intake", "Intake is silent", "chip unserved\">Not served", "no sign of life"],
        ),
    ] {
        let shown = page(&api, &format!("/conditions{query}")).await;
        let (unserved, seen) = (part(&shown, "unserved"), part(&shown, "seen"));
        words.iter().for_each(|word| assert!(unserved.contains(word), "{query}: no {word} in {unserved}"));
        assert!(unserved.contains("<time"), "since when: {unserved}");
        assert!(!seen.contains(words[0]) && !shown.contains("muster.adapter.silent</td>"), "{query}: {seen}");
    }
    let blind = page(&api, "/conditions?state=blind&lang=en").await;
    assert!(part(&blind, "unserved").contains("No intake that matches is unserved."), "{blind}");

    let findings = api.get("/api/v1/doctor").await.json();
    let found = |code: &str| findings["findings"].as_array().unwrap().iter().any(|finding| finding["code"] == code);
    assert!(found("adapter-silent"), "{findings}");
    let system = page(&api, "/system?lang=en").await;
    assert!(system.contains("id=\"adapter-silent\"") && system.contains("Last examined"), "{system}");

    let front = intake();
    eventually("the intake to be heard again", PATIENCE, || async {
        api.list("/api/v1/conditions?state=unserved").await.is_empty().then_some(())
    })
    .await;
    assert!(part(&page(&api, "/conditions").await, "seen").contains("又有消息了"));
    assert_eq!(front.terminate().code(), Some(0));
}

/// What a lane's camera sees, and what it says of itself.
fn unwell(lane: u32, id: &str, health: &Value) -> Value {
    let mut event = seen(lane, id, 0, false);
    event["data"]["health"] = health.clone();
    event
}

#[tokio::test]
async fn a_blind_place_says_why_and_says_so_anew_when_that_changes() {
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), STREET).await;
    let server = stage.serve();
    let api = Api::new(server.url());
    let since = std::cell::RefCell::new(Value::Null);
    for (id, health, cause, zh, en) in [
        ("a", json!({ "dark": true }), "dark", "自报画面太暗", "says its view is too dark"),
        ("b", json!({ "online": false, "dark": true }), "offline", "自报离线", "says it is offline"),
    ] {
        api.observe(&[unwell(1, id, &health)]).await;
        let blind = eventually("the lane to be blind for that", PATIENCE, || async {
            let blind = api.list("/api/v1/conditions?state=blind&place=lane-1").await.pop()?;
            (blind["blind_sources"] == json!([{ "source": "cam-1", "cause": cause }])).then_some(blind)
        })
        .await;
        for (lang, words) in [("zh", zh), ("en", en)] {
            let shown = page(&api, &format!("/conditions?lang={lang}")).await;
            let part = part(&shown, "blind");
            assert!(part.contains("一号通道") && part.contains("一号相机") && part.contains(words), "{lang}: {part}");
        }
        let before = since.replace(blind["blind_since"].clone());
        assert!(before.is_null() || before == blind["blind_since"], "another cause, and not blind anew: {before}");
    }
}

#[tokio::test]
async fn the_system_page_has_holders_lag_checkpoints_and_the_last_examination() {
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), STREET).await;
    let server = stage.serve();
    let api = Api::new(server.url());
    eventually("every partition to be held", PATIENCE, || async {
        let system = api.get("/api/v1/system").await.json();
        system["partitions"].as_array()?.iter().all(|partition| partition["held"] == true).then_some(())
    })
    .await;
    assert_eq!(server.terminate().code(), Some(0), "which leaves checkpoints behind");
    let server = stage.serve();
    let api = Api::new(server.url());
    let unexamined = api.get("/api/v1/system").await.json();
    assert_eq!(unexamined["examined"], Value::Null, "nobody has looked closely yet: {unexamined}");
    assert!(page(&api, "/system").await.contains("还没有体检过"));

    let owner = eventually("every partition to be held again", PATIENCE, || async {
        let system = api.get("/api/v1/system").await.json();
        let partitions = system["partitions"].as_array()?;
        let held = partitions.iter().all(|partition| partition["held"] == true && partition["checkpoint"].is_object());
        held.then(|| partitions[0]["owner"].as_str().unwrap().to_owned())
    })
    .await;
    std::fs::write(stage.folder().join("log/2020-01-01.db"), "no database").unwrap();
    let glance = api.get("/api/v1/system").await.json();
    let codes = |answer: &Value| -> Vec<String> {
        let findings = answer["findings"].as_array().unwrap().iter();
        findings.map(|finding| finding["code"].as_str().unwrap().to_owned()).collect()
    };
    assert!(!codes(&glance).contains(&"day-file-unreadable".to_owned()), "a glance opens no days: {glance}");
    let close = api.get("/api/v1/doctor").await.json();
    assert!(codes(&close).contains(&"day-file-unreadable".to_owned()), "{close}");

    let system = api.get("/api/v1/system").await.json();
    assert!(codes(&system).contains(&"day-file-unreadable".to_owned()), "it is remembered: {system}");
    assert!(system["examined"].is_string(), "{system}");
    for (lang, words) in [
        ("zh", ["上次体检", "持有者", "检查点", "落后", "条", "接下来"]),
        ("en", ["Last examined", "Held by", "Checkpoint", "Behind", "records", "Next"]),
    ] {
        let shown = page(&api, &format!("/system?lang={lang}")).await;
        words.iter().for_each(|word| assert!(shown.contains(word), "{lang}: no {word} in {shown}"));
        assert!(shown.contains("id=\"day-file-unreadable\"") && shown.contains("2020-01-01.db"), "{shown}");
        assert!(shown.contains(&owner) && shown.contains("<span class=\"soft\">@"), "holder and checkpoint: {shown}");
    }
}
