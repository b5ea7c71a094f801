//! Pages: views poured into templates, which escape whatever they are given.

use askama::Template;
use muster_domain::text::Words;

use crate::asset;
use crate::look::{Look, Theme};
use crate::map;
use crate::phrase::{self, When};
use crate::text::{Lang, Text};
use crate::tone::Tone;
use crate::view::board::BoardView;
use crate::view::case::CaseView;
use crate::view::condition::ConditionsView;
use crate::view::dead::DeadView;
use crate::view::decision::Asks;
use crate::view::field::{FieldView, Holder};
use crate::view::list::ListView;
use crate::view::system::SystemView;

/// The pages that every page links to.
const NAV: [(&str, Text); 5] = [
    ("/", Text::Board),
    ("/cases", Text::Cases),
    ("/conditions", Text::Conditions),
    ("/dead-letters", Text::DeadLetters),
    ("/system", Text::System),
];

#[derive(Template)]
#[template(path = "board.html")]
struct BoardPage<'a> {
    look: &'a Look,
    nav: &'static str,
    now: When,
    back: String,
    board: &'a BoardView,
    keys: Vec<(&'static str, &'static str)>,
}

/// The board.
///
/// # Errors
/// Only if a value cannot be formatted, which none of ours does.
pub fn board(look: &Look, board: &BoardView) -> askama::Result<String> {
    let now = phrase::when(look, look.now.micros());
    BoardPage { look, nav: "/", now, back: back_of(board), board, keys: keys(look) }.render()
}

#[derive(Template)]
#[template(path = "fragment.html")]
struct Fragment<'a> {
    look: &'a Look,
    back: String,
    board: &'a BoardView,
}

/// The parts of the board that change, for the script that swaps them in place.
///
/// # Errors
/// As [`board`].
pub fn fragment(look: &Look, board: &BoardView) -> askama::Result<String> {
    Fragment { look, back: back_of(board), board }.render()
}

fn back_of(board: &BoardView) -> String {
    match &board.pane {
        Some(view) if board.chosen => format!("/?case={}", view.card.id),
        _ => "/".to_owned(),
    }
}

fn keys(look: &Look) -> Vec<(&'static str, &'static str)> {
    let pick = |zh, en| look.lang.pick(zh, en);
    vec![
        ("j", pick("下一件", "Next case")),
        ("k", pick("上一件", "Previous case")),
        ("Enter", pick("打开案件页", "Open the case page")),
        ("Esc", pick("返回", "Back")),
        ("/", look.t(Text::Search)),
        (".", look.t(Text::DoMore)),
        ("A", look.t(Text::DoAcknowledge)),
        ("R", look.t(Text::DoRedispatch)),
        ("C", look.t(Text::DoPostOk)),
        ("X", look.t(Text::DoPostBad)),
        ("F", look.t(Text::DoFalse)),
        ("Y", look.t(Text::DoReal)),
        ("D", look.t(Text::DoDuplicate)),
        ("N", look.t(Text::DoNotOurs)),
        ("B", look.t(Text::DoNote)),
        ("V", look.t(Text::DoVoid)),
        ("O", look.t(Text::DoReopen)),
        ("M", pick("静音 30 分钟", "Mute for 30 minutes")),
    ]
}

#[derive(Template)]
#[template(path = "case.html")]
struct CasePage<'a> {
    look: &'a Look,
    title: String,
    nav: &'static str,
    back: String,
    view: &'a CaseView,
}

/// A case with its whole journal.
///
/// # Errors
/// As [`board`].
pub fn case(look: &Look, view: &CaseView) -> askama::Result<String> {
    let title = format!("{} {}", view.card.number, view.card.title);
    CasePage { look, title, nav: "/cases", back: format!("/cases/{}", view.card.id), view }.render()
}

#[derive(Template)]
#[template(path = "cases.html")]
struct CasesPage<'a> {
    look: &'a Look,
    title: &'a str,
    nav: &'static str,
    list: &'a ListView,
}

/// The list of cases.
///
/// # Errors
/// As [`board`].
pub fn cases(look: &Look, list: &ListView) -> askama::Result<String> {
    CasesPage { look, title: look.t(Text::CasesTitle), nav: "/cases", list }.render()
}

