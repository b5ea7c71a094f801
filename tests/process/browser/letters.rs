//! The page of dead letters follows what is parked, mended and dropped, and leaves alone what somebody is writing.

use muster_tests::{Browser, Tab, View};
use serde_json::{Value, json};

use crate::api::Api;
use crate::records::{RULES, STREET, seen};
use crate::stage::{Stage, book};

/// The form in which the older of the letters is dropped.
const FORM: &str = "document.querySelector('.letter:last-child form[action$=drop]')";

/// Sends what cannot be read, and waits for nothing.
async fn park(api: &Api, event: &Value) {
    let answer = api.post("/api/v1/observations", "application/cloudevents+json", event.to_string()).await;
    assert_eq!(answer.status, 422, "{}", answer.text());
}

/// A camera that the catalogue does not have.
fn stranger(id: &str) -> Value {
    seen(7, id, 0, false)
}

async fn drop_newest(api: &Api) {
    let id = api.list("/api/v1/dead-letters").await[0]["id"].clone();
    let reason = json!({ "reason": "网关坏了" }).to_string();
    assert_eq!(api.post(&format!("/api/v1/dead-letters/{id}/drop"), "application/json", reason).await.status, 204);
}

#[tokio::test]
async fn dead_letters_are_seen_as_they_come_and_go_and_a_writer_is_left_alone() {
    let Some(browser) = Browser::find() else { return };
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), STREET).await;
    let server = stage.serve();
    let api = Api::new(server.url());
    let mut tab = Tab::open(&browser, View { height: 500, ..View::default() });
    tab.go(&format!("{}/dead-letters", server.url()));
    tab.wait("the stream", "document.querySelector('#live.on')");
    assert!(tab.eval("document.querySelector('#none').textContent").as_str().unwrap().contains("没有死信"));
    tab.eval("window.kept = true");
    let letters = |count: usize| {
        let told = format!("document.querySelector('#howmany b')?.textContent === '{count}'");
        format!("window.kept && {told} && document.querySelectorAll('.letter').length === {count}")
    };
    park(&api, &stranger("a")).await;
    tab.wait("the letter", &letters(1));
    tab.eval(&format!("{FORM}.parentElement.querySelector('summary').click(); {FORM}.reason.focus()"));
    ["h", "i"].into_iter().for_each(|key| tab.press(key));
    let written = format!(
        "[{FORM}.reason.value, document.activeElement === {FORM}.reason, {FORM}.parentElement.open, \
          Math.round({FORM}.getBoundingClientRect().top)]"
    );
    let before = tab.eval(&written);
    assert_eq!((&before[0], &before[1], &before[2]), (&json!("hi"), &json!(true), &json!(true)));
    park(&api, &stranger("b")).await;
    tab.wait("another one, above it", &letters(2));
    assert_eq!(tab.eval(&written), before, "nothing was taken from the writer's hands, and nothing jumped");
    drop_newest(&api).await;
    tab.wait("it is gone", &letters(1));
    assert_eq!(tab.eval(&written), before);
    drop_newest(&api).await;
    tab.wait("there is none any more", "document.querySelector('#none')");
    assert_eq!(tab.eval(&written)[0], "hi", "but the one that somebody writes on stays");
    tab.eval(&format!("{FORM}.requestSubmit({FORM}.querySelector('button'))"));
    tab.wait("it can be taken back", "toast.querySelector('button') && /^丢弃/.test(toast.textContent)");
    tab.eval("dispatchEvent(new Event('pagehide'))");
    tab.wait("somebody else was first", "toast.matches('.bad') && toast.textContent.includes('已重放或已丢弃')");
    assert_eq!(tab.eval("window.kept"), true, "all on the page that was opened first");
}

#[tokio::test]
async fn a_dead_letter_is_mended_and_taken_again_on_the_page() {
    let Some(browser) = Browser::find() else { return };
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), STREET).await;
    let server = stage.serve();
    let api = Api::new(server.url());
    for id in ["a", "b", "c"] {
        park(&api, &stranger(id)).await;
    }
    let mut tab = Tab::open(&browser, View::default());
    tab.go(&format!("{}/dead-letters?code=unknown-device", server.url()));
    tab.wait("the letters", "document.querySelectorAll('.letter').length === 3 && document.querySelector('#live.on')");
    tab.eval("window.kept = true; document.querySelector('.letter form[action$=replay]').requestSubmit()");
    let why = "/data/device：不在目录里";
    tab.wait("why not", &format!("toast.matches('.bad') && toast.textContent.includes('{why}')"));
    let mend = "document.querySelector('.letter form:has(textarea)')";
    tab.eval(&format!("{mend}.bytes.value = {mend}.bytes.value.replace('cam-7', 'cam-1'); {mend}.requestSubmit()"));
    tab.wait("it is taken", "window.kept && document.querySelectorAll('.letter').length === 2");
    tab.eval("document.querySelector('#every form').requestSubmit()");
    tab.wait("none of the others is", "toast.textContent.includes('2 条仍读不懂')");
    assert_eq!(api.list("/api/v1/dead-letters?state=replayed").await.len(), 1);

    // Without scripts the same by loading the page again.
    let mut plain = Tab::open(&browser, View::default());
    plain.without_scripts();
    plain.go(&format!("{}/dead-letters", server.url()));
    plain.eval(&format!("{mend}.bytes.value = {mend}.bytes.value.replace('cam-7', 'cam-2'); {mend}.submit()"));
    plain.wait(
        "the page again",
        "document.readyState === 'complete' && document.querySelectorAll('.letter').length === 1",
    );
}
