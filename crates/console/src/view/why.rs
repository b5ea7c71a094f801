//! Why a case or condition is what it is, in one line with value and limit, and what would end it.

use muster_domain::case::{Case, CaseState, EpisodeLink};
use muster_domain::condition::{Fact, Reason, Subject};
use muster_domain::id::{DeviceId, PlaceId};
use muster_domain::time::Span;

use crate::phrase;
use crate::scene::{ConditionNow, Scene};
use crate::wording;

/// The one line.
#[must_use]
pub fn line(scene: &Scene<'_>, case: &Case) -> String {
    let look = scene.look;
    let open = case.episodes.iter().rev().find(|link| link.ended.is_none());
    match open.or_else(|| case.episodes.last()) {
        Some(link) if matches!(case.subject, Subject::Device(_) | Subject::Adapter(_)) => silent(scene, case, link),
        Some(link) => {
            let reason = with_limit(scene, case.place(), &link.reason);
            seen_and_held(scene, &reason, lasted(scene, link), link.ended.is_some())
        }
        None => match case.reports.last() {
            Some(report) => {
                let at = report.occurred.map_or(case.filed.micros(), |seen| seen.micros());
                let at = phrase::when(look, at).short;
                let source = wording::source(look.lang, report.source.as_str());
                look.lang.pick(
                    format!("{source} {at} 上报：{}", report.text),
                    format!("{source} reported at {at}: {}", report.text),
                )
            }
            None => scene.kind(&case.kind),
        },
    }
}

/// The reason with the limit of its place, where a count of people stands without one.
fn with_limit(scene: &Scene<'_>, place: Option<&PlaceId>, reason: &Reason) -> Reason {
    let mut reason = reason.clone();
    let has = |name: &str| reason.facts.iter().any(|fact| fact.name == name);
    let required = place.and_then(|id| scene.place(id)).and_then(|place| place.props.get("required"));
    if has("persons")
        && !has("place.required")
        && let Some(value) = required
    {
        let limit =
            Fact { name: "place.required".to_owned(), value: value.clone(), device: None, source: None, seen: None };
        reason.facts.push(limit);
    }
    reason
}

/// What was seen and for how long: "应有 2 人，见 0 人，已 6 分 12 秒".
#[must_use]
pub fn seen_and_held(scene: &Scene<'_>, reason: &Reason, lasted: Option<Span>, over: bool) -> String {
    let lang = scene.look.lang;
    let mut seen = wording::seen(lang, &reason.facts);
    if seen.is_empty() {
        seen = wording::clause(lang, &reason.clause);
    }
    match lasted.map(|span| phrase::span(lang, span)) {
        Some(span) if over => lang.pick(format!("{seen}，持续了 {span}"), format!("{seen}, lasted {span}")),
        Some(span) => lang.pick(format!("{seen}，已 {span}"), format!("{seen}, for {span}")),
        None => seen,
    }
}

fn silent(scene: &Scene<'_>, case: &Case, link: &EpisodeLink) -> String {
    let look = scene.look;
    let since = phrase::when(look, link.began.micros()).short;
    let places = match &case.subject {
        Subject::Device(id) => places_behind(scene, id),
        _ => 0,
    };
    let span = lasted(scene, link).map(|span| phrase::span(look.lang, span)).unwrap_or_default();
    match (link.ended.is_some(), places) {
        (true, _) => {
            look.lang.pick(format!("自 {since} 起失明，持续了 {span}"), format!("Blind since {since}, for {span}"))
        }
        (false, 0) => {
            look.lang.pick(format!("自 {since} 起没有消息，已 {span}"), format!("Silent since {since}, for {span}"))
        }
        (false, n) => {
            let s = if n == 1 { "" } else { "s" };
            look.lang.pick(
                format!("自 {since} 起没有消息，已 {span}；{n} 个点位受影响"),
                format!("Silent since {since}, for {span}; {n} place{s} affected"),
            )
        }
    }
}

/// How many places a device and everything that hangs on it cover.
fn places_behind(scene: &Scene<'_>, device: &DeviceId) -> usize {
    let mut places: Vec<_> = scene
        .catalogue
        .devices
        .values()
        .filter(|other| other.id == *device || other.upstream.as_ref() == Some(device))
        .flat_map(|device| device.places.iter().map(|covered| &covered.place))
        .collect();
    places.sort();
    places.dedup();
    places.len()
}

