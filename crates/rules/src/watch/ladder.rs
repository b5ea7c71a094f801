//! The ladder (ENGINE §8): steps of an episode, each at most once, in log time that can stand still.

use muster_domain::condition::{Change, State, Step};
use muster_domain::record::{Outcome, OutcomeState};
use muster_domain::time::LogTime;

use super::condition::Condition;
use crate::expr::{Asked, Expr};

/// The most calls of an episode whose outcomes are remembered.
const MAX_CALLS: usize = 32;

/// How far an episode's ladder has come. Microseconds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Ladder {
    /// Log time that counted while present.
    pub(super) present: i64,
    /// The same, with the time while easing.
    pub(super) standing: i64,
    /// The steps taken or passed over, a bit each.
    pub(super) done: u32,
    /// What became of each call so far.
    pub(super) calls: Vec<Call>,
}

/// What became of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) name: String,
    pub(super) delivered: bool,
    pub(super) answered: bool,
    pub(super) failed: bool,
}

impl Ladder {
    fn note(&mut self, outcome: &Outcome) {
        let at = self.calls.iter().position(|call| call.name == outcome.name).unwrap_or_else(|| {
            let name = outcome.name.clone();
            self.calls.push(Call { name, delivered: false, answered: false, failed: false });
            self.calls.len() - 1
        });
        let call = &mut self.calls[at];
        match outcome.state {
            OutcomeState::Sent => {}
            OutcomeState::Delivered => call.delivered = true,
            // Nobody answers what was never heard.
            OutcomeState::Answered => (call.delivered, call.answered) = (true, true),
            OutcomeState::Failed | OutcomeState::Expired => call.failed = true,
        }
        self.calls.truncate(MAX_CALLS);
    }

    fn asked(&self, asked: Asked, name: &str) -> bool {
        self.calls.iter().find(|call| call.name == name).is_some_and(|call| match asked {
            Asked::Answered => call.answered,
            Asked::Delivered => call.delivered,
            Asked::Failed => call.failed,
        })
    }
}

impl Condition {
    /// What became of an effect that this episode's ladder asked for.
    pub(super) fn outcome(&mut self, outcome: &Outcome) {
        if let Some(episode) = self.episode.as_mut().filter(|episode| episode.id == outcome.episode) {
            episode.ladder.note(outcome);
        }
    }

    /// Whether there are steps still to come.
    pub(super) fn is_climbing(&self) -> bool {
        let all = self.rule.respond.len();
        let open = self.episode.as_ref().filter(|episode| episode.opened.is_some());
        open.is_some_and(|episode| (episode.ladder.done.count_ones() as usize) < all)
    }

    /// Lets a step of log time count, unless the condition is blind or no step is left that waits for it. Opened at this
    /// very tick, nothing has gone by yet.
    pub(super) fn age(&mut self, before: i64, time: i64) {
        if !self.is_climbing() {
            return;
        }
        let (state, blind) = (self.belief.state, self.sight.blind_from.is_some());
        let Some(episode) = self.episode.as_mut().filter(|_| !blind) else { return };
        if episode.opened.is_none_or(|opened| opened > before) {
            return;
        }
        let step = time.saturating_sub(before);
        episode.ladder.standing = episode.ladder.standing.saturating_add(step);
        if state == State::Present {
            episode.ladder.present = episode.ladder.present.saturating_add(step);
        }
    }

    /// Takes, or passes over with a reason, every step that is due.
    pub(super) fn climb(&mut self, time: i64, out: &mut Vec<Change>) {
        let (key, state) = (self.key(), self.belief.state);
        if self.sight.blind_from.is_some() {
            return;
        }
        let Some(episode) = self.episode.as_mut().filter(|episode| episode.opened.is_some()) else { return };
        for (number, step) in self.rule.respond.iter().enumerate() {
            let ladder = &mut episode.ladder;
            let (bit, gone) = (1_u32 << number, if step.while_easing { ladder.standing } else { ladder.present });
            let runs = state == State::Present || (state == State::Easing && step.while_easing);
            if ladder.done & bit != 0 || !runs || gone < step.after.micros() {
                continue;
            }
            ladder.done |= bit;
            let holds = |clause: &Expr| clause.test_outcomes(&|asked, name| ladder.asked(asked, name), &self.props);
            let unless =
                step.unless.as_ref().filter(|clause| holds(clause)).map(|clause| format!("{} holds", clause.text()));
            let lacks = step.requires.as_ref().filter(|clause| !holds(clause));
            let skipped = unless.or_else(|| lacks.map(|clause| format!("{} does not hold", clause.text())));
            out.push(Change::Step(Step {
                key: key.clone(),
                episode: episode.id.clone(),
                rule_version: self.rule.version,
                step: u16::try_from(number).unwrap_or(u16::MAX),
                at: LogTime::from_micros(time),
                skipped,
            }));
        }
    }
}
