//! Errors over HTTP: `application/problem+json` (RFC 9457).

use muster_domain::text::Words;
use schemars::JsonSchema;
use serde::Serialize;

use crate::bounds::MAX_DETAIL_BYTES;
use crate::error::{WireError, cut};
use crate::reason::WordsV1;

/// The content type of an error.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// An error over HTTP. `type` is stable: clients may decide by it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Problem {
    /// `/problems/` and the code.
    #[serde(rename = "type")]
    kind: String,
    /// What kind of error it is, in a few words.
    title: String,
    /// The HTTP status.
    #[schemars(range(min = 400, max = 599))]
    status: u16,
    /// What is wrong this time, and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// The stable code.
    code: String,
    /// JSON pointer to the field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<String>,
    /// The same for the person at the screen.
    #[serde(skip_serializing_if = "Option::is_none")]
    words: Option<WordsV1<'static>>,
    /// What is allowed now, such as commands of a case.
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed: Option<Vec<String>>,
}

impl Problem {
    /// An error of a status and a stable kebab-case code.
    #[must_use]
    pub fn new(status: u16, code: &str) -> Self {
        Self {
            kind: format!("/problems/{code}"),
            title: code.replace('-', " "),
            status,
            detail: None,
            code: code.to_owned(),
            pointer: None,
            words: None,
            allowed: None,
        }
    }

    /// With what is wrong this time, cut to its bound.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(cut(detail.into(), MAX_DETAIL_BYTES));
        self
    }

    /// With a JSON pointer to the field.
    #[must_use]
    pub fn pointer(mut self, pointer: impl Into<String>) -> Self {
        self.pointer = Some(pointer.into());
        self
    }

    /// With words for the person at the screen.
    #[must_use]
    pub fn words(mut self, words: Words) -> Self {
        let Words { zh, en } = words;
        self.words = Some(WordsV1::owned(zh, en));
        self
    }

    /// With what is allowed now.
    #[must_use]
    pub fn allowed(mut self, allowed: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.allowed = Some(allowed.into_iter().map(Into::into).collect());
        self
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The JSON.
    #[must_use]
    pub fn json(&self) -> String {
        crate::write::text(self)
    }
}

impl From<&WireError> for Problem {
    fn from(error: &WireError) -> Self {
        let problem = Self::new(error.code.http_status(), error.code.name()).detail(&error.reason);
        if error.pointer.is_empty() { problem } else { problem.pointer(&error.pointer) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detail_stays_short_whatever_was_sent() {
        let problem = Problem::new(400, "malformed-json").detail("灯".repeat(10_000));
        let detail = problem.detail.unwrap();
        assert!(detail.len() <= MAX_DETAIL_BYTES && detail.ends_with('…'), "{} bytes", detail.len());
    }
}
