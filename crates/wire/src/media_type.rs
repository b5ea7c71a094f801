//! What a body or a record says it is: a content type with its charset.

use crate::error::{Code, WireError};
use crate::fault::{Fault, Reason};

/// The content type of one CloudEvent in structured form.
pub const CLOUDEVENT: &str = "application/cloudevents+json";
/// The content type of a batch of CloudEvents.
pub const CLOUDEVENTS_BATCH: &str = "application/cloudevents-batch+json";
/// The content type of lines with one structured CloudEvent each.
pub const LINES: &str = "application/x-ndjson";
/// The content type of plain JSON.
pub const JSON: &str = "application/json";

/// A content type without its parameters, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaType(String);

impl MediaType {
    /// Reads a `Content-Type` and checks its charset.
    ///
    /// # Errors
    /// [`Code::UnsupportedCharset`] for a charset other than UTF-8; [`Code::UnsupportedMediaType`] for what is no
    /// content type.
    pub fn parse(text: &str) -> Result<Self, WireError> {
        let mut parts = text.split(';');
        let essence = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
        let token = |part: &str| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+*%'`|~".contains(&b))
        };
        if !essence.split_once('/').is_some_and(|(kind, name)| token(kind) && token(name)) {
            return Err(refuse(Code::UnsupportedMediaType, Fault::NoContentType));
        }
        for parameter in parts {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let value = value.trim().trim_matches('"');
            let is_utf8 = ["utf-8", "utf8", "us-ascii"].iter().any(|known| value.eq_ignore_ascii_case(known));
            if name.trim().eq_ignore_ascii_case("charset") && !is_utf8 {
                let reason = Fault::OtherCharset;
                return Err(refuse(Code::UnsupportedCharset, reason));
            }
        }
        Ok(Self(essence))
    }

    /// Type and subtype, such as `application/json`.
    #[must_use]
    pub fn essence(&self) -> &str {
        &self.0
    }

    /// Whether content of this type is JSON (CloudEvents 1.0 JSON format §3.1.1).
    #[must_use]
    pub fn is_json(&self) -> bool {
        let subtype = self.0.rsplit_once('/').map_or("", |(_, subtype)| subtype);
        subtype == "json" || subtype.ends_with("+json")
    }

    /// Whether it is a CloudEvent as a whole, in whatever format.
    #[must_use]
    pub fn is_cloudevents(&self) -> bool {
        self.0.starts_with("application/cloudevents")
    }
}

/// The refusal of a content type; it stands where the structured form would have it.
pub(crate) fn refuse(code: Code, reason: impl Into<Reason>) -> WireError {
    WireError::new(code, "/datacontenttype", reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_and_other_charsets_refused() {
        for text in ["application/json", "Application/JSON; charset=UTF-8", "application/json;charset=\"utf-8\";q=1"] {
            assert_eq!(MediaType::parse(text).unwrap().essence(), JSON, "{text}");
        }
        for (text, code) in [
            ("application/json; charset=gb18030", Code::UnsupportedCharset),
            ("application/json;CHARSET=iso-8859-1", Code::UnsupportedCharset),
            ("application/json; charset=", Code::UnsupportedCharset),
            ("json", Code::UnsupportedMediaType),
            ("", Code::UnsupportedMediaType),
            ("application/", Code::UnsupportedMediaType),
        ] {
            assert_eq!(MediaType::parse(text).unwrap_err().code, code, "{text}");
        }
        assert!(MediaType::parse("application/geo+json").unwrap().is_json());
        assert!(!MediaType::parse("application/xml").unwrap().is_json());
    }
}
