//! The binary form: attributes in headers, data as the body.

use std::borrow::Cow;

use super::{Attributes, Envelope};
use crate::error::{At, Code, WireError};
use crate::fault::Fault;
use crate::scan;
use crate::text::Text;

/// How a transport writes the value of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Percent-encoded where it is not printable ASCII (HTTP binding §3.1.3.2).
    Http,
    /// UTF-8 as it is (Kafka binding §3.2.3).
    Kafka,
}

/// Reads one event from attributes `(name without prefix, value)` and its data.
pub(super) fn read<'a>(
    attributes: impl Iterator<Item = (Cow<'a, str>, &'a [u8])>,
    content_type: Option<&'a str>,
    payload: &'a [u8],
    encoding: Encoding,
) -> Result<Envelope<'a>, WireError> {
    let mut found = Attributes { datacontenttype: content_type.map(Text::from), ..Attributes::default() };
    for (name, value) in attributes {
        let slot = match &*name {
            "specversion" => &mut found.specversion,
            "id" => &mut found.id,
            "source" => &mut found.source,
            "type" => &mut found.kind,
            "time" => &mut found.time,
            "subject" => &mut found.subject,
            "traceparent" => &mut found.traceparent,
            _ => continue,
        };
        if slot.replace(Text(decoded(value, &name, encoding)?)).is_some() {
            return Err(At::Root.key(&name).refuse(Code::DuplicateKey, Fault::HeaderTwice));
        }
    }
    let is_empty = payload.iter().all(u8::is_ascii_whitespace);
    let data = if is_empty { None } else { Some(payload) };
    // The attributes first: a body of another type is not to be read as JSON at all.
    let envelope = found.envelope(data.map(|_| Cow::Borrowed("")))?;
    let data = data.map(|payload| scan::check(payload, "/data")).transpose()?;
    Ok(Envelope { data: data.map(Cow::Borrowed), ..envelope })
}

fn decoded<'a>(value: &'a [u8], name: &str, encoding: Encoding) -> Result<Cow<'a, str>, WireError> {
    let not_utf8 = || At::Root.key(name).refuse(Code::NotUtf8, Fault::NotUtf8);
    let text = std::str::from_utf8(value).map_err(|_| not_utf8())?;
    let text = match encoding {
        Encoding::Kafka => Cow::Borrowed(text),
        Encoding::Http => match unquoted(text.trim()) {
            Cow::Borrowed(text) => percent_decoded(text),
            Cow::Owned(text) => percent_decoded(&text).map(Cow::into_owned).map(Cow::Owned),
        }
        .ok_or_else(not_utf8)?,
    };
    if text.contains('\0') {
        return Err(At::Root.key(name).refuse(Code::NullCharacter, Fault::NullCharacter));
    }
    Ok(text)
}

/// Undoes a quoted string (RFC 9110 §5.6.4), as the HTTP binding §3.1.3.3 asks of readers.
fn unquoted(text: &str) -> Cow<'_, str> {
    let Some(inner) = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) else {
        return Cow::Borrowed(text);
    };
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    let (mut plain, mut chars) = (String::with_capacity(inner.len()), inner.chars());
    while let Some(c) = chars.next() {
        plain.push(if c == '\\' { chars.next().unwrap_or('\\') } else { c });
    }
    Cow::Owned(plain)
}

/// Undoes percent-encoding in one pass; `%` without two hexadecimal digits stays. `None` if the result is not UTF-8.
fn percent_decoded(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(Cow::Borrowed(text));
    }
    let bytes = text.as_bytes();
    let hex = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let (mut plain, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(byte) = bytes.get(at) {
        match (byte, hex(at + 1), hex(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                plain.push((high << 4 | low) as u8);
                at += 3;
            }
            (byte, ..) => {
                plain.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8(plain).ok().map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn header_values_are_undone_as_the_http_binding_says() {
        let http = |value: &str| decoded(value.as_bytes(), "source", Encoding::Http).map(Cow::into_owned);
        assert_eq!(http("/gateways/%E4%B8%8A%e6%b8%85").unwrap(), "/gateways/上清");
        assert_eq!(http("Euro%20%E2%82%AC%20%F0%9F%98%80").unwrap(), "Euro € 😀");
        assert_eq!(http(r#""a \"b\" %41""#).unwrap(), "a \"b\" A");
        assert_eq!(http("100%, %zz, %2").unwrap(), "100%, %zz, %2");
        assert_eq!(http("%2541").unwrap(), "%41", "decoded once, not twice");
        assert_eq!(http("%ff").unwrap_err().code, Code::NotUtf8);
        assert_eq!(http("a%00").unwrap_err().code, Code::NullCharacter);
        let kafka = |value: &[u8]| decoded(value, "id", Encoding::Kafka).map(Cow::into_owned);
        assert_eq!(kafka("100%41 上".as_bytes()).unwrap(), "100%41 上");
        assert_eq!(kafka(b"\xff").unwrap_err().pointer, "/id");
    }

    proptest! {
        #[test]
        fn any_header_is_answered(value in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = decoded(&value, "id", Encoding::Http);
            let _ = decoded(&value, "id", Encoding::Kafka);
        }
    }
}
