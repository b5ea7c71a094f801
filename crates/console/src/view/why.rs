//! Why a case or condition is what it is, in one line with value and limit, and what would end it.

use std::fmt;

use muster_domain::case::{Case, CaseState, EpisodeLink};
use muster_domain::condition::{Fact, Reason, State, Subject};
use muster_domain::id::{DeviceId, PlaceId};
use muster_domain::time::Span;

use crate::phrase;
use crate::scene::{ConditionNow, Scene};
use crate::view::parts::Lasted;
use crate::wording;

/// A line in which it may stand how long something has been so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What stands before it, or the whole of the line.
    pub before: String,
    /// How long.
    pub lasted: Option<Lasted>,
    /// What stands after it.
    pub after: String,
}

impl Line {
    fn plain(text: String) -> Self {
        Self { before: text, lasted: None, after: String::new() }
    }

    fn push(&mut self, text: &str) {
        if self.lasted.is_some() { self.after.push_str(text) } else { self.before.push_str(text) }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lasted = self.lasted.as_ref().map_or("", |lasted| &lasted.text);
        write!(f, "{}{lasted}{}", self.before, self.after)
    }
}

/// The one line.
#[must_use]
pub fn line(scene: &Scene<'_>, case: &Case) -> Line {
    let look = scene.look;
    let open = case.episodes.iter().rev().find(|link| link.ended.is_none());
    match open.or_else(|| case.episodes.last()) {
        Some(link) if matches!(case.subject, Subject::Device(_) | Subject::Adapter(_)) => silent(scene, case, link),
        Some(link) => {
            let reason = with_limit(scene, case.place(), &link.reason);
            let own = Some(link).filter(|link| link.ended.is_none()).and_then(|link| of_rule(scene, link, &reason));
            own.unwrap_or_else(|| seen_and_held(scene, &reason, Some(lasted(scene, link)), link.ended.is_some()))
        }
        None => Line::plain(match case.reports.last() {
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
        }),
    }
}

/// The rule's own sentence, where what was seen gives every name in it one value.
fn of_rule(scene: &Scene<'_>, link: &EpisodeLink, reason: &Reason) -> Option<Line> {
    let sentence = scene.look.w(scene.book.rules.get(&link.rule)?.why.as_ref()?);
    let needed = || Some(phrase::span(scene.look.lang, reason.needed?));
    let value = |name: &str| if name == "needed" { needed() } else { wording::value(&reason.facts, name) };
    filled(sentence, &lasted(scene, link), value)
}

/// A sentence with values in place of the names in braces; `None` where one has none.
fn filled(sentence: &str, held: &Lasted, value: impl Fn(&str) -> Option<String>) -> Option<Line> {
    let (mut line, mut rest) = (Line::plain(String::new()), sentence);
    while let Some((before, (name, after))) = rest.split_once('{').and_then(|(b, r)| Some((b, r.split_once('}')?))) {
        line.push(before);
        match name {
            // What ticks stands in a line once.
            "held" if line.lasted.is_some() => line.push(&held.text),
            "held" => line.lasted = Some(held.clone()),
            name => line.push(&value(name)?),
        }
        rest = after;
    }
    line.push(rest);
    Some(line)
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
pub fn seen_and_held(scene: &Scene<'_>, reason: &Reason, lasted: Option<Lasted>, over: bool) -> Line {
    let lang = scene.look.lang;
    let mut seen = wording::seen(lang, &reason.facts);
    if seen.is_empty() {
        seen = wording::clause(lang, &reason.clause);
    }
    if lasted.is_some() {
        seen.push_str(if over { lang.pick("，持续了 ", ", lasted ") } else { lang.pick("，已 ", ", for ") });
    }
    Line { before: seen, lasted, after: String::new() }
}

fn silent(scene: &Scene<'_>, case: &Case, link: &EpisodeLink) -> Line {
    let lang = scene.look.lang;
    let since = phrase::when(scene.look, link.began.micros()).short;
    let places = match &case.subject {
        Subject::Device(id) => places_behind(scene, id),
        _ => 0,
    };
    let (zh, en) = match link.ended {
        Some(_) => (format!("自 {since} 起失明，持续了 "), format!("Blind since {since}, for ")),
        None => (format!("自 {since} 起没有消息，已 "), format!("Silent since {since}, for ")),
    };
    let s = if places == 1 { "" } else { "s" };
    let after = match link.ended {
        None if places > 0 => lang.pick(format!("；{places} 个点位受影响"), format!("; {places} place{s} affected")),
        _ => String::new(),
    };
    Line { before: lang.pick(zh, en), lasted: Some(lasted(scene, link)), after }
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
pub fn lasted(scene: &Scene<'_>, link: &EpisodeLink) -> Lasted {
    let until = link.ended.map_or(scene.look.now.micros(), |ended| ended.micros());
    let span = Span::from_micros(until.saturating_sub(link.began.micros()));
    let span = span.plus(link.reason.held.unwrap_or(Span::ZERO));
    if link.ended.is_some() { Lasted::over(scene.look, span) } else { Lasted::until_now(scene.look, span) }
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
    if let (Some(held), Some(needed)) = (reason.held, reason.needed.filter(|needed| *needed > Span::ZERO)) {
        rows.push(FactRow {
            what: look.lang.pick(
                format!("持续 {}", phrase::span(look.lang, needed)),
                format!("held for {}", phrase::span(look.lang, needed)),
            ),
            seen: look.lang.pick(
                format!("立案时已看见 {}", phrase::span(look.lang, held)),
                format!("{} in view when it was filed", phrase::span(look.lang, held)),
            ),
            source: String::new(),
        });
    }
    rows
}

/// What is seen now, where it is no longer what the case was filed for.
#[must_use]
pub fn now(scene: &Scene<'_>, condition: &ConditionNow) -> Option<FactRow> {
    if !matches!(condition.state, State::Easing | State::Clear) {
        return None;
    }
    let what = scene.look.lang.pick("最近所见", "seen last").to_owned();
    let row = rows(scene, &with_limit(scene, condition.subject.place(), &condition.reason)).into_iter().next()?;
    Some(FactRow { what, ..row }).filter(|row| !row.seen.is_empty())
}

fn witness(scene: &Scene<'_>, device: &DeviceId, seen: i64) -> String {
    let look = scene.look;
    let name = scene.device(device);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_filled_around_what_ticks_or_not_at_all() {
        let held = Lasted { text: "3 分 20 秒".to_owned(), since_ms: Some(7) };
        let value = |name: &str| (name != "density").then(|| format!("<{name}>"));
        let line = filled("应有 {place.required} 人，已 {held}，限 {needed}", &held, value).unwrap();
        assert_eq!((line.before.as_str(), line.after.as_str()), ("应有 <place.required> 人，已 ", "，限 <needed>"));
        assert_eq!(line.lasted, Some(held.clone()));
        assert_eq!(filled("{held}, {held}", &held, value).unwrap().to_string(), "3 分 20 秒, 3 分 20 秒");
        assert_eq!(filled("{density} 人，已 {held}", &held, value), None);
        assert_eq!(filled("无所求", &held, value).unwrap().to_string(), "无所求");
    }
}
