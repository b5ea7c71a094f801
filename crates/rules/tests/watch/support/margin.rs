//! Episodes as stories, and whether a world was a close call: whether a little more or less would tell others.

use std::collections::BTreeMap;

use muster_domain::condition::{Change, ConditionKey};

use super::bend::{Records, delayed, seen_when_delivered};
use super::book::RuleSpec;
use super::program::Program;
use super::world::World;

/// One episode: of which condition, from when, to when.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Story {
    key: ConditionKey,
    began: i64,
    ended: Option<i64>,
}

impl Story {
    /// Whether it is the other one, give or take.
    fn alike(&self, other: &Self, seconds: i64) -> bool {
        let near = |a: i64, b: i64| (a - b).abs() <= 2 * seconds * 1_000_000;
        let ends = match (self.ended, other.ended) {
            (Some(a), Some(b)) => near(a, b),
            (a, b) => a.is_none() && b.is_none(),
        };
        self.key == other.key && near(self.began, other.began) && ends
    }
}

/// Whether two accounts tell of the same episodes, give or take.
pub(crate) fn same(one: &[Story], other: &[Story], seconds: i64) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(a, b)| a.alike(b, seconds))
}

/// The episodes in what was said, condition by condition.
pub(crate) fn stories(said: &[Vec<Change>]) -> Vec<Story> {
    let mut began: BTreeMap<ConditionKey, i64> = BTreeMap::new();
    let mut stories = Vec::new();
    for change in said.iter().flatten() {
        match change {
            Change::Moved(moved) if moved.to == muster_domain::condition::State::Present => {
                began.entry(moved.key.clone()).or_insert(moved.at.micros());
            }
            Change::Ended(ended) => {
                if let Some(began) = began.remove(&ended.key) {
                    stories.push(Story { key: ended.key.clone(), began, ended: Some(ended.at.micros()) });
                }
            }
            _ => {}
        }
    }
    stories.extend(began.into_iter().map(|(key, began)| Story { key, began, ended: None }));
    stories.sort();
    stories
}

/// Whether some hold, coverage or doubt is met or missed by no more than so many seconds: whether rules that differ by
/// that much tell other episodes, of the same records or of words seen only when `late` delivers them.
pub(crate) fn close_call(world: &World, program: Program, told: &[Story], late: &Records, seconds: i64) -> bool {
    let shifted = seen_when_delivered(late);
    let prompt = delayed(&world.log().records, &[0]);
    let steps = [0, -seconds, seconds];
    let mut all = Vec::new();
    for raise in steps {
        for clear in steps {
            for tolerate in steps {
                all.extend(steps.map(|after| (raise, clear, tolerate, after)));
            }
        }
    }
    all.into_iter().any(|(raise, clear, tolerate, after)| {
        let mut version = world.first.clone();
        for rule in version.rules.iter_mut().flatten() {
            let more = |value: i64, by: i64| (value + by).max(0);
            let RuleSpec { raise: r, clear: c, tolerate: t, after: a, .. } = *rule;
            (rule.raise, rule.clear) = (more(r, raise), if c < 0 { c } else { more(c, clear) });
            (rule.tolerate, rule.after) = (more(t, tolerate), more(a, after).max(1));
            *rule = rule.clone().mended();
        }
        let configs = BTreeMap::from([(1, version.config(1))]);
        [&shifted, &prompt].iter().any(|records| !same(&stories(&program(records, &configs)), told, seconds))
    })
}
