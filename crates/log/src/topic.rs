//! The topics of the log and their names.

use std::fmt;
use std::sync::Arc;

/// A topic: one of Muster's own, or a foreign one that is only read.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Topic {
    /// `<prefix>.intake.v1`: observations and reports by anybody whom the broker lets write.
    Intake,
    /// `<prefix>.observation.v1`: what admit accepted, and control records; Muster alone writes it.
    Observation,
    /// `<prefix>.condition.v1`: changes of conditions.
    Condition,
    /// `<prefix>.case.v1`: case events.
    Case,
    /// `<topic>.dlq`: what could not be read, with its original bytes and the reason. One partition.
    DeadLetter(DlqOf),
    /// Somebody else's topic by its full name; must be listed in the settings, and can only be read.
    Foreign(Arc<str>),
}

/// The topics that have dead letters of their own. Those of foreign topics go to that of the intake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DlqOf {
    /// Dead letters of [`Topic::Intake`] and of foreign topics.
    Intake,
    /// Dead letters of [`Topic::Observation`].
    Observation,
    /// Dead letters of [`Topic::Condition`].
    Condition,
    /// Dead letters of [`Topic::Case`].
    Case,
}

impl Topic {
    /// The topics Muster makes for itself, in a fixed order.
    pub const OWN: [Topic; 8] = [
        Topic::Intake,
        Topic::Observation,
        Topic::Condition,
        Topic::Case,
        Topic::DeadLetter(DlqOf::Intake),
        Topic::DeadLetter(DlqOf::Observation),
        Topic::DeadLetter(DlqOf::Condition),
        Topic::DeadLetter(DlqOf::Case),
    ];

    /// The topic's name on the broker and in files.
    pub fn name(&self, prefix: &str) -> String {
        match self {
            Topic::Foreign(name) => name.to_string(),
            own => format!("{prefix}.{}", own.stem()),
        }
    }

    /// Where records of this topic go that cannot be read.
    pub fn dead_letters(&self) -> Topic {
        Topic::DeadLetter(match self {
            Topic::Intake | Topic::Foreign(_) => DlqOf::Intake,
            Topic::Observation => DlqOf::Observation,
            Topic::Condition => DlqOf::Condition,
            Topic::Case => DlqOf::Case,
            Topic::DeadLetter(of) => *of,
        })
    }

    /// Dead letters keep the order they were refused in: one partition.
    pub(crate) fn has_one_partition(&self) -> bool {
        matches!(self, Topic::DeadLetter(_))
    }

    fn stem(&self) -> &str {
        match self {
            Topic::Intake => "intake.v1",
            Topic::Observation => "observation.v1",
            Topic::Condition => "condition.v1",
            Topic::Case => "case.v1",
            Topic::DeadLetter(DlqOf::Intake) => "intake.v1.dlq",
            Topic::DeadLetter(DlqOf::Observation) => "observation.v1.dlq",
            Topic::DeadLetter(DlqOf::Condition) => "condition.v1.dlq",
            Topic::DeadLetter(DlqOf::Case) => "case.v1.dlq",
            Topic::Foreign(name) => name,
        }
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.stem())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_interface() {
        assert_eq!(Topic::Observation.name("muster"), "muster.observation.v1");
        assert_eq!(Topic::Intake.dead_letters().name("muster"), "muster.intake.v1.dlq");
        assert_eq!(Topic::Foreign("city.141".into()).name("muster"), "city.141");
        assert_eq!(Topic::Foreign("city.141".into()).dead_letters(), Topic::DeadLetter(DlqOf::Intake));
    }
}
