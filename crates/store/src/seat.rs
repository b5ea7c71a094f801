//! Seats: which unit is asked or at work where.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::StoreError;
use crate::statement::{FromRow, Row, Session, args, sql};
use crate::store::Store;
use crate::tx::Tx;

/// A seat's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeatRow {
    /// Its id.
    pub id: String,
    /// The case it is on.
    pub case: String,
    /// Its number on the case.
    pub ordinal: i64,
    /// The unit, once asked.
    pub unit: Option<String>,
    /// Lead or assist.
    pub role: String,
    /// What the unit must be competent for.
    pub competence: String,
    /// Where it stands.
    pub state: String,
    /// When its state last changed, in microseconds since 1970.
    pub changed: i64,
    /// A unit is asked or at work on it: that counts as the unit's load.
    pub held: bool,
}

/// On how many cases each unit is asked or at work.
pub type UnitLoad = BTreeMap<String, u32>;

/// How many seats of live cases stand where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeatCount {
    /// What the unit must be competent for.
    pub competence: String,
    /// The state.
    pub state: String,
    /// How many.
    pub seats: i64,
}

impl FromRow for SeatRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get("id")?,
            case: row.get("case_id")?,
            ordinal: row.get("ordinal")?,
            unit: row.get("unit")?,
            role: row.get("role")?,
            competence: row.get("competence")?,
            state: row.get("state")?,
            changed: row.get("changed")?,
            held: row.flag("held")?,
        })
    }
}

impl FromRow for SeatCount {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self { competence: row.get("competence")?, state: row.get("state")?, seats: row.get("seats")? })
    }
}

async fn load(session: &mut Session<'_>) -> Result<UnitLoad, StoreError> {
    let rows = session.rows(sql!("seat/load"), args![]).await?;
    rows.iter().map(|row| Ok((row.get("unit")?, row.small("cases")?))).collect()
}

impl Tx {
    /// Writes seats of cases: new ones are added, known ones follow. Seats are never taken away.
    ///
    /// # Errors
    /// [`StoreError::Refused`] if a seat is named twice or is another case's; others if the database fails.
    pub async fn seats_put(&mut self, rows: &[SeatRow]) -> Result<(), StoreError> {
        let named: BTreeSet<&str> = rows.iter().map(|row| row.id.as_str()).collect();
        let values = |row: &SeatRow| {
            let SeatRow { id, case, ordinal, unit, role, competence, state, changed, held } = row;
            args![id, case, *ordinal, unit, role, competence, state, *changed, *held]
        };
        let mut session = self.session();
        if named.len() != rows.len() {
            return Err(session.given_up(StoreError::Refused("a seat is named twice in one transaction".to_owned())));
        }
        if session.run_many(sql!("seat/put"), rows, values).await? != rows.len() as u64 {
            return Err(session.given_up(StoreError::Refused("a seat named for a case is another case's".to_owned())));
        }
        Ok(())
    }

    /// The load of every unit that has one, as this transaction sees it.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn live_load(&mut self) -> Result<UnitLoad, StoreError> {
        load(&mut self.session()).await
    }
}

impl Store {
    /// The load of every unit that has one.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn live_load(&self) -> Result<UnitLoad, StoreError> {
        load(&mut self.read().await?.session()).await
    }

    /// The seats of a case, in the order they were wanted.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn seats(&self, case: &str) -> Result<Vec<SeatRow>, StoreError> {
        self.read().await?.session().all(sql!("seat/of_case"), args![case]).await
    }

    /// One seat.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn seat(&self, id: &str) -> Result<Option<SeatRow>, StoreError> {
        self.read().await?.session().one(sql!("seat/get"), args![id]).await
    }

    /// How many seats of live cases stand where.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn seat_counts(&self) -> Result<Vec<SeatCount>, StoreError> {
        self.read().await?.session().all(sql!("seat/counts"), args![]).await
    }
}
