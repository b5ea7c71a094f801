//! Three taps on a telephone: with scripts, without any, in a basement; and who else opens the link.

use base64::Engine;
use muster_tests::{Browser, Server, Tab, View, eventually, until};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::link;
use crate::api::{Api, PATIENCE};
use crate::records::{RULES, STREET, blocked};
use crate::stage::{Stage, book};

const NAME: &str = "document.querySelector('.foot [name=name]').value = '王工'";
const TAP: &str = "document.querySelector('.foot form:not([hidden]) button').click()";
const OFF: &str = "document.querySelector('#off').innerText";
/// What the device keeps: each step with the instant at which it was tapped.
const QUEUE: &str = "new Promise((done) => { indexedDB.open('muster-field').onsuccess = ({ target: { result: db } }) => { \
    db.transaction('waiting').objectStore('waiting').getAll().onsuccess = ({ target: { result } }) => { db.close(); \
    const rows = result.sort((a, b) => a.at - b.at).map((item) => new Map(item.fields)); \
    done(rows.map((row) => [row.get('command'), row.get('done_at')])) } } })";

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
    let asked = Asked::new().await;
    let mut tab = telephone(&browser);
    if !scripts {
        tab.without_scripts();
    }
    tab.go(&asked.url);

    tab.eval(NAME);
    tab.eval(TAP);
    tab.wait("accepted", &done(1));
    assert_eq!(tab.eval("document.querySelector('.foot [name=name]')"), Value::Null, "asked once");
    tab.eval(TAP);
    tab.wait("on scene", &done(2));
    let photo = photo(&mut tab);
    tab.choose(".foot [name=photo]", photo.path());
    tab.eval(TAP);
    tab.wait("done", &format!("{} && document.querySelector('.note.good')", done(3)));
    tab.eval("document.querySelector('.foot [name=note]').value = '车已开走'");
    tab.eval(TAP);
    let noted = "document.querySelector('.foot [name=note]')?.closest('label').textContent.includes('(1)')";
    tab.wait("the remark to be counted", noted);
    assert_eq!(tab.troubles(asked.server.url()), Vec::<String>::new());
    let (case, journal) = asked.now().await;
    assert!(journal.iter().any(|entry| entry["what"]["photo"].is_object()), "{case}");
}

#[tokio::test]
async fn in_a_basement_every_step_is_taken_once_kept_with_its_moment_and_sent_in_order() {
    let Some(browser) = Browser::find() else { return };
    let asked = Asked::new().await;
    let mut tab = telephone(&browser);
    tab.go(&asked.url);
    keeps(&mut tab, true);
    tab.signal(false);

    tab.eval(NAME);
    tab.eval(TAP);
    tab.wait("the next step", "document.querySelector('#do-arrived').getClientRects().length");
    tab.eval("document.querySelector('#do-arrived button').click()");
    tab.wait("the last step", "document.querySelector('#do-done').getClientRects().length");
    // Once more, by a finger that was quicker than the page.
    tab.eval(
        "document.querySelector('#do-arrived').hidden = false; document.querySelector('#do-arrived button').click()",
    );
    tab.wait("that is over", "document.querySelector('#do-arrived').hidden");
    let photo = photo(&mut tab);
    tab.choose("#do-done [name=photo]", photo.path());
    tab.eval("document.querySelector('#do-done [name=note]').value = '已拖走'");
    tab.eval(TAP);
    let waits = "document.querySelectorAll('.steps .waits').length === 3";
    tab.wait("three steps that wait", waits);
    let kept = tab.eval(QUEUE);
    let steps: Vec<&Value> = kept.as_array().unwrap().iter().map(|step| &step[0]).collect();
    assert_eq!(json!(steps), json!(["accept", "arrived", "done"]));
    let words = tab.eval(OFF);
    for part in ["未送出", "接单 ", "、到场 ", "、办结 ", "（照片、说明）"] {
        assert!(words.as_str().is_some_and(|words| words.contains(part)), "no {part} in {words}");
    }

    tab.reload();
    tab.wait("all that waits, on the page that was kept", &format!("{waits} && document.body.dataset.kept"));
    tab.wait("of when the page is", &format!("/连不上，本页停在 \\d\\d:\\d\\d/.test({OFF})"));
    assert_eq!(tab.eval(QUEUE), kept);

    tab.signal(true);
    tab.wait("all is sent", &format!("{} && document.querySelector('.note.good') && !{OFF}", done(3)));
    let (case, journal) = asked.now().await;
    let told = |what: &str| -> Vec<&Value> {
        journal.iter().map(|entry| &entry["what"][what]).filter(|told| told.is_object()).collect()
    };
    for (what, tapped) in [("arrived", &kept[1][1]), ("done", &kept[2][1])] {
        let [once] = told(what)[..] else { panic!("{what} not once: {journal:?}") };
        assert_eq!((moment(&once["since"]), &once["late"]), (moment(tapped), &json!(false)), "{what}");
    }
    assert_eq!((told("photo").len(), told("noted").len(), &case["state"]), (1, 1, &json!("handled")), "{case}");
    assert!(journal.iter().any(|entry| entry["reason"] == "已拖走" && entry["by"]["seat"]["person"] == "王工"));
    assert_eq!(tab.eval(QUEUE), json!([]), "nothing is sent again");
}

