//! What the watch believes, place by place; what it cannot see, and what serves nobody, come first.

use muster_domain::catalogue::Device;
use muster_domain::condition::{BlindSource, State, Subject};
use muster_domain::id::{DeviceId, RuleId};
use muster_domain::time::Span;
use muster_rules::rulebook::{ADAPTER_SILENT, DEVICE_BLIND};

use crate::phrase::{self, When};
use crate::scene::{ConditionNow, Scene};
use crate::text::Text;
use crate::tone::Tone;
use crate::view::parts::{self, Chip};
use crate::view::why;
use crate::wording;

/// The page of conditions.
#[derive(Debug, Clone, PartialEq)]
pub struct ConditionsView {
    /// The filters as they stand.
    pub filter: ConditionFilter,
    /// Choices of rule: id, name, chosen.
    pub rules: Vec<(String, String, bool)>,
    /// Choices of state: value, words, chosen.
    pub states: Vec<(&'static str, &'static str, bool)>,
    /// What cannot be seen.
    pub blind: Vec<ConditionRow>,
    /// Adapters by which nothing comes in.
    pub unserved: Vec<ConditionRow>,
    /// What is believed of all else.
    pub rows: Vec<ConditionRow>,
    /// The cursor of the next page.
    pub next: Option<String>,
}

/// The filters, as they stand in the address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConditionFilter {
    /// A rule, or nothing.
    pub rule: String,
    /// A state, `blind`, `unserved`, or nothing.
    pub state: String,
    /// A place, or nothing.
    pub place: String,
}

/// A condition.
#[derive(Debug, Clone, PartialEq)]
pub struct ConditionRow {
    /// Its id in the API.
    pub id: String,
    /// What it is about.
    pub subject: String,
    /// The name of its rule.
    pub rule: String,
    /// Its states.
    pub chips: Vec<Chip>,
    /// Since when.
    pub since: Option<When>,
    /// What was seen.
    pub why: String,
    /// How far its hold is: held of needed, 0 to 100.
    pub hold: Option<u8>,
    /// Not seen or heard since.
    pub silent: Option<When>,
    /// Who does not cover, and why; without a name where there is nobody to name.
    pub sources: Vec<(String, &'static str)>,
}

impl ConditionsView {
    /// Whether all conditions are meant.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.filter == ConditionFilter::default()
    }
}

/// The page of these conditions, in the order given but for what is blind or not served.
#[must_use]
pub fn conditions(
    scene: &Scene<'_>,
    filter: ConditionFilter,
    list: &[ConditionNow],
    next: Option<String>,
) -> ConditionsView {
    let look = scene.look;
    let (blind, seen): (Vec<&ConditionNow>, Vec<&ConditionNow>) =
        list.iter().partition(|condition| condition.blind.is_some());
    let unserved = |condition: &&ConditionNow| {
        matches!(condition.subject, Subject::Adapter(_)) && condition.state == State::Present
    };
    let (unserved, mut seen): (Vec<&ConditionNow>, Vec<&ConditionNow>) = seen.into_iter().partition(unserved);
    seen.sort_by_key(|condition| Tone::of_condition(condition));
    let built_in = [DEVICE_BLIND, ADAPTER_SILENT].into_iter().filter_map(|rule| RuleId::parse(rule).ok());
    let rules = scene.book.rules.keys().cloned().chain(built_in);
    let tones = [Tone::Present, Tone::Suspected, Tone::Easing, Tone::Blind, Tone::Unserved, Tone::Unknown, Tone::Clear];
    ConditionsView {
        rules: rules.map(|rule| (rule.to_string(), scene.rule(&rule), filter.rule == rule.as_str())).collect(),
        states: tones.into_iter().map(|tone| (tone.name(), look.t(tone.text()), filter.state == tone.name())).collect(),
        blind: places(scene, &blind),
        unserved: unserved.into_iter().map(|condition| silent_adapter(scene, condition)).collect(),
        rows: seen.into_iter().map(|condition| row(scene, condition)).collect(),
        next,
        filter,
    }
}

/// A row a place: one that cannot be seen serves none of its rules.
fn places(scene: &Scene<'_>, blind: &[&ConditionNow]) -> Vec<ConditionRow> {
    let mut rows: Vec<(&Subject, ConditionRow)> = Vec::new();
    for condition in blind {
        let one = row(scene, condition);
        match rows.iter_mut().find(|(subject, _)| **subject == condition.subject) {
            Some((_, known)) => {
                known.rule = format!("{}{}{}", known.rule, scene.look.lang.pick("、", ", "), one.rule);
                let more = one.sources.into_iter().filter(|source| !known.sources.contains(source));
                known.sources.extend(more.collect::<Vec<_>>());
            }
            None => rows.push((&condition.subject, one)),
        }
    }
    rows.into_iter().map(|(_, row)| row).collect()
}

/// An adapter by which nothing comes in, since its last sign of life.
fn silent_adapter(scene: &Scene<'_>, condition: &ConditionNow) -> ConditionRow {
    let held = condition.reason.held.unwrap_or(Span::ZERO);
    let last = condition.since.map(|since| phrase::when(scene.look, since.minus(held).micros()));
    ConditionRow { silent: last, ..row(scene, condition) }
}

/// Who does not cover a place that is blind, and why.
fn sources(scene: &Scene<'_>, condition: &ConditionNow) -> Vec<(String, &'static str)> {
    let look = scene.look;
    let Some(blind) = &condition.blind else { return Vec::new() };
    if blind.sources.is_empty() {
        let covered = |device: &Device| device.places.iter().any(|at| condition.subject.place() == Some(&at.place));
        let known = scene.catalogue.devices.values().any(|device| covered(device));
        return vec![(String::new(), look.t(if known { Text::CauseUnknown } else { Text::CauseNoSource }))];
    }
    let told = |told: &BlindSource| (source(scene, &told.source), look.t(wording::blind_cause(told.cause)));
    blind.sources.iter().map(told).collect()
}

/// The name of a source; its id where the catalogue has none.
fn source(scene: &Scene<'_>, id: &str) -> String {
    DeviceId::parse(id).map_or_else(|_| id.to_owned(), |id| scene.device(&id))
}

fn row(scene: &Scene<'_>, condition: &ConditionNow) -> ConditionRow {
    let look = scene.look;
    let lasted = condition.since.map(|since| look.now.micros().saturating_sub(since.micros()));
    let hold = lasted.zip(parts::needed(scene, condition)).map(|(lasted, needed)| {
        u8::try_from((lasted.saturating_mul(100) / needed.micros().max(1)).clamp(0, 100)).unwrap_or(100)
    });
    ConditionRow {
        id: condition.id.clone(),
        subject: match &condition.subject {
            Subject::Place(place) => scene.place_name(place),
            Subject::Device(id) => scene.device(id),
            Subject::Adapter(name) => wording::adapter(look.lang, name.as_str()),
            Subject::Report(id) => id.clone(),
        },
        rule: scene.rule(&condition.rule),
        chips: parts::condition_chips(scene, condition),
        since: condition.since.map(|since| phrase::when(look, since.micros())),
        why: why::of_condition(scene, condition),
        hold,
        silent: condition.blind.as_ref().and_then(|blind| blind.since).map(|since| phrase::when(look, since.micros())),
        sources: sources(scene, condition),
    }
}
