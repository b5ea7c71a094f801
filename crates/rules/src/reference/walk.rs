//! Holds and doubts: from a state that stands, over the evidence, to the next change (ENGINE §4 and §5).

use std::collections::BTreeSet;

use muster_domain::condition::State;
use muster_domain::id::DeviceId;
use muster_domain::time::{Seen, Span};

use super::answer::{Answer, judge, next_end};
use super::cover::{Content, Entry, Sources, hear, heard};
use super::setting::Setting;
use crate::rulebook::{Clear, Says};

/// A state that stands: where the next walk starts.
#[derive(Debug, Clone)]
pub(super) struct Standing {
    pub(super) state: State,
    /// The instant from which it is computed afresh, and the number of entries that were known there.
    pub(super) from: (Seen, usize),
    pub(super) witnesses: BTreeSet<DeviceId>,
    /// §9: until then a person's word holds and no state moves.
    pub(super) frozen: Option<Seen>,
    /// What the hold was at `from`: nothing, unless the rule's version changed there.
    pub(super) hold: Hold,
}

/// A hold with its pause and its doubt.
#[derive(Debug, Clone, Default)]
pub(super) struct Hold {
    /// The covered time in which the wanted answer stood.
    sum: Span,
    /// Since when the wanted answer does not stand, covered.
    paused: Option<Seen>,
    /// The covered time of the contrary answer.
    doubt: Option<Span>,
    doubters: BTreeSet<DeviceId>,
}

/// A change of state.
#[derive(Debug)]
pub(super) struct Turn {
    pub(super) to: State,
    pub(super) from: (Seen, usize),
    pub(super) witnesses: BTreeSet<DeviceId>,
}

/// What is wanted in a state: the answer that must stand, for how long, and where it and its contrary lead.
struct Aim {
    wanted: Answer,
    span: Span,
    to: State,
    doubt_to: Option<State>,
}

/// Longer than any time.
const FOR_EVER: Span = Span::from_micros(i64::MAX);

/// A walk through seen time.
struct Walk<'a> {
    setting: &'a Setting,
    state: State,
    at: Seen,
    known: usize,
    sources: Sources,
    witnesses: BTreeSet<DeviceId>,
    hold: Hold,
}

/// Walks to `horizon`: the first change on the way, or what stands there.
pub(super) fn walk(standing: &Standing, entries: &[Entry], setting: &Setting, horizon: Seen) -> Result<Turn, Standing> {
    let (at, known) = standing.from;
    let mut walk = Walk {
        setting,
        state: standing.state,
        at,
        known,
        sources: heard(&entries[..known], setting),
        witnesses: standing.witnesses.clone(),
        hold: standing.hold.clone(),
    };
    let thaw = standing.frozen.filter(|thaw| *thaw > at && *thaw <= horizon);
    let frozen = |at: Seen| standing.frozen.is_some_and(|thaw| at < thaw);
    let evidence = |entry: &Entry| matches!(entry.content, Content::Evidence { .. });
    let judged_here = entries.iter().any(|entry| entry.at == horizon && evidence(entry));
    let mut fresh: Option<&Entry> = None;
    loop {
        // Health alone makes no instant to judge: not of one that is only looked at, nor before the evidence of the same.
        let health = fresh.is_some_and(|entry| !evidence(entry));
        let more = entries.get(walk.known).is_some_and(|next| next.at == walk.at);
        // Nor the instant of a person's word, before what came for it since.
        let waits = (fresh.is_none() && more)
            || health && (more || (walk.at == horizon && !judged_here && thaw != Some(horizon)));
        let turn = if frozen(walk.at) || waits { None } else { walk.instant(fresh) };
        if let Some(turn) = turn {
            return Ok(turn);
        }
        let upcoming = entries.get(walk.known);
        let ends = next_end(&walk.sources, walk.at, setting);
        let thaws = thaw.filter(|thaw| *thaw > walk.at);
        let next = [upcoming.map(|entry| entry.at), ends, thaws].into_iter().flatten().fold(horizon, Seen::min);
        if !frozen(walk.at)
            && next > walk.at
            && let Some(turn) = walk.stretch(next)
        {
            return Ok(turn);
        }
        walk.at = next;
        fresh = upcoming.filter(|entry| entry.at <= next);
        if let Some(entry) = fresh {
            hear(&mut walk.sources, entry, setting);
            walk.known += 1;
        } else if next >= horizon && thaws != Some(horizon) {
            // A coverage that ends here has not yet let a moment pass; what comes next may follow without a gap.
            let Walk { state, at, known, witnesses, hold, .. } = walk;
            return Err(Standing { state, from: (at, known), witnesses, frozen: standing.frozen, hold });
        }
    }
}

