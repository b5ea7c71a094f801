//! What the watch believes, place by place; what it cannot see comes first.

use muster_domain::condition::Subject;
use muster_domain::id::DeviceId;

use crate::phrase::{self, When};
use crate::scene::{ConditionNow, Scene};
use crate::tone::Tone;
use crate::view::parts::{self, Chip};
use crate::view::why;

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
    /// What can.
    pub rows: Vec<ConditionRow>,
    /// The cursor of the next page.
    pub next: Option<String>,
}

/// The filters, as they stand in the address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConditionFilter {
    /// A rule, or nothing.
    pub rule: String,
    /// A state, `blind`, or nothing.
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
    /// Silent since.
    pub silent: Option<When>,
    /// The sources that are silent.
    pub sources: String,
}

/// The page of these conditions, in the order given but for what is blind.
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
    let mut seen: Vec<&ConditionNow> = seen;
    seen.sort_by_key(|condition| Tone::of_condition(condition));
    let tones = [Tone::Present, Tone::Suspected, Tone::Easing, Tone::Blind, Tone::Unknown, Tone::Clear];
    ConditionsView {
        rules: scene
            .book
            .rules
            .keys()
            .map(|rule| (rule.to_string(), scene.rule(rule), filter.rule == rule.as_str()))
            .collect(),
        states: tones.into_iter().map(|tone| (tone.name(), look.t(tone.text()), filter.state == tone.name())).collect(),
        blind: places(scene, &blind),
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
            Some((_, known)) => known.rule = format!("{}{}{}", known.rule, scene.look.lang.pick("、", ", "), one.rule),
            None => rows.push((&condition.subject, one)),
        }
    }
    rows.into_iter().map(|(_, row)| row).collect()
}

/// The name of a silent source; its id where the catalogue has none.
fn source(scene: &Scene<'_>, id: &str) -> String {
    let device = DeviceId::parse(id).ok().and_then(|id| scene.catalogue.devices.get(&id));
    device.map_or_else(|| id.to_owned(), |device| device.name.clone())
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
            Subject::Device(id) => {
                scene.catalogue.devices.get(id).map_or_else(|| id.to_string(), |device| device.name.clone())
            }
            Subject::Adapter(name) => name.to_string(),
            Subject::Report(id) => id.clone(),
        },
        rule: scene.rule(&condition.rule),
        chips: parts::condition_chips(scene, condition),
        since: condition.since.map(|since| phrase::when(look, since.micros())),
        why: why::of_condition(scene, condition),
        hold,
        silent: condition.blind.as_ref().and_then(|blind| blind.since).map(|since| phrase::when(look, since.micros())),
        sources: condition
            .blind
            .iter()
            .flat_map(|blind| &blind.sources)
            .map(|id| source(scene, id))
            .collect::<Vec<_>>()
            .join(look.lang.pick("、", ", ")),
    }
}
