//! Observations in the very letters in which they are written here: nearly all that a watch reads, several times faster
//! than any JSON has to be read.

use serde::Deserialize;

use super::intake::{AdmittedV1, ObservationRecordV1};
use crate::instant::{self, Instant};
use crate::text::Text;
use crate::value::{Scalar, Values};

/// Reads the data of an observation, member by member in the order of writing. `None` is no verdict: a text with an
/// escape, a picture or another layout is for the JSON reader, which would read all that is read here alike.
pub(super) fn observation(data: &str) -> Option<ObservationRecordV1<'_>> {
    let mut rest = Rest(data);
    let device = rest.skip("{\"device\":")?.text()?;
    let place = rest.skip(",\"place\":")?.text()?;
    let kind = rest.skip(",\"kind\":")?.text()?;
    let values = rest.skip(",\"values\":")?.values()?;
    let confidence = match rest.skip(",\"confidence\":") {
        Some(rest) => Some(rest.number()?),
        None => None,
    };
    let health = match rest.skip(",\"health\":") {
        Some(rest) => Some(rest.flat_object()?),
        None => None,
    };
    let adapter = rest.skip(",\"admitted\":{\"adapter\":")?.text()?;
    let received = rest.skip(",\"received\":")?.text()?;
    let config = rest.skip(",\"config\":")?.number()?;
    let skewed = rest.skip(",\"skewed\":true").is_some();
    let late = rest.skip(",\"late\":true").is_some();
    rest.skip("}}").filter(|rest| rest.0.is_empty())?;
    Some(ObservationRecordV1 {
        device,
        place,
        kind,
        values,
        confidence,
        health,
        evidence: Vec::new(),
        admitted: AdmittedV1 { adapter, received: Instant(instant::parse(&received)?), config, skewed, late },
    })
}

/// What is still to be read.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    /// Passes over these letters if they come next.
    fn skip(&mut self, letters: &str) -> Option<&mut Self> {
        self.0 = self.0.strip_prefix(letters)?;
        Some(self)
    }

    /// A text in which every letter stands for itself.
    fn text(&mut self) -> Option<Text<'a>> {
        let inside = self.skip("\"")?.0;
        let end = inside.bytes().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20))?;
        let (text, rest) = inside.split_at(end);
        self.0 = rest.strip_prefix('"')?;
        Some(Text::from(text))
    }

    /// The letters of a number, and what JSON makes of them.
    fn number<T: Deserialize<'a>>(&mut self) -> Option<T> {
        let of_number = |byte: u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
        self.json(self.0.bytes().position(|byte| !of_number(byte))?)
    }

    /// An object without another in it, and what JSON makes of it.
    fn flat_object<T: Deserialize<'a>>(&mut self) -> Option<T> {
        self.json(self.0.find('}')? + 1)
    }

    fn json<T: Deserialize<'a>>(&mut self, length: usize) -> Option<T> {
        let (letters, rest) = self.0.split_at(length);
        self.0 = rest;
        serde_json::from_str(letters).ok()
    }

    fn values(&mut self) -> Option<Values<'a>> {
        let mut values = Vec::with_capacity(4);
        self.skip("{")?;
        while self.skip("}").is_none() {
            if !values.is_empty() {
                self.skip(",")?;
            }
            let name = self.text()?;
            values.push((name, self.skip(":")?.scalar()?));
        }
        Some(Values(values))
    }

    fn scalar(&mut self) -> Option<Scalar<'a>> {
        match self.0.as_bytes().first()? {
            b'"' => self.text().map(Scalar::Text),
            b't' => self.skip("true").map(|_| Scalar::Bool(true)),
            b'f' => self.skip("false").map(|_| Scalar::Bool(false)),
            _ => self.number(),
        }
    }
}

#[cfg(test)]
mod tests {
    use muster_domain::record::LogRecord;
    use proptest::prelude::*;

    use super::*;
    use crate::error::At;
    use crate::read;

    const WHOLE: &str = concat!(
        r#"{"device":"相机-1","place":"lane-1","kind":"occupancy","values":{"a":-1.5e-7,"n":12,"occupied":true,"plate":"京A"},"#,
        r#""confidence":0.93,"health":{"of":"camera","online":true},"admitted":{"adapter":"http","#,
        r#""received":"2026-11-24T00:00:00.000123Z","config":7,"skewed":true,"late":true}}"#
    );
    const BARE: &str = concat!(
        r#"{"device":"d","place":"p","kind":"k","values":{},"#,
        r#""admitted":{"adapter":"http","received":"2026-11-24T00:00:00Z","config":0}}"#
    );

    fn as_json(data: &str) -> Option<String> {
        let read: Result<ObservationRecordV1<'_>, _> = read::typed(data, &At::Root);
        read.ok().map(|read| format!("{read:?}"))
    }

    fn plainly(data: &str) -> Option<String> {
        observation(data).map(|read| format!("{read:?}"))
    }

    #[test]
    fn what_is_written_here_is_read_plainly_and_as_json_alike() {
        for data in [WHOLE, BARE] {
            assert!(plainly(data).is_some(), "{data}");
            assert_eq!(plainly(data), as_json(data), "{data}");
            let head = [("ce_type", crate::cloudevents::OBSERVATION), ("ce_source", "s"), ("ce_id", "i")];
            let head = head.into_iter().chain([("ce_time", "2026-11-24T00:00:00Z")]);
            let record = crate::record::decode(head.map(|(name, value)| (name, value.as_bytes())), data.as_bytes());
            let record: LogRecord = record.unwrap();
            assert_eq!(crate::record::encode(&record).payload, data, "the layout is that of writing");
        }
    }

    #[test]
    fn what_only_json_can_read_is_left_to_it() {
        for (from, to) in
            [(r#""p""#, r#""\u0070""#), (":0}", ": 0}"), ("}}", "}} "), (r#""kind""#, r#""other":1,"kind""#)]
        {
            let data = BARE.replace(from, to);
            assert!(plainly(&data).is_none() && as_json(&data).is_some(), "{data}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_read_plainly_json_reads_alike(
            whole in any::<bool>(),
            edits in prop::collection::vec((any::<prop::sample::Index>(), 0..3_usize, "[\\PC\u{0}-\u{1f}]|[0-9+.eE{}:,\"\\\\tfn-]{1,3}"), 1..4),
        ) {
            let mut letters: Vec<char> = if whole { WHOLE } else { BARE }.chars().collect();
            for (at, cut, put) in edits {
                let at = at.index(letters.len());
                let end = (at + cut).min(letters.len());
                letters.splice(at..end, put.chars());
            }
            let data: String = letters.into_iter().collect();
            if let Some(read) = plainly(&data) {
                prop_assert_eq!(Some(read), as_json(&data), "{}", data);
            }
        }
    }
}
