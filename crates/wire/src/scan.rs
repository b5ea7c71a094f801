//! Reads a JSON text once, without recursion, before anything is built from it: grammar, depth, doubled keys, and
//! texts that no database can hold.
//!
//! What passes here is well-formed JSON (RFC 8259) in UTF-8, at most 32 deep, in which no object has a key twice, after
//! escapes are undone, and no text holds U+0000 or half of a surrogate pair. So serde only has to ask for types.

use std::borrow::Cow;

use crate::bounds::{MAX_DEPTH, MAX_RECORD_BYTES};
use crate::error::{Code, WireError, push_key};
use crate::fault::{Fault, Reason};

/// Checks one record and hands it back as text. Pointers of refusals begin with `base`.
///
/// # Errors
/// [`WireError`] for what is not acceptable JSON, with the byte where that shows.
pub(crate) fn check<'a>(bytes: &'a [u8], base: &str) -> Result<&'a str, WireError> {
    let refuse = |code, reason: Reason| Err(WireError::new(code, base, reason));
    if bytes.len() > MAX_RECORD_BYTES {
        let size = bytes.len();
        return refuse(Code::TooLarge, Fault::RecordTooLarge.with(&[("size", &size), ("most", &MAX_RECORD_BYTES)]));
    }
    if bytes.starts_with(&[0xef, 0xbb, 0xbf]) {
        return refuse(Code::MalformedJson, Fault::ByteOrderMark.into());
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Scanner { text, at: 0, frames: Vec::new(), keys: Vec::new(), base }.document().map(|()| text),
        Err(error) => refuse(Code::NotUtf8, Fault::ByteNotUtf8.with(&[("at", &error.valid_up_to())])),
    }
}

/// One array or object that is open.
#[derive(Debug)]
struct Frame {
    is_object: bool,
    /// The first of its keys in `Scanner::keys`.
    keys_from: usize,
    /// Items before the present one.
    index: usize,
}

#[derive(Debug)]
struct Scanner<'a> {
    text: &'a str,
    at: usize,
    frames: Vec<Frame>,
    /// The keys of all open objects, outermost first.
    keys: Vec<Cow<'a, str>>,
    base: &'a str,
}

impl<'a> Scanner<'a> {
    fn document(&mut self) -> Result<(), WireError> {
        self.space();
        loop {
            // A value begins here.
            let opened = match self.peek() {
                Some(b'{') => self.open(true)?,
                Some(b'[') => self.open(false)?,
                Some(b'"') => self.string().map(|_| false)?,
                Some(b'-' | b'0'..=b'9') => self.number().map(|()| false)?,
                Some(b't') => self.word("true").map(|()| false)?,
                Some(b'f') => self.word("false").map(|()| false)?,
                Some(b'n') => self.word("null").map(|()| false)?,
                Some(_) => return Err(self.malformed("a value was expected")),
                None => return Err(self.malformed("ends where a value was expected")),
            };
            if !opened && !self.close()? {
                break;
            }
        }
        self.space();
        if self.at < self.text.len() {
            Err(self.malformed("something follows the end of the document"))
        } else {
            Ok(())
        }
    }

    /// Opens an array or object; says whether a value follows inside it.
    fn open(&mut self, is_object: bool) -> Result<bool, WireError> {
        if self.frames.len() == MAX_DEPTH {
            let reason = Fault::TooDeep.with(&[("most", &MAX_DEPTH)]);
            return Err(self.refuse(Code::TooDeep, reason));
        }
        self.at += 1;
        self.space();
        self.frames.push(Frame { is_object, keys_from: self.keys.len(), index: 0 });
        match (self.peek(), is_object) {
            (Some(b'}'), true) | (Some(b']'), false) => Ok(false),
            (_, true) => self.key().map(|()| true),
            (_, false) => Ok(true),
        }
    }

    /// After a value: closes what ends here; says whether another value follows.
    fn close(&mut self) -> Result<bool, WireError> {
        loop {
            self.space();
            let Some(frame) = self.frames.last_mut() else { return Ok(false) };
            match (self.text.as_bytes().get(self.at), frame.is_object) {
                (Some(b','), is_object) => {
                    frame.index += 1;
                    self.at += 1;
                    self.space();
                    if is_object {
                        self.key()?;
                    }
                    return Ok(true);
                }
                (Some(b'}'), true) => {
                    let keys_from = frame.keys_from;
                    self.at += 1;
                    self.doubled(keys_from)?;
                    self.keys.truncate(keys_from);
                    self.frames.pop();
                }
                (Some(b']'), false) => {
                    self.at += 1;
                    self.frames.pop();
                }
                (Some(_), true) => return Err(self.malformed("`,` or `}` was expected")),
                (Some(_), false) => return Err(self.malformed("`,` or `]` was expected")),
                (None, _) => return Err(self.malformed("breaks off")),
            }
        }
    }

