//! Takes a batch apart into the bytes of its items without understanding them, so that one bad item spoils no other.

use std::ops::Range;

use crate::bounds::{MAX_BATCH_BYTES, MAX_BATCH_ITEMS};
use crate::error::{Code, WireError};
use crate::fault::Fault;

/// The bytes of each item of a JSON array, in order.
///
/// Only strings and brackets are followed. Where they never balance again, the last range reaches to the end: what came
/// before stays readable. What follows the array's end is a range of its own, to be refused like any other item.
///
/// # Errors
/// [`WireError`] if this is no array at all, or too large.
pub(crate) fn array(bytes: &[u8]) -> Result<Vec<Range<usize>>, WireError> {
    bounded(bytes)?;
    let mut at = space(bytes, 0);
    if bytes.get(at) != Some(&b'[') {
        return Err(WireError::new(Code::MalformedJson, "", Fault::NoArray));
    }
    at = space(bytes, at + 1);
    let mut items = Vec::new();
    if bytes.get(at) == Some(&b']') {
        at += 1;
    } else {
        loop {
            let end = item_end(bytes, at);
            items.push(at..trimmed(bytes, at, end));
            counted(items.len())?;
            at = (end + 1).min(bytes.len());
            if bytes.get(end) != Some(&b',') {
                break;
            }
            at = space(bytes, at);
        }
    }
    let rest = space(bytes, at);
    if rest < bytes.len() {
        items.push(rest..bytes.len());
    }
    Ok(items)
}

/// The bytes of each line that has anything on it, in order.
///
/// # Errors
/// [`WireError`] if there is too much.
pub(crate) fn lines(bytes: &[u8]) -> Result<Vec<Range<usize>>, WireError> {
    bounded(bytes)?;
    let (mut items, mut at) = (Vec::new(), 0);
    for line in bytes.split(|byte| *byte == b'\n') {
        let from = space(bytes, at).min(at + line.len());
        let to = trimmed(bytes, from, at + line.len());
        if from < to {
            items.push(from..to);
            counted(items.len())?;
        }
        at += line.len() + 1;
    }
    Ok(items)
}

/// Where the item that begins at `at` ends: at a `,` or `]` of the batch itself, or at the end of everything.
fn item_end(bytes: &[u8], mut at: usize) -> usize {
    let mut depth = 0_usize;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at += 1;
                while let Some(inside) = bytes.get(at).filter(|byte| **byte != b'"') {
                    at += if *inside == b'\\' { 2 } else { 1 };
                }
            }
            b'[' | b'{' => depth += 1,
            b',' | b']' if depth == 0 => return at,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

fn space(bytes: &[u8], at: usize) -> usize {
    at + bytes[at.min(bytes.len())..].iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

fn trimmed(bytes: &[u8], from: usize, to: usize) -> usize {
    from + bytes[from..to].trim_ascii_end().len()
}

fn bounded(bytes: &[u8]) -> Result<(), WireError> {
    if bytes.len() <= MAX_BATCH_BYTES {
        return Ok(());
    }
    let size = bytes.len();
    Err(WireError::new(Code::TooLarge, "", Fault::BatchTooLarge.with(&[("size", &size), ("most", &MAX_BATCH_BYTES)])))
}

fn counted(items: usize) -> Result<(), WireError> {
    if items <= MAX_BATCH_ITEMS {
        return Ok(());
    }
    Err(WireError::new(Code::TooMany, "", Fault::BatchTooLong.with(&[("most", &MAX_BATCH_ITEMS)])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(text: &str, split: fn(&[u8]) -> Result<Vec<Range<usize>>, WireError>) -> Vec<String> {
        split(text.as_bytes()).unwrap().into_iter().map(|range| text[range].to_owned()).collect()
    }

    #[test]
    fn a_batch_comes_apart_at_its_own_commas() {
        for (batch, items) in [
            ("[]", vec![]),
            (" [ 1 , {\"a\":[1,2]} ]\n", vec!["1", "{\"a\":[1,2]}"]),
            (r#"["],[", "\"]", {"a":NaN,}, 3]"#, vec![r#""],[""#, r#""\"]""#, r#"{"a":NaN,}"#, "3"]),
            ("[1,]", vec!["1", ""]),
            ("[1,{\"a\":[2", vec!["1", "{\"a\":[2"]),
            ("[1,\"open]", vec!["1", "\"open]"]),
            ("[1] 2", vec!["1", "2"]),
            ("[", vec![""]),
            ("[}", vec!["}"]),
        ] {
            assert_eq!(texts(batch, array), items, "{batch}");
        }
        assert!(array(b"{}").is_err() && array(b"").is_err());
    }

    #[test]
    fn lines_may_end_as_on_any_system_and_be_empty() {
        assert_eq!(texts("{}\r\n\n  \n 1 \n\n2", lines), ["{}", "1", "2"]);
        assert!(texts("", lines).is_empty());
    }

    #[test]
    fn millions_of_nothings_are_refused_at_once() {
        let many = format!("[{}0]", "0,".repeat(MAX_BATCH_ITEMS));
        assert_eq!(array(many.as_bytes()).unwrap_err().code, Code::TooMany);
        assert_eq!(lines("0\n".repeat(MAX_BATCH_ITEMS + 1).as_bytes()).unwrap_err().code, Code::TooMany);
        assert_eq!(array(&vec![b' '; MAX_BATCH_BYTES + 1]).unwrap_err().code, Code::TooLarge);
    }

    proptest! {
        #[test]
        fn any_bytes_come_apart_in_order(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let with_bracket = [b"[".as_slice(), &bytes].concat();
            for ranges in [array(&with_bracket).unwrap(), lines(&with_bracket).unwrap()] {
                prop_assert!(ranges.iter().all(|range| range.start <= range.end && range.end <= with_bracket.len()));
                prop_assert!(ranges.windows(2).all(|pair| pair[0].end <= pair[1].start));
            }
        }
    }
}
