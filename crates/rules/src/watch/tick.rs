//! A tick: it is later now; what time alone brings about takes effect in the order (instant, blind before hold, id).

use std::collections::BTreeSet;

use muster_domain::condition::{Change, ConditionKey, EndedHow, Subject};
use muster_domain::id::DeviceId;
use muster_domain::time::Span;

use super::answer::bits;
use super::built_in::{ADAPTER_SILENCE, About};
use super::sight::Air;
use super::{Engine, now};
use crate::rulebook::{ADAPTER_SILENT, DEVICE_BLIND};

/// A step between ticks longer than this is an outage of our own (ENGINE §1).
const OUTAGE: i64 = 10_000_000;

/// What a tick found, before it is put in order.
struct Found {
    at: i64,
    order: Order,
    key: ConditionKey,
    changes: Vec<Change>,
}

/// What takes effect first within one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Order {
    Blind,
    Hold,
    Open,
    Step,
}

impl Engine {
    /// Counts a tick of the present epoch that is later than log time.
    pub(super) fn tick(&mut self, offset: u64, epoch: u64, at: i64, out: &mut Vec<Change>) {
        let before = self.clock.time;
        if self.clock.epoch != Some(epoch) || before.is_some_and(|before| at <= before) {
            self.counters.ticks_ignored += 1;
            return;
        }
        self.counters.ticks += 1;
        let outage = before.is_some_and(|before| at.saturating_sub(before) > OUTAGE);
        self.clock.time = Some(at);
        if outage {
            self.counters.outages += 1;
        }
        // Before the first tick nobody watched either.
        if outage || before.is_none() {
            self.clock.outage_end = Some(at);
        }
        let mut found = Vec::new();
        self.look_at_adapters(offset, at, &mut found);
        let mut due = self.wakes.due(at);
        due.extend(&self.climbing);
        due.sort_unstable();
        due.dedup();
        let mut touched = BTreeSet::new();
        for n in due {
            // An outage is nobody's time: the ladder stands still over it.
            let aged_from = before.filter(|_| !outage);
            self.look_at(n, offset, (aged_from, at), &mut found, &mut touched);
        }
        self.look_at_devices(offset, at, &touched, &mut found);
        found.sort_by(|a, b| (a.at, a.order, &a.key).cmp(&(b.at, b.order, &b.key)));
        out.extend(found.into_iter().flat_map(|found| found.changes));
    }

    fn look_at(
        &mut self,
        n: u32,
        offset: u64,
        (before, time): (Option<i64>, i64),
        found: &mut Vec<Found>,
        touched: &mut BTreeSet<DeviceId>,
    ) {
        let air = Air { time, outage_end: self.clock.outage_end, adapters: &self.adapters };
        let now = now(&self.generation, self.partition, offset, Some(time), true);
        let condition = &mut self.conditions[n as usize];
        let key = condition.key();
        let mut note = |at, order, changes: Vec<Change>| {
            if !changes.is_empty() {
                found.push(Found { at, order, key: key.clone(), changes });
            }
        };
        let cased = condition.sight.cased;
        // The time up to here was spent as things stood.
        before.into_iter().for_each(|before| condition.age(before, time));
        condition.look(time, &now).into_iter().for_each(|(at, changes)| note(at, Order::Hold, changes));
        // Behind the look: who is a witness may have changed with it, and with that who is missed.
        let sight = condition.look_around(&air);
        sight.into_iter().for_each(|(at, change)| note(at, Order::Blind, vec![change]));
        let mut opened = Vec::new();
        condition.open_if_waiting(&now, &mut opened);
        note(time, Order::Open, opened);
        let mut steps = Vec::new();
        condition.climb(time, &mut steps);
        note(time, Order::Step, steps);
        if condition.is_climbing() {
            self.climbing.insert(n);
        } else {
            self.climbing.remove(&n);
        }
        let changed = cased ^ condition.sight.cased;
        for (bit, voice) in bits().zip(&condition.voices).filter(|(bit, _)| changed & bit != 0) {
            let dark = self.devices.entry(voice.device.clone()).or_default();
            if condition.sight.cased & bit != 0 {
                let from = condition.cased_at().unwrap_or(time);
                dark.from = if dark.count == 0 { from } else { dark.from.min(from) };
                dark.count += 1;
            } else {
                dark.count = dark.count.saturating_sub(1);
            }
            touched.insert(voice.device.clone());
        }
        let next = condition.next_look(time).max(time.saturating_add(1)).min(condition.next_look_around(&air));
        self.wakes.by(n, next);
    }

    fn look_at_adapters(&mut self, offset: u64, time: i64, found: &mut Vec<Found>) {
        let now = now(&self.generation, self.partition, offset, Some(time), true);
        for (name, adapter) in &mut self.adapters {
            let word = adapter.heard.max(self.clock.outage_end.unwrap_or(i64::MIN));
            let silent = word.saturating_add(ADAPTER_SILENCE);
            if adapter.is_silent() || silent > time {
                continue;
            }
            let subject = Subject::Adapter(name.clone());
            let about = About { name: ADAPTER_SILENT, subject, config: self.config.as_deref() };
            let Some(key) = about.key() else { continue };
            let changes = adapter.alarm.begin(silent, &about, Span::from_micros(ADAPTER_SILENCE), &now);
            found.push(Found { at: silent, order: Order::Hold, key, changes });
        }
    }

    fn look_at_devices(&mut self, offset: u64, time: i64, touched: &BTreeSet<DeviceId>, found: &mut Vec<Found>) {
        let now = now(&self.generation, self.partition, offset, Some(time), true);
        for id in touched {
            let Some(dark) = self.devices.get_mut(id) else { continue };
            let about =
                About { name: DEVICE_BLIND, subject: Subject::Device(id.clone()), config: self.config.as_deref() };
            let Some(key) = about.key() else { continue };
            let (at, changes) = match (dark.count, dark.alarm.episode.is_some()) {
                (1.., false) => (dark.from, dark.alarm.begin(dark.from, &about, Span::ZERO, &now)),
                (0, true) => (time, dark.alarm.end(time, &about, EndedHow::SeenClear)),
                _ => continue,
            };
            found.push(Found { at, order: Order::Hold, key, changes });
        }
    }
}
