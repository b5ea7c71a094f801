//! Headers as one blob: per header the length of the name (u16), the name, the length of the value (u32), the value;
//! lengths big-endian.

use bytes::{BufMut, Bytes};

use crate::arena::Arena;
use crate::record::{HeaderName, header_name};

/// `None` for no headers: most control records have none.
pub(super) fn pack(headers: &[(HeaderName, Bytes)]) -> Option<Vec<u8>> {
    if headers.is_empty() {
        return None;
    }
    let size: usize = headers.iter().map(|(name, value)| 6 + name.len() + value.len()).sum();
    let mut packed = Vec::with_capacity(size);
    for (name, value) in headers {
        // Both lengths were bounded when the record was checked.
        packed.put_u16(u16::try_from(name.len()).unwrap_or(u16::MAX));
        packed.put_slice(name.as_bytes());
        packed.put_u32(u32::try_from(value.len()).unwrap_or(u32::MAX));
        packed.put_slice(value);
    }
    Some(packed)
}

/// Adds the headers to the record pushed last; `None` when the blob is cut short.
pub(super) fn unpack(mut packed: &[u8], into: &mut Arena) -> Option<()> {
    while !packed.is_empty() {
        let (size, rest) = packed.split_first_chunk::<2>()?;
        let (name, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*size)))?;
        let (size, rest) = rest.split_first_chunk::<4>()?;
        let (value, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*size)).ok()?)?;
        into.push_header(header_name(name), value);
        packed = rest;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_survive_and_damage_is_seen() {
        let headers =
            [("ce_id".into(), Bytes::from("1")), ("名".into(), Bytes::new()), ("ce_id".into(), Bytes::from("2"))];
        let packed = pack(&headers).unwrap();
        let mut arena = Arena::default();
        arena.push(0, 0, None, b"");
        unpack(&packed, &mut arena).unwrap();
        assert_eq!(arena.finish()[0].record.headers, headers);
        for cut in 1..packed.len() {
            let mut arena = Arena::default();
            arena.push(0, 0, None, b"");
            let whole_headers = cut == 12 || cut == 21;
            assert_eq!(unpack(&packed[..cut], &mut arena).is_some(), whole_headers, "cut at {cut}");
        }
    }
}
