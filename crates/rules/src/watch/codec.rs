//! The bytes of a checkpoint: little-endian, length-prefixed, the same for the same state.

use muster_domain::record::Value;

/// A text or list in a checkpoint is never longer than this.
const MAX_LENGTH: u64 = 1 << 26;

/// Writes.
#[derive(Debug, Default)]
pub(super) struct Writer {
    pub(super) bytes: Vec<u8>,
}

impl Writer {
    pub(super) fn number(&mut self, n: u64) {
        self.bytes.extend_from_slice(&n.to_le_bytes());
    }

    pub(super) fn instant(&mut self, n: i64) {
        self.bytes.extend_from_slice(&n.to_le_bytes());
    }

    pub(super) fn byte(&mut self, n: u8) {
        self.bytes.push(n);
    }

    pub(super) fn flag(&mut self, b: bool) {
        self.byte(u8::from(b));
    }

    pub(super) fn length(&mut self, n: usize) {
        self.number(n as u64);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.length(text.len());
        self.bytes.extend_from_slice(text.as_bytes());
    }

    pub(super) fn maybe<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.flag(value.is_some());
        if let Some(value) = value {
            write(self, value);
        }
    }

    pub(super) fn value(&mut self, value: &Value) {
        match value {
            Value::Int(n) => {
                self.byte(0);
                self.instant(*n);
            }
            Value::Number(n) => {
                self.byte(1);
                self.number(n.to_bits());
            }
            Value::Bool(b) => {
                self.byte(2);
                self.flag(*b);
            }
            Value::Text(text) => {
                self.byte(3);
                self.text(text);
            }
        }
    }
}

/// Reads what [`Writer`] wrote; `None` from the first thing that does not fit.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) const fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    pub(super) const fn is_done(&self) -> bool {
        self.rest.is_empty()
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        self.take(8)?.try_into().ok().map(u64::from_le_bytes)
    }

    pub(super) fn instant(&mut self) -> Option<i64> {
        self.take(8)?.try_into().ok().map(i64::from_le_bytes)
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    pub(super) fn flag(&mut self) -> Option<bool> {
        match self.byte()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    pub(super) fn length(&mut self) -> Option<usize> {
        let length = self.number().filter(|length| *length <= MAX_LENGTH)?;
        usize::try_from(length).ok()
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        let length = self.length()?;
        std::str::from_utf8(self.take(length)?).ok()
    }

    /// A value that may be absent: `Some(None)` is absent, `None` is unreadable.
    #[expect(clippy::option_option, reason = "the outer one is about the bytes, the inner one about the state")]
    pub(super) fn maybe<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        if self.flag()? { read(self).map(Some) } else { Some(None) }
    }

    pub(super) fn value(&mut self) -> Option<Value> {
        Some(match self.byte()? {
            0 => Value::Int(self.instant()?),
            1 => Value::Number(f64::from_bits(self.number()?)),
            2 => Value::Bool(self.flag()?),
            3 => Value::Text(self.text()?.to_owned()),
            _ => return None,
        })
    }
}
