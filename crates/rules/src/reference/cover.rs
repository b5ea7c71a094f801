//! What each source of a place said last, and how far that covers the place (ENGINE §3).

use std::collections::{BTreeMap, BTreeSet};

use muster_domain::condition::BlindCause;
use muster_domain::id::DeviceId;
use muster_domain::record::{Part, Value, ValueName};
use muster_domain::time::Seen;

use super::setting::Setting;

/// One record that was applied to a condition.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// The instant at which it is judged: its own, or `seen` if that was later.
    pub(super) at: Seen,
    /// Its own instant `e`.
    pub(super) seen: Seen,
    pub(super) device: DeviceId,
    pub(super) content: Content,
}

#[derive(Debug, Clone)]
pub(super) enum Content {
    Evidence {
        values: Vec<(ValueName, Value)>,
        ailment: Option<BlindCause>,
    },
    /// `vouches`: healthy, and of the part that makes the kind of a source that does not repeat itself.
    Health {
        part: Part,
        ailment: Option<BlindCause>,
        vouches: bool,
    },
}

/// All sources of a condition with what was heard of each so far.
pub(super) type Sources = BTreeMap<DeviceId, Source>;

/// What was heard of one source, whatever the order in which it arrived.
#[derive(Debug, Clone, Default)]
pub(super) struct Source {
    /// The newest healthy evidence.
    said: Option<(Seen, Vec<(ValueName, Value)>)>,
    /// Health records that vouch for what it says.
    vouched: BTreeSet<Seen>,
    /// The newest unhealthy record, of any part, and what it says.
    ill: Option<(Seen, BlindCause)>,
}

/// Hears the first entries.
pub(super) fn heard(entries: &[Entry], setting: &Setting) -> Sources {
    let mut sources = Sources::new();
    for entry in entries {
        hear(&mut sources, entry, setting);
    }
    sources
}

/// Hears one more.
pub(super) fn hear(sources: &mut Sources, entry: &Entry, setting: &Setting) {
    // One that is declared no longer covers nothing more.
    if !setting.sources.contains_key(&entry.device) {
        return;
    }
    let source = sources.entry(entry.device.clone()).or_default();
    match &entry.content {
        Content::Evidence { ailment: Some(ailment), .. } | Content::Health { ailment: Some(ailment), .. } => {
            if source.ill.is_none_or(|(ill, _)| ill <= entry.seen) {
                source.ill = Some((entry.seen, *ailment));
            }
        }
        Content::Evidence { values, ailment: None } => source.said = Some((entry.seen, values.clone())),
        Content::Health { vouches: true, .. } => drop(source.vouched.insert(entry.seen)),
        Content::Health { .. } => {}
    }
}

impl Source {
    /// What it said last, as long as that covers the place.
    pub(super) fn says(&self, at: Seen, setting: &Setting) -> Option<&[(ValueName, Value)]> {
        let covers = self.until(setting).is_some_and(|until| at < until);
        self.said.as_ref().filter(|_| covers).map(|(_, values)| values.as_slice())
    }

    /// §3: from its evidence on, "a repeating source until its next record, at most `blind.after`; an on-change or
    /// on-event source as long as a health record of the part that makes that kind comes within `blind.after`";
    /// "an unhealthy record ends the coverage at its `e`"; "with health back, what the source last said covers again
    /// from that health record", unless the kind `forgets`. The end itself is not covered.
    pub(super) fn until(&self, setting: &Setting) -> Option<Seen> {
        let (said, _) = self.said.as_ref()?;
        let (mut word, mut until) = (*said, said.plus(setting.after()));
        for vouched in self.vouched.range(*said..) {
            let gap = *vouched > until || self.ill_at().is_some_and(|ill| word <= ill && ill < *vouched);
            if gap && setting.forgets {
                break;
            }
            (word, until) = (*vouched, vouched.plus(setting.after()));
        }
        match self.ill_at() {
            Some(ill) if ill >= word => Some(until.min(ill)),
            _ => Some(until),
        }
    }

    fn ill_at(&self) -> Option<Seen> {
        self.ill.map(|(at, _)| at)
    }

    /// The instant of its newest healthy word, and what is wrong by an unhealthy one that is as new: what the blind flag
    /// asks for.
    pub(super) fn last(&self) -> (Option<Seen>, Option<BlindCause>) {
        let word = self.said.as_ref().map(|(at, _)| *at).max(self.vouched.last().copied());
        (word, self.ill.filter(|(at, _)| Some(*at) >= word).map(|(_, ailment)| ailment))
    }

    /// The instant of its newest word of either sort: what silence is measured from.
    pub(super) fn last_word(&self) -> Option<Seen> {
        self.last().0.max(self.ill_at())
    }
}
