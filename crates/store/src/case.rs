//! Cases: rows that are projections of their journals.

use crate::error::StoreError;
use crate::statement::{Args, FromRow, Row, args, pair, sql};
use crate::store::Store;
use crate::tx::Tx;

/// A case's row: the columns it is found by, and the case itself.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseRow {
    /// Its id.
    pub id: String,
    /// The number people speak.
    pub number: String,
    /// The street whose work it is.
    pub jurisdiction: String,
    /// What kind of incident.
    pub kind: String,
    /// The subject's key.
    pub subject: String,
    /// The grid cell it lies in.
    pub grid: Option<String>,
    /// Where it stands.
    pub state: String,
    /// How it ended.
    pub outcome: Option<String>,
    /// Whether work is still owed: at most one live row of a kind and subject.
    pub live: bool,
    /// How urgent, 1 to 5.
    pub severity: i64,
    /// How many entries its journal has.
    pub version: i64,
    /// When it was filed, in microseconds since 1970.
    pub filed: i64,
    /// When its state last changed.
    pub changed: i64,
    /// When the next of its clocks runs out that has not run out yet.
    pub next_due: Option<i64>,
    /// One of its clocks has run out.
    pub overdue: bool,
    /// A seat waits for dispatch.
    pub wants_seat: bool,
    /// Longitude, WGS-84 degrees.
    pub lon: Option<f64>,
    /// Latitude, WGS-84 degrees.
    pub lat: Option<f64>,
    /// What a search looks in, in lower case.
    pub search: String,
    /// The case, as JSON.
    pub doc: String,
}

/// Whether a row is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inserted {
    /// It was written.
    Inserted,
    /// One with that key was there before, and was left as it is.
    Exists,
}

impl Inserted {
    /// Whether it was written.
    #[must_use]
    pub fn is_inserted(self) -> bool {
        self == Self::Inserted
    }

    pub(crate) fn of(rows: u64) -> Self {
        if rows == 0 { Self::Exists } else { Self::Inserted }
    }
}

/// Degrees as a whole number: a hundredth of a metre at most is lost.
const E7: f64 = 1e7;
/// Metres of one degree of latitude, a little less than true, so that a box is never too small.
const METRES_PER_DEGREE: f64 = 110_500.0;
/// More live cases nearby than this are not named.
const MAX_NEAR: i64 = 50;

fn stored_degrees(degrees: Option<f64>) -> Option<i64> {
    degrees.filter(|degrees| degrees.is_finite()).map(|degrees| (degrees * E7).round() as i64)
}

impl FromRow for CaseRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let degrees = |stored: Option<i64>| stored.map(|stored| stored as f64 / E7);
        Ok(Self {
            id: row.get("id")?,
            number: row.get("number")?,
            jurisdiction: row.get("jurisdiction")?,
            kind: row.get("kind")?,
            subject: row.get("subject")?,
            grid: row.get("grid")?,
            state: row.get("state")?,
            outcome: row.get("outcome")?,
            live: row.flag("live")?,
            severity: row.get("severity")?,
            version: row.get("version")?,
            filed: row.get("filed")?,
            changed: row.get("changed")?,
            next_due: row.get("next_due")?,
            overdue: row.flag("overdue")?,
            wants_seat: row.flag("wants_seat")?,
            lon: degrees(row.get("lon")?),
            lat: degrees(row.get("lat")?),
            search: row.get("search")?,
            doc: row.get("doc")?,
        })
    }
}

impl CaseRow {
    /// First part of its place in the queue: live before ended, then by harm.
    pub(crate) fn rank(&self) -> i64 {
        if self.live { 5 - self.severity.clamp(1, 5) } else { 10 }
    }

    /// Second part: live by what falls due first, ended by what ended last.
    pub(crate) fn turn(&self) -> i64 {
        if self.live { self.next_due.unwrap_or(i64::MAX) } else { self.changed.saturating_neg() }
    }

    fn live_column(&self) -> Option<i64> {
        self.live.then_some(1)
    }

    fn due_column(&self) -> Option<i64> {
        self.next_due.filter(|_| self.live)
    }

    fn inserted(&self) -> Args {
        args![
            &self.id,
            &self.number,
            &self.jurisdiction,
            &self.kind,
            &self.subject,
            &self.grid,
            &self.state,
            &self.outcome,
            self.live_column(),
            self.severity,
            self.version,
            self.filed,
            self.changed,
            self.due_column(),
            self.overdue,
            self.wants_seat,
            self.rank(),
            self.turn(),
            stored_degrees(self.lon),
            stored_degrees(self.lat),
            &self.search,
            &self.doc,
        ]
    }

    fn updated(&self, expected_version: i64) -> Args {
        args![
            &self.id,
            &self.grid,
            &self.state,
            &self.outcome,
            self.live_column(),
            self.severity,
            self.version,
            self.changed,
            self.due_column(),
            self.overdue,
            self.wants_seat,
            self.rank(),
            self.turn(),
            stored_degrees(self.lon),
            stored_degrees(self.lat),
            &self.search,
            &self.doc,
            expected_version,
        ]
    }
}

