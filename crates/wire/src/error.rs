//! Why something from outside was refused: which field, what for, and a code that never changes.

use std::fmt;

use crate::bounds::MAX_REASON_BYTES;
use crate::fault::Reason;

/// A refusal. It never repeats what was sent, only where it stood: what was sent may be personal data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {reason}", if pointer.is_empty() { "the document" } else { pointer })]
pub struct WireError {
    /// JSON pointer (RFC 6901) to the field, in the structured form of a CloudEvent even where it came in headers;
    /// empty = the whole.
    pub pointer: String,
    /// What is wrong and what would be right.
    pub reason: String,
    /// The same for people, in their own language.
    pub said: Reason,
    /// What kind of mistake it is.
    pub code: Code,
}

impl WireError {
    /// A refusal; pointer and reason are cut to their bound.
    #[must_use]
    pub fn new(code: Code, pointer: impl Into<String>, reason: impl Into<Reason>) -> Self {
        let said = reason.into();
        Self { pointer: cut(pointer.into(), MAX_REASON_BYTES), reason: said.english(), said, code }
    }
}

/// A text of at most so many bytes; one that was longer ends in `…`.
pub(crate) fn cut(mut text: String, most: usize) -> String {
    if text.len() > most {
        text.truncate(text.floor_char_boundary(most - '…'.len_utf8()));
        text.push('…');
    }
    text
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $status:literal;)+) => {
        /// The kind of a mistake: stable, a label of metrics, a header of dead letters, the end of a problem's `type`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $($(#[$doc])* $variant,)+
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name used in every format.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The HTTP status for a request that is refused as a whole for this.
            #[must_use]
            pub const fn http_status(self) -> u16 {
                match self { $(Self::$variant => $status,)+ }
            }
        }
    };
}

codes! {
    /// Not JSON (RFC 8259).
    MalformedJson = "malformed-json", 400;
    /// Not UTF-8.
    NotUtf8 = "not-utf8", 400;
    /// More bytes than one record or batch may have.
    TooLarge = "too-large", 413;
    /// Arrays and objects too deep in one another.
    TooDeep = "too-deep", 400;
    /// More items, values or pictures than there may be.
    TooMany = "too-many", 413;
    /// A text longer than it may be.
    TooLong = "too-long", 400;
    /// The same key twice in one object, or the same attribute twice.
    DuplicateKey = "duplicate-key", 400;
    /// U+0000 in a text: no database and no screen can hold it.
    NullCharacter = "null-character", 400;
    /// A field that must be there is not.
    MissingField = "missing-field", 400;
    /// A field of another JSON type than it must have.
    WrongType = "wrong-type", 400;
    /// A value that the field cannot have.
    InvalidValue = "invalid-value", 400;
    /// Not an id: empty, too long, not printable.
    InvalidId = "invalid-id", 400;
    /// Not an RFC 3339 time with an offset.
    InvalidTime = "invalid-time", 400;
    /// Not an address that a picture can have.
    InvalidUrl = "invalid-url", 400;
    /// A number that is too large, or outside the field's range.
    OutOfRange = "out-of-range", 400;
    /// Not a CloudEvent at all.
    NotACloudEvent = "not-a-cloudevent", 415;
    /// A content type that this way in does not take.
    UnsupportedMediaType = "unsupported-media-type", 415;
    /// A charset other than UTF-8.
    UnsupportedCharset = "unsupported-charset", 415;
    /// A version of CloudEvents other than 1.0.
    UnsupportedVersion = "unsupported-version", 400;
    /// Data that must be JSON and is not.
    UnsupportedData = "unsupported-data", 400;
    /// A batch of the broker's, compressed in a way that cannot be undone here.
    Packed = "packed", 400;
    /// A `type` that nobody knows here.
    UnknownType = "unknown-type", 400;
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A field on the way down into a document; turned into text only for a refusal.
#[derive(Debug, Clone, Copy)]
pub(crate) enum At<'p> {
    /// The whole document.
    Root,
    /// A member of an object.
    Key(&'p At<'p>, &'p str),
    /// An item of an array.
    Item(&'p At<'p>, usize),
}

impl At<'_> {
    /// The member `key` of this.
    pub(crate) const fn key<'p>(&'p self, key: &'p str) -> At<'p> {
        At::Key(self, key)
    }

    /// The item number `index` of this.
    pub(crate) const fn item(&self, index: usize) -> At<'_> {
        At::Item(self, index)
    }

    /// The JSON pointer.
    pub(crate) fn pointer(&self) -> String {
        match self {
            Self::Root => String::new(),
            Self::Key(parent, key) => {
                let mut pointer = parent.pointer();
                push_key(&mut pointer, key);
                pointer
            }
            Self::Item(parent, index) => format!("{}/{index}", parent.pointer()),
        }
    }

    /// A refusal of this field.
    pub(crate) fn refuse(&self, code: Code, reason: impl Into<Reason>) -> WireError {
        WireError::new(code, self.pointer(), reason)
    }
}

/// Adds one reference token to a JSON pointer (RFC 6901 §3). A key that is longer than any refusal is cut.
pub(crate) fn push_key(pointer: &mut String, key: &str) {
    pointer.push('/');
    for c in key[..key.floor_char_boundary(MAX_REASON_BYTES)].chars() {
        match c {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            c => pointer.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Fault;

    #[test]
    fn refusals_name_the_field_and_stay_short() {
        let (root, data) = (At::Root, At::Key(&At::Root, "da/ta~"));
        assert_eq!(data.key("x").pointer(), "/da~1ta~0/x");
        assert_eq!(root.key("a").item(3).pointer(), "/a/3");
        let long = At::Root.refuse(Code::InvalidValue, Fault::OtherValue.with(&[("what", &"灯".repeat(1000))]));
        assert!(long.reason.len() <= MAX_REASON_BYTES && long.reason.ends_with('…'));
        assert_eq!(At::Root.refuse(Code::MissingField, Fault::Missing).to_string(), "the document: is missing");
    }

    #[test]
    fn codes_are_kebab_case_and_differ() {
        let names: std::collections::BTreeSet<_> = Code::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        assert!(names.iter().all(|name| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-' || b == b'8')));
    }
}
