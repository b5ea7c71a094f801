//! One source: what it last said, when, and over which time it covers its place (ENGINE §3).

use muster_domain::catalogue::Reports;
use muster_domain::condition::BlindCause;
use muster_domain::id::{AdapterName, DeviceId, SourceName};
use muster_domain::record::{Health, Part, Value};

use crate::rulebook::Says;

/// The most words that are kept one by one; of older ones only where they began and ended.
const MAX_WORDS: usize = 64;

/// The end of coverage where a rule names no time of silence.
pub(super) const FOR_EVER: i64 = i64::MAX;

/// A device at a place, as one rule hears it. Times are microseconds on the one axis of seen and log time.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Voice {
    pub(super) device: DeviceId,
    pub(super) reports: Reports,
    /// The part whose health vouches for what it says.
    pub(super) made_by: Part,
    /// After a gap what it last said does not cover again.
    pub(super) forgets: bool,
    /// Silence of this long ends its coverage.
    pub(super) after: i64,
    /// The log time of the configuration record that brought it.
    pub(super) born: Option<i64>,
    /// Who spoke for it last, and through which adapter.
    pub(super) source: Option<SourceName>,
    pub(super) adapter: Option<AdapterName>,
    /// The instant of the last evidence applied, healthy or not.
    pub(super) last: Option<i64>,
    /// What it said last while healthy, in the slots of the rule's scope, and what that means.
    pub(super) values: Vec<Option<Value>>,
    pub(super) said_at: Option<i64>,
    pub(super) says: Says,
    /// Its last healthy word: evidence, or health that vouches for it.
    pub(super) heard: Option<i64>,
    /// Its last unhealthy word, and what that said.
    pub(super) unwell: Option<i64>,
    pub(super) ailment: Option<BlindCause>,
    /// Why it does not cover, as people were told last.
    pub(super) told: Option<BlindCause>,
    /// The last health record applied, part by part.
    pub(super) health: [Option<i64>; 3],
    /// Found silent at this instant, and no word since.
    pub(super) silent_from: Option<i64>,
    /// Its words of both sorts that a judgement may still ask for, in order; none overlap.
    pub(super) words: Vec<Word>,
}

/// A word about how a source is: one, or several of one sort joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) from: i64,
    pub(super) to: i64,
    /// It vouches for what the source says; else from here on that cannot be relied on.
    pub(super) well: bool,
}

impl Word {
    const fn at(at: i64, well: bool) -> Self {
        Self { from: at, to: at, well }
    }
}

impl Voice {
    pub(super) fn new(device: DeviceId, reports: Reports, made_by: Part, forgets: bool, after: Option<i64>) -> Self {
        Self {
            device,
            reports,
            made_by,
            forgets,
            after: after.unwrap_or(FOR_EVER),
            born: None,
            source: None,
            adapter: None,
            last: None,
            values: Vec::new(),
            said_at: None,
            says: Says::Neither,
            heard: None,
            unwell: None,
            ailment: None,
            told: None,
            health: [None; 3],
            silent_from: None,
            words: Vec::new(),
        }
    }

    /// Whether what it last said covers the place at this instant.
    pub(super) fn covers(&self, at: i64) -> bool {
        self.cover_at(at).is_some()
    }

    /// The next instant after this one at which its coverage begins or ends.
    pub(super) fn boundary_after(&self, at: i64) -> i64 {
        let Some(n) = self.cover_at(at) else {
            let again = self.words.iter().filter(|word| word.well && word.from > at).map(|word| word.from);
            return again.min().filter(|_| self.said_at.is_some() && !self.forgets).unwrap_or(FOR_EVER);
        };
        let end = (n..self.words.len()).find(|n| !self.goes_on(*n)).unwrap_or(n);
        let ill = self.words.get(end + 1).filter(|next| !next.well).map_or(FOR_EVER, |next| next.from);
        self.silence(end).min(ill)
    }

    /// The word that covers the place at this instant.
    fn cover_at(&self, at: i64) -> Option<usize> {
        let said = self.said_at?;
        let n = self.before(at)?;
        let covers = self.words[n].well && at < self.silence(n);
        // What forgets covers only as far as its coverage was never broken since it spoke.
        let unbroken = || self.before(said).is_some_and(|since| (since..n).all(|n| self.goes_on(n)));
        (covers && (!self.forgets || unbroken())).then_some(n)
    }

    /// The last word that does not begin after this instant.
    fn before(&self, at: i64) -> Option<usize> {
        self.words.partition_point(|word| word.from <= at).checked_sub(1)
    }

    /// When nothing more is heard after this word, coverage ends here.
    fn silence(&self, n: usize) -> i64 {
        self.words[n].to.saturating_add(self.after)
    }

    /// Whether coverage goes on from this word to the next without a gap.
    fn goes_on(&self, n: usize) -> bool {
        self.words.get(n + 1).is_some_and(|next| self.words[n].well && next.well && next.from <= self.silence(n))
    }

    /// Whether evidence of this instant is news: repeats and what was overtaken decide nothing.
    pub(super) fn is_stale(&self, at: i64) -> bool {
        self.last.is_some_and(|last| at <= last)
    }

    /// Takes healthy evidence; the caller has set what it says.
    pub(super) fn well(&mut self, at: i64) {
        self.last = Some(at);
        self.said_at = Some(at);
        self.vouch(at);
    }

    /// Takes unhealthy evidence: what was seen is not evidence, only that it cannot be relied on from here.
    pub(super) fn ill(&mut self, at: i64, ailment: BlindCause) {
        self.last = Some(at);
        self.falter(at, ailment);
    }