#[tokio::test]
async fn what_is_sent_again_because_the_answer_was_lost_bears_the_same_key_and_is_entered_once() {
    let Some(browser) = Browser::find() else { return };
    let (asked, mut tab) = accepted(&browser).await;
    tab.eval(
        "window.keys = []; const real = window.fetch; window.fetch = async (at, how) => { \
         const answer = await real(at, how); \
         if (how?.method === 'POST' && keys.push(how.headers['Idempotency-Key']) === 1) throw new TypeError('lost'); \
         return answer }",
    );
    tab.eval("document.querySelector('#do-arrived').hidden = true; document.querySelector('#do-more').hidden = false");
    tab.eval("document.querySelector('#do-more [name=note]').value = '车主已联系'");
    tab.eval("document.querySelector('#do-more button').click()");
    tab.wait("the first try", &format!("keys.length === 1 && {OFF}.includes('未送出')"));
    tab.eval("dispatchEvent(new Event('online'))");
    tab.wait("the second, with the same key", &format!("keys.length === 2 && keys[0] === keys[1] && !{OFF}"));
    let key = tab.eval("keys[0]");
    assert!(key.as_str().is_some_and(|key| key.len() == 32), "{key}");
    let (_, journal) = asked.now().await;
    let noted = journal.iter().filter(|entry| entry["what"]["noted"].is_object()).count();
    assert_eq!((noted, tab.eval(QUEUE)), (1, json!([])), "{journal:?}");
}

#[tokio::test]
async fn what_waits_is_said_in_english_as_well() {
    let Some(browser) = Browser::find() else { return };
    let asked = Asked::new().await;
    let mut tab = telephone(&browser);
    tab.go(&format!("{}?lang=en", asked.url));
    keeps(&mut tab, true);
    tab.signal(false);
    tab.eval(NAME);
    tab.eval(TAP);
    let words =
        "/^Not sent yet; .* when there is signal: Accept \\d\\d:\\d\\d\\nOut of reach; this page is of \\d\\d:\\d\\d$/";
    tab.wait("it", &format!("{words}.test({OFF})"));
    assert_eq!(tab.eval("document.querySelector('.steps .waits').dataset.waits.slice(5)"), " waiting");
}

#[tokio::test]
async fn an_open_page_learns_that_the_case_is_over_and_takes_nothing_from_the_hand_that_writes() {
    let Some(browser) = Browser::find() else { return };
    let (asked, mut tab) = accepted(&browser).await;
    tab.eval(TAP);
    tab.wait("on scene", &done(2));
    let photo = photo(&mut tab);
    tab.choose("#do-done [name=photo]", photo.path());
    let note = "document.querySelector('#do-done [name=note]')";
    tab.eval(&format!("window.kept = true; {note}.focus(); {note}.value = '正在'"));

    let mark = "document.querySelector('.top').old = true";
    let fresh = "window.kept && !document.querySelector('.top').old";
    tab.eval(&format!("{mark}; document.dispatchEvent(new Event('visibilitychange'))"));
    tab.wait("the page as it is now", fresh);
    let written = format!(
        "[{note}.value, document.activeElement === {note}, document.querySelector('#do-done [name=photo]').files.length]"
    );
    assert_eq!(tab.eval(&written), json!(["正在", true, 1]));

    let (case, _) = asked.now().await;
    let over = json!({"command": "void", "reason": "立错了"});
    assert!(Api::new(asked.server.url()).order(case["id"].as_str().unwrap(), &over).await.status < 300);
    tab.eval(mark);
    tab.wait("by itself, that it is over", &format!("{fresh} && !document.querySelector('#do-done')"));
    assert_eq!(tab.eval("document.querySelector('.note b').textContent"), "不必再去了。");
    assert_eq!(
        tab.eval("document.querySelector('#do-more [name=photo]').files.length"),
        1,
        "the picture is still chosen"
    );
    tab.eval(TAP);
    let handed_in = || async { asked.now().await.1.into_iter().find(|entry| entry["what"]["photo"]["late"] == true) };
    eventually("the picture, after all", PATIENCE, handed_in).await;
}

