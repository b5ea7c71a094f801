//! What every view is drawn against: the street, the words of its rules, and the reader.

use std::collections::BTreeMap;

use muster_domain::case::{Case, Role};
use muster_domain::catalogue::{Catalogue, Place};
use muster_domain::condition::{BlindSource, Reason, State, Subject};
use muster_domain::id::{CaseId, CaseKind, ClassId, Competence, DeviceId, EpisodeId, GridId, PlaceId, RuleId, UnitId};
use muster_domain::text::Words;
use muster_domain::time::{Filed, LogTime, Seen, Span};

use crate::look::Look;
use crate::map::Scenery;

/// What a page is drawn against.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// What stands in the street.
    pub catalogue: &'a Catalogue,
    /// The words of the rule book.
    pub book: &'a Book,
    /// Roads and water for the map.
    pub scenery: &'a Scenery,
    /// The reader.
    pub look: &'a Look,
}

/// The words of the rule book, as far as screens need them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Book {
    /// Names of kinds of case.
    pub kinds: BTreeMap<CaseKind, Words>,
    /// Names of classes of place.
    pub classes: BTreeMap<ClassId, Words>,
    /// Rules by id.
    pub rules: BTreeMap<RuleId, RuleCard>,
}

/// What screens say about a rule.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleCard {
    /// Its name.
    pub name: Words,
    /// Its version.
    pub version: u32,
    /// How long what raises it must hold.
    pub hold: Span,
    /// What clears it: the clause as written, and how long it must hold.
    pub clear: Clause,
    /// Its own sentence that says why, with names in braces.
    pub why: Option<Words>,
    /// Its ladder, in order.
    pub ladder: Vec<Rung>,
}

/// A clause of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Clause {
    /// As written in the rule book, such as `persons > 0`.
    pub when: String,
    /// How long it must hold.
    pub hold: Span,
}

/// A step of the ladder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rung {
    /// How long after the episode's case opened.
    pub after: Span,
    /// What it does.
    pub what: RungDoes,
    /// It is passed over if this holds.
    pub unless: Option<String>,
}

/// What a step of the ladder does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RungDoes {
    /// It asks the room to answer.
    Call(String),
    /// It speaks through the loudspeakers.
    Warn(Words),
    /// It wants seats.
    Seats(Vec<(Role, Competence)>),
}

/// What the watch believes now about one subject.
#[derive(Debug, Clone, PartialEq)]
pub struct ConditionNow {
    /// Its id in the API.
    pub id: String,
    /// The rule.
    pub rule: RuleId,
    /// What it is about.
    pub subject: Subject,
    /// What is believed.
    pub state: State,
    /// Since when.
    pub since: Option<Seen>,
    /// Nothing covers it.
    pub blind: Option<BlindNow>,
    /// The episode under way.
    pub episode: Option<EpisodeId>,
    /// Why.
    pub reason: Reason,
}

/// Blindness that lasts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlindNow {
    /// Not seen since, where there ever was a word.
    pub since: Option<LogTime>,
    /// The sources that do not cover, each with why.
    pub sources: Vec<BlindSource>,
}

/// What happened in the last hour, for the strip under the map.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LastHour {
    /// Cases filed.
    pub opened: Vec<Filed>,
    /// Cases that ended.
    pub ended: Vec<Filed>,
    /// More may have been filed than these that were read.
    pub opened_more: bool,
    /// More ended than these that were read.
    pub ended_more: bool,
    /// Stretches in which some place was blind; `None` = still is.
    pub blind: Vec<(Filed, Option<Filed>)>,
}

