//! From checked JSON to types, and from types to the domain, with a pointer for every refusal.

use muster_domain::id::IdError;
use serde::Deserialize;
use serde_path_to_error::{Path, Segment};

use crate::error::{At, Code, WireError, push_key};
use crate::fault::{Fault, Reason};
use crate::instant;
use crate::object::Object;
use crate::text::Text;

/// Reads a structure from a JSON object; pointers of refusals begin with `base`.
pub(crate) fn typed<'a, T: Deserialize<'a>>(json: &'a str, base: &At<'_>) -> Result<T, WireError> {
    serde_json::from_str(json).map(|Object(read)| read).map_err(|_| explain::<Object<T>>(json, base))
}

/// Reads a second time, slower, to learn where it failed.
fn explain<'a, T: Deserialize<'a>>(json: &'a str, base: &At<'_>) -> WireError {
    let mut reader = serde_json::Deserializer::from_str(json);
    let (mut pointer, error) = match serde_path_to_error::deserialize::<_, T>(&mut reader) {
        Err(error) => (located(error.path(), base), error.into_inner()),
        Ok(_) => match reader.end() {
            Err(error) => (base.pointer(), error),
            Ok(()) => return base.refuse(Code::MalformedJson, Fault::Unreadable),
        },
    };
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    let quoted = |prefix| message.strip_prefix(prefix).and_then(|rest: &str| rest.strip_suffix('`'));
    if let Some(field) = quoted("missing field `") {
        push_key(&mut pointer, field);
        return WireError::new(Code::MissingField, pointer, Fault::Missing);
    }
    if let Some(field) = quoted("duplicate field `") {
        push_key(&mut pointer, field);
        return WireError::new(Code::DuplicateKey, pointer, Fault::Twice);
    }
    let (code, reason) = plain(message, error.classify());
    WireError::new(code, pointer, reason)
}

fn located(path: &Path, base: &At<'_>) -> String {
    let mut pointer = base.pointer();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => push_key(&mut pointer, key),
            Segment::Enum { variant } => push_key(&mut pointer, variant),
            Segment::Unknown => {}
        }
    }
    pointer
}

/// A serde message without what was sent: that may be personal data, and may be long.
fn plain(message: &str, category: serde_json::error::Category) -> (Code, Reason) {
    let wanted = message.rsplit_once(", expected ").map(|(_, wanted)| wanted);
    let (code, found) = if let Some(found) = message.strip_prefix("invalid type: ") {
        (Code::WrongType, found)
    } else if let Some(found) = message.strip_prefix("invalid value: ") {
        (Code::InvalidValue, found)
    } else if message.starts_with("unknown variant ") {
        (Code::InvalidValue, "a word that is not known")
    } else if message.starts_with("invalid length ") {
        (Code::InvalidValue, "another length")
    } else if message == "number out of range" {
        return (Code::OutOfRange, Fault::NumberTooLarge.into());
    } else if category == serde_json::error::Category::Data {
        return (Code::InvalidValue, Fault::OtherValue.with(&[("what", &message)]));
    } else {
        return (Code::MalformedJson, Fault::NotJson.into());
    };
    let found = found.split(['`', '"', ',']).next().unwrap_or_default().trim_end();
    let found = match found {
        "map" => "an object",
        "sequence" => "an array",
        "integer" | "floating point" => "a number",
        "string" => "a string",
        "boolean" => "a boolean",
        other => other,
    };
    let wanted = match wanted {
        Some("i64" | "u64" | "i32" | "u32" | "u16" | "u8") => "a whole number within range",
        Some("f64") => "a number",
        Some(wanted) => wanted,
        None => "something else",
    };
    let (fault, wanted) = match wanted.strip_prefix("one of ") {
        Some(choices) => (Fault::OneOf, choices),
        None => (Fault::OtherType, wanted),
    };
    (code, fault.with(&[("found", &found), ("wanted", &wanted)]))
}

/// Reads an id of the domain.
pub(crate) fn id<T>(text: &str, at: At<'_>, parse: fn(&str) -> Result<T, IdError>) -> Result<T, WireError> {
    parse(text).map_err(|error| at.refuse(Code::InvalidId, error))
}

/// Reads an id of the domain that may be absent.
pub(crate) fn maybe_id<T>(
    text: Option<&Text<'_>>,
    at: At<'_>,
    parse: fn(&str) -> Result<T, IdError>,
) -> Result<Option<T>, WireError> {
    text.map(|text| id(text, at, parse)).transpose()
}

/// Reads several ids of the domain.
pub(crate) fn ids<T>(
    texts: &[Text<'_>],
    at: At<'_>,
    parse: fn(&str) -> Result<T, IdError>,
) -> Result<Vec<T>, WireError> {
    texts.iter().enumerate().map(|(n, text)| id(text, at.item(n), parse)).collect()
}

/// Takes each item of a list into the domain.
pub(crate) fn each<M, T>(
    items: Vec<M>,
    at: At<'_>,
    checked: fn(M, At<'_>) -> Result<T, WireError>,
) -> Result<Vec<T>, WireError> {
    items.into_iter().enumerate().map(|(n, item)| checked(item, at.item(n))).collect()
}

/// Takes a text of at most `most` bytes.
pub(crate) fn bounded(text: &str, at: At<'_>, most: usize) -> Result<String, WireError> {
    if text.len() <= most {
        return Ok(text.to_owned());
    }
    let size = text.len();
    Err(at.refuse(Code::TooLong, Fault::TextTooLong.with(&[("size", &size), ("most", &most)])))
}

/// Reads a time as microseconds since 1970 UTC.
pub(crate) fn time(text: &str, at: At<'_>) -> Result<i64, WireError> {
    instant::parse(text).ok_or_else(|| at.refuse(Code::InvalidTime, Fault::NoTime))
}

/// Refuses a list that is longer than `most`.
pub(crate) fn at_most(count: usize, at: At<'_>, most: usize) -> Result<(), WireError> {
    if count <= most {
        return Ok(());
    }
    Err(at.refuse(Code::TooMany, Fault::TooManyItems.with(&[("count", &count), ("most", &most)])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Sample<'a> {
        #[serde(borrow, rename = "text")]
        _text: Text<'a>,
        #[serde(rename = "n")]
        _n: Vec<u8>,
    }

    #[test]
    fn refusals_say_what_was_wanted_and_never_what_was_sent() {
        for (json, pointer, code, reason) in [
            (r#"{"n":[]}"#, "/data/text", Code::MissingField, "is missing"),
            (r#"{"text":13800000000}"#, "/data/text", Code::WrongType, "is a number; a string was expected"),
            (
                r#"{"text":"","n":[1,"x, expected y"]}"#,
                "/data/n/1",
                Code::WrongType,
                "is a string; a whole number within range was expected",
            ),
            (
                r#"{"text":"","n":[1,256]}"#,
                "/data/n/1",
                Code::InvalidValue,
                "is a number; a whole number within range was expected",
            ),
            (r#"{"text":"","text":""}"#, "/data/text", Code::DuplicateKey, "is there twice in one object"),
            (r#"{"text":{}}"#, "/data/text", Code::WrongType, "is an object; a string was expected"),
        ] {
            let error = typed::<Sample<'_>>(json, &At::Root.key("data")).unwrap_err();
            assert_eq!((error.pointer.as_str(), error.code, error.reason.as_str()), (pointer, code, reason), "{json}");
        }
    }
}
