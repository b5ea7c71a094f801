//! What the pages of conditions and of the system show of rows that are there.

use muster_domain::condition::{Blind, BlindCause, BlindSource, Change, ConditionKey, Moved, Reason, State, Subject};
use muster_domain::id::{EpisodeId, RuleId};
use muster_domain::time::{LogTime, Seen, Span};
use muster_store::{ConditionBlind, ConditionMoved, Identity};
use muster_wire::condition;

use super::bench::{Bench, NOW};

const SECOND: i64 = 1_000_000;

fn key(rule: &str, subject: &str) -> ConditionKey {
    ConditionKey { rule: RuleId::parse(rule).unwrap(), subject: Subject::parse(subject).unwrap() }
}

/// The intake is silent for two minutes.
fn silent() -> ConditionMoved {
    let key = key("muster.adapter.silent", "adapter:http");
    let episode = EpisodeId::parse("e-1").unwrap();
    let held = Some(Span::from_secs(15));
    let moved = Moved {
        key: key.clone(),
        rule_version: 1,
        from: State::Unknown,
        to: State::Present,
        at: Seen::from_micros(NOW - 105 * SECOND),
        episode: Some(episode.clone()),
        reason: Reason { clause: "silent".to_owned(), held, needed: held, ..Reason::default() },
    };
    ConditionMoved {
        id: condition::id(&key),
        rule: key.rule.to_string(),
        subject: key.subject.key(),
        place: None,
        state: "present".to_owned(),
        since: moved.at.micros(),
        episode: Some(episode.to_string()),
        rule_version: 1,
        kind: None,
        severity: None,
        grid: None,
        doc: condition::write(&Change::Moved(moved)),
    }
}

/// A lane that these sources do not cover.
fn blind(place: &str, sources: &[(&str, Option<BlindCause>)]) -> ConditionBlind {
    let key = key("fire-lane-blocked", &format!("place:{place}"));
    let source = |(source, cause): &(&str, _)| BlindSource { source: (*source).to_owned(), cause: *cause };
    let since = Some(LogTime::from_micros(NOW - 300 * SECOND));
    let sources = sources.iter().map(source).collect();
    let blind = Blind { key: key.clone(), blind: true, at: LogTime::from_micros(NOW), since, sources };
    ConditionBlind {
        id: condition::id(&key),
        rule: key.rule.to_string(),
        subject: key.subject.key(),
        place: Some(place.to_owned()),
        blind: true,
        since: NOW - 300 * SECOND,
        rule_version: 1,
        kind: None,
        severity: None,
        grid: None,
        doc: condition::write(&Change::Blind(blind)),
    }
}

/// Two partitions, of which `desk-1` holds the first, with these conditions and a checkpoint.
async fn watched(bench: &Bench, moved: &[ConditionMoved], blind: &[ConditionBlind]) {
    let store = &bench.desk.store;
    let identity = Identity {
        profile: "embedded".to_owned(),
        cluster: "embedded".to_owned(),
        topics: vec![],
        generation: "g".to_owned(),
        partitions: 2,
    };
    store.pin_identity(&identity).await.unwrap();
    let owned = store.partition_take(0, "desk-1", 60 * SECOND, NOW).await.unwrap().unwrap();
    let mut tx = store.begin().await.unwrap();
    tx.move_offset(0, owned.epoch, 0, 1).await.unwrap();
    tx.conditions_move(moved).await.unwrap();
    tx.conditions_blind(blind).await.unwrap();
    tx.commit().await.unwrap();
    store.checkpoint_put(0, 1, NOW - 90 * SECOND, b"state").await.unwrap();
}

/// From a section's id to its end.
fn part<'a>(page: &'a str, id: &str) -> &'a str {
    let (_, rest) = page.split_once(&format!("<section id=\"{id}\"")).unwrap_or_else(|| panic!("no {id}: {page}"));
    rest.split_once("</section>").map_or(rest, |(part, _)| part)
}

#[tokio::test]
async fn a_board_that_holds_more_than_it_shows_says_so() {
    let bench = Bench::new().await;
    for number in 0..500 {
        bench.file(&format!("C-{number}"), &format!("lane-{number}"), "500103005", 10).await;
    }
    let few = bench.get("/").await.text;
    assert!(few.contains("<b>500</b>") && few.contains("立案 500<") && !few.contains("500+"), "{few}");
    bench.file("C-500", "lane-500", "500103005", 10).await;
    let many = bench.get("/").await.text;
    assert!(many.contains("<b>500+</b>") && many.contains("立案 500+<") && many.contains("结案 0<"), "{many}");
    let anew = bench.get("/fragment/board").await.text;
    assert!(anew.contains("(500+)"), "{anew}");
    assert!(many.contains("(500+)") && many.contains("这里只列最急的；全部在案件页"), "{many}");
}

