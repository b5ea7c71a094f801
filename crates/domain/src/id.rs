//! Names of things: newtypes that cannot be mixed up, checked once at the door.
//!
//! Most are short and stand in place, up to 23 bytes; longer ones are shared. A record that names six of them costs no
//! allocation for them, and the watch compares them without leaving its own lines of memory.

use std::fmt;

use sha2::{Digest, Sha256};
use smol_str::SmolStr;

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Nothing there.
    #[error("an id must not be empty")]
    Empty,
    /// More than [`MAX_ID_BYTES`] bytes.
    #[error("an id has at most {MAX_ID_BYTES} bytes, this one has {0}")]
    TooLong(usize),
    /// A control character, or white space at an end.
    #[error("an id has no control characters and no space at its ends")]
    Unprintable,
}

/// The longest id, in bytes; longer ones are refused so that no index or label can be flooded.
pub const MAX_ID_BYTES: usize = 128;

fn checked(text: &str) -> Result<SmolStr, IdError> {
    if text.is_empty() {
        return Err(IdError::Empty);
    }
    if text.len() > MAX_ID_BYTES {
        return Err(IdError::TooLong(text.len()));
    }
    // Nearly every id is visible ASCII, and a record has six of them.
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    if !plain && (text.chars().any(char::is_control) || text.trim().len() != text.len()) {
        return Err(IdError::Unprintable);
    }
    Ok(SmolStr::new(text))
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(SmolStr);

        impl $name {
            /// Checks a text from outside.
            ///
            /// # Errors
            /// [`IdError`] if the text is empty, too long or not printable.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                checked(text).map(Self)
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    )+};
}

ids! {
    /// A place 点位: a fire lane, a control room, a key area.
    PlaceId;
    /// A device 设备: camera, sensor, loudspeaker, gateway, recorder.
    DeviceId;
    /// A grid cell 单元网格 of any level.
    GridId;
    /// A unit 处置单位.
    UnitId;
    /// A class of place, such as `fire_lane`.
    ClassId;
    /// A rule of the rule book.
    RuleId;
    /// A kind of observation, such as `occupancy`.
    ObservationKind;
    /// A kind of incident and case, such as `fire.lane.blocked`.
    CaseKind;
    /// What a unit is able and entitled to do, such as `enforcement`.
    Competence;
    /// The `source` of a CloudEvent.
    SourceName;
    /// The id that a source gave; unique with its source.
    SourceId;
    /// An adapter of our own that takes in observations, such as `http`.
    AdapterName;
    /// One episode of a condition.
    EpisodeId;
    /// A case 案件.
    CaseId;
    /// A seat 席位 on a case.
    SeatId;
    /// An effect 后续动作.
    EffectId;
    /// A person's act 人工裁定.
    ActId;
    /// A piece of evidence 佐证, named by the hash of its content.
    EvidenceId;
    /// Personal data in the vault; topics carry only this.
    VaultRef;
}

/// Builds an id from what it names, so that the same thing has the same id after every crash and replay.
///
/// The parts are length-prefixed before hashing: `("ab","c")` and `("a","bc")` differ. 128 bits of SHA-256 in hex.
#[must_use]
pub fn computed(prefix: &str, parts: &[&str]) -> SmolStr {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    let mut text = String::with_capacity(prefix.len() + 33);
    text.push_str(prefix);
    text.push('_');
    for byte in &hash.finalize()[..16] {
        text.push(char::from(HEX[usize::from(byte >> 4)]));
        text.push(char::from(HEX[usize::from(byte & 15)]));
    }
    SmolStr::from(text)
}

const HEX: &[u8; 16] = b"0123456789abcdef";

impl EpisodeId {
    /// ENGINE §4: an episode is named by the record that brought it about.
    #[must_use]
    pub fn of(rule: &RuleId, subject: &str, generation: &str, partition: u32, offset: u64) -> Self {
        let (partition, offset) = (partition.to_string(), offset.to_string());
        Self(computed("ep", &[rule.as_str(), subject, generation, &partition, &offset]))
    }
}

impl CaseId {
    /// A case is named by its kind, its subject and what opened it (an episode, or a report's source and id).
    #[must_use]
    pub fn of(kind: &CaseKind, subject: &str, opened_by: &str) -> Self {
        Self(computed("case", &[kind.as_str(), subject, opened_by]))
    }
}

impl EvidenceId {
    /// The id of a content hash as people write one: 64 hex digits in either case, with `sha256:` before them or not.
    #[must_use]
    pub fn of_hash(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("sha256:").unwrap_or(text);
        let is_hash = digits.len() == 64 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        is_hash.then(|| Self(SmolStr::new(digits.to_ascii_lowercase())))
    }
}

impl SeatId {
    /// A seat is named by its case and its running number on it.
    #[must_use]
    pub fn of(case: &CaseId, ordinal: usize) -> Self {
        Self(computed("seat", &[case.as_str(), &ordinal.to_string()]))
    }
}

impl EffectId {
    /// An effect is named by its cause (an episode or a case) and what it does there.
    #[must_use]
    pub fn of(cause: &str, what: &str) -> Self {
        Self(computed("fx", &[cause, what]))
    }
}

impl ActId {
    /// An act is named by the episode it concerns and the journal entry that a person's word became.
    #[must_use]
    pub fn of(case: &CaseId, version: u64, episode: &EpisodeId) -> Self {
        Self(computed("act", &[case.as_str(), &version.to_string(), episode.as_str()]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_picture_has_one_id_however_it_is_written() {
        let digits = "63f5".repeat(16);
        for text in [digits.clone(), digits.to_uppercase(), format!("sha256:{digits}")] {
            assert_eq!(EvidenceId::of_hash(&text).unwrap().as_str(), digits, "{text}");
        }
        for text in ["", "63f5", &"g".repeat(64), &format!("sha1:{digits}"), &format!("sha256:sha256:{digits}")] {
            assert_eq!(EvidenceId::of_hash(text), None, "{text}");
        }
    }

    #[test]
    fn hostile_texts_are_no_ids() {
        assert_eq!(PlaceId::parse(""), Err(IdError::Empty));
        assert_eq!(PlaceId::parse(&"x".repeat(129)), Err(IdError::TooLong(129)));
        for text in ["a\nb", " a", "a ", "\u{0}"] {
            assert_eq!(PlaceId::parse(text), Err(IdError::Unprintable), "{text:?}");
        }
        assert_eq!(PlaceId::parse("国贸大厦").unwrap().as_str(), "国贸大厦");
    }

    #[test]
    fn computed_ids_depend_on_where_parts_end() {
        assert_ne!(computed("x", &["ab", "c"]), computed("x", &["a", "bc"]));
        assert_eq!(computed("x", &["a"]), computed("x", &["a"]));
        assert_eq!(computed("case", &[]).len(), 37);
    }
}
