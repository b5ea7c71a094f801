//! Reports out of a table of somebody else's service requests, by a mapping (`deploy/mappings/README.md`).

mod mapping;
mod record;
mod when;

use std::collections::BTreeMap;

use muster_domain::geo::{Crs, Position};
use muster_domain::id::{CaseKind, SourceId, SourceName};
use muster_domain::record::Severity;
use muster_wire::bounds::{MAX_ADDRESS_BYTES, MAX_TEXT_BYTES};
use muster_wire::fault::{Fault, Reason};
use muster_wire::report::ReportIn;

use crate::table::{Bad, Row, Table};
use when::When;

pub use mapping::{MAX_MAPPING_BYTES, MappingError};

/// Which column of a table becomes which field of a report.
#[derive(Debug, Clone)]
pub struct Mapping {
    source: SourceName,
    id: String,
    kind: Kind,
    occurred: Option<When>,
    location: Option<Location>,
    text: Option<Joined>,
    address: Option<Joined>,
    severity: Option<Level>,
}

/// A line of the table with its report, or why there is none.
pub type Line = (u64, Result<ReportIn, Bad>);

/// A column, and what is wrong with what a row has there.
type Wrong<'a> = (&'a str, Reason);

#[derive(Debug, Clone)]
struct Kind {
    column: String,
    prefix: Option<String>,
    codes: BTreeMap<String, CaseKind>,
}

#[derive(Debug, Clone)]
struct Location {
    lon: String,
    lat: String,
    crs: Crs,
}

#[derive(Debug, Clone)]
struct Joined {
    columns: Vec<String>,
    join: String,
}

#[derive(Debug, Clone)]
enum Level {
    Fixed(Severity),
    Coded { column: String, codes: BTreeMap<String, Severity>, otherwise: Option<Severity> },
}

impl Mapping {
    /// The `source` of every report that it makes.
    #[must_use]
    pub fn source(&self) -> &SourceName {
        &self.source
    }

    /// Makes a report of each row. What cannot be one stands with its reason, and spoils no other.
    ///
    /// # Errors
    /// One for each column that the mapping names and the table does not have: then nothing is made.
    pub fn read(&self, table: &Table) -> Result<Vec<Line>, Vec<Bad>> {
        let missing: Vec<Bad> = self
            .columns()
            .filter(|column| !table.columns.iter().any(|there| there == column))
            .map(|column| {
                Bad::new(
                    &table.file,
                    1,
                    column,
                    "the mapping names this column, and the file does not have it".to_owned(),
                )
            })
            .collect();
        if !missing.is_empty() {
            return Err(missing);
        }
        let bad = |row, (column, reason): Wrong<'_>| table.bad(row, column, reason.english());
        Ok(table.rows.iter().map(|row| (row.line, self.report(row).map_err(|wrong| bad(row, wrong)))).collect())
    }

    fn columns(&self) -> impl Iterator<Item = &str> {
        let joined = [&self.text, &self.address].into_iter().flatten().flat_map(|joined| &joined.columns);
        let located = self.location.iter().flat_map(|location| [&location.lon, &location.lat]);
        let level = self.severity.iter().filter_map(|level| match level {
            Level::Fixed(_) => None,
            Level::Coded { column, .. } => Some(column),
        });
        let occurred = self.occurred.iter().map(|when| &when.column);
        [&self.id, &self.kind.column]
            .into_iter()
            .chain(occurred)
            .chain(located)
            .chain(joined)
            .chain(level)
            .map(String::as_str)
    }

