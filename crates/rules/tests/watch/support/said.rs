//! Changes as lines that can be compared: who said what when, without the words of the reason.

use muster_domain::condition::{BlindCause, BlindSource, Change, ConditionKey, Subject};

/// The condition of a change.
pub(crate) fn key_of(change: &Change) -> &ConditionKey {
    match change {
        Change::Moved(moved) => &moved.key,
        Change::Opened(opened) => &opened.key,
        Change::Ended(ended) => &ended.key,
        Change::Blind(blind) => &blind.key,
        Change::Step(step) => &step.key,
    }
}

/// Whether it is about a place; devices and adapters have conditions of their own.
pub(crate) fn of_place(change: &Change) -> bool {
    matches!(key_of(change).subject, Subject::Place(_))
}

/// One change as a line.
pub(crate) fn line(change: &Change) -> String {
    let key = key_of(change);
    let who = format!("{} {}", key.rule, key.subject.key());
    let second = |micros: i64| {
        let micros = micros - super::log::START;
        if micros % 1_000_000 == 0 { (micros / 1_000_000).to_string() } else { format!("{micros}us") }
    };
    match change {
        Change::Moved(moved) => format!(
            "{who} v{} {} -> {} at {} of {:?}",
            moved.rule_version,
            moved.from.name(),
            moved.to.name(),
            second(moved.at.micros()),
            moved.episode,
        ),
        Change::Opened(opened) => format!(
            "{who} v{} opened {} {} severity {} began {} decided {}",
            opened.rule_version,
            opened.episode,
            opened.kind,
            opened.severity.level(),
            second(opened.began.micros()),
            second(opened.decided.micros()),
        ),
        Change::Ended(ended) => format!(
            "{who} ended {} {:?} at {}{}",
            ended.episode,
            ended.how,
            second(ended.at.micros()),
            if ended.retrospective { " in retrospect" } else { "" },
        ),
        Change::Blind(blind) => {
            let told = |told: &BlindSource| format!("{} {}", told.source, told.cause.map_or("", BlindCause::name));
            let mut sources: Vec<String> = blind.sources.iter().filter(|_| blind.blind).map(told).collect();
            sources.sort();
            let sources: Vec<String> = sources.into_iter().map(|source| format!(", {source}")).collect();
            format!("{who} blind={} at {}{}", blind.blind, second(blind.at.micros()), sources.concat())
        }
        Change::Step(step) => format!(
            "{who} v{} step {} of {} at {}{}",
            step.rule_version,
            step.step,
            step.episode,
            second(step.at.micros()),
            if step.skipped.is_some() { " skipped" } else { "" },
        ),
    }
}

/// What was said after one record, condition by condition; the flag apart, whose order among the rest says nothing.
pub(crate) fn sorted(changes: &[Change]) -> Vec<String> {
    let mut keyed: Vec<(String, bool, String)> = changes
        .iter()
        .filter(|change| of_place(change))
        .map(|change| {
            let key = key_of(change);
            (format!("{} {}", key.rule, key.subject.key()), matches!(change, Change::Blind(_)), line(change))
        })
        .collect();
    keyed.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
    keyed.into_iter().map(|(_, _, line)| line).collect()
}
