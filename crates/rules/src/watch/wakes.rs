//! When to look at which condition: earlier than needed never harms, later never happens.

use std::collections::BTreeSet;

/// Deadlines by instant, then by position. Moving one to a later instant is left until it has come.
#[derive(Debug, Clone, Default)]
pub(super) struct Wakes {
    queue: BTreeSet<(i64, u32)>,
    at: Vec<i64>,
}

impl Wakes {
    /// All of `count` conditions are to be looked at with the next tick.
    pub(super) fn all_now(count: usize) -> Self {
        let positions = 0..u32::try_from(count).unwrap_or(u32::MAX);
        Self { queue: positions.map(|n| (i64::MIN, n)).collect(), at: vec![i64::MIN; count] }
    }

    /// Looks at `n` at this instant or before.
    pub(super) fn by(&mut self, n: u32, at: i64) {
        let Some(known) = self.at.get_mut(n as usize) else { return };
        if at < *known {
            // What never comes is not in the queue.
            if *known < i64::MAX {
                self.queue.remove(&(*known, n));
            }
            self.queue.insert((at, n));
            *known = at;
        }
    }

    /// Takes out everything due, in the order of instants.
    pub(super) fn due(&mut self, time: i64) -> Vec<u32> {
        let mut due = Vec::new();
        while self.queue.first().is_some_and(|(at, _)| *at <= time)
            && let Some((_, n)) = self.queue.pop_first()
        {
            self.at[n as usize] = i64::MAX;
            due.push(n);
        }
        due
    }
}
