//! Why a verdict is what it is, and what it is about: parts that conditions and cases share.

use muster_domain::condition::{Fact, Reason, Subject};
use muster_domain::id::{DeviceId, SourceName};
use muster_domain::text::Words;
use muster_domain::time::Seen;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{At, Code, WireError};
use crate::fault::Fault;
use crate::instant::{Instant, Micros};
use crate::read;
use crate::text::Text;
use crate::value::Scalar;

/// Why a verdict is what it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "Reason", bound(deserialize = "'de: 'a"))]
pub(crate) struct ReasonV1<'a> {
    /// The clause of the rule that decided, or words such as `blind`.
    clause: Text<'a>,
    /// What was seen, source by source.
    #[serde(default)]
    facts: Vec<FactV1<'a>>,
    /// How long it had held, covered, in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    held_us: Option<Micros>,
    /// How long it had to hold, in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    needed_us: Option<Micros>,
}

/// One value that a verdict rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "Fact", bound(deserialize = "'de: 'a"))]
struct FactV1<'a> {
    /// Its name, such as `persons` or `place.required`.
    name: Text<'a>,
    /// The value.
    value: Scalar<'a>,
    /// The device that said it; none for a property or a combined value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    device: Option<Text<'a>>,
    /// The source through which it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source: Option<Text<'a>>,
    /// When it was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seen: Option<Instant>,
}

impl<'a> From<&'a Reason> for ReasonV1<'a> {
    fn from(reason: &'a Reason) -> Self {
        let fact = |fact: &'a Fact| FactV1 {
            name: (&fact.name).into(),
            value: (&fact.value).into(),
            device: fact.device.as_ref().map(|id| id.as_str().into()),
            source: fact.source.as_ref().map(|name| name.as_str().into()),
            seen: fact.seen.map(|at| Instant(at.micros())),
        };
        Self {
            clause: (&reason.clause).into(),
            facts: reason.facts.iter().map(fact).collect(),
            held_us: reason.held.map(Micros),
            needed_us: reason.needed.map(Micros),
        }
    }
}

impl ReasonV1<'_> {
    pub(crate) fn checked(self, at: At<'_>) -> Result<Reason, WireError> {
        let facts_at = at.key("facts");
        let fact = |(n, fact): (usize, FactV1<'_>)| {
            let at = facts_at.item(n);
            Ok(Fact {
                name: fact.name.into(),
                value: fact.value.into(),
                device: read::maybe_id(fact.device.as_ref(), at.key("device"), DeviceId::parse)?,
                source: read::maybe_id(fact.source.as_ref(), at.key("source"), SourceName::parse)?,
                seen: fact.seen.map(|at| Seen::from_micros(at.0)),
            })
        };
        Ok(Reason {
            clause: self.clause.into(),
            facts: self.facts.into_iter().enumerate().map(fact).collect::<Result<_, _>>()?,
            held: self.held_us.map(|span| span.0),
            needed: self.needed_us.map(|span| span.0),
        })
    }
}

/// A text in both languages of the screens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "Words", bound(deserialize = "'de: 'a"))]
pub(crate) struct WordsV1<'a> {
    /// 中文.
    zh: Text<'a>,
    /// English.
    en: Text<'a>,
}

impl<'a> From<&'a Words> for WordsV1<'a> {
    fn from(words: &'a Words) -> Self {
        Self { zh: (&words.zh).into(), en: (&words.en).into() }
    }
}

impl WordsV1<'static> {
    /// Words that belong to nobody else.
    pub(crate) fn owned(zh: String, en: String) -> Self {
        Self { zh: Text(zh.into()), en: Text(en.into()) }
    }
}

impl From<WordsV1<'_>> for Words {
    fn from(words: WordsV1<'_>) -> Self {
        Self { zh: words.zh.into(), en: words.en.into() }
    }
}

/// Reads a subject such as `place:lane-1`.
pub(crate) fn subject(text: &str, at: At<'_>) -> Result<Subject, WireError> {
    Subject::parse(text).ok_or_else(|| at.refuse(Code::InvalidValue, Fault::NoSubject))
}