/// How long an episode has lasted, the hold before its begin included.
#[must_use]
pub fn lasted(scene: &Scene<'_>, link: &EpisodeLink) -> Option<Span> {
    let until = link.ended.map_or(scene.look.now.micros(), |ended| ended.micros());
    let since = Span::from_micros(until.saturating_sub(link.began.micros()));
    Some(since.plus(link.reason.held.unwrap_or(Span::ZERO)))
}

/// What would end it, in one sentence.
#[must_use]
pub fn ends(scene: &Scene<'_>, case: &Case) -> Option<String> {
    let lang = scene.look.lang;
    if !case.state.is_live() {
        return None;
    }
    if matches!(case.subject, Subject::Device(_) | Subject::Adapter(_)) {
        return Some(
            lang.pick("重新收到健康的消息，就会转为正常。", "Ends once it is heard from, healthy, again.").to_owned(),
        );
    }
    if !case.is_watched() {
        let (zh, en) = match case.state {
            CaseState::Handled => ("由人核查通过后结案。", "Closes once a person has checked it."),
            _ => (
                "没有画面看得到这里：办结并由人核查后结案。",
                "No camera sees it: closes once handled and checked by a person.",
            ),
        };
        return Some(lang.pick(zh, en).to_owned());
    }
    let link = case.episodes.iter().rev().find(|link| link.ended.is_none()).or_else(|| case.episodes.last())?;
    let card = scene.book.rules.get(&link.rule)?;
    let clause = wording::clause(lang, &card.clear.when);
    let hold = phrase::span(lang, card.clear.hold);
    Some(match case.state {
        CaseState::Handled => lang.pick(
            format!("{clause}并持续 {hold}，就会自动结案。"),
            format!("Closes by itself once {clause} for {hold}."),
        ),
        _ => lang.pick(format!("{clause}并持续 {hold}，就会转为正常。"), format!("Ends once {clause} for {hold}.")),
    })
}

/// A row of the table under "why".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactRow {
    /// The clause or value.
    pub what: String,
    /// What was seen.
    pub seen: String,
    /// Who saw it, and when.
    pub source: String,
}

/// The clause, each value it rests on and the hold.
#[must_use]
pub fn rows(scene: &Scene<'_>, reason: &Reason) -> Vec<FactRow> {
    let look = scene.look;
    let mut rows = vec![FactRow {
        what: wording::clause(look.lang, &reason.clause),
        seen: wording::seen(look.lang, &reason.facts),
        source: reason
            .facts
            .iter()
            .find_map(|fact| Some(witness(scene, fact.device.as_ref()?, fact.seen?.micros())))
            .unwrap_or_default(),
    }];
    if let (Some(held), Some(needed)) = (reason.held, reason.needed) {
        rows.push(FactRow {
            what: look.lang.pick(
                format!("持续 {}", phrase::span(look.lang, needed)),
                format!("held for {}", phrase::span(look.lang, needed)),
            ),
            seen: look.lang.pick(
                format!("其中看得见 {}", phrase::span(look.lang, held)),
                format!("{} of it in view", phrase::span(look.lang, held)),
            ),
            source: String::new(),
        });
    }
    rows
}

fn witness(scene: &Scene<'_>, device: &DeviceId, seen: i64) -> String {
    let look = scene.look;
    let name = scene.catalogue.devices.get(device).map_or_else(|| device.to_string(), |device| device.name.clone());
    format!("{name}{}{}", look.dot(), phrase::when(look, seen).exact)
}

/// The line of a condition on the conditions page.
#[must_use]
pub fn of_condition(scene: &Scene<'_>, condition: &ConditionNow) -> String {
    let look = scene.look;
    let reason = with_limit(scene, condition.subject.place(), &condition.reason);
    let seen = wording::seen(look.lang, &reason.facts);
    if !seen.is_empty() {
        return seen;
    }
    match condition.reason.clause.as_str() {
        "" => look.lang.pick("还没有消息", "nothing said yet").to_owned(),
        clause => wording::clause(look.lang, clause),
    }
}
