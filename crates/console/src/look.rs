//! How one reader wants to see a page, and the moment at which they look.

use jiff::tz::TimeZone;
use muster_domain::text::Words;
use muster_domain::time::Filed;

use crate::text::{Lang, Text};

/// Light, dark, or as the system says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Theme {
    /// As `prefers-color-scheme` says.
    #[default]
    System,
    /// For bright rooms.
    Light,
    /// For control rooms.
    Dark,
}

impl Theme {
    /// The theme of a cookie or query value.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "system" => Some(Self::System),
            "light" => Some(Self::Light),
            "dark" => Some(Self::Dark),
            _ => None,
        }
    }

    /// The name in cookies, queries and `data-theme`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// Everything a page needs to know about its reader and its moment.
#[derive(Debug, Clone)]
pub struct Look {
    /// The reader's language.
    pub lang: Lang,
    /// The reader's theme.
    pub theme: Theme,
    /// Now, by the clock of the store.
    pub now: Filed,
    /// The time zone of the street.
    pub zone: TimeZone,
    /// The name of the street or post whose screen this is.
    pub street: String,
    /// The data is simulated, and the screen must say so.
    pub illustrative: bool,
    /// How much faster than the clock the demo's world runs; 1 = as the clock.
    pub speed: u32,
    /// Path and query of this page, without language and theme: what the switches link to.
    pub path: String,
}

impl Look {
    /// A fixed text.
    #[must_use]
    pub fn t(&self, text: Text) -> &'static str {
        text.say(self.lang)
    }

    /// Words in the reader's language.
    #[must_use]
    pub fn w<'a>(&self, words: &'a Words) -> &'a str {
        self.lang.of(words)
    }

    /// The dot between two things: a full-width one needs no spaces around it.
    #[must_use]
    pub fn dot(&self) -> &'static str {
        self.lang.pick("·", " · ")
    }

    /// The address of this page in the other language.
    #[must_use]
    pub fn other_language(&self) -> String {
        self.with("lang", self.lang.pick("en", "zh"))
    }

    /// The address of this page in a theme.
    #[must_use]
    pub fn in_theme(&self, theme: Theme) -> String {
        self.with("theme", theme.name())
    }

    /// How far the street's clocks are ahead of UTC, in milliseconds, for the scripts that show the time.
    #[must_use]
    pub fn offset_ms(&self) -> i64 {
        let now = jiff::Timestamp::from_microsecond(self.now.micros()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        i64::from(self.zone.to_offset(now).seconds()) * 1_000
    }

    fn with(&self, name: &str, value: &str) -> String {
        let joint = if self.path.contains('?') { '&' } else { '?' };
        format!("{}{joint}{name}={value}", self.path)
    }

    /// Milliseconds since 1970 of now, for the scripts that tick.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        self.now.micros() / 1_000
    }
}
