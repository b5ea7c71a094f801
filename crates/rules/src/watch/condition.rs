//! One rule at one place: its sources, what is believed, and the episode under way.

use std::sync::Arc;

use muster_domain::catalogue::{Combine, Place};
use muster_domain::condition::{Change, ConditionKey, Ended, EndedHow, Moved, Opened, Reason, State, Subject};
use muster_domain::id::EpisodeId;
use muster_domain::record::{Act, ActKind, Health, Observation, Value};
use muster_domain::time::{LogTime, Seen};

use super::answer::{View, bits, together};
use super::belief::{Belief, Turn};
use super::ladder::Ladder;
use super::sight::Sight;
use super::voice::Voice;
use crate::config::Config;
use crate::rulebook::{Mode, Rule, Says};

/// A rule at a place.
#[derive(Debug, Clone)]
pub(super) struct Condition {
    pub(super) rule: Arc<Rule>,
    pub(super) place: Arc<Place>,
    pub(super) props: Vec<Option<Value>>,
    pub(super) combine: Combine,
    pub(super) voices: Vec<Voice>,
    /// What all sources say together, where they give one answer.
    pub(super) together: Says,
    pub(super) belief: Belief,
    pub(super) sight: Sight,
    pub(super) episode: Option<Episode>,
}

/// An episode under way.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Episode {
    pub(super) id: EpisodeId,
    pub(super) began: i64,
    /// The log time at which its case was opened; `None` while it waits for the next tick.
    pub(super) opened: Option<i64>,
    pub(super) ladder: Ladder,
}

/// The record that is being applied.
#[derive(Debug, Clone, Copy)]
pub(super) struct Now<'a> {
    pub(super) generation: &'a str,
    pub(super) partition: u32,
    pub(super) offset: u64,
    /// Log time, once there is any.
    pub(super) time: Option<i64>,
    /// The record is live, or a tick: a begin that it brings opens its case at once (ENGINE §2).
    pub(super) prompt: bool,
}

impl Condition {
    pub(super) fn new(config: &Config, rule: &Arc<Rule>, place: &Arc<Place>) -> Self {
        let spec = config.rulebook.kinds.get(&rule.sees);
        let after = rule.blind.map(|blind| blind.after.micros());
        let voice = |source: crate::config::Source| {
            let made_by = spec.map_or(muster_domain::record::Part::Analytics, |spec| spec.made_by);
            Voice::new(source.device, source.reports, made_by, spec.is_some_and(|spec| spec.forgets), after)
        };
        Self {
            rule: Arc::clone(rule),
            place: Arc::clone(place),
            props: config.props(rule, &place.id),
            combine: config.combine(rule, place),
            voices: config.sources(&place.id, &rule.sees).map(voice).collect(),
            together: Says::Neither,
            belief: Belief::new(),
            sight: Sight::default(),
            episode: None,
        }
    }

    pub(super) fn key(&self) -> ConditionKey {
        ConditionKey { rule: self.rule.id.clone(), subject: Subject::Place(self.place.id.clone()) }
    }

