//! Partitions whose work begins again and again and gets no further, and why: for readiness and the doctor.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// So often in a row, and it is no trouble that passes: a record that breaks the watch is out of the way after three.
const LASTING: u32 = 4;

/// A partition that gets no further in this process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// The partition.
    pub partition: u32,
    /// How often in a row its work has failed.
    pub times: u32,
    /// What was said the last time.
    pub error: String,
}

/// The troubles of one process. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Troubles(Arc<Mutex<BTreeMap<u32, Trouble>>>);

impl Troubles {
    /// Those that do not pass by themselves, as far as can be told, by partition.
    #[must_use]
    pub fn lasting(&self) -> Vec<Trouble> {
        self.all().values().filter(|trouble| trouble.times >= LASTING).cloned().collect()
    }

    /// The work on a partition has failed.
    pub(super) fn failed(&self, partition: u32, error: String) {
        let mut all = self.all();
        let times = all.get(&partition).map_or(0, |trouble| trouble.times) + 1;
        all.insert(partition, Trouble { partition, times, error });
    }

    /// The work on a partition has got further, or is another process's now.
    pub(super) fn is_over(&self, partition: u32) {
        self.all().remove(&partition);
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<u32, Trouble>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trouble_lasts_when_it_has_come_often_and_nothing_came_of_it() {
        let troubles = Troubles::default();
        for _ in 0..3 {
            troubles.failed(1, "first".to_owned());
        }
        assert_eq!(troubles.lasting(), []);
        troubles.failed(1, "last".to_owned());
        assert_eq!(troubles.lasting(), [Trouble { partition: 1, times: 4, error: "last".to_owned() }]);
        troubles.is_over(1);
        troubles.failed(1, "anew".to_owned());
        assert_eq!(troubles.lasting(), []);
    }
}
