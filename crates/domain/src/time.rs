//! The four times of ENGINE §2, each a type of its own, and spans between them.

use std::fmt;

/// A length of time in microseconds, never negative.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Span(i64);

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// From microseconds; a negative number is no time at all.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(if micros < 0 { 0 } else { micros })
    }

    /// From whole seconds.
    #[must_use]
    pub const fn from_secs(secs: i64) -> Self {
        Self::from_micros(secs.saturating_mul(1_000_000))
    }

    /// From whole minutes.
    #[must_use]
    pub const fn from_mins(mins: i64) -> Self {
        Self::from_secs(mins.saturating_mul(60))
    }

    /// Microseconds.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds, rounded down.
    #[must_use]
    pub const fn secs(self) -> i64 {
        self.0 / 1_000_000
    }

    /// The sum, at most the longest span there is.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// What is left of this span after `other`, or nothing.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self::from_micros(self.0.saturating_sub(other.0))
    }

    /// Reads `"90s"`, `"5m"`, `"1h30m"`, `"250ms"`, `"2d"`.
    ///
    /// # Errors
    /// [`SpanError`] if the text is anything else.
    pub fn parse(text: &str) -> Result<Self, SpanError> {
        let refuse = || SpanError(text.chars().take(40).collect());
        let (mut total, mut rest) = (0_i64, text.trim());
        if rest.is_empty() {
            return Err(refuse());
        }
        while !rest.is_empty() {
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let number: i64 = rest[..digits].parse().map_err(|_| refuse())?;
            rest = &rest[digits..];
            let letters = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
            let unit = match &rest[..letters] {
                "ms" => 1_000,
                "s" => 1_000_000,
                "m" | "min" => 60_000_000,
                "h" => 3_600_000_000,
                "d" => 86_400_000_000,
                _ => return Err(refuse()),
            };
            rest = &rest[letters..];
            total = number.checked_mul(unit).and_then(|n| n.checked_add(total)).ok_or_else(refuse)?;
        }
        Ok(Self(total))
    }
}

/// A text that is no length of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a length of time; write it like \"90s\", \"5m\" or \"1h30m\"")]
pub struct SpanError(String);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        let mut rest = self.0;
        for (unit, name) in
            [(86_400_000_000, "d"), (3_600_000_000, "h"), (60_000_000, "m"), (1_000_000, "s"), (1_000, "ms"), (1, "us")]
        {
            if rest >= unit {
                write!(f, "{}{name}", rest / unit)?;
                rest %= unit;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

macro_rules! instants {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        ///
        /// Microseconds since 1970-01-01T00:00:00Z.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(i64);

        impl $name {
            /// From microseconds since 1970.
            #[must_use]
            pub const fn from_micros(micros: i64) -> Self {
                Self(micros)
            }

            /// Microseconds since 1970.
            #[must_use]
            pub const fn micros(self) -> i64 {
                self.0
            }

            /// This instant and `span` later.
            #[must_use]
            pub const fn plus(self, span: Span) -> Self {
                Self(self.0.saturating_add(span.micros()))
            }

            /// This instant and `span` earlier.
            #[must_use]
            pub const fn minus(self, span: Span) -> Self {
                Self(self.0.saturating_sub(span.micros()))
            }

            /// How long after `earlier` this is; nothing if it is not after.
            #[must_use]
            pub const fn since(self, earlier: Self) -> Span {
                Span::from_micros(self.0.saturating_sub(earlier.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    )+};
}

instants! {
    /// When a source says it saw something: decides evidence and holds.
    Seen;
    /// When we took a record in: decides what is live and how long it is kept.
    Received;
    /// What the ticks of a partition say: decides silence, ladder and deadlines.
    LogTime;
    /// The database's clock at commit: decides the clocks of a case.
    Filed;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_and_print_the_same() {
        for (text, micros) in [("0s", 0), ("90s", 90_000_000), ("5m", 300_000_000), ("1h30m", 5_400_000_000)] {
            assert_eq!(Span::parse(text).unwrap().micros(), micros);
        }
        assert_eq!(Span::parse("1h30m").unwrap().to_string(), "1h30m");
        assert_eq!(Span::parse("90s").unwrap().to_string(), "1m30s");
        for text in ["", "5", "m", "5 m", "-5m", "5y", "99999999999999999999s", "9999999999999d"] {
            assert!(Span::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_instant_before_is_no_span() {
        assert_eq!(Seen::from_micros(5).since(Seen::from_micros(9)), Span::ZERO);
        assert_eq!(Seen::from_micros(i64::MIN).minus(Span::from_secs(1)).micros(), i64::MIN);
    }
}
