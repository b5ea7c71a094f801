//! Blindness: a flag for people, computed at log time; it changes no state and lets the ladder stand (ENGINE §4).

use std::collections::BTreeMap;

use muster_domain::catalogue::Combine;
use muster_domain::condition::{Blind, BlindSource, Change};
use muster_domain::id::AdapterName;
use muster_domain::time::LogTime;

use super::answer::{GONE, bits};
use super::built_in::Adapter;
use super::condition::Condition;
use super::voice::{FOR_EVER, Voice};
use crate::rulebook::Mode;

/// What is known about a condition's view of its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Sight {
    /// When the configuration brought the condition.
    pub(super) born: Option<i64>,
    /// Blind since this instant.
    pub(super) blind_from: Option<i64>,
    /// The last word of the sources that did not cover when it went blind.
    pub(super) unheard: Option<i64>,
    /// The sources whose devices are a condition of their own because of this one.
    pub(super) cased: u64,
}

/// What silence is measured against.
pub(super) struct Air<'a> {
    pub(super) time: i64,
    /// The end of our last outage.
    pub(super) outage_end: Option<i64>,
    pub(super) adapters: &'a BTreeMap<AdapterName, Adapter>,
}

impl Air<'_> {
    /// When silence of this source would be found; `None` while its adapter does not serve it.
    fn silent_at(&self, voice: &Voice) -> Option<i64> {
        let adapter = voice.adapter.as_ref().and_then(|name| self.adapters.get(name));
        if adapter.is_some_and(Adapter::is_silent) {
            return None;
        }
        let back = adapter.and_then(|adapter| adapter.back);
        let word = voice.last_word().max(self.outage_end).max(voice.born).max(back);
        Some(word.map_or(FOR_EVER, |word| word.saturating_add(voice.after)))
    }
}

impl Condition {
    /// Brings the flag up to the tick; the instant at which it changed, if it did.
    pub(super) fn look_around(&mut self, air: &Air<'_>) -> Option<(i64, Change)> {
        let time = air.time;
        self.sight.born.get_or_insert(time);
        for voice in &mut self.voices {
            voice.born.get_or_insert(time);
            let fresh = voice.heard.is_some_and(|heard| heard.saturating_add(voice.after) > time);
            if voice.silent_from.is_some() {
                // Only a word ends a silence: that our own allowance starts afresh does not make anybody see.
                voice.silent_from = voice.silent_from.filter(|_| !fresh);
            } else {
                voice.silent_from = air.silent_at(voice).filter(|silent| *silent <= time);
            }
        }
        let blind_from = self.blind_from(time);
        let was = self.sight.blind_from;
        self.sight.blind_from = if was.is_some() && blind_from.is_some() { was } else { blind_from };
        self.count_cases(time);
        match (was, blind_from) {
            (None, Some(from)) => {
                self.sight.unheard = self.last_word_out();
                Some((from, self.blind_change(true, time)))
            }
            (Some(_), None) => Some((time, self.blind_change(false, time))),
            (Some(_), Some(_)) if self.voices.iter().any(|voice| voice.told != voice.cause()) => {
                Some((time, self.blind_change(true, time)))
            }
            _ => None,
        }
    }

    /// No source covers, or a witness does not; where all give one answer, each of those declared is a witness.
    fn blind_from(&self, time: i64) -> Option<i64> {
        if self.voices.is_empty() {
            let after = self.rule.blind.map_or(FOR_EVER, |blind| blind.after.micros());
            return self.sight.born.map(|born| born.saturating_add(after)).filter(|from| *from <= time);
        }
        let all: Option<Vec<i64>> = self.voices.iter().map(Voice::out_since).collect();
        let everybody = all.and_then(|all| all.into_iter().max());
        let witnesses = match self.combine {
            Combine::Any => self.belief.witnesses_at(&self.view(), time),
            Combine::All | Combine::Max | Combine::Sum => u64::MAX,
        };
        let one = bits()
            .zip(&self.voices)
            .filter(|(bit, _)| witnesses & bit != 0)
            .filter_map(|(_, voice)| voice.out_since())
            .min();
        let gone = (self.combine == Combine::Any && witnesses & GONE != 0).then_some(time);
        everybody.into_iter().chain(one).chain(gone).min()
    }

    fn count_cases(&mut self, time: i64) {
        let out = self.out();
        let after = self.rule.blind.and_then(|blind| blind.case_after).filter(|_| self.rule.mode == Mode::Live);
        let long =
            self.sight.blind_from.zip(after).is_some_and(|(from, after)| from.saturating_add(after.micros()) <= time);
        self.sight.cased = (self.sight.cased & out) | if long { out } else { 0 };
    }

    /// The sources that cannot be relied on.
    pub(super) fn out(&self) -> u64 {
        let out = bits().zip(&self.voices).filter(|(_, voice)| voice.out_since().is_some());
        out.fold(0, |all, (bit, _)| all | bit)
    }

    /// When blindness becomes a condition of the devices' own.
    pub(super) fn cased_at(&self) -> Option<i64> {
        let after = self.rule.blind.and_then(|blind| blind.case_after)?;
        self.sight.blind_from.map(|from| from.saturating_add(after.micros()))
    }

    /// The next log time at which the flag, or what follows from it, may change if nobody says a word.
    pub(super) fn next_look_around(&self, air: &Air<'_>) -> i64 {
        let silent = self.voices.iter().filter(|voice| voice.silent_from.is_none()).map(|voice| {
            let unserved = || air.time.saturating_add(voice.after);
            air.silent_at(voice).unwrap_or_else(unserved)
        });
        let unseen = (self.voices.is_empty() && self.sight.blind_from.is_none())
            .then(|| self.rule.blind.map_or(FOR_EVER, |blind| blind.after.micros()))
            .and_then(|after| self.sight.born.map(|born| born.saturating_add(after)));
        let cased = self.cased_at().filter(|_| self.out() & !self.sight.cased != 0 && self.rule.mode == Mode::Live);
        silent.chain(unseen).chain(cased).min().unwrap_or(FOR_EVER)
    }

    /// The last word of those that cannot be relied on.
    pub(super) fn last_word_out(&self) -> Option<i64> {
        self.voices.iter().filter(|voice| voice.out_since().is_some()).filter_map(Voice::last_word).max()
    }

    pub(super) fn blind_change(&mut self, blind: bool, time: i64) -> Change {
        for voice in &mut self.voices {
            voice.told = voice.cause().filter(|_| blind);
        }
        let since = if blind { self.sight.unheard } else { self.last_word_out() };
        let out = self.voices.iter().filter(|voice| voice.out_since().is_some());
        Change::Blind(Blind {
            key: self.key(),
            blind,
            at: LogTime::from_micros(time),
            since: since.map(LogTime::from_micros),
            sources: out.map(|voice| BlindSource { source: voice.device.to_string(), cause: voice.cause() }).collect(),
        })
    }
}