impl Scene<'_> {
    /// The name of a kind of case; the code itself where the book has none.
    #[must_use]
    pub fn kind(&self, kind: &CaseKind) -> String {
        self.book.kinds.get(kind).map_or_else(|| kind.to_string(), |words| self.look.w(words).to_owned())
    }

    /// The name of a rule; its id where the book has none. What is built in is called as the kind of case that it means.
    #[must_use]
    pub fn rule(&self, rule: &RuleId) -> String {
        let written = self.book.rules.get(rule).map(|card| &card.name);
        let kind = || self.book.kinds.iter().find(|(kind, _)| kind.as_str() == rule.as_str()).map(|(_, name)| name);
        written.or_else(kind).map_or_else(|| rule.to_string(), |name| self.look.w(name).to_owned())
    }

    /// The name of a unit; its id where the catalogue has none.
    #[must_use]
    pub fn unit(&self, unit: &UnitId) -> String {
        self.catalogue.units.get(unit).map_or_else(|| unit.to_string(), |unit| bare(&unit.name).to_owned())
    }

    /// The name of a device; its id where the catalogue has none.
    #[must_use]
    pub fn device(&self, device: &DeviceId) -> String {
        self.catalogue.devices.get(device).map_or_else(|| device.to_string(), |device| bare(&device.name).to_owned())
    }

    /// The name of a grid cell; its id where the catalogue has none.
    #[must_use]
    pub fn grid(&self, grid: &GridId) -> String {
        self.catalogue.grid.get(grid).map_or_else(|| grid.to_string(), |cell| bare(&cell.name).to_owned())
    }

    /// The place of an id.
    #[must_use]
    pub fn place(&self, place: &PlaceId) -> Option<&Place> {
        self.catalogue.places.get(place).map(AsRef::as_ref)
    }

    /// The name of a place beside the name of a rule: "嘉陵桥西村 3 号" where the rule already says 消防通道.
    #[must_use]
    pub fn place_at(&self, id: &PlaceId, rule: Option<&RuleId>) -> String {
        let said = rule.and_then(|rule| self.book.rules.get(rule)).map(|card| card.name.zh.as_str());
        unsaid(self.place_name(id), said)
    }

    /// Where or on what a case stands, in a few words.
    #[must_use]
    pub fn subject(&self, case: &Case) -> String {
        match &case.subject {
            Subject::Place(id) => {
                unsaid(self.place_name(id), self.book.kinds.get(&case.kind).map(|words| words.zh.as_str()))
            }
            Subject::Device(id) => self.device(id),
            Subject::Adapter(name) => crate::wording::adapter(self.look.lang, name.as_str()),
            Subject::Report(_) => case
                .grid
                .as_ref()
                .map_or_else(|| self.look.t(crate::text::Text::Nowhere).to_owned(), |id| self.grid(id)),
        }
    }

    /// The name of a place; its id where the catalogue has none.
    #[must_use]
    pub fn place_name(&self, id: &PlaceId) -> String {
        self.place(id).map_or_else(|| id.to_string(), |place| bare(&place.name).to_owned())
    }
}

/// A name without its last word, where another name beside it has said that word already.
fn unsaid(name: String, said: Option<&str>) -> String {
    match name.rsplit_once(' ') {
        Some((first, last)) if said.is_some_and(|said| said.contains(last)) => first.to_owned(),
        _ => name,
    }
}

/// A name without the mark that the whole example street carries: the header says it once for all.
fn bare(name: &str) -> &str {
    name.strip_suffix("（示意）").unwrap_or(name)
}

/// The conditions that a case is about: those whose episode it answers, else those of its place.
#[must_use]
pub fn conditions_of<'a>(case: &Case, conditions: &'a [ConditionNow]) -> Vec<&'a ConditionNow> {
    let linked = |condition: &ConditionNow| {
        condition.episode.as_ref().is_some_and(|id| case.episodes.iter().any(|link| link.episode == *id))
    };
    let about = |condition: &ConditionNow| {
        condition.subject == case.subject && case.episodes.iter().any(|link| link.rule == condition.rule)
    };
    conditions.iter().filter(|condition| linked(condition) || about(condition)).collect()
}

/// The live case, if any, of a subject: the worst one.
#[must_use]
pub fn case_at<'a>(cases: &'a [Case], subject: &Subject) -> Option<&'a CaseId> {
    cases
        .iter()
        .filter(|case| case.state.is_live() && case.subject == *subject)
        .max_by_key(|case| case.severity)
        .map(|case| &case.id)
}
