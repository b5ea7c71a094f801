//! The ladder of an episode: its steps, its two clocks and what became of its calls (ENGINE §8).

use std::collections::{BTreeMap, BTreeSet};

use muster_domain::condition::{Change, ConditionKey, Step};
use muster_domain::id::EpisodeId;
use muster_domain::record::{Outcome, OutcomeState};
use muster_domain::time::{LogTime, Span};

use super::setting::Setting;
use crate::expr::Asked;

/// §8: "`after` counts log time from the `T` at which the begin was decided".
#[derive(Debug, Clone, Default)]
pub(super) struct Ladder {
    /// Log time so far, without blind time, outages of ours and `easing`.
    clock: Span,
    /// The same with `easing`.
    easing_clock: Span,
    /// "Each step at most once per episode."
    done: BTreeSet<u16>,
    outcomes: BTreeMap<String, BTreeSet<OutcomeState>>,
}

impl Ladder {
    pub(super) fn hear(&mut self, outcome: &Outcome) {
        self.outcomes.entry(outcome.name.clone()).or_default().insert(outcome.state);
    }

    pub(super) fn wait(&mut self, step: Span, easing: bool) {
        self.easing_clock = self.easing_clock.plus(step);
        if !easing {
            self.clock = self.clock.plus(step);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one line of ENGINE §8, word by word")]
    pub(super) fn climb(
        &mut self,
        setting: &Setting,
        key: &ConditionKey,
        episode: &EpisodeId,
        at: LogTime,
        easing: bool,
        out: &mut Vec<Change>,
    ) {
        for (step, spec) in (0_u16..).zip(&setting.rule.respond) {
            let clock = if spec.while_easing { self.easing_clock } else { self.clock };
            if clock < spec.after || (easing && !spec.while_easing) || !self.done.insert(step) {
                continue;
            }
            let holds = |clause: &crate::expr::Expr| {
                clause.test_outcomes(&|asked, name| self.became(asked, name), &setting.props)
            };
            let unless = spec.unless.as_ref().filter(|clause| holds(clause)).map(|clause| clause.text().to_owned());
            let lacks = spec.requires.as_ref().filter(|clause| !holds(clause)).map(|clause| clause.text().to_owned());
            let rule_version = setting.rule.version;
            let skipped = unless.or(lacks);
            let (key, episode) = (key.clone(), episode.clone());
            out.push(Change::Step(Step { key, episode, rule_version, step, at, skipped }));
        }
    }

    /// Outcomes are ranked: an answer was delivered before.
    fn became(&self, asked: Asked, name: &str) -> bool {
        let Some(states) = self.outcomes.get(name) else { return false };
        let has = |state| states.contains(&state);
        match asked {
            Asked::Answered => has(OutcomeState::Answered),
            Asked::Delivered => has(OutcomeState::Delivered) || has(OutcomeState::Answered),
            Asked::Failed => {
                let reached = has(OutcomeState::Delivered) || has(OutcomeState::Answered);
                !reached && (has(OutcomeState::Failed) || has(OutcomeState::Expired))
            }
        }
    }
}
