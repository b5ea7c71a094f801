//! The board by keyboard alone, and what it says when keys are asked for.

use muster_tests::{Browser, Tab, View};

use super::{cases, street};
use crate::api::Api;

const CHOSEN: &str = "[...document.querySelectorAll('#queue .card')].findIndex((c) => c.hasAttribute('aria-current'))";

#[tokio::test]
async fn a_person_walks_the_queue_by_keys_and_opens_a_case() {
    let Some(browser) = Browser::find() else { return };
    let server = street();
    cases(&Api::new(server.url()), 4).await;
    let mut tab = Tab::open(&browser, View { width: 1920, height: 1080, ..View::default() });
    tab.go(server.url());
    assert_eq!(tab.eval(CHOSEN), 0, "the most pressing case is chosen for us");
    for (key, at) in [("j", 1), ("j", 2), ("k", 1)] {
        tab.press(key);
        tab.wait(key, &format!("{CHOSEN} === {at} && document.activeElement.matches('.card[aria-current]')"));
        let pane = "document.querySelector('#pane .head').id.slice(5)";
        tab.wait("the pane follows", &format!("new URLSearchParams(location.search).get('case') === {pane}"));
    }
    let more = "document.querySelector('details.more').open";
    tab.press(".");
    tab.wait("what else may be decided", more);
    tab.press(".");
    tab.wait("it closes again", &format!("!{more}"));
    tab.wait("a time under a name on the map, which ticks", "document.querySelector('.map .under [data-since]')");
    tab.press("?");
    tab.wait("the map of the keys", "document.querySelector('#keymap').open");
    tab.press("Escape");
    tab.wait("it closes", "!document.querySelector('#keymap').open");
    tab.press("Enter");
    tab.wait("the case page", "location.pathname.startsWith('/cases/') && document.readyState === 'complete'");
    tab.press("Escape");
    tab.wait("the board", "location.pathname === '/' && document.readyState === 'complete'");
    tab.press("/");
    tab.wait("the search", "location.pathname === '/cases' && document.activeElement.matches('input[type=search]')");
    assert_eq!(tab.troubles(server.url()), Vec::<String>::new());
}
