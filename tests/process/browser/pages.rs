//! Every page, in both languages, both themes, on a wall and on a telephone: nothing broken, cut off, foreign or raw.

use muster_tests::{Browser, Tab, Theme, View};
use serde_json::json;

use super::{cases, street};
use crate::api::Api;

/// What is asked of each page; see the script.
const WHOLE: &str = include_str!("whole.js");

#[tokio::test]
async fn every_page_is_whole_in_both_languages_and_themes_at_both_widths() {
    let Some(browser) = Browser::find() else { return };
    let server = street();
    let api = Api::new(server.url());
    let (found, link) = cases(&api, 5).await;
    let bad = json!({"specversion": "1.0", "type": "muster.observation.v1", "source": "/gateways/x", "id": "1",
        "time": "2026-11-24T08:00:00+08:00", "data": {"device": "none", "kind": "persons", "values": {"persons": 1}}});
    api.post("/api/v1/observations", "application/cloudevents+json", bad.to_string()).await;
    let case = format!("/cases/{}", found[0]["id"].as_str().unwrap());
    let paths = [
        "/",
        "/cases",
        "/cases?q=nothing",
        &case,
        "/conditions",
        "/dead-letters",
        "/system",
        &link,
        "/nope",
        "/f/nope",
    ];
    let mut wrong = Vec::new();
    for (language, tag) in [("zh", "zh-CN"), ("en", "en")] {
        for (theme, width, height) in
            [(Theme::Light, 1920, 1080), (Theme::Dark, 1920, 1080), (Theme::Light, 375, 812), (Theme::Dark, 375, 812)]
        {
            let mut tab = Tab::open(&browser, View { width, height, theme, ..View::default() });
            for path in paths {
                let joint = if path.contains('?') { '&' } else { '?' };
                tab.go(&format!("{}{path}{joint}lang={language}", server.url()));
                let seen = tab.eval(WHOLE);
                let mut troubles = tab.troubles(server.url());
                // the browser logs that a page was not found, which is what was asked for
                troubles.retain(|trouble| !(path.ends_with("/nope") && trouble.contains("404")));
                let mut say = |what: String| wrong.push(format!("{path} {language} {theme:?} {width}: {what}"));
                troubles.into_iter().for_each(&mut say);
                let findings = seen["wrong"].as_array().unwrap();
                findings.iter().for_each(|finding| say(finding.as_str().unwrap_or_default().to_owned()));
                if seen["lang"] != tag || seen["dark"] != (theme == Theme::Dark) {
                    say(format!("language {} and dark {}", seen["lang"], seen["dark"]));
                }
                if language == "zh" && seen["own"].as_u64() < Some(10) {
                    say("hardly any Chinese".to_owned());
                }
                if path == "/dead-letters" && language == "zh" {
                    let reason = tab.eval("document.querySelector('.letter .why p').textContent");
                    if !reason.as_str().is_some_and(|reason| reason.contains("/data/device：不在目录里")) {
                        say(format!("not in Chinese: {reason}"));
                    }
                }
                if path == link && tab.bytes() > 60 * 1024 {
                    say(format!("{} bytes for a telephone", tab.bytes()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The width of an A4 page within its margins, in CSS pixels.
const PAPER: u32 = 695;

#[tokio::test]
async fn a_case_on_paper_is_whole_black_on_white_and_without_ways_to_go_on() {
    let Some(browser) = Browser::find() else { return };
    let server = street();
    let (found, _) = cases(&Api::new(server.url()), 1).await;
    let mut tab = Tab::open(&browser, View { width: PAPER, height: 1000, theme: Theme::Dark, ..View::default() });
    tab.go(&format!("{}/cases/{}?theme=dark", server.url(), found[0]["id"].as_str().unwrap()));
    assert_eq!(tab.eval("document.querySelector('nav').getClientRects().length"), 1, "on the screen it is there");
    let entries = tab.eval("document.querySelectorAll('.entries tbody tr').length");
    tab.on_paper();
    let seen = "const shown = (s) => [...document.querySelectorAll(s)].filter((e) => e.getClientRects().length).length; \
        const style = getComputedStyle(document.body); \
        ({ ways: shown('nav, .tools, .acts, .crumbs, button, .btn'), wide: document.documentElement.scrollWidth, \
           entries: shown('.entries tbody tr'), head: shown('.entries thead'), moment: shown('.printed time'), \
           colours: [style.color, style.backgroundColor] })";
    let wanted = json!({"ways": 0, "wide": PAPER, "entries": entries, "head": 1, "moment": 1,
        "colours": ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]});
    assert_eq!(tab.eval(seen), wanted);
    let chip = "getComputedStyle(document.querySelector('.chip')).color";
    let dark = tab.eval(chip);
    tab.go(&format!("{}/cases/{}?theme=light", server.url(), found[0]["id"].as_str().unwrap()));
    assert_eq!(tab.eval(chip), dark, "paper has no dark theme");
}