#[derive(Template)]
#[template(path = "conditions.html")]
struct ConditionsPage<'a> {
    look: &'a Look,
    title: &'a str,
    nav: &'static str,
    view: &'a ConditionsView,
}

/// The conditions.
///
/// # Errors
/// As [`board`].
pub fn conditions(look: &Look, view: &ConditionsView) -> askama::Result<String> {
    ConditionsPage { look, title: look.t(Text::Conditions), nav: "/conditions", view }.render()
}

#[derive(Template)]
#[template(path = "dead.html")]
struct DeadPage<'a> {
    look: &'a Look,
    title: &'a str,
    nav: &'static str,
    view: &'a DeadView,
}

/// The dead letters.
///
/// # Errors
/// As [`board`].
pub fn dead(look: &Look, view: &DeadView) -> askama::Result<String> {
    DeadPage { look, title: look.t(Text::DeadLetters), nav: "/dead-letters", view }.render()
}

#[derive(Template)]
#[template(path = "system.html")]
struct SystemPage<'a> {
    look: &'a Look,
    title: &'a str,
    nav: &'static str,
    now: When,
    view: &'a SystemView,
}

/// How the system is.
///
/// # Errors
/// As [`board`].
pub fn system(look: &Look, view: &SystemView) -> askama::Result<String> {
    let now = phrase::when(look, look.now.micros());
    SystemPage { look, title: look.t(Text::System), nav: "/system", now, view }.render()
}

#[derive(Template)]
#[template(path = "message.html")]
struct MessagePage<'a> {
    look: &'a Look,
    title: &'a str,
    nav: &'static str,
    other: Other<'a>,
    what: &'a str,
    detail: &'a str,
    back: &'a str,
}

/// The same in the language that the reader did not choose: whoever is lost may have come with the wrong one.
struct Other<'a> {
    tag: &'static str,
    title: &'a str,
    what: &'a str,
}

fn other<'a>(look: &Look, title: &'a Words, what: &'a Words) -> Other<'a> {
    let lang = look.lang.pick(Lang::En, Lang::Zh);
    Other { tag: lang.tag(), title: lang.of(title), what: lang.of(what) }
}

/// A page that says, in both languages, what was refused, and where to go.
///
/// # Errors
/// As [`board`].
pub fn refused(look: &Look, title: &Words, what: &Words, detail: &str, back: &str) -> askama::Result<String> {
    let other = other(look, title, what);
    MessagePage { look, title: look.w(title), nav: "", other, what: look.w(what), detail, back }.render()
}

#[derive(Template)]
#[template(path = "field.html")]
struct FieldPage<'a> {
    look: &'a Look,
    view: &'a FieldView,
}

/// The field page of one seat.
///
/// # Errors
/// As [`board`].
pub fn field(look: &Look, view: &FieldView) -> askama::Result<String> {
    FieldPage { look, view }.render()
}

#[derive(Template)]
#[template(path = "field_gone.html")]
struct FieldGone<'a> {
    look: &'a Look,
    title: &'a str,
    what: &'a str,
    detail: &'a str,
    other: Other<'a>,
    desk: Option<&'a str>,
    back: Option<&'a str>,
}

/// What a dead link shows.
///
/// # Errors
/// As [`board`].
pub fn field_gone(look: &Look, desk: Option<&str>) -> askama::Result<String> {
    let both = |text: Text| Words::new(text.say(Lang::Zh), text.say(Lang::En));
    field_refused(look, &both(Text::FieldGone), &both(Text::FieldGoneWhy), "", desk, None)
}

/// What was refused on a field link, with the way back to it while it lives.
///
/// # Errors
/// As [`board`].
pub fn field_refused(
    look: &Look,
    title: &Words,
    what: &Words,
    detail: &str,
    desk: Option<&str>,
    back: Option<&str>,
) -> askama::Result<String> {
    let other = other(look, title, what);
    FieldGone { look, title: look.w(title), what: look.w(what), detail, other, desk, back }.render()
}
