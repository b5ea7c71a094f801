//! Ids of what was taken lately, so that repeats are counted as such. Best effort: the watch does not rely on it.

use std::collections::{HashSet, VecDeque};

use sha2::{Digest, Sha256};

/// The fingerprints of the last so many records.
#[derive(Debug)]
pub(super) struct Recent {
    most: usize,
    known: HashSet<u128>,
    order: VecDeque<u128>,
}

impl Recent {
    pub(super) fn new(most: usize) -> Self {
        Self { most, known: HashSet::new(), order: VecDeque::new() }
    }

    pub(super) fn contains(&self, print: u128) -> bool {
        self.known.contains(&print)
    }

    pub(super) fn insert(&mut self, print: u128) {
        if !self.known.insert(print) {
            return;
        }
        self.order.push_back(print);
        if self.order.len() > self.most
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }
}

/// 128 bits that name a record within a realm: for observations the credential, for reports their content.
pub(super) fn fingerprint(realm: &str, source: &str, id: &str) -> u128 {
    let mut hash = Sha256::new();
    for part in [realm, source, id] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    let digest = hash.finalize();
    digest[..16].iter().fold(0, |print, byte| print << 8 | u128::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten_first() {
        let mut recent = Recent::new(2);
        for print in [1, 2, 1, 3] {
            recent.insert(print);
        }
        assert!(!recent.contains(1) && recent.contains(2) && recent.contains(3));
    }

    #[test]
    fn one_credential_says_nothing_about_another() {
        assert_ne!(fingerprint("a", "s", "1"), fingerprint("b", "s", "1"));
        assert_ne!(fingerprint("a", "s1", ""), fingerprint("a", "s", "1"));
    }
}
