//! Mappings as people write them: TOML in which nothing is accepted that is not understood.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use muster_domain::geo::Crs;
use muster_domain::id::{CaseKind, SourceName};
use muster_domain::record::Severity;
use serde::Deserialize;
use toml::Spanned;

use super::when::When;
use super::{Joined, Kind, Level, Location, Mapping};

/// The most bytes of a mapping.
pub const MAX_MAPPING_BYTES: usize = 1 << 20;

/// What is wrong with a mapping, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {what}")]
pub struct MappingError {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub what: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MappingToml {
    version: Spanned<i64>,
    source: Spanned<String>,
    id: ColumnToml,
    kind: Spanned<KindToml>,
    occurred_at: Option<Spanned<WhenToml>>,
    location: Option<LocationToml>,
    text: Option<JoinedToml>,
    address: Option<JoinedToml>,
    severity: Option<Spanned<LevelToml>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ColumnToml {
    column: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KindToml {
    column: String,
    prefix: Option<Spanned<String>>,
    #[serde(default)]
    codes: BTreeMap<String, Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WhenToml {
    column: String,
    format: Spanned<String>,
    time_zone: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LocationToml {
    lon: String,
    lat: String,
    crs: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JoinedToml {
    columns: Spanned<Vec<String>>,
    join: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LevelToml {
    value: Option<Spanned<i64>>,
    column: Option<String>,
    #[serde(default)]
    codes: BTreeMap<String, Spanned<i64>>,
    otherwise: Option<Spanned<i64>>,
}

/// Something wrong at a byte of the file.
type Wrong = (usize, String);

impl Mapping {
    /// Reads a mapping.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn parse(file: &str, text: &str) -> Result<Self, MappingError> {
        let at = |(byte, what): Wrong| {
            let before = text.get(..byte.min(text.len())).unwrap_or(text);
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().map_or(0, |rest| rest.chars().count()) + 1;
            MappingError { file: file.to_owned(), line, column, what }
        };
        if text.len() > MAX_MAPPING_BYTES {
            return Err(at((0, format!("has {} bytes, a mapping has at most {MAX_MAPPING_BYTES}", text.len()))));
        }
        let read: MappingToml = toml::from_str(text).map_err(|error| {
            at((error.span().map_or(0, |span| span.start), error.message().trim_end().replace('\n', "; ")))
        })?;
        checked(read).map_err(at)
    }
}

fn wrong<T>(at: &Spanned<T>, what: impl Into<String>) -> Wrong {
    (at.span().start, what.into())
}

fn checked(read: MappingToml) -> Result<Mapping, Wrong> {
    if *read.version.get_ref() != 1 {
        return Err(wrong(&read.version, "is a version that is not known here; this reads version = 1"));
    }
    Ok(Mapping {
        source: SourceName::parse(read.source.get_ref()).map_err(|error| wrong(&read.source, error.to_string()))?,
        id: read.id.column,
        kind: kind(read.kind)?,
        occurred: read.occurred_at.map(when).transpose()?,
        location: read.location.map(location).transpose()?,
        text: read.text.map(joined).transpose()?,
        address: read.address.map(joined).transpose()?,
        severity: read.severity.map(level).transpose()?,
    })
}

fn kind(read: Spanned<KindToml>) -> Result<Kind, Wrong> {
    let nothing = wrong(&read, "needs a prefix, or codes, or both");
    let KindToml { column, prefix, codes } = read.into_inner();
    if prefix.is_none() && codes.is_empty() {
        return Err(nothing);
    }
    if let Some(prefix) = &prefix {
        // What follows is a letter or digit.
        CaseKind::parse(&format!("{}0", prefix.get_ref())).map_err(|error| wrong(prefix, error.to_string()))?;
    }
    let codes = codes
        .into_iter()
        .map(|(code, kind)| match CaseKind::parse(kind.get_ref()) {
            Ok(kind) => Ok((code, kind)),
            Err(error) => Err(wrong(&kind, error.to_string())),
        })
        .collect::<Result<_, Wrong>>()?;
    Ok(Kind { column, prefix: prefix.map(Spanned::into_inner), codes })
}

fn when(read: Spanned<WhenToml>) -> Result<When, Wrong> {
    let WhenToml { column, format, time_zone } = read.into_inner();
    let zone = match &time_zone {
        Some(name) => Some(TimeZone::get(name.get_ref()).map_err(|error| wrong(name, error.to_string()))?),
        None => None,
    };
    let (start, needs) = (format.span().start, if zone.is_some() { "a day" } else { "a day and an offset (%z)" });
    When::checked(column, format.into_inner(), zone).map_err(|reason| {
        (start, format!("is no strptime format with {needs}, and a time_zone says the rest: {reason}"))
    })
}

fn location(read: LocationToml) -> Result<Location, Wrong> {
    let crs = match read.crs.get_ref().as_str() {
        "wgs84" => Crs::Wgs84,
        "gcj02" => Crs::Gcj02,
        "bd09" => Crs::Bd09,
        "cgcs2000" => Crs::Cgcs2000,
        _ => return Err(wrong(&read.crs, "must be wgs84, gcj02, bd09 or cgcs2000")),
    };
    Ok(Location { lon: read.lon, lat: read.lat, crs })
}

fn joined(read: JoinedToml) -> Result<Joined, Wrong> {
    if read.columns.get_ref().is_empty() {
        return Err(wrong(&read.columns, "names no column"));
    }
    Ok(Joined { columns: read.columns.into_inner(), join: read.join })
}

fn level(read: Spanned<LevelToml>) -> Result<Level, Wrong> {
    let neither = wrong(&read, "needs either value, or column with codes");
    let LevelToml { value, column, codes, otherwise } = read.into_inner();
    let severity = |level: Spanned<i64>| {
        let severity = u8::try_from(*level.get_ref()).ok().and_then(Severity::new);
        severity.ok_or_else(|| wrong(&level, "must be 1 (lowest) to 5 (life at risk)"))
    };
    match (value, column) {
        (Some(value), None) if codes.is_empty() && otherwise.is_none() => Ok(Level::Fixed(severity(value)?)),
        (None, Some(column)) if !codes.is_empty() => Ok(Level::Coded {
            column,
            codes: codes.into_iter().map(|(code, level)| Ok((code, severity(level)?))).collect::<Result<_, Wrong>>()?,
            otherwise: otherwise.map(severity).transpose()?,
        }),
        _ => Err(neither),
    }
}
