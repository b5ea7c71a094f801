//! What a case is filed as, and the seats it wants.

use muster_domain::case::{FiledAs, WantedSeat};
use muster_domain::id::{CaseId, CaseKind, Competence, GridId, UnitId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::LimitsV1;
use super::seat::RoleV1;
use crate::error::{At, WireError};
use crate::geometry::PositionV1;
use crate::report::severity;
use crate::text::Text;
use crate::{read, reason};

/// What a case is filed as.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "FiledAs", bound(deserialize = "'de: 'a"))]
pub(super) struct FiledAsV1<'a> {
    /// The number people speak.
    number: Text<'a>,
    /// What kind of incident.
    kind: Text<'a>,
    /// What it is about.
    subject: Text<'a>,
    /// The grid cell it lies in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    grid: Option<Text<'a>>,
    /// Where exactly, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    position: Option<PositionV1>,
    /// The street whose work it is.
    jurisdiction: Text<'a>,
    /// How urgent, 1 to 5.
    severity: i64,
    /// What it is allowed to take.
    limits: LimitsV1,
    /// Live cases nearby that may be the same thing.
    #[serde(default)]
    maybe_same: Vec<Text<'a>>,
}

impl<'a> From<&'a FiledAs> for FiledAsV1<'a> {
    fn from(filed: &'a FiledAs) -> Self {
        Self {
            number: (&filed.number).into(),
            kind: filed.kind.as_str().into(),
            subject: Text(filed.subject.key().into()),
            grid: filed.grid.as_ref().map(|id| id.as_str().into()),
            position: filed.position.map(PositionV1::from),
            jurisdiction: filed.jurisdiction.as_str().into(),
            severity: i64::from(filed.severity.level()),
            limits: filed.limits.into(),
            maybe_same: filed.maybe_same.iter().map(|id| id.as_str().into()).collect(),
        }
    }
}

impl FiledAsV1<'_> {
    pub(super) fn checked(self, at: At<'_>) -> Result<FiledAs, WireError> {
        Ok(FiledAs {
            number: self.number.into(),
            kind: read::id(&self.kind, at.key("kind"), CaseKind::parse)?,
            subject: reason::subject(&self.subject, at.key("subject"))?,
            grid: read::maybe_id(self.grid.as_ref(), at.key("grid"), GridId::parse)?,
            position: self.position.map(|position| position.checked(at.key("position"))).transpose()?,
            jurisdiction: read::id(&self.jurisdiction, at.key("jurisdiction"), GridId::parse)?,
            severity: severity(self.severity, at.key("severity"))?,
            limits: self.limits.into(),
            maybe_same: read::ids(&self.maybe_same, at.key("maybe_same"), CaseId::parse)?,
        })
    }
}

/// A seat that is wanted.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "WantedSeat", bound(deserialize = "'de: 'a"))]
pub(super) struct WantedSeatV1<'a> {
    /// Lead or assist.
    role: RoleV1,
    /// What the unit must be competent for.
    competence: Text<'a>,
    /// Units not to be asked.
    #[serde(default)]
    passed_over: Vec<Text<'a>>,
}

impl<'a> From<&'a WantedSeat> for WantedSeatV1<'a> {
    fn from(seat: &'a WantedSeat) -> Self {
        Self {
            role: seat.role.into(),
            competence: seat.competence.as_str().into(),
            passed_over: seat.passed_over.iter().map(|id| id.as_str().into()).collect(),
        }
    }
}

impl WantedSeatV1<'_> {
    pub(super) fn checked(self, at: At<'_>) -> Result<WantedSeat, WireError> {
        Ok(WantedSeat {
            role: self.role.into(),
            competence: read::id(&self.competence, at.key("competence"), Competence::parse)?,
            passed_over: read::ids(&self.passed_over, at.key("passed_over"), UnitId::parse)?,
        })
    }
}
