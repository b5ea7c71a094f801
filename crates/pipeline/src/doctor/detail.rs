//! What a finding concerns: words of ours, and between them things by their ids, which screens call by their names.

use muster_domain::text::Words;

/// One thing that a finding concerns, in the order in which it is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detail(Vec<Piece>);

/// A piece of a detail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Words of ours, or an error as it was told.
    Said(Words),
    /// A thing, by its id.
    Named(Thing, String),
}

/// What an id is the id of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Thing {
    /// A way in of ours.
    Adapter,
    /// A kind of case.
    CaseKind,
    /// What a seat asks for.
    Competence,
    /// Where the outbox goes.
    Destination,
    /// A device.
    Device,
    /// A grid cell.
    Grid,
    /// Why something lies among the dead letters.
    Parked,
    /// A place.
    Place,
    /// Work of one process at a time, by its lease.
    Role,
    /// A rule.
    Rule,
    /// A unit.
    Unit,
}

impl Detail {
    /// That begins with a thing.
    #[must_use]
    pub fn of(thing: Thing, id: impl ToString) -> Self {
        Self(vec![Piece::Named(thing, id.to_string())])
    }

    /// With words behind it.
    #[must_use]
    pub fn say(mut self, zh: impl Into<String>, en: impl Into<String>) -> Self {
        self.0.push(Piece::Said(Words::new(zh, en)));
        self
    }

    /// With a thing behind it.
    #[must_use]
    pub fn and(mut self, thing: Thing, id: impl ToString) -> Self {
        self.0.push(Piece::Named(thing, id.to_string()));
        self
    }

    /// Its pieces.
    #[must_use]
    pub fn pieces(&self) -> &[Piece] {
        &self.0
    }

    /// All of it in words, things by their ids: for those who go on with the ids.
    #[must_use]
    pub fn words(&self) -> Words {
        self.0.iter().fold(Words::default(), |Words { zh, en }, piece| match piece {
            Piece::Said(words) => Words { zh: zh + &words.zh, en: en + &words.en },
            Piece::Named(_, id) => Words { zh: zh + id, en: en + id },
        })
    }
}

impl From<Words> for Detail {
    fn from(words: Words) -> Self {
        Self(vec![Piece::Said(words)])
    }
}
