//! The life of a condition: the table of ENGINE §4, and time moving through it.

use std::ops::ControlFlow;

use muster_domain::condition::State;

use super::answer::{Answer, View};
use super::hold::{Hold, Reached, Stands};
use crate::rulebook::Clear;

/// What a rule believes about a place. Times are microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Belief {
    pub(super) state: State,
    /// The instant at which it came to this state.
    pub(super) since: i64,
    /// The largest instant of evidence applied, or of a change that a look brought.
    pub(super) seen: Option<i64>,
    /// The sources without which the episode cannot end.
    pub(super) witnesses: u64,
    /// The hold that runs in `suspected`, `easing`, and for impulses in `present`.
    pub(super) hold: Hold,
    /// A person decided: evidence before this instant moves no state.
    pub(super) still_until: Option<i64>,
}

/// A change of state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turn {
    pub(super) from: State,
    pub(super) to: State,
    pub(super) at: i64,
    /// How long the hold had come when it happened.
    pub(super) held: i64,
}

impl Belief {
    pub(super) const fn new() -> Self {
        Self {
            state: State::Unknown,
            since: 0,
            seen: None,
            witnesses: 0,
            hold: Hold { sum: 0, pause: 0, doubt: None, doubters: 0 },
            still_until: None,
        }
    }

    /// The table: what an answer at an instant makes of a state. A hold of no length is met at once.
    fn judged(&self, answer: Answer, view: &View<'_>) -> Option<State> {
        // A doubt is as long as `tolerate` before it comes true where that is 0, or where a new version has made it shorter.
        let doubted = self.hold.doubt.is_some_and(|doubt| doubt >= view.rule.tolerate.micros());
        let met = self.hold.sum >= self.needed(view);
        match (self.state, answer) {
            (State::Suspected, _) if view.rule.is_impulse() => Some(State::Present),
            (State::Unknown | State::Clear, Answer::So(_)) => Some(State::Suspected),
            (State::Unknown, Answer::NotSo) => Some(State::Clear),
            (State::Suspected, Answer::So(_)) if met => Some(State::Present),
            (State::Suspected, Answer::NotSo) if doubted => Some(State::Clear),
            (State::Present, Answer::NotSo) => Some(State::Easing),
            (State::Easing, Answer::NotSo) | (State::Present, Answer::Quiet) if met => Some(State::Clear),
            (State::Easing, Answer::So(_)) if doubted => Some(State::Present),
            _ => None,
        }
    }

    /// Where a hold leads when it is met, and where when its doubt comes true.
    fn reached(&self, reached: Reached) -> State {
        match (self.state, reached) {
            (State::Suspected, Reached::Met) | (State::Easing, Reached::Turned) => State::Present,
            _ => State::Clear,
        }
    }

    /// What an answer is to the hold that runs, if one runs.
    pub(super) fn stands(&self, answer: Answer, view: &View<'_>) -> Option<Stands> {
        match (self.state, answer) {
            (State::Suspected, Answer::So(_)) | (State::Easing, Answer::NotSo) | (State::Present, Answer::Quiet) => {
                Some(Stands::Wanted)
            }
            (State::Suspected, Answer::NotSo) | (State::Easing, Answer::So(_)) => Some(Stands::Contrary),
            (State::Suspected | State::Easing, _) => Some(Stands::Nothing),
            (State::Present, _) if view.rule.is_impulse() => Some(Stands::Nothing),
            _ => None,
        }
    }

    /// How long the hold that runs must hold.
    pub(super) fn needed(&self, view: &View<'_>) -> i64 {
        match (self.state, &view.rule.clear) {
            (State::Present, Clear::Quiet(quiet)) => quiet.micros(),
            (State::Easing, Clear::When(clause)) => clause.hold.micros(),
            (State::Suspected, _) => view.rule.raise.hold.micros(),
            _ => i64::MAX,
        }
    }

    /// Takes a new state; who says so when it comes to that becomes a witness.
    fn turn(&mut self, to: State, at: i64, answer: Answer) -> Turn {
        let turn = Turn { from: self.state, to, at, held: self.hold.sum };
        let doubters = self.hold.doubters;
        (self.state, self.since, self.seen, self.hold) = (to, at, Some(at), Hold::default());
        match (to, answer) {
            (State::Unknown | State::Clear, _) => self.witnesses = 0,
            // Whose doubt became the change, though not all of them may still say so.
            (State::Suspected | State::Present, Answer::So(sayers)) => self.witnesses |= sayers | doubters,
            _ => {}
        }
        turn
    }

    /// Judges the instant that has been reached; one change at a time.
    pub(super) fn settle(&mut self, view: &View<'_>) -> Option<Turn> {
        self.judge(view).break_value()
    }

