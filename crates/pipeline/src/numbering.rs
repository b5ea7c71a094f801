//! The numbers that people speak: `C1124-0042`, counted by street and day.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use muster_domain::id::GridId;
use muster_domain::time::Filed;
use muster_store::Tx;

use crate::PipelineError;
use crate::docket::Docket;

/// How cases are numbered.
#[derive(Debug, Clone)]
pub struct Numbering {
    /// The street of cases whose place lies in none.
    pub jurisdiction: GridId,
    /// Where a day begins.
    pub zone: TimeZone,
}

impl Numbering {
    /// The next number of the day.
    pub(crate) async fn next(
        &self,
        tx: &mut Tx,
        docket: &mut Docket,
        street: &GridId,
    ) -> Result<String, PipelineError> {
        let (day, label) = self.day(docket.now());
        let number = docket.number(tx, street, &day).await?;
        Ok(format!("C{label}-{number:04}"))
    }

    fn day(&self, now: Filed) -> (String, String) {
        let at = Timestamp::from_microsecond(now.micros()).unwrap_or_default();
        let zoned = at.to_zoned_datetime(self.zone.clone());
        (zoned.strftime("%Y-%m-%d").to_string(), zoned.strftime("%m%d").to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_of_the_street() {
        let numbering = Numbering {
            jurisdiction: GridId::parse("500103005").unwrap(),
            zone: TimeZone::get("Asia/Shanghai").unwrap(),
        };
        let late: Timestamp = "2026-11-23T16:00:00Z".parse().unwrap();
        let (day, label) = numbering.day(Filed::from_micros(late.as_microsecond()));
        assert_eq!((day.as_str(), label.as_str()), ("2026-11-24", "1124"));
    }
}
