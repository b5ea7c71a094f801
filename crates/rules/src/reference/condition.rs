//! One condition: the changes that stand, the evidence that was applied, and what comes of it (ENGINE §2 to §5, §9).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use muster_domain::condition::{
    Blind, BlindCause, BlindSource, Change, ConditionKey, Ended, EndedHow, Moved, Opened, Reason, State,
};
use muster_domain::id::{AdapterName, DeviceId, EpisodeId};
use muster_domain::record::{Act, ActKind, Observation, Outcome, Part};
use muster_domain::time::{LogTime, Seen, Span};

use super::Intake;
use super::cover::{Content, Entry, Source, heard};
use super::ladder::Ladder;
use super::setting::Setting;
use super::walk::{Hold, Standing, Turn, walk};

/// What a record knows about itself while it is judged.
pub(super) struct Now<'a> {
    pub(super) generation: &'a str,
    pub(super) partition: u32,
    pub(super) offset: u64,
    /// Log time `T`: the last counted tick.
    pub(super) log: Option<LogTime>,
    /// §2: a begin that it brings opens its case at once.
    pub(super) opens: bool,
}

/// A rule at a place.
#[derive(Debug, Clone)]
pub(super) struct Condition {
    pub(super) key: ConditionKey,
    pub(super) setting: Arc<Setting>,
    pub(super) blind: bool,
    standing: Standing,
    entries: Vec<Entry>,
    /// §3: the largest `e` applied, moved on by what a look changed.
    seen: Option<Seen>,
    /// §2: the largest `e` of each source, and of the health of each part.
    last: BTreeMap<(DeviceId, Option<Part>), Seen>,
    adapters: BTreeMap<DeviceId, AdapterName>,
    /// Sources found silent at a tick, and without a word since.
    silent: BTreeSet<DeviceId>,
    /// Why which source does not cover, as it was told last while blind.
    told: BTreeMap<DeviceId, BlindCause>,
    /// §4: log time when a configuration brought the source.
    brought: BTreeMap<DeviceId, Option<LogTime>>,
    episode: Option<Episode>,
}

#[derive(Debug, Clone)]
struct Episode {
    id: EpisodeId,
    began: Seen,
    ladder: Option<Ladder>,
}

impl Condition {
    pub(super) fn new(key: ConditionKey, setting: Arc<Setting>, log: Option<LogTime>) -> Self {
        let from = (Seen::from_micros(i64::MIN), 0);
        let hold = Hold::default();
        let standing = Standing { state: State::Unknown, from, witnesses: BTreeSet::new(), frozen: None, hold };
        let brought = setting.sources.keys().map(|device| (device.clone(), log)).collect();
        let (last, adapters, entries) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        let (blind, seen, episode, silent, told) = (false, None, None, BTreeSet::new(), BTreeMap::new());
        Self { key, setting, blind, standing, entries, seen, last, adapters, silent, told, brought, episode }
    }

    /// An observation of its place, of a kind that the rule sees or about the health of one of its sources.
    pub(super) fn hear(&mut self, said: &Observation, now: &Now<'_>, out: &mut Vec<Change>) {
        let health = said.health.unwrap_or_default();
        let Some(content) = self.setting.content(said) else { return };
        let part = match content {
            Content::Health { part, .. } => Some(part),
            Content::Evidence { .. } => None,
        };
        // §1 late, §3 test, §2 stale: nothing of these moves anything.
        let last = self.last.get(&(said.device.clone(), part));
        if said.late || health.test == Some(true) || last.is_some_and(|last| said.seen <= *last) {
            return;
        }
        self.last.insert((said.device.clone(), part), said.seen);
        self.adapters.insert(said.device.clone(), said.adapter.clone());
        // §3: "evidence older than `seen` … is judged at `seen`".
        let at = self.seen.map_or(said.seen, |seen| seen.max(said.seen));
        // Health may be known for later than what is judged next, and waits there.
        let place = self.entries.partition_point(|entry| entry.at <= at);
        self.entries.insert(place, Entry { at, seen: said.seen, device: said.device.clone(), content });
        // §3: "evidence moves it": what only says how a part is, is no evidence.
        if part.is_some() {
            return;
        }
        self.seen = Some(at);
        while let Ok(turn) = walk(&self.standing, &self.entries, &self.setting, at) {
            self.take(turn, now, out);
            if matches!(out.last(), Some(Change::Opened(_))) {
                self.climb(now, out);
            }
        }
    }

    /// §3: "a tick only looks ahead from `seen`; a change that a look brings moves it to the instant of that change".
    pub(super) fn look(&mut self, at: LogTime, now: &Now<'_>, out: &mut Vec<Change>) {
        self.turn_until(Seen::from_micros(at.micros()), now, out);
        // §2: a begin that a record brought that was not live "opens only if it still stands then".
        if self.episode.as_ref().is_some_and(|episode| episode.ladder.is_none()) {
            self.open(now, out);
        }
    }