    /// What a row says, or the column that is wrong and why.
    fn report<'a>(&'a self, row: &Row) -> Result<ReportIn, Wrong<'a>> {
        let id = SourceId::parse(row.cell(&self.id)).map_err(|error| (self.id.as_str(), error.into()))?;
        let kind = self.kind.read(row).map_err(|reason| (self.kind.column.as_str(), reason))?;
        let when = |when: &'a When| when.read(row.cell(&when.column)).map_err(|reason| (when.column.as_str(), reason));
        let occurred = self.occurred.as_ref().map(when).transpose()?;
        let location = self.location.as_ref().map_or(Ok(None), |location| location.read(row))?;
        let joined =
            |joined: &'a Option<Joined>, most| joined.as_ref().map_or(Ok(None), |joined| joined.read(row, most));
        let severity = self.severity.as_ref().map(|level| level.read(row)).transpose()?;
        Ok(ReportIn {
            source: self.source.clone(),
            id: Some(id),
            kind: kind.as_str().to_owned(),
            text: joined(&self.text, MAX_TEXT_BYTES)?.unwrap_or_default(),
            occurred,
            place: None,
            location,
            grid: None,
            address: joined(&self.address, MAX_ADDRESS_BYTES)?,
            reporter: None,
            severity,
            attachments: Vec::new(),
        })
    }
}

impl Kind {
    fn read(&self, row: &Row) -> Result<CaseKind, Reason> {
        let cell = row.cell(&self.column);
        if let Some(kind) = self.codes.get(cell) {
            return Ok(kind.clone());
        }
        let slug = slug(cell);
        match &self.prefix {
            _ if slug.is_empty() => Err(Fault::NoKind.into()),
            None => Err(Fault::NotInCodes.with(&[("rest", &"prefix")])),
            Some(prefix) => Ok(CaseKind::parse(&format!("{prefix}{slug}"))?),
        }
    }
}

/// ASCII letters in lower case and digits; every run of anything else is one `-`, none at the ends.
fn slug(cell: &str) -> String {
    let mut slug = String::with_capacity(cell.len());
    for letter in cell.chars() {
        if letter.is_ascii_alphanumeric() {
            slug.push(letter.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    slug
}

impl Location {
    fn read(&self, row: &Row) -> Result<Option<Position>, Wrong<'_>> {
        let (lon, lat) = (row.cell(&self.lon), row.cell(&self.lat));
        match (lon.is_empty(), lat.is_empty()) {
            (true, true) => return Ok(None),
            (true, false) => return Err((&self.lon, Fault::HalfPosition.with(&[("other", &"the latitude")]))),
            (false, true) => return Err((&self.lat, Fault::HalfPosition.with(&[("other", &"the longitude")]))),
            (false, false) => {}
        }
        fn number<'a>(cell: &str, column: &'a str) -> Result<f64, Wrong<'a>> {
            cell.parse().map_err(|_| (column, Fault::NoDegrees.into()))
        }
        let (lon, lat) = (number(lon, &self.lon)?, number(lat, &self.lat)?);
        let position = Position::from_crs(lon, lat, self.crs);
        position.map(Some).map_err(|error| (self.lon.as_str(), error.into()))
    }
}

impl Joined {
    /// The cells that are not empty, each with single spaces; `None` if none is left.
    fn read(&self, row: &Row, most: usize) -> Result<Option<String>, Wrong<'_>> {
        let mut text = String::new();
        for column in &self.columns {
            let mut words = row.cell(column).split_whitespace().peekable();
            if words.peek().is_some() && !text.is_empty() {
                text.push_str(&self.join);
            }
            for (n, word) in words.enumerate() {
                text.push_str(if n == 0 { "" } else { " " });
                text.push_str(word);
            }
            if text.len() > most {
                return Err((column, Fault::JoinedTooLong.with(&[("size", &text.len()), ("most", &most)])));
            }
        }
        Ok((!text.is_empty()).then_some(text))
    }
}

impl Level {
    fn read(&self, row: &Row) -> Result<Severity, Wrong<'_>> {
        match self {
            Self::Fixed(severity) => Ok(*severity),
            Self::Coded { column, codes, otherwise } => {
                let found = codes.get(row.cell(column)).copied().or(*otherwise);
                found.ok_or_else(|| (column.as_str(), Fault::NotInCodes.with(&[("rest", &"otherwise")])))
            }
        }
    }
}

#[cfg(test)]
mod tests;