    /// Takes a health record; false when it is overtaken.
    pub(super) fn hear_health(&mut self, at: i64, health: Health) -> bool {
        let part = health.of.unwrap_or(self.made_by);
        let last = &mut self.health[part as usize];
        if last.is_some_and(|last| at <= last) {
            return false;
        }
        *last = Some(at);
        if let Some(ailment) = health.ailment() {
            self.falter(at, ailment);
        } else if part == self.made_by && !matches!(self.reports, Reports::Every(_)) {
            // A source that repeats itself must speak for itself; the others are alive while their part is.
            self.vouch(at);
        }
        true
    }

    /// A healthy word: it covers from here, at most for the time of silence, and not past an unhealthy word.
    fn vouch(&mut self, at: i64) {
        self.heard = self.heard.max(Some(at));
        let before = self.before(at);
        if before.is_none_or(|n| self.words[n].to < at) {
            self.words.insert(before.map_or(0, |n| n + 1), Word::at(at, true));
            self.bound();
        }
    }

    /// An unhealthy word ends the coverage at its instant, until a later healthy one.
    fn falter(&mut self, at: i64, ailment: BlindCause) {
        if Some(at) >= self.unwell {
            (self.unwell, self.ailment) = (Some(at), Some(ailment));
        }
        let Some(n) = self.before(at) else { return self.words.insert(0, Word::at(at, false)) };
        let Word { from, to, well } = self.words[n];
        if to >= at && !well {
            return;
        }
        let parted = [
            (from < at).then(|| Word { from, to: to.min(at - 1), well }),
            Some(Word::at(at, false)),
            // Of joined words the last is known to have come.
            (at < to).then(|| Word::at(to, true)),
        ];
        self.words.splice(n..=n, parted.into_iter().flatten());
        self.bound();
    }

    /// Joins the oldest words that can be told as one where there are too many, or drops the oldest.
    fn bound(&mut self) {
        while self.words.len() > MAX_WORDS {
            let both_ill = |n: usize| !self.words[n].well && !self.words[n + 1].well;
            match (0..self.words.len() - 1).find(|n| self.goes_on(*n) || both_ill(*n)) {
                Some(n) => self.words[n].to = self.words.remove(n + 1).to,
                None => drop(self.words.remove(0)),
            }
        }
    }

    /// Forgets words behind every instant still to be judged.
    pub(super) fn prune(&mut self, seen: i64) {
        let horizon = if self.forgets { self.said_at.unwrap_or(i64::MIN).min(seen) } else { seen };
        let behind = self.before(horizon).unwrap_or(0);
        self.words.drain(..behind);
    }

    /// Its last word was that it is not well.
    pub(super) fn is_unwell(&self) -> bool {
        self.unwell.is_some() && self.unwell >= self.heard
    }

    /// Not to be relied on for the flag that people see, and since when.
    pub(super) fn out_since(&self) -> Option<i64> {
        if self.is_unwell() { self.unwell } else { self.silent_from }
    }

    /// Why it is not to be relied on, where it is not: its own word goes before our not hearing any.
    pub(super) fn cause(&self) -> Option<BlindCause> {
        if self.is_unwell() { self.ailment } else { self.silent_from.map(|_| BlindCause::Silent) }
    }

    /// Its last word of any sort.
    pub(super) fn last_word(&self) -> Option<i64> {
        self.heard.max(self.unwell).max(self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn voice(reports: Reports, forgets: bool) -> Voice {
        Voice::new(DeviceId::parse("cam").unwrap(), reports, Part::Analytics, forgets, Some(60))
    }

    fn part(of: Part, online: bool) -> Health {
        Health { of: Some(of), online: Some(online), ..Health::default() }
    }

    #[test]
    fn a_repeating_source_covers_for_the_time_of_silence_and_health_does_not_prolong_it() {
        let mut voice = voice(Reports::Every(muster_domain::time::Span::from_micros(10)), false);
        voice.well(100);
        voice.hear_health(150, part(Part::Analytics, true));
        assert!(!voice.covers(99) && voice.covers(100) && voice.covers(159) && !voice.covers(160));
        assert_eq!(voice.boundary_after(100), 160);
    }

    #[test]
    fn health_of_the_right_part_vouches_and_covers_again_after_a_gap() {
        let mut voice = voice(Reports::OnChange, false);
        voice.well(100);
        voice.hear_health(150, part(Part::Camera, true));
        voice.hear_health(150, part(Part::Analytics, true));
        assert!(voice.covers(209) && !voice.covers(210));
        voice.hear_health(300, part(Part::Analytics, true));
        assert!(!voice.covers(299) && voice.covers(300));
        assert!(!voice.hear_health(300, part(Part::Analytics, true)), "the same again is stale");
    }

    #[test]
    fn what_forgets_does_not_cover_again() {
        let mut voice = voice(Reports::OnChange, true);
        voice.well(100);
        voice.hear_health(300, part(Part::Analytics, true));
        assert!(!voice.covers(300));
        voice.well(310);
        assert!(voice.covers(310));
    }

    #[test]
    fn an_unhealthy_word_ends_coverage_whichever_part_says_it_and_in_whatever_order_it_comes() {
        let mut voice = voice(Reports::OnChange, false);
        voice.well(100);
        voice.hear_health(130, part(Part::Camera, false));
        assert!(voice.covers(129) && !voice.covers(130) && voice.is_unwell());
        let mut late = super::tests::voice(Reports::OnChange, false);
        late.hear_health(130, part(Part::Camera, false));
        late.well(100);
        assert!(late.covers(129) && !late.covers(130));
        voice.hear_health(140, part(Part::Analytics, true));
        assert!(voice.covers(140) && !voice.is_unwell());
    }
}