    /// The same; without a change it tells the answer that stands, if one may count.
    fn judge(&mut self, view: &View<'_>) -> ControlFlow<Turn, Option<Answer>> {
        let Some(at) = self.seen.filter(|at| self.still_until.is_none_or(|until| *at >= until)) else {
            return ControlFlow::Continue(None);
        };
        let answer = view.answer(at, self.witnesses);
        if let Some(stands) = self.stands(answer, view) {
            self.hold.touch(stands, self.needed(view));
        }
        self.note(answer);
        match self.judged(answer, view) {
            Some(to) => ControlFlow::Break(self.turn(to, at, answer)),
            None => ControlFlow::Continue(Some(answer)),
        }
    }

    /// Who says so now is a witness, or will be if the doubt comes true.
    fn note(&mut self, answer: Answer) {
        match (self.state, answer) {
            (State::Suspected | State::Present, Answer::So(sayers)) => self.witnesses |= sayers,
            (State::Easing, Answer::So(sayers)) => self.hold.doubters |= sayers,
            _ => {}
        }
    }

    /// Moves from the instant reached to a later one, or to the first change before it.
    ///
    /// Between two words an answer changes only where coverage begins or ends, so time goes by in stretches.
    pub(super) fn advance(&mut self, view: &View<'_>, to: i64) -> Option<Turn> {
        loop {
            let at = self.seen?;
            if at >= to {
                return None;
            }
            let answer = match self.judge(view) {
                ControlFlow::Break(turn) => return Some(turn),
                ControlFlow::Continue(answer) => answer,
            };
            let still = self.still_until.filter(|until| at < *until);
            let end = to.min(view.boundary_after(at)).min(still.unwrap_or(to));
            if let Some(answer) = answer {
                let (needed, tolerate) = (self.needed(view), view.rule.tolerate.micros());
                let reached =
                    self.stands(answer, view).and_then(|stands| self.hold.grow(stands, end - at, needed, tolerate));
                if let Some((after, reached)) = reached {
                    return Some(self.turn(self.reached(reached), at + after, answer));
                }
            }
            self.seen = Some(end);
        }
    }

    /// Looks ahead to log time `to`: only what changed stays, up to the instant of the change (ENGINE §3).
    pub(super) fn look(&mut self, view: &View<'_>, to: i64) -> Option<Turn> {
        let mut ahead = *self;
        // Where coverage ends just here, what comes next may follow without a gap: that instant is judged once it is past.
        let here = |ahead: &mut Self| {
            let judged = ahead.seen == self.seen || self.still_until == Some(to);
            ahead.seen.filter(|seen| judged && *seen <= to).and_then(|_| ahead.settle(view))
        };
        let turn = ahead.advance(view, to).or_else(|| here(&mut ahead));
        if turn.is_some() {
            *self = ahead;
        }
        turn
    }

    /// The witnesses at a log time up to which a look has found no change.
    pub(super) fn witnesses_at(&self, view: &View<'_>, time: i64) -> u64 {
        let mut ahead = *self;
        ahead.advance(view, time);
        ahead.witnesses
    }

    /// The first instant after `from` at which something may change if nobody says a word more.
    pub(super) fn next_change(&self, view: &View<'_>, from: i64) -> i64 {
        let mut ahead = *self;
        if ahead.advance(view, from).is_some() || { ahead }.settle(view).is_some() {
            return from;
        }
        ahead.next_edge(view, from)
    }

    /// The same where the instant that has been reached is judged already.
    pub(super) fn next_edge(&self, view: &View<'_>, from: i64) -> i64 {
        let Some(at) = self.seen else { return i64::MAX };
        // What a person ended ahead of log time is judged again when log time comes to what was seen last.
        let again = self.still_until.and(self.seen).filter(|seen| *seen > from).unwrap_or(i64::MAX);
        let answer = view.answer(at, self.witnesses);
        let rest = self
            .stands(answer, view)
            .and_then(|stands| self.hold.rest(stands, self.needed(view), view.rule.tolerate.micros()));
        let met = rest.map_or(i64::MAX, |rest| at.saturating_add(rest));
        let still = self.still_until.filter(|until| at < *until).unwrap_or(i64::MAX);
        met.min(view.boundary_after(at)).min(still).min(again)
    }

    /// An impulse (ENGINE §5): it raises at its instant, and quiet time counts from it.
    pub(super) fn impulse(&mut self, by: u64) -> Option<Turn> {
        let at = self.seen?;
        if self.still_until.is_some_and(|until| at < until) {
            return None;
        }
        self.witnesses |= by;
        self.hold = Hold::default();
        matches!(self.state, State::Unknown | State::Clear).then(|| self.turn(State::Suspected, at, Answer::So(by)))
    }

    /// A person ends it: clear, without witnesses, and nothing moves it before `until`.
    pub(super) fn end(&mut self, at: i64, until: i64) -> Turn {
        let seen = self.seen;
        let turn = self.turn(State::Clear, at, Answer::None);
        self.seen = seen;
        self.still_until = Some(until);
        turn
    }
}
