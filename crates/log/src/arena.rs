//! A batch under construction: all bytes in one buffer, so that a record costs no allocation of its own.

use std::ops::Range;

use bytes::Bytes;

use crate::headers::{Headers, put};
use crate::record::{Fetched, Record, TORN_BYTES, Torn};

/// Copies records one after the other into one buffer and cuts them out at the end.
#[derive(Debug, Default)]
pub(crate) struct Arena {
    bytes: Vec<u8>,
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    offset: u64,
    timestamp_us: i64,
    key: Option<Range<usize>>,
    payload: Range<usize>,
    headers: Range<usize>,
    torn: Option<Torn>,
}

impl Arena {
    pub(crate) fn push(&mut self, offset: u64, timestamp_us: i64, key: Option<&[u8]>, payload: &[u8]) {
        let key = key.map(|key| self.copy(key));
        let payload = self.copy(payload);
        let headers = self.bytes.len()..self.bytes.len();
        self.rows.push(Row { offset, timestamp_us, key, payload, headers, torn: None });
    }

    /// Adds a header to the record pushed last.
    pub(crate) fn push_header(&mut self, name: &[u8], value: &[u8]) {
        if let Some(row) = self.rows.last_mut() {
            put(&mut self.bytes, name, value);
            row.headers.end = self.bytes.len();
        }
    }

    /// Adds all headers of the record pushed last as one blob; `None` if it is damaged.
    pub(crate) fn push_headers(&mut self, packed: &[u8]) -> Option<()> {
        Headers::check(packed)?;
        let headers = self.copy(packed);
        self.rows.last_mut()?.headers = headers;
        Some(())
    }

    /// Says that the record pushed last is not whole, and keeps only the beginning of its payload.
    pub(crate) fn tear(&mut self, why: Torn) {
        if let Some(row) = self.rows.last_mut() {
            row.torn = Some(why);
            row.payload.end = row.payload.end.min(row.payload.start + TORN_BYTES);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// The offset after the last record.
    pub(crate) fn next(&self) -> Option<u64> {
        self.rows.last().map(|row| row.offset + 1)
    }

    pub(crate) fn finish(self) -> Vec<Fetched> {
        let bytes = Bytes::from(self.bytes);
        let cut = |row: Row| {
            let record = Record {
                key: row.key.map(|range| bytes.slice(range)),
                payload: bytes.slice(row.payload),
                headers: Headers::written(bytes.slice(row.headers)),
                timestamp_us: row.timestamp_us,
            };
            Fetched { offset: row.offset, record, torn: row.torn }
        };
        self.rows.into_iter().map(cut).collect()
    }

    fn copy(&mut self, bytes: &[u8]) -> Range<usize> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        start..self.bytes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_out_as_they_went_in() {
        let mut arena = Arena::default();
        arena.push(7, 1, Some(b""), b"one");
        arena.push_header(b"a", b"x");
        arena.push_header(b"a", b"");
        arena.push(8, 2, None, b"");
        arena.push(9, 3, Some(b"k"), b"three");
        arena.push_header(b"b", b"y");
        assert_eq!((arena.len(), arena.next()), (3, Some(10)));
        let records: Vec<_> = arena.finish().into_iter().map(|fetched| fetched.record).collect();
        assert_eq!(
            records,
            [
                Record::new("one", 1).with_key("").with_header("a", "x").with_header("a", ""),
                Record::new("", 2),
                Record::new("three", 3).with_key("k").with_header("b", "y"),
            ]
        );
    }

    #[test]
    fn of_a_torn_record_the_beginning_is_kept() {
        let mut arena = Arena::default();
        arena.push(1, 0, None, &[7; TORN_BYTES + 1]);
        arena.tear(Torn::TooLarge(1 << 30));
        arena.push(2, 0, None, b"whole");
        let (torn, whole) = (Some(Torn::TooLarge(1 << 30)), &b"whole"[..]);
        let found = arena.finish();
        assert_eq!((found[0].torn, found[0].record.payload.len()), (torn, TORN_BYTES));
        assert_eq!((found[1].torn, &*found[1].record.payload), (None, whole));
    }
}