    fn key(&mut self) -> Result<(), WireError> {
        if self.peek() != Some(b'"') {
            return Err(self.malformed("a key in double quotes was expected"));
        }
        let from = self.at;
        let escaped = self.string()?;
        let key = &self.text[from + 1..self.at - 1];
        self.keys.push(if escaped {
            let raw = &self.text[from..self.at];
            Cow::Owned(serde_json::from_str(raw).map_err(|_| self.malformed("a key cannot be read"))?)
        } else {
            Cow::Borrowed(key)
        });
        self.space();
        if self.peek() != Some(b':') {
            return Err(self.malformed("`:` was expected"));
        }
        self.at += 1;
        self.space();
        Ok(())
    }

    /// Refuses an object that has a key twice: readers differ in which of the two they take.
    fn doubled(&self, keys_from: usize) -> Result<(), WireError> {
        let keys = &self.keys[keys_from..];
        let twice = if keys.len() <= 12 {
            (1..keys.len()).find(|&n| keys[..n].contains(&keys[n])).map(|n| &*keys[n])
        } else {
            let mut sorted: Vec<&str> = keys.iter().map(|key| &**key).collect();
            sorted.sort_unstable();
            sorted.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0])
        };
        let Some(key) = twice else { return Ok(()) };
        let mut pointer = self.pointer(self.frames.len() - 1);
        push_key(&mut pointer, key);
        Err(WireError::new(Code::DuplicateKey, pointer, Fault::Twice))
    }

    /// Passes over a string; says whether it has escapes.
    fn string(&mut self) -> Result<bool, WireError> {
        let bytes = self.text.as_bytes();
        let mut escaped = false;
        self.at += 1;
        loop {
            match bytes.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(escaped);
                }
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(0) => return Err(self.refuse(Code::NullCharacter, Fault::NullCharacter)),
                Some(0x01..=0x1f) => return Err(self.malformed("a control character must be escaped")),
                Some(_) => self.at += 1,
                None => return Err(self.malformed("a string does not end")),
            }
        }
    }

    fn escape(&mut self) -> Result<(), WireError> {
        match self.text.as_bytes().get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => match self.unit(self.at)? {
                0 => return Err(self.refuse(Code::NullCharacter, Fault::NullCharacter)),
                0xd800..=0xdbff => {
                    let low = self.text.as_bytes().get(self.at + 6..self.at + 8) == Some(b"\\u");
                    if !low || !(0xdc00..=0xdfff).contains(&self.unit(self.at + 6)?) {
                        return Err(self.malformed("half of a surrogate pair"));
                    }
                    self.at += 12;
                }
                0xdc00..=0xdfff => return Err(self.malformed("half of a surrogate pair")),
                _ => self.at += 6,
            },
            _ => return Err(self.malformed("an unknown escape")),
        }
        Ok(())
    }

    /// The UTF-16 unit of the escape `\uXXXX` that begins at `at`.
    fn unit(&self, at: usize) -> Result<u16, WireError> {
        let digits = self.text.as_bytes().get(at + 2..at + 6).unwrap_or_default();
        if digits.len() == 4 && digits.iter().all(u8::is_ascii_hexdigit) {
            let value = |digit: u8| (char::from(digit).to_digit(16)).unwrap_or_default() as u16;
            Ok(digits.iter().fold(0, |unit, digit| (unit << 4) | value(*digit)))
        } else {
            Err(self.malformed("four hexadecimal digits were expected"))
        }
    }

    fn number(&mut self) -> Result<(), WireError> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            _ => self.digits()?,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), WireError> {
        let from = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at == from { Err(self.malformed("a digit was expected")) } else { Ok(()) }
    }

    fn word(&mut self, word: &str) -> Result<(), WireError> {
        if self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            Ok(())
        } else {
            Err(self.malformed("a value was expected"))
        }
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn malformed(&self, what: &'static str) -> WireError {
        self.refuse(Code::MalformedJson, Fault::Malformed.with(&[("at", &self.at), ("what", &what)]))
    }

    fn refuse(&self, code: Code, reason: impl Into<Reason>) -> WireError {
        WireError::new(code, self.pointer(self.frames.len()), reason)
    }

    /// The way down through the first `depth` open arrays and objects.
    fn pointer(&self, depth: usize) -> String {
        let mut pointer = self.base.to_owned();
        for (n, frame) in self.frames[..depth].iter().enumerate() {
            let keys_to = self.frames.get(n + 1).map_or(self.keys.len(), |next| next.keys_from);
            if !frame.is_object {
                pointer.push_str(&format!("/{}", frame.index));
            } else if let Some(key) = self.keys[frame.keys_from..keys_to].last() {
                push_key(&mut pointer, key);
            }
        }
        pointer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn refused(text: &str) -> (String, Code) {
        let error = check(text.as_bytes(), "").unwrap_err();
        (error.pointer, error.code)
    }

    #[test]
    fn refusals_point_at_what_is_wrong() {
        for (text, pointer, code) in [
            ("", "", Code::MalformedJson),
            (r#"{"a":[1,{"b":NaN}]}"#, "/a/1/b", Code::MalformedJson),
            (r#"{"a":1,"a":2}"#, "/a", Code::DuplicateKey),
            (r#"{"x":{"a":1,"\u0061":2}}"#, "/x/a", Code::DuplicateKey),
            (r#"{"x":[{},{"a~b":1,"a~b":2}]}"#, "/x/1/a~0b", Code::DuplicateKey),
            (r#"{"a":"\ud800"}"#, "/a", Code::MalformedJson),
            (r#"{"a":"\udc00\ud800"}"#, "/a", Code::MalformedJson),
            (r#"{"a":"\u0000"}"#, "/a", Code::NullCharacter),
            ("{\"a\":\"\u{0}\"}", "/a", Code::NullCharacter),
            ("{\"a\":\"\n\"}", "/a", Code::MalformedJson),
            (r#"{"a":01}"#, "/a", Code::MalformedJson),
            (r#"{"a":1.}"#, "/a", Code::MalformedJson),
            (r#"{"a":+1}"#, "/a", Code::MalformedJson),
            (r#"{"a":1,}"#, "/a", Code::MalformedJson),
            (r#"[1,]"#, "/1", Code::MalformedJson),
            (r#"{"a":tru}"#, "/a", Code::MalformedJson),
            (r#"{"a":1} x"#, "", Code::MalformedJson),
            (r#"{"a":"b"#, "/a", Code::MalformedJson),
            ("\u{feff}{}", "", Code::MalformedJson),
        ] {
            assert_eq!(refused(text), (pointer.to_owned(), code), "{text:?}");
        }
        let many: Vec<String> = (0..30).map(|n| format!("\"k{}\":0", n % 29)).collect();
        assert_eq!(refused(&format!("{{{}}}", many.join(","))), ("/k0".to_owned(), Code::DuplicateKey));
    }

    #[test]
    fn depth_and_size_are_bounded() {
        let deep = |n: usize| "[".repeat(n) + &"]".repeat(n);
        assert!(check(deep(MAX_DEPTH).as_bytes(), "").is_ok());
        assert_eq!(refused(&deep(MAX_DEPTH + 1)).1, Code::TooDeep);
        assert_eq!(refused(&"[".repeat(200_000)).1, Code::TooDeep);
        let long = format!("\"{}\"", "x".repeat(MAX_RECORD_BYTES - 2));
        assert!(check(long.as_bytes(), "").is_ok());
        assert_eq!(refused(&format!(" {long}")).1, Code::TooLarge);
        assert_eq!(check(b"\"\xff\"", "").unwrap_err().code, Code::NotUtf8);
    }

    #[test]
    fn good_json_passes() {
        for text in ["0", "-0.5e+3", " [ ] ", "{ }", r#"{"a":{"b":[true,false,null,"\ud83d\ude92"]},"b":1}"#, "\"\""] {
            assert_eq!(check(text.as_bytes(), ""), Ok(text));
        }
    }

    proptest! {
        #[test]
        fn what_passes_is_what_serde_json_reads(text in r#"[\[\]{}",:0-9eE.\\uabd \-tfnrlsu]{0,40}"#) {
            if check(text.as_bytes(), "").is_ok() {
                prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok() || text.contains(['e', 'E']));
            } else if serde_json::from_str::<serde_json::Value>(&text).is_ok() {
                let code = check(text.as_bytes(), "").unwrap_err().code;
                prop_assert!(matches!(code, Code::DuplicateKey | Code::NullCharacter));
            }
        }

        #[test]
        fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = check(&bytes, "");
        }
    }
}
