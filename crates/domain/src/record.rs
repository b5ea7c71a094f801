//! Everything a partition's log can say (ENGINE §1): what sources saw, and the control records that carry time,
//! configuration and people's acts into the watch.

use crate::condition::BlindCause;
use crate::geo::Position;
use crate::id::{
    ActId, AdapterName, CaseId, CaseKind, DeviceId, EffectId, EpisodeId, GridId, ObservationKind, PlaceId, RuleId,
    SourceId, SourceName, VaultRef,
};
use crate::time::{Filed, LogTime, Received, Seen};

/// One record of the observation topic.
#[derive(Debug, Clone, PartialEq)]
pub enum LogRecord {
    /// A source saw this at one place.
    Observation(Observation),
    /// A person or another platform says this; it moves no condition.
    Report(Report),
    /// It is now `at`, says the partition's owner of this epoch.
    Tick {
        /// The epoch of the owner that wrote it.
        epoch: u64,
        /// The time it says.
        at: LogTime,
    },
    /// An owner begins with this epoch.
    Takeover {
        /// The new epoch.
        epoch: u64,
        /// Who owns it.
        owner: String,
    },
    /// From here on this configuration version holds.
    Config {
        /// An immutable version in the store.
        version: u64,
    },
    /// This adapter of ours is alive.
    Intake {
        /// Which adapter.
        adapter: AdapterName,
        /// When it said so.
        at: Received,
    },
    /// What a person decided that changes belief.
    Act(Act),
    /// What became of an effect.
    Outcome(Outcome),
}

/// What one source says it saw at one place. Never edited.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// The CloudEvent's source.
    pub source: SourceName,
    /// The id the source gave; unique with it.
    pub id: SourceId,
    /// The adapter of ours that took it in.
    pub adapter: AdapterName,
    /// The device that saw it.
    pub device: DeviceId,
    /// The place, resolved by admit.
    pub place: PlaceId,
    /// What kind of observation it is.
    pub kind: ObservationKind,
    /// What was seen, in the order of the names.
    pub values: Vec<(ValueName, Value)>,
    /// How sure the source is, 0 to 1.
    pub confidence: Option<f64>,
    /// What the source claims about its own health.
    pub health: Option<Health>,
    /// Pictures of it.
    pub evidence: Vec<Attachment>,
    /// When it was seen; admit has already replaced a time too far ahead.
    pub seen: Seen,
    /// When admit took it in.
    pub received: Received,
    /// Its own time was more than 5 s ahead of ours and was replaced.
    pub skewed: bool,
    /// It is more than an hour old (settings): kept, but decides nothing.
    pub late: bool,
    /// The configuration version admit resolved it with.
    pub config: u64,
}

/// What a value of an observation is called; nearly always short, so it stands in place.
pub type ValueName = smol_str::SmolStr;

/// A value of an observation or a property of a place.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A whole number.
    Int(i64),
    /// A finite number.
    Number(f64),
    /// Yes or no.
    Bool(bool),
    /// A text, at most 1,024 bytes.
    Text(String),
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Int(n) => write!(f, "{n}"),
            Self::Number(n) => write!(f, "{n}"),
            Self::Bool(b) => write!(f, "{b}"),
            Self::Text(t) => f.write_str(t),
        }
    }
}

/// What a source claims about itself; what is absent claims nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Health {
    /// The part it speaks of; absent = the part that made the observation.
    pub of: Option<Part>,
    /// The part is connected.
    pub online: Option<bool>,
    /// Its picture or value is current.
    pub fresh: Option<bool>,
    /// Its view is covered.
    pub occluded: Option<bool>,
    /// Its view is too dark.
    pub dark: Option<bool>,
    /// This record is a test and says nothing about the place.
    pub test: Option<bool>,
}

impl Health {
    /// ENGINE §3: unhealthy is `online` or `fresh` false, or `occluded` or `dark` true.
    #[must_use]
    pub fn healthy(self) -> bool {
        self.ailment().is_none()
    }

