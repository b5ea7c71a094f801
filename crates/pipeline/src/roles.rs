//! What a process may be asked to do, and what each of that stands on.

use serde::{Deserialize, Serialize};

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Takes in what sources say.
    Admit,
    /// Watches partitions, and opens cases.
    Watch,
    /// Tells the outside what is committed.
    Publish,
    /// Shows pages and the API, and carries out commands.
    Console,
    /// Gives seats to units, and applies deadlines.
    Tick,
}

/// What roles stand on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The database answers.
    Store,
    /// Our clock agrees with the database's.
    Clock,
    /// The log takes records.
    Log,
    /// A rule book and a catalogue hold.
    Configuration,
    /// The partitions that this process holds are read on.
    Partitions,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] = [Self::Admit, Self::Watch, Self::Publish, Self::Console, Self::Tick];

    /// Its name, as settings write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admit => "admit",
            Self::Watch => "watch",
            Self::Publish => "publish",
            Self::Console => "console",
            Self::Tick => "tick",
        }
    }

    /// What it cannot work without.
    #[must_use]
    pub const fn needs(self) -> &'static [Part] {
        // Every role stamps times, or compares them.
        match self {
            // What sources see is kept while the store is away; the little of the intake that needs it is refused by itself.
            Self::Admit => &[Part::Clock, Part::Log, Part::Configuration],
            Self::Watch => &[Part::Store, Part::Clock, Part::Log, Part::Configuration, Part::Partitions],
            Self::Publish => &[Part::Store, Part::Clock, Part::Log, Part::Configuration],
            // Cases are seen, given out and decided in the store alone.
            Self::Console | Self::Tick => &[Part::Store, Part::Clock, Part::Configuration],
        }
    }
}

impl Part {
    /// Every part; what others explain comes after them.
    pub const ALL: [Self; 5] = [Self::Store, Self::Clock, Self::Log, Self::Configuration, Self::Partitions];

    /// Its name, as readiness and metrics say it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::Clock => "clock",
            Self::Log => "log",
            Self::Configuration => "configuration",
            Self::Partitions => "partitions",
        }
    }
}
