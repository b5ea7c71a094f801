//! A finding: what is wrong, what exactly it concerns, and the command that comes next.

use std::fmt::Display;

use muster_domain::text::Words;

use super::codes::{Code, Severity};
use super::detail::{Detail, Thing};

/// The most details that one finding tells; of the rest it tells how many.
const MOST: usize = 20;

/// Something that is wrong, or good to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is.
    pub code: Code,
    /// What it concerns: values, names, errors as they were told.
    pub details: Vec<Detail>,
    /// How many more details there are.
    pub more: usize,
    /// Command lines that come next, where they can be written down.
    pub run: Vec<String>,
}

impl Finding {
    /// A finding that concerns nothing in particular.
    #[must_use]
    pub fn new(code: Code) -> Self {
        Self { code, details: Vec::new(), more: 0, run: Vec::new() }
    }

    /// A finding about these things, if there are any.
    pub(super) fn about(code: Code, details: impl IntoIterator<Item = impl Into<Detail>>) -> Option<Self> {
        let mut details = details.into_iter().map(Into::into);
        let told: Vec<Detail> = details.by_ref().take(MOST).collect();
        let finding = Self { details: told, more: details.count(), ..Self::new(code) };
        (!finding.details.is_empty()).then_some(finding)
    }

    /// With one thing more that it concerns.
    #[must_use]
    pub fn with(mut self, detail: impl Into<Detail>) -> Self {
        self.details.push(detail.into());
        self
    }

    /// With a command line that comes next.
    #[must_use]
    pub fn run(mut self, command: impl Into<String>) -> Self {
        self.run.push(command.into());
        self
    }

    /// As the API and the command tell it.
    #[must_use]
    pub fn told(self) -> muster_wire::system::Finding {
        let code = self.code;
        muster_wire::system::Finding {
            code: code.name().to_owned(),
            severity: code.severity().name().to_owned(),
            area: code.area().name().to_owned(),
            cause: code.cause().into(),
            next: code.next().into(),
            details: self.details.iter().map(|detail| detail.words().into()).collect(),
            more: self.more,
            run: self.run,
        }
    }

    /// How bad it is.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }
}

/// A detail that is the same in every language: an id, a path, an error as it was told.
#[must_use]
pub fn plain(text: impl Into<String>) -> Words {
    let text = text.into();
    Words { zh: text.clone(), en: text }
}

/// How many there are of something.
pub(super) fn counted(thing: Thing, id: &str, count: impl Display) -> Detail {
    Detail::of(thing, id).say(format!("：{count}"), format!(": {count}"))
}

/// A length of time in whole units, in both languages.
pub(super) fn lasting(micros: i64) -> (String, String) {
    let secs = micros.max(0) / 1_000_000;
    let (number, zh, en) = match secs {
        0..120 => (secs, "秒", "s"),
        120..7_200 => (secs / 60, "分钟", "min"),
        7_200..172_800 => (secs / 3_600, "小时", "h"),
        _ => (secs / 86_400, "天", "d"),
    };
    (format!("{number} {zh}"), format!("{number} {en}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_are_bounded_and_the_rest_is_counted() {
        let many = Finding::about(Code::PlacesBlind, (0..50).map(|n| plain(n.to_string()))).unwrap();
        assert_eq!((many.details.len(), many.more), (20, 30));
        assert_eq!(Finding::about(Code::PlacesBlind, [] as [Words; 0]), None);
    }

    #[test]
    fn times_are_told_in_the_unit_that_fits() {
        assert_eq!(lasting(5_000_000).1, "5 s");
        assert_eq!(lasting(125_000_000).1, "2 min");
        assert_eq!(lasting(3 * 86_400_000_000).0, "3 天");
        assert_eq!(lasting(-1).1, "0 s");
    }
}