    /// What is wrong by its own word; of several things the one that explains the others.
    #[must_use]
    pub fn ailment(self) -> Option<BlindCause> {
        let claims = [
            (self.online == Some(false), BlindCause::Offline),
            (self.fresh == Some(false), BlindCause::Stale),
            (self.dark == Some(true), BlindCause::Dark),
            (self.occluded == Some(true), BlindCause::Occluded),
        ];
        claims.into_iter().find_map(|(claimed, what)| claimed.then_some(what))
    }
}

/// The part of a device that health is about, or that makes a kind of observation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Part {
    Analytics,
    Camera,
    Link,
}

/// A picture or file that somebody points to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Where it is.
    pub url: String,
    /// What it says it is.
    pub media_type: Option<String>,
    /// SHA-256 of its content in lower-case hex, as claimed.
    pub sha256: Option<String>,
}

/// What a person or another platform says.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Who says it.
    pub source: SourceName,
    /// The id they gave; unique with the source.
    pub id: SourceId,
    /// The kind of incident, already mapped to ours.
    pub kind: CaseKind,
    /// What they wrote, at most 4,096 bytes.
    pub text: String,
    /// When it happened, as they say.
    pub occurred: Option<Seen>,
    /// When admit took it in.
    pub received: Received,
    /// Where, as a known place.
    pub place: Option<PlaceId>,
    /// Where, as a position.
    pub location: Option<Position>,
    /// Where, as a grid cell.
    pub grid: Option<GridId>,
    /// Where, in words.
    pub address: Option<String>,
    /// The reporter's personal data, which stays in the vault.
    pub reporter: Option<VaultRef>,
    /// How bad they think it is.
    pub severity: Option<Severity>,
    /// Pictures.
    pub attachments: Vec<Attachment>,
    /// The configuration version admit resolved it with.
    pub config: u64,
    /// SHA-256 of the report's content in hex: the same again is a duplicate, another an amendment.
    pub content: String,
}

/// How urgent a thing is: 1 = lowest, 5 = life at risk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Severity(u8);

impl Severity {
    /// A severity from 1 to 5.
    #[must_use]
    pub const fn new(level: u8) -> Option<Self> {
        if level >= 1 && level <= 5 { Some(Self(level)) } else { None }
    }

    /// The level, 1 to 5.
    #[must_use]
    pub const fn level(self) -> u8 {
        self.0
    }

    /// What is assumed where nobody says: 3.
    pub const MIDDLE: Self = Self(3);
}

/// What a person decided that a rule must know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// Computed from the case and its version.
    pub id: ActId,
    /// The place it concerns.
    pub place: PlaceId,
    /// The rule it concerns.
    pub rule: RuleId,
    /// The episode it concerns, where it is about one.
    pub episode: Option<EpisodeId>,
    /// The case it came from.
    pub case: CaseId,
    /// What was decided.
    pub kind: ActKind,
    /// When.
    pub at: Filed,
    /// In what words.
    pub reason: String,
}

/// The acts that change belief (ENGINE §1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActKind {
    /// The case was ended while the condition was present: verdict false, exempt or void.
    CaseEnded,
    /// A person checked the place and found it clear.
    PostChecked,
}

/// What became of an effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Which effect.
    pub effect: EffectId,
    /// The episode whose ladder asked for it.
    pub episode: EpisodeId,
    /// The rule of that episode.
    pub rule: RuleId,
    /// The place of that episode.
    pub place: PlaceId,
    /// The name of the call or warning, such as `roll_call`.
    pub name: String,
    /// What became of it.
    pub state: OutcomeState,
    /// When.
    pub at: Received,
}

/// How far an effect got; later states never go back to earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub enum OutcomeState {
    Sent,
    Delivered,
    Answered,
    Failed,
    Expired,
}