fn counter(jurisdiction: &str, day: &str) -> String {
    format!("case/{day}/{jurisdiction}")
}

impl Tx {
    /// Writes new cases; `false` if the id of one is taken, or its kind and subject have a live case already.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn cases_insert(&mut self, rows: &[CaseRow]) -> Result<bool, StoreError> {
        let inserted = self.session().run_many(sql!("cases/insert"), rows, CaseRow::inserted).await?;
        Ok(inserted == rows.len() as u64)
    }

    /// Writes cases over the versions that were read; `false` if somebody else was first with one. Number, kind, subject,
    /// jurisdiction and time of filing stay what they were.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if another live case stands for a kind and subject.
    pub async fn cases_update(&mut self, rows: &[(CaseRow, i64)]) -> Result<bool, StoreError> {
        let update = sql!("cases/update");
        let updated = self.session().run_many(update, rows, |(row, expected)| row.updated(*expected)).await?;
        Ok(updated == rows.len() as u64)
    }

    /// Cases by their ids, as this transaction sees them; those that are there, in no order.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn cases_by_id(&mut self, ids: &[&str]) -> Result<Vec<CaseRow>, StoreError> {
        self.session().all_of_many(pair!("cases/by_id"), ids, |id| args![*id]).await
    }

    /// The live cases of kinds and subjects, in no order.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn cases_live(&mut self, wanted: &[(String, String)]) -> Result<Vec<CaseRow>, StoreError> {
        self.session().all_of_many(pair!("cases/live"), wanted, |(kind, subject)| args![kind, subject]).await
    }

    /// Of each kind and subject the case that ended last, in no order.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn cases_last_ended(&mut self, wanted: &[(String, String)]) -> Result<Vec<CaseRow>, StoreError> {
        self.session().all_of_many(pair!("cases/last_ended"), wanted, |(kind, subject)| args![kind, subject]).await
    }

    /// The case of a seat.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn case_by_seat(&mut self, seat: &str) -> Result<Option<CaseRow>, StoreError> {
        self.session().one(sql!("cases/by_seat"), args![seat]).await
    }

    /// Live cases of a kind within a box that holds the circle of `metres` around a position, newest first, at most 50.
    /// The caller measures exactly. A circle across the 180th meridian is cut off there.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn live_cases_near(
        &mut self,
        kind: &str,
        lon: f64,
        lat: f64,
        metres: f64,
    ) -> Result<Vec<CaseRow>, StoreError> {
        let high = metres / METRES_PER_DEGREE;
        let wide = high / lat.to_radians().cos().max(0.01);
        let edge = |degrees: f64| stored_degrees(Some(degrees));
        let (south, north) = (edge(lat - high), edge(lat + high));
        let (west, east) = (edge(lon - wide), edge(lon + wide));
        self.session().all(sql!("cases/near"), args![kind, south, north, west, east, MAX_NEAR]).await
    }

    /// The number that a jurisdiction dealt last on a day, 0 before the first. Until this transaction ends nobody else deals
    /// numbers there, so that none is left out and none is given twice.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn case_number(&mut self, jurisdiction: &str, day: &str) -> Result<u64, StoreError> {
        let row = self.session().row(sql!("cases/number_last"), args![&counter(jurisdiction, day)]).await?;
        row.ok_or_else(|| StoreError::corrupt("cases/number_last", "no number came back"))?.count("value")
    }

    /// Writes which number each jurisdiction has now dealt last on a day; each was asked for before.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn case_numbers_dealt(&mut self, dealt: &[(String, String, u64)]) -> Result<(), StoreError> {
        let values = |(jurisdiction, day, last): &(String, String, u64)| args![&counter(jurisdiction, day), *last];
        self.session().run_many(sql!("cases/number_dealt"), dealt, values).await.map(|_| ())
    }
}

impl Store {
    /// One case.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn case_by_id(&self, id: &str) -> Result<Option<CaseRow>, StoreError> {
        self.read().await?.session().one(pair!("cases/by_id"), args![id]).await
    }

    /// The newest case of a spoken number, of one jurisdiction or of any.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn case_by_number(
        &self,
        number: &str,
        jurisdiction: Option<&str>,
    ) -> Result<Option<CaseRow>, StoreError> {
        self.read().await?.session().one(sql!("cases/by_number"), args![number, jurisdiction]).await
    }

    /// The case of a seat.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn case_by_seat(&self, seat: &str) -> Result<Option<CaseRow>, StoreError> {
        self.read().await?.session().one(sql!("cases/by_seat"), args![seat]).await
    }

    /// The live case of a kind and subject.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn live_case(&self, kind: &str, subject: &str) -> Result<Option<CaseRow>, StoreError> {
        self.read().await?.session().one(pair!("cases/live"), args![kind, subject]).await
    }

    /// Live cases a clock of which has run out by `now`, the longest overdue first. The caller says what time it is.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn cases_due(&self, now: i64, limit: u32) -> Result<Vec<CaseRow>, StoreError> {
        self.read().await?.session().all(sql!("cases/due"), args![now, limit]).await
    }
}
