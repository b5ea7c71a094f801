//! A file of CloudEvents taken apart in bounded memory: an event a line, one array, or one event over many lines.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read};

use muster_wire::bounds::MAX_RECORD_BYTES;

/// How much is read at once.
const BUFFER: usize = 512 * 1024;

/// An event's bytes and the line it begins on, or why it cannot be sent.
pub(crate) type Piece = (u64, Result<Vec<u8>, String>);

/// What the file is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// An event a line.
    Lines,
    /// One array, or one event alone.
    Batch,
}

/// The events of a file, one by one.
pub(crate) struct Events<R> {
    input: BufReader<R>,
    form: Form,
    /// The line that is read next, from 1.
    line: u64,
    /// Bytes read so far.
    read: u64,
    /// Pieces that were read while looking what the file is made of.
    ahead: VecDeque<Piece>,
    ended: bool,
}

impl<R: Read> Events<R> {
    /// Looks what the file is made of.
    pub(crate) fn open(input: R) -> io::Result<Self> {
        let input = BufReader::with_capacity(BUFFER, input);
        let mut events = Self { input, form: Form::Lines, line: 1, read: 0, ahead: VecDeque::new(), ended: false };
        if events.peek()? == Some(0xef) {
            (0..3).for_each(|_| events.skip());
        }
        match events.past_space()? {
            None => events.ended = true,
            Some(b'[') => {
                events.skip();
                events.form = Form::Batch;
                events.ended = events.past_space()? == Some(b']');
                if events.ended {
                    events.skip();
                    events.behind()?;
                }
            }
            Some(_) => events.look_ahead()?,
        }
        Ok(events)
    }

    /// What the file is made of.
    pub(crate) fn form(&self) -> Form {
        self.form
    }

    /// How many bytes of the file are done.
    pub(crate) fn read(&self) -> u64 {
        self.read
    }

    /// Whether the next piece may have to be waited for.
    pub(crate) fn is_drained(&self) -> bool {
        self.ahead.is_empty() && self.input.buffer().is_empty()
    }

    /// The next event.
    pub(crate) fn next(&mut self) -> io::Result<Option<Piece>> {
        if let Some(piece) = self.ahead.pop_front() {
            return Ok(Some(piece));
        }
        if self.ended {
            return Ok(None);
        }
        match self.form {
            Form::Lines => self.next_line(),
            Form::Batch => self.next_item().map(Some),
        }
    }

    /// An object that does not end on its line may be one event over many, if it is all there is.
    fn look_ahead(&mut self) -> io::Result<()> {
        let (begins, mut whole) = (self.line, Vec::new());
        while let Some((line, piece)) = self.next_line()? {
            if let Ok(bytes) = &piece {
                whole.extend_from_slice(bytes);
                whole.push(b'\n');
            }
            let more = piece.is_ok() && whole.len() <= MAX_RECORD_BYTES && is_cut_off(&whole);
            self.ahead.push_back((line, piece));
            if !more {
                break;
            }
        }
        let one = self.ahead.len() > 1 && serde_json::from_slice::<serde::de::IgnoredAny>(&whole).is_ok();
        if one && self.past_space()?.is_none() {
            (self.form, self.ended) = (Form::Batch, true);
            self.ahead = [(begins, Ok(whole))].into();
        }
        Ok(())
    }

    /// The next line that has anything on it.
    fn next_line(&mut self) -> io::Result<Option<Piece>> {
        loop {
            let (line, mut bytes) = (self.line, Vec::new());
            let limit = MAX_RECORD_BYTES as u64 + 2;
            let taken = self.input.by_ref().take(limit).read_until(b'\n', &mut bytes)?;
            self.read += taken as u64;
            if taken == 0 {
                self.ended = true;
                return Ok(None);
            }
            if bytes.last() == Some(&b'\n') {
                self.line += 1;
            } else if bytes.len() > MAX_RECORD_BYTES {
                while self.peek()?.is_some_and(|byte| byte != b'\n') {
                    self.skip();
                }
                if self.peek()?.is_some() {
                    self.skip();
                }
                return Ok(Some((line, Err(too_long()))));
            }
            let trimmed = bytes.trim_ascii();
            if !trimmed.is_empty() {
                let fits = trimmed.len() <= MAX_RECORD_BYTES;
                return Ok(Some((line, if fits { Ok(trimmed.to_vec()) } else { Err(too_long()) })));
            }
        }
    }

