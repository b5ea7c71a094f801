//! What happens in a random world, in seconds from its beginning.

use muster_domain::record::{ActKind, OutcomeState, Part};

use super::book::{Kind, Version};

/// A world: what is configured, and what happens.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) first: Version,
    /// A second configuration version, from a second on.
    pub(crate) second: Option<(i64, Version)>,
    pub(crate) tick_every: i64,
    pub(crate) length: i64,
    pub(crate) happenings: Vec<Happening>,
}

/// Something that happens.
#[derive(Debug, Clone)]
pub(crate) enum Happening {
    /// A device says the same several times.
    Sees(Sees),
    /// A device's part says how it is, several times.
    Healths(Healths),
    /// A person decides about the episode that is under way, if there is one.
    Act { at: i64, rule: usize, place: usize, kind: ActKind, named: bool },
    /// Something became of the roll call of the episode under way.
    Outcome { at: i64, rule: usize, place: usize, state: OutcomeState },
    /// A new owner; `lingers` = the old one goes on ticking for so long.
    Takeover { at: i64, lingers: i64 },
    /// A store of before the last takeover comes back: the next owner has an epoch that there was already.
    Restored { at: i64 },
    /// Nothing of ours runs.
    Outage { from: i64, length: i64 },
    /// An adapter says nothing.
    AdapterSilent { from: i64, length: i64 },
}

#[derive(Debug, Clone)]
pub(crate) struct Sees {
    pub(crate) device: usize,
    pub(crate) place: usize,
    pub(crate) kind: Kind,
    pub(crate) from: i64,
    pub(crate) every: i64,
    pub(crate) times: i64,
    pub(crate) persons: i64,
    pub(crate) delay: i64,
    /// Its line is cut until then; what it says before arrives then.
    pub(crate) cut_until: i64,
    pub(crate) claims: Claims,
    pub(crate) late: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Healths {
    pub(crate) device: usize,
    pub(crate) place: usize,
    pub(crate) part: Part,
    pub(crate) from: i64,
    pub(crate) every: i64,
    pub(crate) times: i64,
    pub(crate) delay: i64,
    pub(crate) healthy: bool,
}

/// What an observation claims about the health of its maker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Claims {
    Nothing,
    Healthy,
    Occluded,
    Test,
}
