//! Units that can fill a seat.

use muster_domain::catalogue::Unit;
use muster_domain::id::{Competence, GridId, UnitId};
use muster_domain::time::Filed;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{At, WireError};
use crate::instant::Instant;
use crate::read;
use crate::text::Text;

/// A unit that can fill a seat.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "Unit", bound(deserialize = "'de: 'a"))]
pub(super) struct UnitV1<'a> {
    /// Its id.
    id: Text<'a>,
    /// Its name.
    name: Text<'a>,
    /// Its kind.
    kind: Text<'a>,
    /// The grid cells it is responsible for; none = everywhere.
    #[serde(default)]
    grids: Vec<Text<'a>>,
    /// What it is competent for.
    #[serde(default)]
    competence: Vec<Text<'a>>,
    /// Live cases it can hold at once; none = no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    capacity: Option<u32>,
    /// The number the desk calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    phone: Option<Text<'a>>,
    /// Not before this instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    valid_from: Option<Instant>,
    /// Not from this instant on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    valid_to: Option<Instant>,
}

impl<'a> From<&'a Unit> for UnitV1<'a> {
    fn from(unit: &'a Unit) -> Self {
        Self {
            id: unit.id.as_str().into(),
            name: (&unit.name).into(),
            kind: (&unit.kind).into(),
            grids: unit.grids.iter().map(|id| id.as_str().into()).collect(),
            competence: unit.competence.iter().map(|what| what.as_str().into()).collect(),
            capacity: unit.capacity,
            phone: unit.phone.as_ref().map(Text::from),
            valid_from: unit.valid_from.map(|at| Instant(at.micros())),
            valid_to: unit.valid_to.map(|at| Instant(at.micros())),
        }
    }
}

impl UnitV1<'_> {
    pub(super) fn checked(self, at: At<'_>) -> Result<Unit, WireError> {
        Ok(Unit {
            id: read::id(&self.id, at.key("id"), UnitId::parse)?,
            name: self.name.into(),
            kind: self.kind.into(),
            grids: read::ids(&self.grids, at.key("grids"), GridId::parse)?,
            competence: read::ids(&self.competence, at.key("competence"), Competence::parse)?,
            capacity: self.capacity,
            phone: self.phone.map(String::from),
            valid_from: self.valid_from.map(|at| Filed::from_micros(at.0)),
            valid_to: self.valid_to.map(|at| Filed::from_micros(at.0)),
        })
    }
}
