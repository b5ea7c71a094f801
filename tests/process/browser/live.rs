//! The board follows what happens, says when it cannot, and recovers by itself.

use muster_tests::{Browser, Server, Tab, View};

use crate::api::Api;
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
