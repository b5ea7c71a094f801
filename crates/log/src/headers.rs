//! The headers of a record as one blob, so that a record read costs nothing for each of them.

use std::borrow::Cow;
use std::fmt;

use bytes::{BufMut, Bytes};

/// Headers in order; a name may come twice. A Kafka header without a value reads as empty. Copies share their bytes.
///
/// Per header: the length of the name (u16), the name, the length of the value (u32), the value; lengths big-endian. The
/// embedded log keeps them in this form.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers(Bytes);

impl Headers {
    /// `None` for a blob that is cut short, or in which a name is not text.
    pub(crate) fn check(mut packed: &[u8]) -> Option<()> {
        while !packed.is_empty() {
            let (name, _, rest) = split(packed)?;
            std::str::from_utf8(name).ok()?;
            packed = rest;
        }
        Some(())
    }

    /// Headers out of a blob that [`put`] wrote, or that was checked.
    pub(crate) fn written(packed: Bytes) -> Headers {
        Headers(packed)
    }

    /// All of them as one blob.
    pub(crate) fn packed(&self) -> &[u8] {
        &self.0
    }

    /// The value of the first header of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.iter().find(|(found, _)| *found == name).map(|(_, value)| value)
    }

    /// Names and values, in order.
    #[must_use]
    pub fn iter(&self) -> HeadersIter<'_> {
        HeadersIter::over(&self.0)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Bytes of names and values.
    #[must_use]
    pub fn size(&self) -> usize {
        self.iter().map(|(name, value)| name.len() + value.len()).sum()
    }
}

/// Adds a header to a blob. What is no text in a name is replaced, and a name of more than 64 KiB is cut: no append takes
/// either, so that only others can have written it.
pub(crate) fn put(packed: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    let name = std::str::from_utf8(name).map_or_else(|_| String::from_utf8_lossy(name), Cow::Borrowed);
    let name = &name[..name.floor_char_boundary(usize::from(u16::MAX))];
    packed.put_u16(u16::try_from(name.len()).unwrap_or(u16::MAX));
    packed.put_slice(name.as_bytes());
    packed.put_u32(u32::try_from(value.len()).unwrap_or(u32::MAX));
    packed.put_slice(value);
}

/// The first header of a blob, and what comes after it.
fn split(packed: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (size, rest) = packed.split_first_chunk::<2>()?;
    let (name, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*size)))?;
    let (size, rest) = rest.split_first_chunk::<4>()?;
    let (value, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*size)).ok()?)?;
    Some((name, value, rest))
}

impl<N: AsRef<str>, V: AsRef<[u8]>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(headers: I) -> Headers {
        let mut packed = Vec::new();
        headers.into_iter().for_each(|(name, value)| put(&mut packed, name.as_ref().as_bytes(), value.as_ref()));
        Headers(Bytes::from(packed))
    }
}

/// Names and values of headers.
#[derive(Debug, Clone)]
pub struct HeadersIter<'a>(&'a [u8]);

impl<'a> HeadersIter<'a> {
    /// Over a blob that [`put`] wrote.
    pub(crate) fn over(packed: &'a [u8]) -> HeadersIter<'a> {
        HeadersIter(packed)
    }
}

impl<'a> Iterator for HeadersIter<'a> {
    type Item = (&'a str, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (name, value, rest) = split(self.0)?;
        self.0 = rest;
        Some((std::str::from_utf8(name).unwrap_or_default(), value))
    }
}

impl<'a> IntoIterator for &'a Headers {
    type Item = (&'a str, &'a [u8]);
    type IntoIter = HeadersIter<'a>;

    fn into_iter(self) -> HeadersIter<'a> {
        self.iter()
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter().map(|(name, value)| (name, value.escape_ascii().to_string()))).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_survive_and_damage_is_seen() {
        let given: [(&str, &[u8]); 3] = [("ce_id", b"1"), ("名", b""), ("ce_id", b"2")];
        let headers: Headers = given.into_iter().collect();
        assert!(headers.iter().eq(given) && headers.len() == 3 && headers.size() == 15);
        assert_eq!(
            (headers.get("ce_id"), headers.get("名"), headers.get("id")),
            (Some(&b"1"[..]), Some(&b""[..]), None)
        );
        let packed = headers.0.clone();
        assert_eq!(Headers::check(&packed), Some(()));
        for cut in 1..packed.len() {
            let whole_headers = cut == 12 || cut == 21;
            assert_eq!(Headers::check(&packed[..cut]).is_some(), whole_headers, "cut at {cut}");
        }
        assert_eq!(Headers::check(b"\0\x01\xff\0\0\0\0"), None, "a name that is no text");
    }

    #[test]
    fn what_no_append_takes_is_read_all_the_same() {
        let mut packed = Vec::new();
        put(&mut packed, b"\xff\xfex", b"");
        put(&mut packed, "名".repeat(30_000).as_bytes(), b"v");
        let headers = Headers::written(packed.into());
        let found: Vec<_> = headers.iter().map(|(name, value)| (name.len(), value)).collect();
        assert_eq!(found, [(7, &b""[..]), (65_535, b"v")]);
    }
}
