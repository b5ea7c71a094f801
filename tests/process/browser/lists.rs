//! The list of cases and the system page follow what happens; what is typed, focused and marked is left alone.

use muster_tests::{Browser, Server, Tab, View, eventually};
use serde_json::json;

use crate::api::{Api, PATIENCE};
use crate::records::{RULES, STREET, blocked};
use crate::stage::{Stage, book};

const SEARCH: &str = "document.querySelector('input[type=search]')";

/// A page that follows the stream of a server without cases, and is never loaded again while `window.kept` holds.
async fn follows(browser: &Browser, path: &str) -> (Stage, Server, Api, Tab) {
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), STREET).await;
    let server = stage.serve();
    let api = Api::new(server.url());
    let mut tab = Tab::open(browser, View::default());
    tab.go(&format!("{}{path}", server.url()));
    tab.wait("the stream", "document.querySelector('#live.on')");
    tab.eval("window.kept = true");
    (stage, server, api, tab)
}

#[tokio::test]
async fn the_list_of_cases_follows_what_happens() {
    let Some(browser) = Browser::find() else { return };
    let (_stage, _server, api, mut tab) = follows(&browser, "/cases?state=live").await;
    tab.eval(&format!("{SEARCH}.focus()"));
    ["h", "i"].into_iter().for_each(|key| tab.press(key));
    let rows = |count: usize| format!("window.kept && document.querySelectorAll('#list tbody tr').length === {count}");

    api.observe(&blocked(1)).await;
    tab.wait("the first case, in place of the words that there is none", &rows(1));
    tab.wait("its unit", "document.querySelector('#list tbody').textContent.includes('执法队')");
    let typed = format!("[{SEARCH}.value, document.activeElement === {SEARCH}]");
    assert_eq!(tab.eval(&typed), json!(["hi", true]), "nothing was taken from the writer's hands");

    // What a reader marks to copy, and the link that the keyboard stands on.
    tab.eval("document.querySelector('#list tbody a').focus()");
    tab.eval("getSelection().selectAllChildren(document.querySelector('#list tbody td b'))");
    let held = "[getSelection().toString(), document.activeElement.getAttribute('href')]";
    let before = tab.eval(held);
    assert!(before[0].as_str().is_some_and(|marked| marked.contains("一号通道")), "{before}");
    api.observe(&[blocked(2), blocked(3)].concat()).await;
    tab.wait("the others", &rows(3));
    assert_eq!(tab.eval(held), before);

    let first = || async { api.list("/api/v1/cases?q=lane-1").await.first()?["id"].as_str().map(str::to_owned) };
    let first = eventually("the first case", PATIENCE, first).await;
    let over = json!({ "command": "void", "reason": "录错了" });
    assert_eq!(api.order(&first, &over).await.status, 200);
    tab.wait("what is over leaves the list of what is open", &rows(2));
    assert_eq!(tab.eval(&format!("{SEARCH}.value")), "hi");
}

#[tokio::test]
async fn the_system_page_looks_again_by_itself() {
    let Some(browser) = Browser::find() else { return };
    let (_stage, _server, api, mut tab) = follows(&browser, "/system").await;
    assert_eq!(tab.eval("!!document.querySelector('#dead-letters-open')"), json!(false));

    assert_eq!(api.post("/api/v1/observations", "application/cloudevents+json", "{".to_owned()).await.status, 422);
    tab.wait("what could not be read", "window.kept && document.querySelector('#dead-letters-open')");

    let sum = "[...document.querySelectorAll('#h-partitions ~ table td:nth-child(4)')]\
               .reduce((sum, cell) => sum + Number(cell.textContent), 0)";
    let before = tab.eval(sum);
    api.observe(&blocked(1)).await;
    tab.wait("how far the watch is, which no event tells", &format!("window.kept && {sum} > {before}"));
}