#[tokio::test]
async fn what_is_blind_or_not_served_is_shown_with_since_and_cause() {
    let bench = Bench::new().await;
    let causes = [("cam-1", Some(BlindCause::Dark)), ("cam-2", Some(BlindCause::Silent)), ("cam-3", None)];
    watched(&bench, &[silent()], &[blind("lane-1", &causes), blind("lane-2", &[])]).await;
    let page = bench.get("/conditions").await.text;
    let (places, intake) = (part(&page, "blind"), part(&page, "unserved"));
    for words in ["一号通道", "cam-1：", "自报画面太暗", ">没有消息<", "原因没有记下", "没有设备能看到这里", "08:41"]
    {
        assert!(places.contains(words), "no {words} in {places}");
    }
    for words in ["HTTP 接入", "接入服务中断", "未服务", "2 分", "08:44", "没有心跳", "href=\"/system\""]
    {
        assert!(intake.contains(words), "no {words} in {intake}");
    }
    assert!(!page.contains("muster.adapter.silent</td>") && !part(&page, "seen").contains("HTTP 接入"), "{page}");
    let english = bench.get("/conditions?state=unserved&lang=en").await.text;
    assert!(part(&english, "unserved").contains("Intake is silent"), "{english}");
    assert!(part(&english, "blind").contains("Every place that matches is seen."), "{english}");
    assert!(english.contains("<option value=\"unserved\" selected>Not served</option>"), "{english}");
    assert!(english.contains("<option value=\"muster.adapter.silent\">Intake is silent</option>"), "{english}");
    let whole = bench.get("/api/v1/conditions?state=blind&place=lane-1").await.json();
    let told = serde_json::json!([
        { "source": "cam-1", "cause": "dark" },
        { "source": "cam-2", "cause": "silent" },
        { "source": "cam-3", "cause": null },
    ]);
    assert_eq!(whole["items"][0]["blind_sources"], told);
    let found = async |query: &str| bench.get(&format!("/api/v1/conditions?{query}")).await.ids().len();
    assert_eq!(found("state=unserved").await, 1);
    assert_eq!(found("state=unserved&rule=muster.adapter.silent").await, 1);
    assert_eq!(found("state=unserved&rule=fire-lane-blocked").await, 0);
    assert_eq!(found("state=unserved&place=lane-1").await, 0);
}

#[tokio::test]
async fn where_nothing_is_wrong_the_page_says_so() {
    let bench = Bench::new().await;
    let page = bench.get("/conditions?lang=en").await.text;
    assert!(part(&page, "unserved").contains("Every intake is at work."), "{page}");
    let page = bench.get("/conditions?state=clear&lang=en").await.text;
    assert!(part(&page, "unserved").contains("No intake that matches is unserved."), "{page}");
}

#[tokio::test]
async fn the_system_page_remembers_what_the_doctor_saw_when_it_looked_closely() {
    let bench = Bench::new().await;
    watched(&bench, &[], &[]).await;
    let page = async |lang: &str| bench.get(&format!("/system?lang={lang}")).await.text;
    let before = page("en").await;
    for words in ["desk-1", "Nobody", "1 min 30 s ago", "@1", "0 records", "Not examined yet", "partition-not-held"] {
        assert!(before.contains(words), "no {words} in {before}");
    }
    assert_eq!(bench.get("/api/v1/system").await.json()["examined"], serde_json::Value::Null);
    let broken = bench.folder().join("log/2020-01-01.db");
    std::fs::write(broken, "no database").unwrap();
    assert!(!page("en").await.contains("day-file-unreadable"), "a glance opens no days");
    let close = bench.get("/api/v1/doctor").await.text;
    assert!(close.contains("day-file-unreadable"), "{close}");
    for (lang, words) in [
        ("en", ["Last examined", "0 s ago", "2020-01-01.db", "Next", "id=\"day-file-unreadable\""]),
        ("zh", ["上次体检", "0 秒前", "2020-01-01.db", "接下来", "id=\"day-file-unreadable\""]),
    ] {
        let shown = page(lang).await;
        words.iter().for_each(|words| assert!(shown.contains(words), "no {words} in {shown}"));
    }
    let system = bench.get("/api/v1/system").await.json();
    assert_eq!(system["examined"], "2026-11-24T08:46:14Z");
    assert!(system["findings"].to_string().contains("day-file-unreadable"), "{system}");
}

#[tokio::test]
async fn findings_call_things_by_their_names_and_lead_to_the_pages_that_have_more() {
    let bench = Bench::new().await;
    let causes = [("cam-1", Some(BlindCause::Dark)), ("cam-2", None)];
    watched(&bench, &[silent()], &[blind("lane-1", &causes), blind("lane-2", &[])]).await;
    let lane = "<a href=\"/conditions?place=lane-1\" title=\"lane-1\">一号通道</a>";
    let rule = "<a href=\"/conditions?rule=fire-lane-blocked\" title=\"fire-lane-blocked\">";
    let chinese = bench.get("/system").await.text;
    for words in [
        &format!("<li>{lane} · {rule}消防通道占用</a>：5 分钟，来源 cam-1、cam-2</li>"),
        "：5 分钟，没有来源</li>",
        "<a href=\"/conditions?state=unserved\" title=\"http\">HTTP 接入</a>",
        "<span title=\"publish\">发布</span>",
        "全部见 <a href=\"/conditions?state=blind\">状况页</a>",
        // who mends a table needs the id
        &format!("<li>{lane} <code class=\"soft\" translate=\"no\">lane-1</code> · {rule}消防通道占用</a>"),
        "<span title=\"enforcement\">城管</span>",
    ] {
        assert!(chinese.contains(words), "no {words} in {chinese}");
    }
    let english = bench.get("/system?lang=en").await.text;
    for words in [
        &format!("<li>{lane} · {rule}Fire lane blocked</a>: for 5 min, sources cam-1, cam-2</li>"),
        "all are on <a href=\"/conditions?state=blind\">the page Conditions</a>",
    ] {
        assert!(english.contains(words), "no {words} in {english}");
    }
}
