//! What a case answers: episodes and reports.

use muster_domain::case::{EpisodeLink, ReportLink};
use muster_domain::id::{EpisodeId, GridId, PlaceId, RuleId, SourceId, SourceName};
use muster_domain::time::Seen;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::attachment::{self, AttachmentV1};
use crate::error::{At, WireError};
use crate::geometry::PositionV1;
use crate::instant::Instant;
use crate::object::Object;
use crate::read;
use crate::reason::ReasonV1;
use crate::report::severity;
use crate::text::Text;

/// An episode that a case answers.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "EpisodeLink", bound(deserialize = "'de: 'a"))]
pub(super) struct EpisodeLinkV1<'a> {
    /// The episode.
    episode: Text<'a>,
    /// The rule that began it.
    rule: Text<'a>,
    /// The version of the rule, pinned.
    rule_version: u32,
    /// When it began.
    began: Instant,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ended: Option<Instant>,
    /// Why it began.
    reason: ReasonV1<'a>,
}

impl<'a> From<&'a EpisodeLink> for EpisodeLinkV1<'a> {
    fn from(link: &'a EpisodeLink) -> Self {
        Self {
            episode: link.episode.as_str().into(),
            rule: link.rule.as_str().into(),
            rule_version: link.rule_version,
            began: Instant(link.began.micros()),
            ended: link.ended.map(|at| Instant(at.micros())),
            reason: (&link.reason).into(),
        }
    }
}

impl EpisodeLinkV1<'_> {
    pub(super) fn checked(self, at: At<'_>) -> Result<EpisodeLink, WireError> {
        Ok(EpisodeLink {
            episode: read::id(&self.episode, at.key("episode"), EpisodeId::parse)?,
            rule: read::id(&self.rule, at.key("rule"), RuleId::parse)?,
            rule_version: self.rule_version,
            began: Seen::from_micros(self.began.0),
            ended: self.ended.map(|at| Seen::from_micros(at.0)),
            reason: self.reason.checked(at.key("reason"))?,
        })
    }
}

/// A report that a case answers, as it was last told. Where an amendment says it is moves no case that is live: it stands
/// here and in the journal, for people to read. A severity above the case's raises it, as an entry of its own says.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "ReportLink", bound(deserialize = "'de: 'a"))]
pub(super) struct ReportLinkV1<'a> {
    /// Who reported.
    source: Text<'a>,
    /// Under which id.
    id: Text<'a>,
    /// What they wrote.
    text: Text<'a>,
    /// When it happened, as they say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    occurred_at: Option<Instant>,
    /// Where, as a place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    place: Option<Text<'a>>,
    /// Where, as a position.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    position: Option<PositionV1>,
    /// Where, as a grid cell, which the catalogue need not have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    grid: Option<Text<'a>>,
    /// Where, in their words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<Text<'a>>,
    /// How bad they think it is, 1 to 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    severity: Option<i64>,
    /// Pictures and files that they point to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<Object<AttachmentV1<'a>>>,
}

impl<'a> From<&'a ReportLink> for ReportLinkV1<'a> {
    fn from(link: &'a ReportLink) -> Self {
        Self {
            source: link.source.as_str().into(),
            id: link.id.as_str().into(),
            text: (&link.text).into(),
            occurred_at: link.occurred.map(|at| Instant(at.micros())),
            place: link.place.as_ref().map(|id| id.as_str().into()),
            position: link.position.map(PositionV1::from),
            grid: link.grid.as_ref().map(|id| id.as_str().into()),
            address: link.address.as_ref().map(Text::from),
            severity: link.severity.map(|severity| i64::from(severity.level())),
            attachments: attachment::mirrors(&link.attachments),
        }
    }
}

impl ReportLinkV1<'_> {
    pub(super) fn checked(self, at: At<'_>) -> Result<ReportLink, WireError> {
        Ok(ReportLink {
            source: read::id(&self.source, at.key("source"), SourceName::parse)?,
            id: read::id(&self.id, at.key("id"), SourceId::parse)?,
            text: self.text.into(),
            occurred: self.occurred_at.map(|at| Seen::from_micros(at.0)),
            place: read::maybe_id(self.place.as_ref(), at.key("place"), PlaceId::parse)?,
            position: self.position.map(|position| position.checked(at.key("position"))).transpose()?,
            grid: read::maybe_id(self.grid.as_ref(), at.key("grid"), GridId::parse)?,
            address: self.address.map(String::from),
            severity: self.severity.map(|level| severity(level, at.key("severity"))).transpose()?,
            attachments: attachment::checked(self.attachments, at.key("attachments"))?,
        })
    }
}
