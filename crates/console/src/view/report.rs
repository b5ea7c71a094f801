//! What people reported: their words, where they say it is, and what they point to.

use muster_domain::case::{Case, ReportLink};
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
        places: places(scene, report),
        files: report.attachments.iter().map(File::from).collect(),
    };
    case.reports.iter().map(row).collect()
}

/// Where it is by the words of a report.
#[must_use]
pub fn places(scene: &Scene<'_>, report: &ReportLink) -> Vec<String> {
    let lang = scene.look.lang;
    let address = report.address.as_ref().filter(|address| !address.trim().is_empty());
    address.map(|address| lang.pick(format!("地址：{address}"), format!("Address: {address}"))).into_iter().collect()
}
