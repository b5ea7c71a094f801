//! Holds: covered time only, with pauses that may be too long and doubts that may come true (ENGINE §4).

/// How far a hold has come. Microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Hold {
    /// Time in which the wanted answer stood and was covered.
    pub(super) sum: i64,
    /// Time since it last stood.
    pub(super) pause: i64,
    /// Covered time in which contrary evidence has stood, once there is some.
    pub(super) doubt: Option<i64>,
    /// The sources whose contrary evidence that is.
    pub(super) doubters: u64,
}

/// What a stretch of time brings, seen from the hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stands {
    /// The wanted answer.
    Wanted,
    /// The contrary one.
    Contrary,
    /// No answer, or no cover.
    Nothing,
}

/// How a stretch ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reached {
    /// The hold is met.
    Met,
    /// The doubt came true.
    Turned,
}

impl Hold {
    /// What standing at an instant changes at once: the wanted answer ends a doubt, the contrary one begins it.
    /// A pause that was too long has started it again; a hold of no length protects nothing that could start again.
    pub(super) fn touch(&mut self, stands: Stands, needed: i64) {
        match stands {
            Stands::Wanted if needed > 0 && self.pause > needed => *self = Self::default(),
            Stands::Wanted => (self.doubt, self.doubters, self.pause) = (None, 0, 0),
            Stands::Contrary => self.doubt = self.doubt.or(Some(0)),
            Stands::Nothing => {}
        }
    }

    /// What is left until it is met or turned, if things stay as they are.
    pub(super) fn rest(&self, stands: Stands, needed: i64, tolerate: i64) -> Option<i64> {
        match stands {
            Stands::Wanted => Some(needed.saturating_sub(self.sum).max(0)),
            Stands::Contrary => Some(tolerate.saturating_sub(self.doubt.unwrap_or(0)).max(0)),
            Stands::Nothing => None,
        }
    }

    /// Lets `length` go by; if the hold is met or turned before its end, says after how long.
    pub(super) fn grow(&mut self, stands: Stands, length: i64, needed: i64, tolerate: i64) -> Option<(i64, Reached)> {
        self.touch(stands, needed);
        match stands {
            Stands::Wanted => {
                let rest = needed.saturating_sub(self.sum).max(0);
                if rest <= length {
                    self.sum = needed;
                    return Some((rest, Reached::Met));
                }
                self.sum += length;
                None
            }
            Stands::Contrary => self.doubted(length, needed, tolerate),
            Stands::Nothing => {
                self.wait(length, needed);
                None
            }
        }
    }

    fn doubted(&mut self, length: i64, needed: i64, tolerate: i64) -> Option<(i64, Reached)> {
        let mut gone = 0;
        loop {
            let doubt = self.doubt.unwrap_or(0);
            let turns = tolerate.saturating_sub(doubt).max(0);
            let forgets = if needed > 0 { needed.saturating_sub(self.pause).max(0) } else { i64::MAX };
            let left = length - gone;
            if turns <= forgets && turns <= left {
                return Some((gone + turns, Reached::Turned));
            }
            if forgets >= left {
                self.pause += left;
                self.doubt = Some(doubt + left);
                return None;
            }
            // The pause has become longer than the hold: it starts again, and the doubt with it.
            *self = Self { doubt: Some(0), ..Self::default() };
            gone += forgets;
        }
    }

    fn wait(&mut self, length: i64, needed: i64) {
        if self.sum == 0 && self.doubt.is_none() {
            return;
        }
        self.pause = self.pause.saturating_add(length);
        if needed > 0 && self.pause > needed {
            *self = Self::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEEDED: i64 = 180;
    const TOLERATE: i64 = 15;

    fn grow(hold: &mut Hold, stands: Stands, length: i64) -> Option<(i64, Reached)> {
        hold.grow(stands, length, NEEDED, TOLERATE)
    }

    #[test]
    fn a_hold_is_met_at_the_instant_its_sum_is_full() {
        let mut hold = Hold::default();
        assert_eq!(grow(&mut hold, Stands::Wanted, 100), None);
        grow(&mut hold, Stands::Nothing, 180);
        assert_eq!(grow(&mut hold, Stands::Wanted, 100), Some((80, Reached::Met)));
    }

    #[test]
    fn a_pause_longer_than_the_hold_starts_it_again() {
        let mut hold = Hold { sum: 100, ..Hold::default() };
        grow(&mut hold, Stands::Nothing, 180);
        assert_eq!(hold.sum, 100);
        grow(&mut hold, Stands::Nothing, 1);
        assert_eq!(hold, Hold::default());
    }

    #[test]
    fn a_doubt_counts_covered_time_and_its_time_counts_as_a_pause() {
        let mut hold = Hold { sum: 100, ..Hold::default() };
        assert_eq!(grow(&mut hold, Stands::Contrary, 10), None);
        grow(&mut hold, Stands::Nothing, 60);
        assert_eq!(hold, Hold { sum: 100, pause: 70, doubt: Some(10), doubters: 0 });
        assert_eq!(hold.clone().grow(Stands::Contrary, 100, NEEDED, TOLERATE), Some((5, Reached::Turned)));
        grow(&mut hold, Stands::Wanted, 10);
        assert_eq!(hold, Hold { sum: 110, ..Hold::default() });
    }

    #[test]
    fn a_pause_that_grows_too_long_while_in_doubt_forgets_the_doubt() {
        let mut hold = Hold { sum: 100, pause: 170, doubt: Some(0), doubters: 0 };
        assert_eq!(grow(&mut hold, Stands::Contrary, 12), None);
        assert_eq!(hold, Hold { sum: 0, pause: 2, doubt: Some(2), doubters: 0 });
        assert_eq!(grow(&mut hold, Stands::Contrary, 100), Some((13, Reached::Turned)));
    }

    #[test]
    fn a_hold_of_no_length_forgets_no_doubt() {
        let mut hold = Hold::default();
        assert_eq!(hold.grow(Stands::Contrary, 10, 0, TOLERATE), None);
        hold.grow(Stands::Nothing, 1_000, 0, TOLERATE);
        assert_eq!(hold.grow(Stands::Contrary, 10, 0, TOLERATE), Some((5, Reached::Turned)));
    }
}
