//! What we read ourselves in the heads of requests: versions, the place in a stream, cookies, tokens.

use axum::http::{HeaderMap, header};
use muster_wire::media_type::{JSON, MediaType};
use muster_wire::problem::Problem;

/// The longest key by which a request is known again.
const MAX_KEY_BYTES: usize = 255;

/// The version that `If-Match` names; `None` where any will do.
///
/// # Errors
/// [`Problem`] if it names none of ours.
pub fn if_match(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(tag) = headers.get(header::IF_MATCH).map(|value| value.to_str().unwrap_or_default()) else {
        return Ok(None);
    };
    if tag == "*" {
        return Ok(None);
    }
    let bare = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')).unwrap_or(tag);
    let none = || Problem::new(412, "precondition-failed").detail("If-Match is no version of ours");
    number(bare).map(Some).ok_or_else(none)
}

/// Whether `If-None-Match` names this version. That it changed is a weak comparison (RFC 9110 §13.1.2).
#[must_use]
pub fn if_none_match(headers: &HeaderMap, tag: &str) -> bool {
    let values = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|known| known.to_str().ok());
    let mut known = values.flat_map(|known| known.split(',')).map(str::trim);
    known.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

/// A publish number that no store counts to: who has seen that must begin anew.
pub const BEYOND_ALL: u64 = u64::MAX;

/// The last publish number that a reader of the stream says to have seen; [`BEYOND_ALL`] where it is none of ours. A
/// refusal would leave the browser's reader, which cannot forget the number, without a stream for good.
#[must_use]
pub fn last_event_id(headers: &HeaderMap) -> Option<u64> {
    // An empty one stands for none (WHATWG HTML §9.2.3).
    let given = headers.get("last-event-id").filter(|given| !given.is_empty())?;
    let last = given.to_str().ok().and_then(number).filter(|last| i64::try_from(*last).is_ok());
    Some(last.unwrap_or(BEYOND_ALL))
}

/// By what a request is known when it comes again.
///
/// # Errors
/// [`Problem`] for a key that cannot be kept: to pass over it would be to do twice what was to be done once.
pub fn idempotency_key(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(key) = headers.get("idempotency-key") else { return Ok(None) };
    let none = || {
        let detail = format!("an Idempotency-Key is 1 to {MAX_KEY_BYTES} visible characters of ASCII");
        Problem::new(400, "invalid-idempotency-key").detail(detail)
    };
    let kept = key.to_str().ok().filter(|key| (1..=MAX_KEY_BYTES).contains(&key.len()));
    kept.map(Some).ok_or_else(none)
}

/// Whether the body is JSON in UTF-8, as it says itself.
#[must_use]
pub fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    MediaType::parse(kind).is_ok_and(|kind| kind.essence() == JSON)
}

/// The value of a cookie.
#[must_use]
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers.get(header::COOKIE)?.to_str().ok()?;
    cookies.split(';').find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

/// The token of `Authorization`.
#[must_use]
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ").map(str::trim)
}

/// Digits alone: a sign or a space is none of ours.
pub(super) fn number(text: &str) -> Option<u64> {
    text.parse().ok().filter(|_| text.bytes().all(|digit| digit.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name.parse().unwrap(), value.parse().unwrap())])
    }

    #[test]
    fn a_version_is_digits_in_quotes_or_without() {
        for (value, version) in [("\"7\"", Some(Some(7))), ("7", Some(Some(7))), ("*", Some(None))] {
            assert_eq!(if_match(&headers("if-match", value)).ok(), version, "{value}");
        }
        for value in ["", "\"", "+7", "\"7", "W/\"7\"", "\"-1\"", "18446744073709551616"] {
            assert_eq!(if_match(&headers("if-match", value)).unwrap_err().status(), 412, "{value}");
        }
        assert_eq!(if_match(&HeaderMap::new()).ok(), Some(None));
    }

    #[test]
    fn a_known_version_may_be_one_of_many() {
        for (value, known) in [("\"1\", W/\"7\"", true), ("*", true), ("\"1\"", false), ("W/W/\"7\"", false)] {
            assert_eq!(if_none_match(&headers("if-none-match", value), "\"7\""), known, "{value}");
        }
    }

    #[test]
    fn a_place_in_a_stream_is_one_that_a_store_can_count_to() {
        assert_eq!(last_event_id(&headers("last-event-id", "9223372036854775807")), Some(i64::MAX as u64));
        for value in ["9223372036854775808", "18446744073709551615", "-1", "+1", "x", " "] {
            assert_eq!(last_event_id(&headers("last-event-id", value)), Some(BEYOND_ALL), "{value}");
        }
        assert_eq!((last_event_id(&headers("last-event-id", "")), last_event_id(&HeaderMap::new())), (None, None));
    }
}