    fn turn_until(&mut self, horizon: Seen, now: &Now<'_>, out: &mut Vec<Change>) {
        while self.seen.is_some_and(|seen| seen <= horizon)
            && let Ok(turn) = walk(&self.standing, &self.entries, &self.setting, horizon)
        {
            self.seen = self.seen.max(Some(turn.from.0));
            self.take(turn, now, out);
        }
    }

    /// §4: a source that says nothing leaves the state as it is; a change of state is said and stands.
    fn take(&mut self, turn: Turn, now: &Now<'_>, out: &mut Vec<Change>) {
        let (from, at) = (self.standing.state, turn.from.0);
        let begins = (from, turn.to) == (State::Suspected, State::Present);
        if begins {
            let id = EpisodeId::of(&self.key.rule, &self.key.subject.key(), now.generation, now.partition, now.offset);
            self.episode = Some(Episode { id, began: at, ladder: None });
        }
        let Turn { to: state, from: start, witnesses } = turn;
        self.standing = Standing { state, from: start, witnesses, frozen: None, hold: Hold::default() };
        self.moved(from, at, out);
        if begins && now.opens {
            self.open(now, out);
        }
        if state == State::Clear {
            self.end(at, EndedHow::SeenClear, out);
        }
    }

    fn moved(&self, from: State, at: Seen, out: &mut Vec<Change>) {
        out.push(Change::Moved(Moved {
            key: self.key.clone(),
            rule_version: self.setting.rule.version,
            from,
            to: self.standing.state,
            at,
            episode: self.episode.as_ref().map(|episode| episode.id.clone()),
            reason: Reason::default(),
        }));
    }

    fn open(&mut self, now: &Now<'_>, out: &mut Vec<Change>) {
        let (Some(episode), Some(decided)) = (&mut self.episode, now.log) else { return };
        episode.ladder = Some(Ladder::default());
        out.push(Change::Opened(Opened {
            key: self.key.clone(),
            rule_version: self.setting.rule.version,
            episode: episode.id.clone(),
            kind: self.setting.rule.kind.clone(),
            severity: self.setting.rule.severity,
            began: episode.began,
            decided,
            reason: Reason::default(),
        }));
    }

    fn end(&mut self, at: Seen, how: EndedHow, out: &mut Vec<Change>) {
        let Some(episode) = self.episode.take() else { return };
        // §2: "an episode that ends before is journalled as retrospective".
        let retrospective = episode.ladder.is_none();
        let (key, reason) = (self.key.clone(), Reason::default());
        out.push(Change::Ended(Ended { key, episode: episode.id, at, how, retrospective, reason }));
    }

    /// §9: a person "ends the episode with the reason: the state becomes `clear`, witnesses none; until `T` + `rearm`
    /// evidence moves no state". A post-check by a person does the same without the rest.
    pub(super) fn act(&mut self, act: &Act, now: &Now<'_>, out: &mut Vec<Change>) {
        let Some(episode) = &self.episode else { return };
        if act.episode.as_ref().is_some_and(|meant| *meant != episode.id) {
            return;
        }
        let at = self.here(now);
        let rearm = now.log.unwrap_or(LogTime::from_micros(at.micros())).plus(self.setting.rule.rearm);
        let frozen = match act.kind {
            ActKind::CaseEnded => Seen::from_micros(rearm.micros()),
            // What was seen before the person looked moves nothing either.
            ActKind::PostChecked => at,
        };
        let from = self.standing.state;
        // §3: evidence moves `seen`, and a person's word is none: what is still so is judged when it is moved again.
        let start = self.seen.unwrap_or(at);
        let known = self.entries.partition_point(|entry| entry.at <= start);
        let (witnesses, hold, frozen) = (BTreeSet::new(), Hold::default(), Some(frozen));
        self.standing = Standing { state: State::Clear, from: (start, known), witnesses, frozen, hold };
        self.moved(from, at, out);
        self.end(at, EndedHow::ByPerson, out);
    }

    /// §10: "a withdrawn rule or place ends its conditions as `withdrawn`": nothing is said of them any more.
    pub(super) fn withdraw(mut self, now: &Now<'_>, out: &mut Vec<Change>) {
        let at = self.here(now);
        if self.blind {
            let at = LogTime::from_micros(at.micros());
            out.push(Change::Blind(Blind {
                key: self.key.clone(),
                blind: false,
                at,
                since: None,
                sources: Vec::new(),
            }));
        }
        let from = std::mem::replace(&mut self.standing.state, State::Unknown);
        if from != State::Unknown {
            self.moved(from, at, out);
        }
        self.end(at, EndedHow::Withdrawn, out);
    }

