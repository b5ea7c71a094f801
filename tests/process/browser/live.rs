//! Pages follow what happens, say when they cannot, recover by themselves, and leave alone what somebody is writing.

use muster_tests::{Browser, Server, Tab, View, eventually};
use serde_json::json;

use crate::api::{Api, PATIENCE};
use crate::records::{RULES, STREET, blocked};
use crate::stage::{Stage, book};

#[tokio::test]
async fn the_board_shows_a_new_case_says_that_it_is_cut_and_recovers() {
    let Some(browser) = Browser::find() else { return };
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), STREET).await;
    let server = stage.serve();
    let url = server.url().to_owned();
    let address = url.strip_prefix("http://").unwrap().to_owned();
    let mut tab = Tab::open(&browser, View::default());
    tab.go(&url);
    tab.wait("the stream", "document.querySelector('#live.on')");
    assert_eq!(tab.eval("document.querySelectorAll('#queue .card').length"), 0);
    assert!(tab.eval("document.querySelector('#q-none').innerText").as_str().unwrap().contains('\n'), "and why");
    tab.eval("window.kept = true");

    Api::new(&url).observe(&blocked(1)).await;
    tab.wait("the case, without loading the page again", "document.querySelector('#queue .card') && window.kept");
    tab.wait("the title counts it", "document.title.startsWith('(1)')");

    server.kill();
    let cut = "document.querySelector('#live.cut') && /\\d\\d:\\d\\d:\\d\\d$/.test(live.textContent)";
    tab.wait("it says that it is cut, and since when", cut);

    let again = Server::start(stage.command(&["serve"]).env("MUSTER_HTTP__LISTEN", &address));
    assert_eq!(again.url(), url);
    tab.wait("the stream again", "document.querySelector('#live.on')");
    tab.eval("document.querySelector('.acts form').requestSubmit()");
    tab.wait("what is decided is seen", "document.querySelector('#pane ol.line').textContent.includes('值班员确认')");
    assert_eq!(tab.eval("window.kept"), true, "all on the page that was opened first");
}

/// What was written, whether the writer is still there, and how far down the page they are.
const WRITING: &str = "[document.querySelector('.act[data-key=b] input[name=reason]').value, \
    document.activeElement === document.querySelector('.act[data-key=b] input[name=reason]'), \
    document.querySelector('.act[data-key=b]').open, scrollY]";

#[tokio::test]
async fn the_case_page_follows_its_case_and_leaves_alone_what_is_being_written() {
    let Some(browser) = Browser::find() else { return };
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), STREET).await;
    let server = stage.serve();
    let url = server.url().to_owned();
    let api = Api::new(&url);
    api.observe(&blocked(1)).await;
    let filed = || async { api.list("/api/v1/cases").await.first()?["id"].as_str().map(str::to_owned) };
    let page = format!("/cases/{}", eventually("a case", PATIENCE, filed).await);
    let decide = async |command: serde_json::Value| {
        let api = Api::new(&url); // a connection of its own: the server is another one after the cut
        let answer = api.post(&format!("/api/v1{page}/commands"), "application/json", command.to_string()).await;
        assert!(answer.status < 300, "{}", answer.text());
    };
    let says =
        |words: &str| format!("window.kept && document.querySelector('.entries').textContent.includes('{words}')");

    let mut tab = Tab::open(&browser, View { width: 1000, height: 420, ..View::default() });
    tab.go(&format!("{url}{page}"));
    tab.wait("the stream", "document.querySelector('#live.on')");
    tab.wait("the seat", "document.querySelector('.entries').textContent.includes('执法队')");
    tab.eval("window.kept = true");
    ["b", "h", "i"].into_iter().for_each(|key| tab.press(key));
    tab.eval("scrollTo(0, 60)");
    assert_eq!(tab.eval(WRITING), json!(["hi", true, true, 60]));

    decide(json!({"command": "acknowledge"})).await;
    tab.wait("what was decided elsewhere", &says("值班员确认"));
    assert_eq!(tab.eval(WRITING), json!(["hi", true, true, 60]), "nothing was taken from the writer's hands");

    server.kill();
    tab.wait("it says that it is cut", "document.querySelector('#live.cut')");
    let address = url.strip_prefix("http://").unwrap();
    let again = Server::start(stage.command(&["serve"]).env("MUSTER_HTTP__LISTEN", address));
    assert_eq!(again.url(), url);
    tab.wait("the stream again", "document.querySelector('#live.on')");
    decide(json!({"command": "void", "reason": "立错了"})).await;
    tab.wait("the end of the case", &says("立错了"));
    let kept = tab.eval(WRITING);
    assert_eq!((&kept[0], &kept[1], &kept[2]), (&json!("hi"), &json!(true), &json!(true)), "though the case is over");
    tab.eval("document.querySelector('.act[data-key=b] form').requestSubmit()");
    tab.wait("what was written is sent to where it belongs", &says("hi"));
    assert_eq!(tab.eval("document.querySelector('.act[data-key=b] input[name=reason]').value"), "");

    let mut plain = Tab::open(&browser, View::default());
    plain.without_scripts();
    plain.go(&format!("{url}{page}"));
    let journal = plain.eval("document.querySelector('.entries').textContent");
    assert!(journal.as_str().is_some_and(|journal| journal.contains("立错了")), "without scripts by loading it again");
}

