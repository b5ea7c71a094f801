//! What people reported: their words, where they say it is, and what they point to.

use muster_domain::case::{Case, CaseEvent, Happened, ReportLink};
use muster_domain::record::Attachment;

use crate::phrase::{self, When};
use crate::scene::Scene;
use crate::wording;

/// A report that a case answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportRow {
    /// Source and id.
    pub from: String,
    /// What they wrote.
    pub text: String,
    /// When it happened, as they say.
    pub at: Option<When>,
    /// Where it is by their words, a line each.
    pub places: Vec<String>,
    /// What they point to.
    pub files: Vec<File>,
}

/// Something that a report points to. It is never fetched by us, and only a web address can be followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its address without what stands behind a question mark: that may be a key.
    pub name: String,
    /// The whole address, where it leads to the web.
    pub href: Option<String>,
}

impl From<&Attachment> for File {
    fn from(attachment: &Attachment) -> Self {
        let url = &attachment.url;
        let is_web = url.starts_with("https://") || url.starts_with("http://");
        let name = url.split(['?', '#']).next().unwrap_or_default();
        Self { name: name.to_owned(), href: is_web.then(|| url.clone()) }
    }
}

/// The reports of a case, oldest first.
#[must_use]
pub fn rows(scene: &Scene<'_>, case: &Case) -> Vec<ReportRow> {
    let look = scene.look;
    let row = |report: &ReportLink| ReportRow {
        from: format!("{} {}", wording::source(look.lang, report.source.as_str()), report.id),
        text: report.text.clone(),
        at: report.occurred.map(|seen| phrase::when(look, seen.micros())),
        places: places(scene, case, report),
        files: report.attachments.iter().map(File::from).collect(),
    };
    case.reports.iter().map(row).collect()
}

/// Where it is by the words of a report, as far as the case does not say so itself.
#[must_use]
pub fn places(scene: &Scene<'_>, case: &Case, report: &ReportLink) -> Vec<String> {
    let lang = scene.look.lang;
    let unplaced = case.place().is_none();
    let place = report.place.as_ref().filter(|place| case.place() != Some(place));
    let place = place.map(|place| scene.place_name(place));
    let place = place.map(|name| lang.pick(format!("点位：{name}"), format!("Place: {name}")));
    let grid = report.grid.as_ref().filter(|grid| unplaced && case.grid.as_ref() != Some(grid));
    let grid = grid.map(|grid| scene.grid(grid));
    let grid = grid.map(|name| lang.pick(format!("网格：{name}"), format!("Grid cell: {name}")));
    let position = report.position.filter(|at| unplaced && case.position != Some(*at));
    let position = position.map(|at| format!("{:.6}, {:.6}", at.lon(), at.lat()));
    let position = position.map(|at| lang.pick(format!("坐标：{at}"), format!("Position: {at}")));
    let address = report.address.as_ref().filter(|address| !address.trim().is_empty());
    let address = address.map(|address| lang.pick(format!("地址：{address}"), format!("Address: {address}")));
    [place, grid, position, address].into_iter().flatten().collect()
}

/// A report as a sentence of the journal, after what stands there before it.
#[must_use]
pub fn told(scene: &Scene<'_>, case: &Case, before: &[CaseEvent], report: &ReportLink) -> String {
    let lang = scene.look.lang;
    let same = |known: &ReportLink| known.source == report.source && known.id == report.id;
    let amends = before.iter().any(|event| matches!(&event.what, Happened::Reported(known) if same(known)));
    let verb = if amends { lang.pick("补充上报", "amended") } else { lang.pick("上报", "reported") };
    let text = Some(report.text.clone()).filter(|text| !text.is_empty());
    let said: Vec<String> = text.into_iter().chain(places(scene, case, report)).collect();
    let (source, said) = (wording::source(lang, report.source.as_str()), said.join(lang.pick("；", "; ")));
    lang.pick(format!("{source} {verb}：{said}"), format!("{source} {verb}: {said}"))
}