    /// §1: "from here on configuration version `n` holds"; §10: "`since` is kept, deadlines are recomputed, nothing is
    /// cleared backwards": up to log time the version before decides, and nothing that the new one says comes before it.
    pub(super) fn reset(&mut self, setting: Arc<Setting>, now: &Now<'_>, out: &mut Vec<Change>) {
        if !self.setting.means(&setting) {
            if let Some(log) = now.log {
                self.turn_until(Seen::from_micros(log.micros()), now, out);
            }
            self.seen = self.seen.map(|_| self.here(now));
            if let Some(seen) = self.seen
                && let Err(standing) = walk(&self.standing, &self.entries, &self.setting, seen)
            {
                self.standing = standing;
            }
        }
        for device in setting.sources.keys() {
            self.brought.entry(device.clone()).or_insert(now.log);
        }
        self.told.retain(|device, _| setting.sources.contains_key(device));
        self.setting = setting;
    }

    /// The instant of what is decided by no evidence.
    fn here(&self, now: &Now<'_>) -> Seen {
        let log = now.log.map(|log| Seen::from_micros(log.micros()));
        self.seen.max(log).unwrap_or(Seen::from_micros(0))
    }

    pub(super) fn outcome(&mut self, outcome: &Outcome) {
        let meant = self.episode.as_mut().filter(|episode| episode.id == outcome.episode);
        if let Some(ladder) = meant.and_then(|episode| episode.ladder.as_mut()) {
            ladder.hear(outcome);
        }
    }

    /// §4: blind, computed at `T`: "no source covers, or a witness does not".
    pub(super) fn flag(&mut self, at: LogTime, intake: &Intake, out: &mut Vec<Change>) {
        let sources = heard(&self.entries, &self.setting);
        let last = |device: &DeviceId| sources.get(device).map_or((None, None), Source::last);
        let time = |at: Seen| LogTime::from_micros(at.micros());
        for device in self.setting.sources.keys() {
            let word = last(device).0.map(time);
            if self.silent.contains(device) {
                // Only a word ends a silence: that an allowance starts afresh does not make anybody see.
                if word.is_some_and(|word| at < word.plus(self.setting.after())) {
                    self.silent.remove(device);
                }
                continue;
            }
            // "Silent at `T` = `T` ≥ max(last `e`, end of our last outage, the configuration record that brought the
            // source) + `blind.after`."
            let adapter = self.adapters.get(device);
            let back = adapter.and_then(|adapter| intake.back.get(adapter)).copied();
            let any = sources.get(device).and_then(Source::last_word);
            let word = any.map(time).max(intake.outage).max(self.brought.get(device).copied().flatten()).max(back);
            let served = adapter.is_none_or(|adapter| !intake.silent.contains(adapter));
            if served && word.is_none_or(|word| at >= word.plus(self.setting.after())) {
                self.silent.insert(device.clone());
            }
        }
        let gone = |device: &DeviceId| !self.setting.sources.contains_key(device);
        // What it says of itself goes before that nothing is heard.
        let cause = |device: &DeviceId| last(device).1.or(self.silent.get(device).map(|_| BlindCause::Silent));
        let dark = |device: &DeviceId| gone(device) || cause(device).is_some();
        let unseen = self.setting.sources.keys().all(dark);
        let blind = unseen || self.witnesses(at).iter().any(dark);
        let causes = self.setting.sources.keys().filter_map(|device| Some((device.clone(), cause(device)?)));
        let causes: BTreeMap<DeviceId, BlindCause> = causes.collect();
        if blind != self.blind || (blind && causes != self.told) {
            let source = |(device, cause): (&DeviceId, &BlindCause)| BlindSource {
                source: device.to_string(),
                cause: Some(*cause),
            };
            let sources = causes.iter().map(source).collect();
            out.push(Change::Blind(Blind { key: self.key.clone(), blind, at, since: None, sources }));
        }
        self.told = if blind { causes } else { BTreeMap::new() };
        self.blind = blind;
    }

    /// §3: under `all`, `max` and `sum` "every declared source is a witness".
    fn witnesses(&self, at: LogTime) -> BTreeSet<DeviceId> {
        if self.setting.together() {
            return self.setting.sources.keys().cloned().collect();
        }
        let horizon = Seen::from_micros(at.micros()).max(self.seen.unwrap_or(Seen::from_micros(i64::MIN)));
        let stands = walk(&self.standing, &self.entries, &self.setting, horizon);
        stands.map_or_else(|standing| standing.witnesses, |_| self.standing.witnesses.clone())
    }

    /// §8: the ladder's time "stands still while blind … and in `easing`": `step` of it was spent as things stand.
    pub(super) fn wait(&mut self, step: Span) {
        let easing = self.standing.state == State::Easing;
        if let Some(ladder) = self.episode.as_mut().and_then(|episode| episode.ladder.as_mut())
            && !self.blind
        {
            ladder.wait(step, easing);
        }
    }

    pub(super) fn state(&self) -> State {
        self.standing.state
    }

    /// §8: the steps that are due now.
    pub(super) fn climb(&mut self, now: &Now<'_>, out: &mut Vec<Change>) {
        let (Some(episode), Some(at)) = (&mut self.episode, now.log) else { return };
        if let Some(ladder) = episode.ladder.as_mut().filter(|_| !self.blind) {
            ladder.climb(&self.setting, &self.key, &episode.id, at, self.standing.state == State::Easing, out);
        }
    }
}
