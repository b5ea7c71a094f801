//! One source: what it last said, when, and over which time it covers its place (ENGINE §3).

use muster_domain::catalogue::Reports;
use muster_domain::id::{AdapterName, DeviceId, SourceName};
use muster_domain::record::{Health, Part, Value};

use crate::rulebook::Says;

/// The most separate stretches of coverage that are kept; older ones are behind every judgement long before.
const MAX_STRETCHES: usize = 64;

/// The most unhealthy words that are kept.
const MAX_ILLS: usize = 32;

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
    /// Its unhealthy words that something healthy may still come before, oldest first, and always the newest.
    pub(super) ills: Vec<i64>,
    /// The last health record applied, part by part.
    pub(super) health: [Option<i64>; 3],
    /// Found silent at this instant, and no word since.
    pub(super) silent_from: Option<i64>,
    /// Stretches `[from, until)` in which it was well and heard, in order.
    pub(super) covered: Vec<(i64, i64)>,
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
            ills: Vec::new(),
            health: [None; 3],
            silent_from: None,
            covered: Vec::new(),
        }
    }

    /// Whether what it last said covers the place at this instant.
    pub(super) fn covers(&self, at: i64) -> bool {
        self.said_at.is_some_and(|said| self.stretches(said).any(|(from, until)| from <= at && at < until))
    }

    /// The next instant after this one at which its coverage begins or ends.
    pub(super) fn boundary_after(&self, at: i64) -> i64 {
        let Some(said) = self.said_at else { return FOR_EVER };
        let edges = self.stretches(said).flat_map(|(from, until)| [from, until]);
        edges.filter(|edge| *edge > at).min().unwrap_or(FOR_EVER)
    }

    fn stretches(&self, said: i64) -> impl Iterator<Item = (i64, i64)> + '_ {
        // What forgets covers only as far as its coverage was never broken since it spoke.
        let counts = move |&(from, until): &(i64, i64)| !self.forgets || (from <= said && said < until);
        self.covered.iter().copied().filter(counts)
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
    pub(super) fn ill(&mut self, at: i64) {
        self.last = Some(at);
        self.falter(at);
    }

    /// Takes a health record; false when it is overtaken.
    pub(super) fn hear_health(&mut self, at: i64, health: Health) -> bool {
        let part = health.of.unwrap_or(self.made_by);
        let last = &mut self.health[part as usize];
        if last.is_some_and(|last| at <= last) {
            return false;
        }
        *last = Some(at);
        if !health.healthy() {
            self.falter(at);
        } else if part == self.made_by && !matches!(self.reports, Reports::Every(_)) {
            // A source that repeats itself must speak for itself; the others are alive while their part is.
            self.vouch(at);
        }
        true
    }

    /// A healthy word: it covers from here, at most for the time of silence, and not past a known unhealthy word.
    fn vouch(&mut self, at: i64) {
        let until = at.saturating_add(self.after);
        let until = self.ills.iter().copied().find(|ill| at <= *ill).map_or(until, |ill| until.min(ill));
        self.heard = self.heard.max(Some(at));
        if until > at {
            self.covered.push((at, until));
            self.tidy();
        }
    }

    /// An unhealthy word ends the coverage at its instant, until a later healthy one.
    fn falter(&mut self, at: i64) {
        let newest = self.unwell().is_none_or(|ill| at > ill);
        self.note_ill(at);
        if !newest {
            return;
        }
        let resumed = self.heard.filter(|heard| *heard > at);
        let mut resumes = None;
        for stretch in &mut self.covered {
            if stretch.0 < at && at < stretch.1 {
                resumes = resumed.filter(|heard| *heard < stretch.1).map(|heard| (heard, stretch.1));
                stretch.1 = at;
            } else if stretch.0 == at {
                stretch.1 = at;
            }
        }
        self.covered.extend(resumes);
        self.covered.retain(|(from, until)| from < until);
        self.tidy();
    }

    fn note_ill(&mut self, at: i64) {
        if let Err(place) = self.ills.binary_search(&at) {
            self.ills.insert(place, at);
        }
        // Nothing healthy comes before what is stale by now.
        let stale = self.last.min(self.health[self.made_by as usize]).unwrap_or(i64::MIN);
        let behind = self.ills.partition_point(|ill| *ill < stale).min(self.ills.len() - 1);
        let excess = self.ills.len().saturating_sub(MAX_ILLS);
        self.ills.drain(..behind.max(excess));
    }

    /// Its last unhealthy word.
    pub(super) fn unwell(&self) -> Option<i64> {
        self.ills.last().copied()
    }

    /// Joins stretches that touch and drops the oldest beyond the bound.
    fn tidy(&mut self) {
        self.covered.sort_unstable();
        let mut joined = 0;
        for n in 1..self.covered.len() {
            let (from, until) = self.covered[n];
            if from <= self.covered[joined].1 {
                self.covered[joined].1 = self.covered[joined].1.max(until);
            } else {
                joined += 1;
                self.covered[joined] = (from, until);
            }
        }
        self.covered.truncate(joined + 1);
        let excess = self.covered.len().saturating_sub(MAX_STRETCHES);
        self.covered.drain(..excess);
    }

    /// Forgets stretches that end before every instant still to be judged.
    pub(super) fn prune(&mut self, seen: i64) {
        if self.covered.len() > 1 {
            self.covered.retain(|(_, until)| *until > seen);
        }
    }

    /// Its last word was that it is not well.
    pub(super) fn is_unwell(&self) -> bool {
        self.unwell().is_some() && self.unwell() >= self.heard
    }

    /// Not to be relied on for the flag that people see, and since when.
    pub(super) fn out_since(&self) -> Option<i64> {
        if self.is_unwell() { self.unwell() } else { self.silent_from }
    }

    /// Its last word of any sort.
    pub(super) fn last_word(&self) -> Option<i64> {
        self.heard.max(self.unwell()).max(self.last)
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
