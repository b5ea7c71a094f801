//! A finding of the doctor as people read it: things by their names, with a way to the page that has more of them.

use muster_domain::id::{CaseKind, DeviceId, GridId, PlaceId, RuleId, UnitId};
use muster_pipeline::doctor::{Area, Code, Detail, Finding, Piece, Severity, Thing};
use muster_rules::rulebook::DEVICE_BLIND;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::system;
use crate::scene::Scene;
use crate::text::Text;
use crate::wording;

/// A finding on the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingView {
    /// Its code.
    pub code: &'static str,
    /// The class of its chip.
    pub tone: &'static str,
    /// How bad it is, in a word.
    pub severity: &'static str,
    /// What is so.
    pub cause: String,
    /// What it concerns.
    pub details: Vec<Vec<PieceView>>,
    /// How many more it concerns.
    pub more: usize,
    /// Ids stand beside the names: whoever mends a table or a rule file needs them.
    pub ids: bool,
    /// What to do next.
    pub next: Vec<PieceView>,
    /// Command lines that come next.
    pub run: Vec<String>,
}

/// A piece of a text: words, or the name of a thing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PieceView {
    /// What is read.
    pub text: String,
    /// The id behind a name.
    pub id: Option<String>,
    /// The page that has more of it.
    pub href: Option<String>,
}

/// What an address may hold as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');
/// The pages that what comes next may send people to.
const PAGES: [(&str, Text); 3] =
    [("/cases", Text::Cases), ("/conditions", Text::Conditions), ("/dead-letters", Text::DeadLetters)];

/// The view of a finding.
#[must_use]
pub fn finding(scene: &Scene<'_>, finding: &Finding) -> FindingView {
    let (look, code) = (scene.look, finding.code);
    let (tone, severity) = match finding.severity() {
        Severity::Problem => ("present", Text::SystemProblem),
        Severity::Warning => ("suspected", Text::SystemWarning),
        Severity::Note => ("plain", Text::SystemNote),
    };
    // On a page commands stand without the marks of a terminal.
    let unmarked = |text: &str| text.replace('`', "");
    FindingView {
        code: code.name(),
        tone,
        severity: look.t(severity),
        cause: unmarked(look.w(&code.cause())),
        details: finding.details.iter().map(|told| detail(scene, code, told)).collect(),
        more: finding.more,
        ids: matches!(code.area(), Area::Rules | Area::Catalogue),
        next: with_pages(scene, &unmarked(look.w(&code.next()))),
        run: finding.run.clone(),
    }
}

fn detail(scene: &Scene<'_>, code: Code, detail: &Detail) -> Vec<PieceView> {
    let piece = |piece: &Piece| match piece {
        Piece::Said(words) => PieceView { text: scene.look.w(words).to_owned(), ..PieceView::default() },
        Piece::Named(thing, id) => named(scene, code, *thing, id),
    };
    detail.pieces().iter().map(piece).collect()
}

/// A thing by its name; by its id where nobody knows a name.
fn named(scene: &Scene<'_>, code: Code, thing: Thing, id: &str) -> PieceView {
    let lang = scene.look.lang;
    let known = |name: Option<String>| name.unwrap_or_else(|| id.to_owned());
    let value = utf8_percent_encode(id, PLAIN);
    let (text, href) = match thing {
        Thing::Adapter => (wording::adapter(lang, id), Some("/conditions?state=unserved".to_owned())),
        Thing::CaseKind => {
            let late = if code == Code::ClocksOverdue { "&overdue=true" } else { "" };
            let name = CaseKind::parse(id).ok().map(|kind| scene.kind(&kind));
            (known(name), Some(format!("/cases?kind={value}{late}")))
        }
        Thing::Competence => (wording::competence(lang, id), None),
        Thing::Destination => (system::destination_name(lang, id), None),
        Thing::Device => {
            let blind = (code == Code::DevicesBlind).then(|| format!("/conditions?rule={DEVICE_BLIND}"));
            (known(DeviceId::parse(id).ok().map(|device| scene.device(&device))), blind)
        }
        Thing::Grid => (known(GridId::parse(id).ok().map(|cell| scene.grid(&cell))), None),
        Thing::Parked => (wording::parked(lang, id), Some(format!("/dead-letters?code={value}"))),
        Thing::Place => {
            let name = PlaceId::parse(id).ok().map(|place| scene.place_name(&place));
            (known(name), Some(format!("/conditions?place={value}")))
        }
        Thing::Role => (system::work_name(lang, id), None),
        Thing::Rule => {
            (known(RuleId::parse(id).ok().map(|rule| scene.rule(&rule))), Some(format!("/conditions?rule={value}")))
        }
        Thing::Unit => (known(UnitId::parse(id).ok().map(|unit| scene.unit(&unit))), None),
    };
    PieceView { id: (text != id).then(|| id.to_owned()), text, href }
}

/// A text with the names of our pages, as links, where their addresses stand in it.
fn with_pages(scene: &Scene<'_>, text: &str) -> Vec<PieceView> {
    let found = PAGES.iter().filter_map(|(page, name)| Some((text.find(page)?, name))).min_by_key(|(at, _)| *at);
    let said = |text: &str| PieceView { text: text.to_owned(), ..PieceView::default() };
    let Some((at, name)) = found else { return vec![said(text)] };
    let (before, rest) = text.split_at(at);
    let belongs = |c: char| c.is_ascii_alphanumeric() || "/?=&.-_".contains(c);
    let (address, after) = rest.split_at(rest.find(|c| !belongs(c)).unwrap_or(rest.len()));
    let name = scene.look.t(*name);
    let page = PieceView {
        text: scene.look.lang.pick(format!("{name}页"), format!("the page {name}")),
        id: None,
        href: Some(address.to_owned()),
    };
    let mut pieces = vec![said(before), page];
    pieces.extend(with_pages(scene, after));
    pieces.retain(|piece| !piece.text.is_empty());
    pieces
}
