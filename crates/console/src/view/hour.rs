//! The last 60 minutes as a strip: what was filed, what was closed, and when some place was blind.

use muster_domain::time::Filed;

use crate::phrase;
use crate::scene::{LastHour, Scene};
use crate::view::parts::Counted;

/// The strip, in units of 1,000 from an hour ago to now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HourView {
    /// Minutes with something in them.
    pub bars: Vec<Bar>,
    /// Stretches of blindness: from and width.
    pub blind: Vec<(i64, i64)>,
    /// The times written under it: position and text.
    pub ticks: Vec<(i64, String)>,
    /// How many were filed.
    pub opened: Counted,
    /// How many were closed.
    pub ended: Counted,
}

/// One minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bar {
    /// Where it begins.
    pub x: i64,
    /// Cases filed in it.
    pub opened: usize,
    /// Cases closed in it.
    pub ended: usize,
}

impl Bar {
    /// The top of the bar of what was filed, of a height of 33.
    #[must_use]
    pub const fn open_y(&self) -> usize {
        top(self.opened)
    }

    /// The top of the bar of what was closed.
    #[must_use]
    pub const fn end_y(&self) -> usize {
        top(self.ended)
    }
}

/// One case is a third of the height, two are two thirds, more fill it: the strip is for the eye, not for counting.
const fn top(count: usize) -> usize {
    match count {
        0 => 33,
        1 => 22,
        2 => 14,
        _ => 7,
    }
}

const HOUR: i64 = 3_600_000_000;
const MINUTE: i64 = 60_000_000;

/// The strip of the hour before now.
#[must_use]
pub fn hour(scene: &Scene<'_>, last: &LastHour) -> HourView {
    let now = scene.look.now.micros();
    let start = now - HOUR;
    let minute = |at: &Filed| (start..=now).contains(&at.micros()).then(|| ((at.micros() - start) / MINUTE).min(59));
    let count = |list: &[Filed], which: i64| list.iter().filter(|at| minute(at) == Some(which)).count();
    let bars = (0..60)
        .map(|which| Bar {
            x: which * 1_000 / 60,
            opened: count(&last.opened, which),
            ended: count(&last.ended, which),
        })
        .filter(|bar| bar.opened + bar.ended > 0)
        .collect();
    let scale = |at: i64| (at.clamp(start, now) - start) * 1_000 / HOUR;
    let blind =
        merged(last.blind.iter().map(|(from, until)| (scale(from.micros()), scale(until.map_or(now, Filed::micros)))));
    let ticks = [0, 15, 30, 45]
        .map(|minutes| (minutes * 1_000 / 60, phrase::when(scene.look, start + minutes * MINUTE).short))
        .to_vec();
    let whole = |list: &[Filed]| list.iter().filter(|at| minute(at).is_some()).count();
    HourView {
        bars,
        blind,
        ticks,
        opened: Counted { seen: whole(&last.opened), more: last.opened_more },
        ended: Counted { seen: whole(&last.ended), more: last.ended_more },
    }
}

/// Stretches that touch become one; each as start and width.
fn merged(stretches: impl Iterator<Item = (i64, i64)>) -> Vec<(i64, i64)> {
    let mut sorted: Vec<(i64, i64)> = stretches.filter(|(from, until)| until > from).collect();
    sorted.sort_unstable();
    let mut joined: Vec<(i64, i64)> = Vec::new();
    for (from, until) in sorted {
        match joined.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(until),
            _ => joined.push((from, until)),
        }
    }
    joined.into_iter().map(|(from, until)| (from, until - from)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_that_touch_become_one() {
        assert_eq!(merged([(10, 20), (15, 30), (40, 50), (50, 60), (70, 70)].into_iter()), [(10, 20), (40, 20)]);
    }
}
