//! What a case answers: episodes and reports.

use muster_domain::case::{EpisodeLink, ReportLink};
use muster_domain::id::{EpisodeId, RuleId, SourceId, SourceName};
use muster_domain::time::Seen;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::attachment::{self, AttachmentV1};
use crate::error::{At, WireError};
use crate::instant::Instant;
use crate::object::Object;
use crate::read;
use crate::reason::ReasonV1;
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

/// A report that a case answers.
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
    /// Where, in their words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<Text<'a>>,
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
            address: link.address.as_ref().map(Text::from),
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
            address: self.address.map(String::from),
            attachments: attachment::checked(self.attachments, at.key("attachments"))?,
        })
    }
}
