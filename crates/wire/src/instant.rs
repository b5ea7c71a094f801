//! RFC 3339 times with an offset, to the microsecond, and the spans between them.

use std::borrow::Cow;
use std::fmt;

use muster_domain::time::Span;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error as _, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::fault::Fault;

const DAY: i64 = 86_400;

/// The first and last microsecond that RFC 3339 can write in UTC: the years 0000 to 9999.
const FIRST: i64 = -62_167_219_200_000_000;
const LAST: i64 = 253_402_300_799_999_999;

/// What a refused time is told.
const WANTED: &str = Fault::NoTime.en();

/// Microseconds since 1970 UTC of an RFC 3339 time with an offset; finer digits are cut off.
///
/// A leap second counts as the last microsecond of its minute. What has no offset, or is no day of any calendar, is
/// nothing. (Not left to jiff: this takes a tenth of the time on the watch's hot path, and jiff reads more than
/// RFC 3339. Tests hold the two to each other.)
pub(crate) fn parse(text: &str) -> Option<i64> {
    let (date_time, rest) = text.as_bytes().split_first_chunk::<19>()?;
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T' | b't', h1, h2, b':', n1, n2, b':', s1, s2] = *date_time
    else {
        return None;
    };
    let digits = [y1, y2, y3, y4, m1, m2, d1, d2, h1, h2, n1, n2, s1, s2];
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let digits = digits.map(|digit| i64::from(digit - b'0'));
    let number = |from: usize, to: usize| digits[from..to].iter().fold(0, |number, digit| number * 10 + digit);
    let (year, month, day) = (number(0, 4), number(4, 6), number(6, 8));
    let (hour, minute, second) = (number(8, 10), number(10, 12), number(12, 14));
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (mut micros, rest) = fraction(rest)?;
    let second = if second == 60 {
        micros = 999_999;
        59
    } else {
        second
    };
    let seconds = days(year, month, day)? * DAY + hour * 3600 + minute * 60 + second - offset(rest)?;
    let instant = seconds * 1_000_000 + micros;
    (FIRST..=LAST).contains(&instant).then_some(instant)
}

/// Microseconds of a fraction of 1 to 18 digits, if there is one, and what follows it.
fn fraction(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let Some(digits) = bytes.strip_prefix(b".") else { return Some((0, bytes)) };
    let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if count == 0 || count > 18 {
        return None;
    }
    let micros = (0..6)
        .fold(0, |sum, n| sum * 10 + digits.get(n).filter(|_| n < count).map_or(0, |digit| i64::from(digit - b'0')));
    Some((micros, &digits[count..]))
}

/// Seconds east of UTC.
fn offset(bytes: &[u8]) -> Option<i64> {
    match bytes {
        [b'Z' | b'z'] => Some(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let digits = [h1, h2, m1, m2];
            if !digits.iter().all(|digit| digit.is_ascii_digit()) {
                return None;
            }
            let [h1, h2, m1, m2] = digits.map(|digit| i64::from(digit - b'0'));
            let (hours, minutes) = (h1 * 10 + h2, m1 * 10 + m2);
            let seconds = hours * 3600 + minutes * 60;
            (hours <= 23 && minutes <= 59).then_some(if *sign == b'-' { -seconds } else { seconds })
        }
        _ => None,
    }
}

/// Days from 1970-01-01 to a day of the Gregorian calendar, carried back to the year 0.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(leap),
        1..=12 => 31,
        _ => return None,
    };
    if day < 1 || day > length {
        return None;
    }
    // Years that begin in March have their leap day at the end, so that months have one formula.
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * month + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

/// Year, month and day of a day counted from 1970-01-01: the other way of [`days`].
fn date(day: i64) -> (i64, i64, i64) {
    let day = day + 719_468;
    let (era, of_era) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    if month < 10 { (era * 400 + year, month + 3, day) } else { (era * 400 + year + 1, month - 9, day) }
}

/// An instant as every format of ours writes it: in UTC, with as many digits as it needs.
///
/// What the domain holds came in through [`parse`] or from a clock, so it lies in the years that RFC 3339 can write;
/// anything else is written as the nearest instant that can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Instant(pub(crate) i64);

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let instant = self.0.clamp(FIRST, LAST);
        let (seconds, micros) = (instant.div_euclid(1_000_000), instant.rem_euclid(1_000_000));
        let (year, month, day) = date(seconds.div_euclid(DAY));
        let of_day = seconds.rem_euclid(DAY);
        let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        let (mut fraction, mut digits) = (micros, 6);
        while fraction != 0 && fraction % 10 == 0 {
            (fraction, digits) = (fraction / 10, digits - 1);
        }
        if fraction != 0 {
            write!(f, ".{fraction:0digits$}")?;
        }
        f.write_str("Z")
    }
}

