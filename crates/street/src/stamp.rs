//! Instants as RFC 3339 text with the street's offset, written without work for instants in the same second.

use jiff::Timestamp;
use jiff::tz::Offset;

/// Microseconds in a second.
pub const MICROS: i64 = 1_000_000;

/// Writes instants; remembers the text of the last second.
#[derive(Debug, Default)]
pub struct Stamp {
    second: Option<i64>,
    text: String,
}

impl Stamp {
    /// Appends an instant (microseconds since 1970) such as `2026-11-23T08:00:00.250000+08:00`.
    pub fn write(&mut self, micros: i64, out: &mut Vec<u8>) {
        let second = micros.div_euclid(MICROS);
        if self.second != Some(second) {
            self.second = Some(second);
            self.text = second_text(second);
        }
        out.extend_from_slice(self.text.as_bytes());
        let mut digits = *b".000000+08:00";
        let mut rest = micros.rem_euclid(MICROS);
        for digit in digits[1..7].iter_mut().rev() {
            *digit = b'0' + u8::try_from(rest % 10).unwrap_or_default();
            rest /= 10;
        }
        out.extend_from_slice(&digits);
    }

    /// The same as a text of its own.
    pub fn text(&mut self, micros: i64) -> String {
        let mut out = Vec::with_capacity(32);
        self.write(micros, &mut out);
        String::from_utf8(out).unwrap_or_default()
    }
}

fn second_text(second: i64) -> String {
    let instant = Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH);
    let local = Offset::constant(8).to_datetime(instant);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
        local.year(),
        local.month(),
        local.day(),
        local.hour(),
        local.minute(),
        local.second()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_reads_back_as_itself() {
        let mut stamp = Stamp::default();
        for micros in [0, 1, 999_999, 1_795_492_800_250_000, 1_795_492_800_999_999, 1_795_492_801_000_000] {
            let text = stamp.text(micros);
            assert_eq!(text.parse::<Timestamp>().unwrap().as_microsecond(), micros, "{text}");
            assert!(text.ends_with("+08:00"), "{text}");
        }
    }
}
