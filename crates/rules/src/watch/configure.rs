//! A configuration record: what is watched changes; what is believed stays (ENGINE §10).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use muster_domain::condition::{Change, EndedHow, Subject};
use muster_domain::id::{DeviceId, PlaceId, RuleId};
use muster_domain::partition;
use rustc_hash::FxHashMap;

use super::answer::{GONE, bits};
use super::built_in::About;
use super::condition::{Condition, Now};
use super::voice::Voice;
use super::wakes::Wakes;
use super::{Engine, Route, now};
use crate::config::Config;
use crate::rulebook::{DEVICE_BLIND, Rule};

impl Engine {
    /// From here on this configuration holds.
    pub(super) fn configure(&mut self, config: &Arc<Config>, offset: u64, out: &mut Vec<Change>) {
        if self.config.as_ref().is_some_and(|known| known.version == config.version) {
            return;
        }
        let generation = self.generation.clone();
        let time = self.clock.time;
        // A begin that this record brings to light waits for the next tick (ENGINE §2).
        let now = now(&generation, self.partition, offset, time, false);
        let old = std::mem::take(&mut self.conditions);
        let mut old: BTreeMap<(PlaceId, RuleId), Condition> = old
            .into_iter()
            .map(|condition| ((condition.place.id.clone(), condition.rule.id.clone()), condition))
            .collect();
        self.install(config);
        for condition in &mut self.conditions {
            condition.born(time);
            if let Some(before) = old.remove(&(condition.place.id.clone(), condition.rule.id.clone())) {
                condition.inherit(before, &now, out);
            }
        }
        for condition in old.values_mut() {
            let at = condition.belief.seen.max(time).unwrap_or(condition.belief.since);
            condition.withdraw(at, out);
        }
        self.count_devices_again(time, out);
        self.climbing = self.positions().filter(|n| self.conditions[*n as usize].is_climbing()).collect();
    }

    /// Builds what a configuration watches in this partition, believing nothing yet.
    pub(super) fn install(&mut self, config: &Arc<Config>) {
        let (partition, partitions) = (self.partition, self.partitions);
        let own = config.watched().filter(|(_, place)| partition::of_place(&place.id, partitions) == partition);
        self.conditions = own.map(|(rule, place)| Condition::new(config, rule, place)).collect();
        self.config = Some(Arc::clone(config));
        self.routes = routes(&self.conditions);
        self.wakes = Wakes::all_now(self.conditions.len());
    }

    pub(super) fn positions(&self) -> impl Iterator<Item = u32> + use<> {
        0..u32::try_from(self.conditions.len()).unwrap_or(u32::MAX)
    }

    fn count_devices_again(&mut self, time: Option<i64>, out: &mut Vec<Change>) {
        self.devices.values_mut().for_each(|dark| dark.count = 0);
        let mut watched: BTreeSet<&DeviceId> = BTreeSet::new();
        for condition in &self.conditions {
            watched.extend(condition.voices.iter().map(|voice| &voice.device));
            for (_, voice) in bits().zip(&condition.voices).filter(|(bit, _)| condition.sight.cased & bit != 0) {
                self.devices.entry(voice.device.clone()).or_default().count += 1;
            }
        }
        for (id, dark) in self.devices.iter_mut().filter(|(_, dark)| dark.count == 0) {
            let about =
                About { name: DEVICE_BLIND, subject: Subject::Device(id.clone()), config: self.config.as_deref() };
            let at = time.unwrap_or(dark.alarm.since);
            let how = if watched.contains(id) { EndedHow::SeenClear } else { EndedHow::Withdrawn };
            out.extend(dark.alarm.end(at, &about, how));
        }
    }
}

fn routes(conditions: &[Condition]) -> FxHashMap<PlaceId, Vec<Route>> {
    let mut routes: FxHashMap<PlaceId, Vec<Route>> = FxHashMap::default();
    for (n, condition) in (0_u32..).zip(conditions) {
        for (source, voice) in (0_u8..).zip(&condition.voices) {
            routes.entry(condition.place.id.clone()).or_default().push(Route {
                device: voice.device.clone(),
                kind: condition.rule.sees.clone(),
                condition: n,
                source,
            });
        }
    }
    routes
}

impl Condition {
    fn born(&mut self, time: Option<i64>) {
        self.sight.born = time;
        self.voices.iter_mut().for_each(|voice| voice.born = time);
    }

    /// Takes over what was believed before: `since` is kept, deadlines follow from the new rule, and nothing that the
    /// new rule says takes effect before the record that brought it.
    fn inherit(&mut self, mut before: Self, now: &Now<'_>, out: &mut Vec<Change>) {
        let changed = !before.means(self);
        if let Some(time) = now.time.filter(|_| changed) {
            before.look(time, now).into_iter().for_each(|(_, changes)| out.extend(changes));
            let mut belief = before.belief;
            let turn = belief.advance(&before.view(), time);
            if turn.is_none() {
                before.belief = belief;
            }
        }
        let moved = |mask: u64| -> u64 {
            let keeps = bits().zip(&before.voices).filter(|(bit, _)| mask & bit != 0).map(|(_, voice)| &voice.device);
            let devices: BTreeSet<&DeviceId> = keeps.collect();
            let new = bits().zip(&self.voices).filter(|(_, voice)| devices.contains(&voice.device));
            let new = new.fold(0, |all, (bit, _)| all | bit);
            if mask & GONE != 0 || devices.len() > new.count_ones() as usize { new | GONE } else { new }
        };
        let (witnesses, cased) = (moved(before.belief.witnesses), moved(before.sight.cased) & !GONE);
        let doubters = moved(before.belief.hold.doubters);
        for voice in &mut self.voices {
            if let Some(old) = before.voices.iter().find(|old| old.device == voice.device) {
                take_over(voice, old, &before.rule, &self.rule);
                if changed && voice.said_at.is_some() {
                    voice.says = self.rule.says(&voice.values, &self.props);
                }
            }
        }
        self.combine_again();
        (self.belief, self.sight, self.episode) = (before.belief, before.sight, before.episode);
        (self.belief.witnesses, self.belief.hold.doubters, self.sight.cased) = (witnesses, doubters, cased);
    }

    /// Whether it means the same as another: all but examples.
    fn means(&self, other: &Self) -> bool {
        let bare = |rule: &Rule| Rule { examples: Vec::new(), ..rule.clone() };
        let declared = |condition: &Self| -> Vec<_> {
            let declared = |voice: &Voice| (voice.device.clone(), voice.reports, voice.made_by, voice.forgets);
            condition.voices.iter().map(declared).collect()
        };
        bare(&self.rule) == bare(&other.rule)
            && (&self.props, self.combine) == (&other.props, other.combine)
            && declared(self) == declared(other)
    }
}

fn take_over(voice: &mut Voice, old: &Voice, before: &Rule, after: &Rule) {
    let declared = Voice { values: Vec::new(), ..voice.clone() };
    *voice = old.clone();
    (voice.reports, voice.made_by, voice.forgets, voice.after) =
        (declared.reports, declared.made_by, declared.forgets, declared.after);
    if before.scope.fields != after.scope.fields && !voice.values.is_empty() {
        let names = before.scope.fields.iter().map(|(name, _)| name.into());
        let known: Vec<_> = names.zip(&old.values).filter_map(|(name, value)| Some((name, value.clone()?))).collect();
        voice.values = after.slots(&known).collect();
    }
}