#[tokio::test]
async fn how_long_it_has_been_so_goes_on_while_nothing_happens() {
    let Some(browser) = Browser::find() else { return };
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), STREET).await;
    let server = stage.serve();
    let api = Api::new(server.url());
    api.observe(&blocked(1)).await;
    let asked = || async {
        let case = api.list("/api/v1/cases").await.first()?.clone();
        let link = super::link(&case)?;
        Some([format!("/cases/{}", case["id"].as_str()?), link, "/cases".to_owned()])
    };
    for path in eventually("a case whose unit was asked", PATIENCE, asked).await {
        let mut tab = Tab::open(&browser, View::default());
        tab.go(&format!("{}{path}", server.url()));
        // What the stream tells draws the page again; from here on the clock alone may, and what is under way comes once.
        tab.eval("window.fetch = () => new Promise(() => {})");
        let why = "document.querySelector('.because, td.wide .soft').textContent";
        let seconds = format!(
            "((said) => said && (said[1] || 0) * 60 + +said[2])(/，已 (?:(\\d+) 分 )?(\\d+) 秒，限 2 秒$/.exec({why}))"
        );
        let first = tab.eval(&seconds);
        assert!(first.as_i64().is_some_and(|first| first > 0), "{path}: {}", tab.eval(why));
        tab.wait("it goes on", &format!("{seconds} >= {first} + 3"));
    }
}

#[tokio::test]
async fn what_is_written_for_one_case_is_not_carried_to_another() {
    let Some(browser) = Browser::find() else { return };
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), STREET).await;
    let server = stage.serve();
    Api::new(server.url()).observe(&[blocked(1), blocked(2)].concat()).await;
    let mut tab = Tab::open(&browser, View::default());
    tab.go(server.url());
    tab.wait("two cases", "document.querySelectorAll('#queue .card').length === 2");
    ["b", "h", "i"].into_iter().for_each(|key| tab.press(key));
    let written = "[...document.querySelectorAll('.act input[name=reason]')].map((i) => i.value).join('')";
    assert_eq!(tab.eval(written), "hi");
    tab.eval("document.querySelector('#queue .card:not([aria-current])').click()");
    let other = "document.querySelector('#pane .head').id.slice(5)";
    tab.wait("the other case", &format!("new URLSearchParams(location.search).get('case') === {other}"));
    assert_eq!(tab.eval(written), "");
}

#[tokio::test]
async fn the_conditions_follow_what_is_seen() {
    let Some(browser) = Browser::find() else { return };
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), STREET).await;
    let server = stage.serve();
    let mut tab = Tab::open(&browser, View::default());
    tab.go(&format!("{}/conditions?rule=lane", server.url()));
    tab.wait("the stream", "document.querySelector('#live.on')");
    tab.eval("window.kept = true");
    Api::new(server.url()).observe(&blocked(2)).await;
    tab.wait("what was seen", "window.kept && document.querySelector('#seen tr .chip.present')");
    assert_eq!(tab.eval("document.querySelector('select[name=rule]').value"), "lane");
}
