//! Three taps on a telephone: with scripts, and on one that runs none.

use base64::Engine;
use muster_tests::{Browser, Tab, View, eventually};

use super::link;
use crate::api::{Api, PATIENCE};
use crate::records::{RULES, STREET, blocked};
use crate::stage::{Stage, book};

const NAME: &str = "document.querySelector('.foot [name=name]').value = '王工'";
const TAP: &str = "document.querySelector('.foot button').click()";

#[tokio::test]
async fn a_unit_accepts_arrives_and_is_done_with_a_photo() {
    walk(true).await;
}

#[tokio::test]
async fn the_same_works_without_scripts() {
    walk(false).await;
}

async fn walk(scripts: bool) {
    let Some(browser) = Browser::find() else { return };
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), STREET).await;
    let server = stage.serve();
    let api = Api::new(server.url());
    api.observe(&blocked(1)).await;
    let seen = || async { link(api.list("/api/v1/cases").await.first()?) };
    let link = eventually("a seat with a link", PATIENCE, seen).await;
    let mut tab = Tab::open(&browser, View { width: 375, height: 812, ..View::default() });
    if !scripts {
        tab.without_scripts();
    }
    tab.go(&format!("{}{link}", server.url()));
    let done = |steps: usize| format!("document.querySelectorAll('.steps .done').length === {steps}");

    tab.eval(NAME);
    tab.eval(TAP);
    tab.wait("accepted", &done(1));
    assert_eq!(tab.eval("document.querySelector('.foot [name=name]')"), serde_json::Value::Null, "asked once");
    tab.eval(TAP);
    tab.wait("on scene", &done(2));

    let photo = tempfile::Builder::new().suffix(".png").tempfile().unwrap();
    let bytes = base64::prelude::BASE64_STANDARD.decode(tab.picture()).unwrap();
    std::fs::write(photo.path(), bytes).unwrap();
    tab.choose(".foot [name=photo]", photo.path());
    tab.eval(TAP);
    tab.wait("done", &format!("{} && document.querySelector('.note.good')", done(3)));
    tab.eval("document.querySelector('.foot [name=note]').value = '车已开走'");
    tab.eval(TAP);
    let noted = "document.querySelector('.foot [name=note]')?.closest('label').textContent.includes('(1)')";
    tab.wait("the remark to be counted", noted);
    assert_eq!(tab.troubles(server.url()), Vec::<String>::new());
    let case = api.list("/api/v1/cases").await.remove(0);
    let journal = api.list(&format!("/api/v1/cases/{}/events", case["id"].as_str().unwrap())).await;
    assert!(journal.iter().any(|entry| entry["event"] == "photo" || entry.to_string().contains("photo")), "{case}");
}
