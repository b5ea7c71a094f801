//! The time of a row: a cell in the form that its source writes, local or with an offset.

use jiff::civil::date;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use muster_domain::time::Seen;
use muster_wire::fault::{Fault, Reason};

/// The longest format: every row that does not fit it is told of it.
const MAX_FORMAT_BYTES: usize = 100;

/// Where the time of a row stands, and how it is written.
#[derive(Debug, Clone)]
pub(super) struct When {
    pub(super) column: String,
    format: String,
    zone: Option<TimeZone>,
}

impl When {
    /// A format that can be read: it must hold a day, and an offset where no zone is given.
    pub(super) fn checked(column: String, format: String, zone: Option<TimeZone>) -> Result<Self, String> {
        if format.len() > MAX_FORMAT_BYTES {
            return Err(format!("it has {} bytes, at most {MAX_FORMAT_BYTES} are read", format.len()));
        }
        let when = Self { column, format, zone };
        // A time written in the format and read again shows what the format is made of.
        let mut sample = BrokenDownTime::from(date(2001, 2, 3).at(16, 5, 6, 0));
        sample.set_offset(Some(Offset::UTC));
        let written = sample.to_string(&when.format).map_err(|error| error.to_string())?;
        let parts = BrokenDownTime::parse(&when.format, &written).map_err(|error| error.to_string())?;
        let whole = if when.zone.is_some() { parts.to_datetime().map(drop) } else { parts.to_timestamp().map(drop) };
        whole.map_err(|error| error.to_string())?;
        Ok(when)
    }

    pub(super) fn read(&self, cell: &str) -> Result<Seen, Reason> {
        if cell.is_empty() {
            return Err(Fault::Empty.into());
        }
        let other_form = |_| Fault::OtherTimeForm.with(&[("form", &self.format)]);
        let parts = BrokenDownTime::parse(&self.format, cell).map_err(other_form)?;
        let Some(zone) = &self.zone else {
            return instant(parts.to_timestamp().map_err(|_| Fault::NoSuchTime)?);
        };
        let ambiguous = zone.to_ambiguous_timestamp(parts.to_datetime().map_err(|_| Fault::NoSuchTime)?);
        if matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. }) {
            return Err(Fault::SkippedTime.into());
        }
        instant(ambiguous.earlier().map_err(|_| Fault::NoSuchTime)?)
    }
}

/// An instant that every format of ours can write.
fn instant(at: jiff::Timestamp) -> Result<Seen, Reason> {
    let micros = at.as_microsecond();
    match muster_wire::micros(&muster_wire::rfc3339(micros)) {
        Some(written) if written == micros => Ok(Seen::from_micros(micros)),
        _ => Err(Fault::NoYear.into()),
    }
}