impl Walk<'_> {
    fn turn(&self, to: State, at: Seen) -> Turn {
        let mut witnesses = match to {
            State::Unknown | State::Clear => BTreeSet::new(),
            _ => self.witnesses.clone(),
        };
        if (self.state, to) == (State::Easing, State::Present) {
            witnesses.extend(self.hold.doubters.iter().cloned());
        }
        Turn { to, from: (at, self.known), witnesses }
    }

    /// §4, the columns "hold met": what is held in a state, for how long.
    fn aim(&self) -> Option<Aim> {
        let aim = |wanted, span, to, doubt_to| Some(Aim { wanted, span, to, doubt_to });
        let rule = &self.setting.rule;
        match (self.state, &rule.clear) {
            (State::Suspected, _) => aim(Answer::So, rule.raise.hold, State::Present, Some(State::Clear)),
            (State::Easing, Clear::When(clause)) => aim(Answer::NotSo, clause.hold, State::Clear, Some(State::Present)),
            // §5: quiet "is met by covered time without another impulse".
            (State::Present, Clear::Quiet(quiet)) => aim(Answer::NotSo, *quiet, State::Clear, None),
            // No quiet is long enough; it is counted, for a later version may say how long.
            (State::Present, Clear::ByPerson) if rule.is_impulse() => aim(Answer::NotSo, FOR_EVER, State::Clear, None),
            _ => None,
        }
    }

    /// What changes at this very instant, after the entry that was just read.
    fn instant(&mut self, fresh: Option<&Entry>) -> Option<Turn> {
        if self.setting.rule.is_impulse() {
            return self.impulse(fresh);
        }
        let judged = judge(&self.sources, self.at, &self.witnesses, self.setting);
        // §4, the columns "on so" and "on not so", where no hold stands against them.
        match (self.state, judged.answer) {
            (State::Unknown | State::Clear, Answer::So) => {
                self.witnesses = judged.sayers;
                return Some(self.turn(State::Suspected, self.at));
            }
            (State::Unknown, Answer::NotSo) => return Some(self.turn(State::Clear, self.at)),
            // §3: witnesses are "the sources that say so in `suspected` or `present`".
            (State::Suspected | State::Present, _) => self.witnesses.extend(judged.sayers.iter().cloned()),
            (State::Easing, _) if judged.answer == Answer::So => self.hold.doubters.extend(judged.sayers),
            _ => {}
        }
        if self.state == State::Present && judged.answer == Answer::NotSo {
            return Some(self.turn(State::Easing, self.at));
        }
        self.begin(judged.answer)
    }

    /// §5: "an on-event kind raises at its `e`".
    fn impulse(&mut self, fresh: Option<&Entry>) -> Option<Turn> {
        let impulse = fresh.filter(|entry| match &entry.content {
            Content::Evidence { values, ailment: None } => self.setting.says(values) == Says::So,
            _ => false,
        });
        // §11.5: one that was judged late, when it no longer covers its place, changes nothing there.
        let covers =
            |device| self.sources.get(device).is_some_and(|source| source.says(self.at, self.setting).is_some());
        let impulse = impulse.filter(|entry| covers(&entry.device));
        if let Some(entry) = impulse {
            self.witnesses.insert(entry.device.clone());
            self.hold = Hold::default();
        }
        match self.state {
            State::Unknown | State::Clear => impulse.map(|_| self.turn(State::Suspected, self.at)),
            State::Suspected => Some(self.turn(State::Present, self.at)),
            _ => self.begin(judge(&self.sources, self.at, &self.witnesses, self.setting).answer),
        }
    }

    /// An answer begins to stand: what it does to hold, pause and doubt, and what is met without any time.
    fn begin(&mut self, answer: Answer) -> Option<Turn> {
        let aim = self.aim()?;
        if answer == aim.wanted {
            // §4: "one pause longer than the hold's own `for` starts it again"; "if the wanted answer comes back
            // before, the doubt is forgotten".
            let overlong = self.hold.paused.is_some_and(|since| self.at.since(since) > aim.span);
            let sum = if overlong { Span::ZERO } else { self.hold.sum };
            self.hold = Hold { sum, ..Hold::default() };
            return (sum >= aim.span).then(|| self.turn(aim.to, self.at));
        }
        let contrary = aim.doubt_to.filter(|_| answer != Answer::None);
        // A hold into which nothing came yet has nothing to pause.
        if self.hold.sum > Span::ZERO || contrary.is_some() {
            self.hold.paused.get_or_insert(self.at);
        }
        let to = contrary?;
        let doubt = *self.hold.doubt.get_or_insert(Span::ZERO);
        (doubt >= self.setting.rule.tolerate).then(|| self.turn(to, self.at))
    }

    /// The time up to `next`, in which nothing is read and every coverage stays as it is.
    fn stretch(&mut self, next: Seen) -> Option<Turn> {
        let aim = self.aim()?;
        let judged = judge(&self.sources, self.at, &self.witnesses, self.setting);
        if judged.answer == aim.wanted {
            // §4: "the hold is met at the instant when its sum reaches `for`".
            let missing = aim.span.minus(self.hold.sum);
            if next.since(self.at) >= missing {
                return Some(self.turn(aim.to, self.at.plus(missing)));
            }
            self.hold.sum = self.hold.sum.plus(next.since(self.at));
            return None;
        }
        // §4: the doubt's "time, and what follows it uncovered, counts as a pause", and one that is longer than
        // `for` starts the hold again and forgets the doubt.
        let contrary = aim.doubt_to.filter(|_| judged.answer != Answer::None);
        // A hold of no length protects nothing that a pause could start again.
        let lasting = aim.span > Span::ZERO;
        let overlong = |hold: &Hold| hold.paused.map(|since| since.plus(aim.span)).filter(|at| lasting && *at < next);
        while let Some(at) = overlong(&self.hold) {
            let turn = contrary.and_then(|to| self.doubt(to, at));
            if turn.is_some() {
                return turn;
            }
            let doubters = if self.state == State::Easing { judged.sayers.clone() } else { BTreeSet::new() };
            self.at = self.at.max(at);
            let afresh = Hold { paused: Some(self.at), doubt: Some(Span::ZERO), doubters, ..Hold::default() };
            self.hold = if contrary.is_some() { afresh } else { Hold::default() };
        }
        contrary.and_then(|to| self.doubt(to, next))
    }

    /// §4: a doubt "becomes the change when it has itself stood, covered, for `tolerate`; at the instant when that
    /// is met".
    fn doubt(&mut self, to: State, next: Seen) -> Option<Turn> {
        let doubt = self.hold.doubt.unwrap_or_default();
        let missing = self.setting.rule.tolerate.minus(doubt);
        if next.since(self.at) >= missing {
            return Some(self.turn(to, self.at.plus(missing)));
        }
        self.hold.doubt = Some(doubt.plus(next.since(self.at)));
        None
    }
}