    /// The next item of the array: up to a comma or the bracket of the array itself, or to the end of everything.
    fn next_item(&mut self) -> io::Result<Piece> {
        self.past_space()?;
        let (line, mut item, mut length) = (self.line, Vec::new(), 0_usize);
        let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
        let end = loop {
            let Some(byte) = self.peek()? else { break None };
            match byte {
                _ if escaped => escaped = false,
                b'\\' if quoted => escaped = true,
                b'"' => quoted = !quoted,
                _ if quoted => {}
                b',' | b']' if depth == 0 => break Some(byte),
                b'[' | b'{' => depth += 1,
                b']' | b'}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.skip();
            length += 1;
            if length <= MAX_RECORD_BYTES {
                item.push(byte);
            }
        };
        if end.is_some() {
            self.skip();
        }
        if end != Some(b',') {
            self.ended = true;
            self.behind()?;
        }
        let piece = if length > MAX_RECORD_BYTES {
            Err(too_long())
        } else if end.is_none() {
            Err("the array breaks off here; send the rest again".to_owned())
        } else {
            Ok(item.trim_ascii().to_vec())
        };
        Ok((line, piece))
    }

    /// Whatever stands behind the array is named, and not sent.
    fn behind(&mut self) -> io::Result<()> {
        if self.past_space()?.is_some() {
            self.ahead.push_back((self.line, Err("stands behind the end of the array, and is not sent".to_owned())));
        }
        Ok(())
    }

    fn past_space(&mut self) -> io::Result<Option<u8>> {
        while self.peek()?.is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.skip();
        }
        self.peek()
    }

    fn peek(&mut self) -> io::Result<Option<u8>> {
        Ok(self.input.fill_buf()?.first().copied())
    }

    /// Goes over the byte that was looked at.
    fn skip(&mut self) {
        self.line += u64::from(self.input.buffer().first() == Some(&b'\n'));
        self.input.consume(1);
        self.read += 1;
    }
}

fn too_long() -> String {
    format!("has more than {MAX_RECORD_BYTES} bytes, which is the most of one event")
}

/// Whether the text is the beginning of something in JSON.
fn is_cut_off(text: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(text).is_err_and(|error| error.is_eof())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each piece with its line; what cannot be sent in brackets.
    fn pieces(text: &str) -> (Form, Vec<(u64, String)>) {
        let mut events = Events::open(text.as_bytes()).unwrap();
        let mut found = Vec::new();
        while let Some((line, piece)) = events.next().unwrap() {
            let bytes = piece.map(|bytes| String::from_utf8(bytes).unwrap());
            found.push((line, bytes.unwrap_or_else(|reason| format!("({reason})"))));
        }
        (events.form(), found)
    }

    fn owned(found: &[(u64, &str)]) -> Vec<(u64, String)> {
        found.iter().map(|(line, text)| (*line, (*text).to_owned())).collect()
    }

    #[test]
    fn an_event_a_line() {
        let (form, found) = pieces("\u{feff}{\"a\":1}\n\n not json\r\n{\"b\":\n{}");
        assert_eq!(
            (form, found),
            (Form::Lines, owned(&[(1, "{\"a\":1}"), (3, "not json"), (4, "{\"b\":"), (5, "{}")]))
        );
        assert_eq!(pieces("").1, []);
        assert_eq!(pieces(" \n\n").1, []);
    }

    #[test]
    fn one_array() {
        let (form, found) = pieces("\n[{\"a\":\"],\\\"\"},\n {\"b\":[1,2]} ,\n3]\n");
        let wanted = owned(&[(2, "{\"a\":\"],\\\"\"}"), (3, "{\"b\":[1,2]}"), (4, "3")]);
        assert_eq!((form, found), (Form::Batch, wanted));
        assert_eq!(pieces("[]").1, []);
        let cut = pieces("[{},\n{").1;
        assert!(cut.len() == 2 && cut[1].0 == 2 && cut[1].1.contains("breaks off"), "{cut:?}");
        let behind = pieces("[{}]\n{}").1;
        assert!(behind.len() == 2 && behind[1].0 == 2 && behind[1].1.contains("behind"), "{behind:?}");
    }

    #[test]
    fn one_event_over_many_lines() {
        let (form, found) = pieces("{\n\"a\":\n1}\n");
        assert_eq!((form, found), (Form::Batch, owned(&[(1, "{\n\"a\":\n1}\n")])));
        let (form, found) = pieces("{\"a\":1}\n{\"b\":2}");
        assert_eq!((form, found.len()), (Form::Lines, 2));
        let (form, found) = pieces("{\n\"a\":1}\n{}\n");
        assert_eq!((form, found.len()), (Form::Lines, 3), "what is neither is named line by line");
    }

    #[test]
    fn what_is_too_long_is_not_kept() {
        let long = "x".repeat(MAX_RECORD_BYTES + 1);
        let found = pieces(&format!("{long}\n{{}}\n")).1;
        assert!(found[0].1.contains("more than") && found[1] == (2, "{}".to_owned()), "{}", found.len());
        let found = pieces(&format!("[\"{long}\",\n{{}}]")).1;
        assert!(found[0].1.contains("more than") && found[1] == (2, "{}".to_owned()), "{}", found.len());
    }
}
