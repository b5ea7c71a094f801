//! JSON text of types that cannot fail to be written.

use serde::Serialize;

/// The JSON of a mirror type, as bytes.
///
/// Mirror types have text keys and no writer of their own that fails, so there is nothing that could go wrong; if it did
/// all the same, the empty text that comes out is refused by every reader.
pub(crate) fn bytes(mirror: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(mirror).unwrap_or_default()
}

/// The JSON of a mirror type, as text.
pub(crate) fn text(mirror: &impl Serialize) -> String {
    serde_json::to_string(mirror).unwrap_or_default()
}