    pub(super) fn view(&self) -> View<'_> {
        View { rule: &self.rule, combine: self.combine, voices: &self.voices, together: self.together }
    }

    /// Applies evidence of one source; false when it is stale.
    pub(super) fn observe(&mut self, source: usize, said: &Observation, now: &Now<'_>, out: &mut Vec<Change>) -> bool {
        let at = said.seen.micros();
        if self.voices[source].is_stale(at) {
            return false;
        }
        if self.belief.seen.is_none_or(|seen| seen < at) {
            self.run(now, out, |belief, view| belief.advance(view, at));
            self.belief.seen = Some(at);
        }
        let says = self.hear(source, said, at);
        // One that is judged late, when it no longer covers its place, raises nothing there (ENGINE §11.5).
        let covers = self.belief.seen.is_some_and(|seen| self.voices[source].covers(seen));
        if self.rule.is_impulse() && says == Says::So && covers {
            let bit = bits().nth(source).unwrap_or(0);
            let turn = self.belief.impulse(bit);
            turn.into_iter().for_each(|turn| self.said(turn, now, out));
        }
        self.run(now, out, Belief::settle);
        true
    }

    /// Sets what a source says and how far it covers.
    fn hear(&mut self, source: usize, said: &Observation, at: i64) -> Says {
        let seen = self.belief.seen.unwrap_or(at);
        let voice = &mut self.voices[source];
        if voice.source.as_ref() != Some(&said.source) {
            voice.source = Some(said.source.clone());
        }
        if voice.adapter.as_ref() != Some(&said.adapter) {
            voice.adapter = Some(said.adapter.clone());
        }
        voice.prune(seen);
        if let Some(ailment) = said.health.and_then(Health::ailment) {
            voice.ill(at, ailment);
            return Says::Neither;
        }
        voice.values.clear();
        voice.values.extend(self.rule.slots(&said.values));
        voice.says = self.rule.says(&voice.values, &self.props);
        voice.well(at);
        let says = voice.says;
        self.combine_again();
        says
    }

    /// Works out again what all sources say together.
    pub(super) fn combine_again(&mut self) {
        self.together = together(&self.rule, &self.voices, self.combine, &self.props);
    }

    /// Looks ahead to log time `to`; returns each change with its instant.
    pub(super) fn look(&mut self, to: i64, now: &Now<'_>) -> Vec<(i64, Vec<Change>)> {
        let mut found = Vec::new();
        loop {
            let mut belief = self.belief;
            let Some(turn) = belief.look(&self.view(), to) else { return found };
            self.belief = belief;
            let mut changes = Vec::new();
            self.turned(turn, now, &mut changes);
            found.push((turn.at, changes));
        }
    }

    fn run(&mut self, now: &Now<'_>, out: &mut Vec<Change>, step: impl Fn(&mut Belief, &View<'_>) -> Option<Turn>) {
        loop {
            let mut belief = self.belief;
            let turn = step(&mut belief, &self.view());
            self.belief = belief;
            match turn {
                Some(turn) => self.said(turn, now, out),
                None => return,
            }
        }
    }

    /// A change that evidence brings: the first steps of a ladder do not wait for the next tick.
    fn said(&mut self, turn: Turn, now: &Now<'_>, out: &mut Vec<Change>) {
        let before = out.len();
        self.turned(turn, now, out);
        let opened = out[before..].iter().any(|change| matches!(change, Change::Opened(_)));
        now.time.filter(|_| opened).into_iter().for_each(|time| self.climb(time, out));
    }

    /// Says what a change of state means: the move itself, and an episode that begins or ends with it.
    fn turned(&mut self, turn: Turn, now: &Now<'_>, out: &mut Vec<Change>) {
        let begins = turn.to == State::Present && turn.from == State::Suspected;
        if begins {
            let subject = Subject::Place(self.place.id.clone()).key();
            let id = EpisodeId::of(&self.rule.id, &subject, now.generation, now.partition, now.offset);
            self.episode = Some(Episode { id, began: turn.at, opened: None, ladder: Ladder::default() });
        }
        let reason = self.reason_of(turn);
        self.moved(turn, reason.clone(), out);
        if begins && now.prompt {
            self.open(reason, now, out);
        } else if turn.to == State::Clear && matches!(turn.from, State::Present | State::Easing) {
            self.ended(turn.at, EndedHow::SeenClear, reason, out);
        }
    }

    fn moved(&self, turn: Turn, reason: Reason, out: &mut Vec<Change>) {
        let in_episode = [turn.from, turn.to].iter().any(|state| matches!(state, State::Present | State::Easing));
        out.push(Change::Moved(Moved {
            key: self.key(),
            rule_version: self.rule.version,
            from: turn.from,
            to: turn.to,
            at: Seen::from_micros(turn.at),
            episode: self.episode.as_ref().filter(|_| in_episode).map(|episode| episode.id.clone()),
            reason,
        }));
    }

    /// Opens the case of the episode under way, if its rule is live and it is not open yet.
    fn open(&mut self, reason: Reason, now: &Now<'_>, out: &mut Vec<Change>) {
        let key = self.key();
        let (Some(time), Mode::Live, Some(episode)) = (now.time, self.rule.mode, &mut self.episode) else { return };
        if episode.opened.is_some() {
            return;
        }
        episode.opened = Some(time);
        out.push(Change::Opened(Opened {
            key,
            rule_version: self.rule.version,
            episode: episode.id.clone(),
            kind: self.rule.kind.clone(),
            severity: self.rule.severity,
            began: Seen::from_micros(episode.began),
            decided: LogTime::from_micros(time),
            reason,
        }));
    }

    /// An episode that a record brought late waits for a tick, and opens if it still stands then (ENGINE §2).
    pub(super) fn open_if_waiting(&mut self, now: &Now<'_>, out: &mut Vec<Change>) {
        if self.is_waiting() {
            let reason = self.reason_now();
            self.open(reason, now, out);
        }
    }

    pub(super) fn is_waiting(&self) -> bool {
        self.rule.mode == Mode::Live && self.episode.as_ref().is_some_and(|episode| episode.opened.is_none())
    }

    fn ended(&mut self, at: i64, how: EndedHow, reason: Reason, out: &mut Vec<Change>) {
        if let Some(episode) = self.episode.take() {
            out.push(Change::Ended(Ended {
                key: self.key(),
                episode: episode.id,
                at: Seen::from_micros(at),
                how,
                retrospective: episode.opened.is_none(),
                reason,
            }));
        }
    }

    /// A person's act (ENGINE §9): the episode it names ends here, and evidence moves nothing for a while.
    pub(super) fn act(&mut self, act: &Act, now: &Now<'_>, out: &mut Vec<Change>) {
        let Some(episode) = &self.episode else { return };
        if act.episode.as_ref().is_some_and(|id| *id != episode.id) {
            return;
        }
        // When it was filed is for the clocks of the case, not for what was seen.
        let at = self.belief.seen.max(now.time).unwrap_or(self.belief.since);
        let time = now.time.unwrap_or(at);
        let until = match act.kind {
            ActKind::CaseEnded => time.saturating_add(self.rule.rearm.micros()),
            ActKind::PostChecked => at,
        };
        let episode_id = Some(episode.id.clone());
        let turn = self.belief.end(at, until);
        let reason = Reason { clause: act.reason.clone(), ..Reason::default() };
        self.moved(turn, reason.clone(), out);
        if let Some(Change::Moved(moved)) = out.last_mut() {
            moved.episode = episode_id;
        }
        self.ended(at, EndedHow::ByPerson, reason, out);
    }

    /// Its rule or its place is gone: everything ends, and what was open goes to a person.
    pub(super) fn withdraw(&mut self, at: i64, out: &mut Vec<Change>) {
        let reason = Reason { clause: "withdrawn".to_owned(), ..Reason::default() };
        if self.sight.blind_from.is_some() {
            out.push(self.blind_change(false, at));
        }
        if self.belief.state != State::Unknown {
            let turn = Turn { from: self.belief.state, to: State::Unknown, at, held: 0 };
            self.moved(turn, reason.clone(), out);
        }
        self.ended(at, EndedHow::Withdrawn, reason, out);
    }

    /// The first log time after `time` at which a look may find something, if nobody says a word more.
    pub(super) fn next_look(&self, time: i64) -> i64 {
        if self.is_waiting() {
            return time;
        }
        self.belief.next_change(&self.view(), time)
    }
}