/// Writes an instant (microseconds since 1970 UTC) as RFC 3339 in UTC, exactly.
#[must_use]
pub fn rfc3339(micros: i64) -> String {
    Instant(micros).to_string()
}

/// Reads an RFC 3339 time with an offset as microseconds since 1970 UTC.
///
/// Digits finer than a microsecond are cut off. `None` for what has no offset, is no day, or lies outside the years
/// 0000 to 9999.
#[must_use]
pub fn micros(text: &str) -> Option<i64> {
    parse(text)
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Rfc3339;
        impl Visitor<'_> for Rfc3339 {
            type Value = Instant;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an RFC 3339 time with an offset")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Instant, E> {
                parse(text).map(Instant).ok_or_else(|| E::custom(WANTED))
            }
        }
        deserializer.deserialize_str(Rfc3339)
    }
}

impl JsonSchema for Instant {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Instant".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}

/// A length of time as every format of ours writes it: whole microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Micros(pub(crate) Span);

impl Serialize for Micros {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0.micros())
    }
}

impl<'de> Deserialize<'de> for Micros {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let micros = i64::deserialize(deserializer)?;
        if micros < 0 { Err(D::Error::custom("is negative")) } else { Ok(Self(Span::from_micros(micros))) }
    }
}

impl JsonSchema for Micros {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Micros".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times_need_a_day_and_an_offset() {
        assert_eq!(parse("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(parse("2026-11-23T08:00:00.250+08:00"), parse("2026-11-23t00:00:00.2500009z"));
        assert_eq!(parse("2016-12-31T23:59:60Z"), parse("2016-12-31T23:59:59.999999Z"));
        assert_eq!(parse("2024-02-29T00:00:00-00:00"), Some(1_709_164_800_000_000));
        for text in [
            "",
            "2026-11-23",
            "2026-11-23T08:00:00",
            "2026-11-23 08:00:00Z",
            "2026-11-23T08:00Z",
            "2026-11-23T08:00:00.Z",
            "2026-11-23T08:00:00+8:00",
            "2026-11-23T08:00:00+0800",
            "2026-11-23T08:00:00+24:00",
            "2026-11-23T24:00:00Z",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "10000-01-01T00:00:00Z",
            "9999-12-31T23:59:59-00:01",
            "0000-01-01T00:00:00+00:01",
            "-001-01-01T00:00:00Z",
            "２026-11-23T08:00:00Z",
            "2026-11-23T08:00:00Z ",
            "2026-11-23T08:00:00[Asia/Shanghai]",
            "1764000000",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn the_first_and_the_last_instant_are_written() {
        assert_eq!(rfc3339(i64::MIN), "0000-01-01T00:00:00Z");
        assert_eq!(rfc3339(i64::MAX), "9999-12-31T23:59:59.999999Z");
        assert_eq!(rfc3339(1_709_164_800_000_010), "2024-02-29T00:00:00.00001Z");
        assert_eq!([FIRST, LAST].map(|end| parse(&rfc3339(end))), [Some(FIRST), Some(LAST)]);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(micros in FIRST..=LAST) {
            prop_assert_eq!(parse(&rfc3339(micros)), Some(micros));
        }

        #[test]
        fn jiff_writes_the_same(micros in FIRST..=253_402_000_000_000_000) {
            let jiffs = jiff::Timestamp::from_microsecond(micros).unwrap();
            prop_assert_eq!(rfc3339(micros), jiffs.to_string());
        }

        #[test]
        fn jiff_reads_the_same(text in "[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?(Z|[+-][01][0-9]:[0-5][0-9])") {
            let jiffs = text.parse::<jiff::Timestamp>().ok();
            let jiffs = jiffs.map(|time| time.as_nanosecond().div_euclid(1000) as i64).filter(|m| (FIRST..=LAST).contains(m));
            prop_assert_eq!(parse(&text), jiffs);
        }

        #[test]
        fn any_text_is_answered(text in "\\PC{0,40}") {
            let _ = parse(&text);
        }
    }
}