#[tokio::test]
async fn another_browser_is_told_so_sees_nothing_of_the_case_and_keeps_nothing() {
    let Some(browser) = Browser::find() else { return };
    let asked = Asked::new().await;
    let mut other = telephone(&browser);
    other.go(&asked.url);
    keeps(&mut other, true);
    let mut tab = telephone(&browser);
    tab.go(&asked.url);
    tab.eval(NAME);
    tab.eval(TAP);
    tab.wait("accepted", &done(1));

    other.eval("window.kept = true; document.dispatchEvent(new Event('visibilitychange'))");
    other.wait("what was open gives way", "window.kept && document.body.innerText.includes('已在另一台设备上使用')");
    keeps(&mut other, false);
    let (case, _) = asked.now().await;
    for (language, words) in [("zh", "这个链接已在另一台设备上使用"), ("en", "This link is in use on another device")]
    {
        let address = format!("{}?lang={language}", asked.url);
        for open in [false, true] {
            if open {
                other.go(&address);
            }
            let page = other.eval("document.documentElement.outerHTML");
            let page = page.as_str().unwrap();
            assert!(page.contains(if open { words } else { "另一台设备" }), "{page}");
            for secret in [case["number"].as_str().unwrap(), "一号通道", "王工", "消防通道占用"] {
                let shown = page.split_once("<body").unwrap().1;
                assert!(!shown.contains(secret), "{secret} in {shown}");
            }
        }
    }

    tab.eval(
        "document.querySelector('#return').open = true; document.querySelector('#return [name=preset]').checked = true",
    );
    tab.eval("document.querySelector('#return button').click()");
    tab.wait("the seat is gone", "document.querySelector('h1').textContent === '不必再去了'");
    keeps(&mut tab, false);
}

/// A server with one case, whose unit was asked.
struct Asked {
    _stage: Stage,
    server: Server,
    /// The address of the field link.
    url: String,
}

impl Asked {
    async fn new() -> Self {
        let stage = Stage::embedded();
        stage.adopt(&book(RULES), STREET).await;
        let server = stage.serve();
        let api = Api::new(server.url());
        api.observe(&blocked(1)).await;
        let seen = || async { link(api.list("/api/v1/cases").await.first()?) };
        let url = format!("{}{}", server.url(), eventually("a seat with a link", PATIENCE, seen).await);
        Self { _stage: stage, server, url }
    }

    /// The case and its journal, over a connection of its own: what waited for a browser may have been closed meanwhile.
    async fn now(&self) -> (Value, Vec<Value>) {
        let api = Api::new(self.server.url());
        let case = api.list("/api/v1/cases").await.remove(0);
        let journal = api.list(&format!("/api/v1/cases/{}/events", case["id"].as_str().unwrap())).await;
        (case, journal)
    }
}

fn telephone(browser: &Browser) -> Tab {
    Tab::open(browser, View { width: 375, height: 812, ..View::default() })
}

/// A telephone on which somebody has accepted.
async fn accepted(browser: &Browser) -> (Asked, Tab) {
    let asked = Asked::new().await;
    let mut tab = telephone(browser);
    tab.go(&asked.url);
    tab.eval(NAME);
    tab.eval(TAP);
    tab.wait("accepted", &done(1));
    (asked, tab)
}

fn done(steps: usize) -> String {
    format!("document.querySelectorAll('.steps .done').length === {steps}")
}

/// A picture of the page, as a camera would bring one.
fn photo(tab: &mut Tab) -> NamedTempFile {
    let photo = tempfile::Builder::new().suffix(".png").tempfile().unwrap();
    std::fs::write(photo.path(), base64::prelude::BASE64_STANDARD.decode(tab.picture()).unwrap()).unwrap();
    photo
}

/// Waits until the device keeps the page, or does not any more.
fn keeps(tab: &mut Tab, wanted: bool) {
    let kept = "caches.match(location.pathname).then((page) => !!page)";
    until("what is kept", PATIENCE, || (tab.eval(kept) == wanted).then_some(()));
}

fn moment(text: &Value) -> jiff::Timestamp {
    text.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("no instant: {text}"))
}
