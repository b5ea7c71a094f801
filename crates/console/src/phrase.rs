//! Times, spans and values as people read them.

use jiff::Timestamp;
use muster_domain::record::Value;
use muster_domain::time::Span;

use crate::look::Look;
use crate::text::Lang;

/// "6 分 12 秒": how long, in at most two units.
#[must_use]
pub fn span(lang: Lang, span: Span) -> String {
    let secs = span.secs();
    let (days, hours, mins, rest) = (secs / 86_400, secs / 3_600 % 24, secs / 60 % 60, secs % 60);
    let [d, h, m, s] = lang.pick(["天", "小时", "分", "秒"], ["d", "h", "min", "s"]);
    let two = |a: i64, ua: &str, b: i64, ub: &str| match b {
        0 => format!("{a} {ua}"),
        _ => format!("{a} {ua} {b} {ub}"),
    };
    if days > 0 {
        two(days, d, hours, h)
    } else if hours > 0 {
        two(hours, h, mins, m)
    } else if mins > 0 {
        two(mins, m, rest, s)
    } else {
        format!("{rest} {s}")
    }
}

/// "02:48" or "1:02:48" of seconds that are left, "−03:12" of seconds late; days above 48 hours.
#[must_use]
pub fn countdown(lang: Lang, left: i64) -> String {
    let sign = if left < 0 { "−" } else { "" };
    let secs = left.unsigned_abs();
    let (hours, mins, rest) = (secs / 3_600, secs / 60 % 60, secs % 60);
    if hours >= 48 {
        format!("{sign}{} {}", hours / 24, lang.pick("天", "d"))
    } else if hours > 0 {
        format!("{sign}{hours}:{mins:02}:{rest:02}")
    } else {
        format!("{sign}{mins:02}:{rest:02}")
    }
}

/// An instant as people read it, with the whole of it for those who ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct When {
    /// "16:41", with the date only if it is not today.
    pub short: String,
    /// "16:41:03", with the date only if it is not today.
    pub exact: String,
    /// "2026-11-24 16:41:03 +08:00".
    pub full: String,
    /// RFC 3339.
    pub iso: String,
}

/// An instant in microseconds since 1970, as the reader of `look` should see it.
#[must_use]
pub fn when(look: &Look, micros: i64) -> When {
    let zoned = |micros: i64| {
        Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned_datetime(look.zone.clone())
    };
    let (at, now) = (zoned(micros), zoned(look.now.micros()));
    let date = if at.date() == now.date() {
        ""
    } else if at.year() == now.year() {
        "%m-%d "
    } else {
        "%Y-%m-%d "
    };
    When {
        short: at.strftime(&format!("{date}%H:%M")).to_string(),
        exact: at.strftime(&format!("{date}%H:%M:%S")).to_string(),
        full: at.strftime("%Y-%m-%d %H:%M:%S %:z").to_string(),
        iso: at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
    }
}

/// A value with at most one decimal, so that numbers line up.
#[must_use]
pub fn value(value: &Value) -> String {
    match value {
        Value::Number(n) if n.fract() == 0.0 && n.abs() < 1e15 => format!("{n:.0}"),
        Value::Number(n) => format!("{n:.1}"),
        other => other.to_string(),
    }
}

/// How wide a text is, in units of its font size: Chinese is a full square, most Latin letters a little over half.
#[must_use]
pub fn width_em(text: &str) -> f64 {
    text.chars()
        .map(|c| match c {
            'i' | 'l' | 'j' | '.' | ',' | ' ' | '·' | '\'' | ':' | '|' => 0.32,
            'm' | 'w' | 'M' | 'W' => 0.86,
            'A'..='Z' => 0.66,
            c if (c as u32) < 0x2000 => 0.56,
            _ => 1.0,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::look::Theme;
    use jiff::tz::TimeZone;
    use muster_domain::time::Filed;

    #[test]
    fn spans_are_said_in_two_units() {
        for (secs, zh, en) in [
            (0, "0 秒", "0 s"),
            (59, "59 秒", "59 s"),
            (372, "6 分 12 秒", "6 min 12 s"),
            (300, "5 分", "5 min"),
            (3_900, "1 小时 5 分", "1 h 5 min"),
            (183_600, "2 天 3 小时", "2 d 3 h"),
        ] {
            assert_eq!(span(Lang::Zh, Span::from_secs(secs)), zh);
            assert_eq!(span(Lang::En, Span::from_secs(secs)), en);
        }
    }

    #[test]
    fn late_is_a_minus_and_not_a_hyphen() {
        assert_eq!(countdown(Lang::Zh, 168), "02:48");
        assert_eq!(countdown(Lang::Zh, -192), "−03:12");
        assert_eq!(countdown(Lang::Zh, 3_768), "1:02:48");
        assert_eq!(countdown(Lang::En, 200_000), "2 d");
        assert_eq!(countdown(Lang::En, i64::MIN), "−106751991167300 d");
    }

    #[test]
    fn the_date_is_said_only_when_it_is_not_today() {
        let look = Look {
            lang: Lang::Zh,
            theme: Theme::System,
            now: Filed::from_micros(1_795_509_974_000_000),
            zone: TimeZone::fixed(jiff::tz::offset(8)),
            street: String::new(),
            illustrative: true,
            speed: 1,
            path: "/".to_owned(),
        };
        assert_eq!(when(&look, 1_795_509_663_000_000).short, "16:41");
        assert_eq!(when(&look, 1_795_423_263_000_000).short, "11-23 16:41");
        assert_eq!(when(&look, 1_795_509_663_000_000).full, "2026-11-24 16:41:03 +08:00");
        assert_eq!(when(&look, i64::MAX).full, "1970-01-01 08:00:00 +08:00");
    }
}
