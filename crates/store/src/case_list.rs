//! Lists of cases in the order of the queue.

use std::fmt;

use crate::case::CaseRow;
use crate::error::StoreError;
use crate::page::{Page, bad_cursor, to_read};
use crate::statement::{Args, FromRow, Row, args, sql};
use crate::store::Store;

/// Which cases to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CaseFilter {
    /// In this state.
    pub state: Option<String>,
    /// Live, or ended.
    pub live: Option<bool>,
    /// Of this kind.
    pub kind: Option<String>,
    /// About this subject.
    pub subject: Option<String>,
    /// Of this street.
    pub jurisdiction: Option<String>,
    /// A seat of it is, or was, this unit's.
    pub unit: Option<String>,
    /// In one of these grid cells; none = anywhere. Cells below a cell are the caller's to name.
    pub grids: Vec<String>,
    /// Live with a clock that has run out by this instant, in microseconds since 1970; or with `false`, anything else.
    pub overdue: Option<(bool, i64)>,
    /// Its search text holds this, in lower case.
    pub q: Option<String>,
}

/// How many live cases of a kind stand in a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CasesInState {
    /// The kind.
    pub kind: String,
    /// The state.
    pub state: String,
    /// How many.
    pub cases: i64,
    /// How many of them have a clock that has run out.
    pub overdue: i64,
}

/// Between the cells of a list: no id holds a control character.
const BETWEEN: &str = "\u{1f}";

impl FromRow for CasesInState {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            kind: row.get("kind")?,
            state: row.get("state")?,
            cases: row.get("cases")?,
            overdue: row.get("overdue")?,
        })
    }
}

/// The last row of the page before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseCursor {
    rank: i64,
    turn: i64,
    id: String,
}

impl fmt::Display for CaseCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.rank, self.turn, self.id)
    }
}

impl CaseCursor {
    /// Before every row.
    const START: Self = Self { rank: i64::MIN, turn: i64::MIN, id: String::new() };

    fn of(row: &CaseRow) -> String {
        Self { rank: row.rank(), turn: row.turn(), id: row.id.clone() }.to_string()
    }

    /// Reads what a page gave as its `next`.
    ///
    /// # Errors
    /// [`StoreError::Cursor`] if it is none.
    pub fn parse(cursor: &str) -> Result<Self, StoreError> {
        let mut parts = cursor.splitn(3, '.');
        let mut number = || parts.next()?.parse().ok();
        let (rank, turn) = (number().ok_or_else(bad_cursor)?, number().ok_or_else(bad_cursor)?);
        let id = parts.next().filter(|id| !id.is_empty()).ok_or_else(bad_cursor)?.to_owned();
        Ok(Self { rank, turn, id })
    }
}

impl CaseFilter {
    fn values(&self, last: Option<&CaseCursor>, rows: i64) -> Args {
        let grids = (!self.grids.is_empty()).then(|| {
            // Two separators between neighbours, so that each cell has one on either side of its own.
            self.grids.iter().map(|grid| format!("{BETWEEN}{grid}{BETWEEN}")).collect::<String>()
        });
        args![
            &self.state,
            &self.kind,
            self.live,
            last.map(|last| last.rank),
            last.map(|last| last.turn),
            last.map(|last| last.id.as_str()),
            &self.unit,
            self.overdue.map(|(_, now)| now),
            &self.q.as_deref().map(contains),
            &self.jurisdiction,
            &self.subject,
            &grids,
            BETWEEN,
            rows,
            self.overdue.map(|(late, _)| late),
        ]
    }
}

/// The pattern that finds a text anywhere, with nothing special in it.
fn contains(text: &str) -> String {
    let mut pattern = String::from("%");
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

impl Store {
    /// A page of cases: live before ended, by harm, then by what falls due first.
    ///
    /// # Errors
    /// [`StoreError::Cursor`] if the cursor is none.
    pub async fn cases(
        &self,
        filter: &CaseFilter,
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<Page<CaseRow>, StoreError> {
        let last = cursor.map(CaseCursor::parse).transpose()?;
        let values = filter.values(last.as_ref(), to_read(limit));
        let rows: Vec<CaseRow> = self.read().await?.session().all(sql!("cases/list"), values).await?;
        Ok(Page::of(rows, limit, CaseCursor::of))
    }

    /// A page of the cases that want a seat filled, in the order of the queue.
    ///
    /// # Errors
    /// [`StoreError::Refused`] if the cursor is none.
    pub async fn cases_wanting_seats(&self, limit: u32, cursor: Option<&str>) -> Result<Page<CaseRow>, StoreError> {
        let CaseCursor { rank, turn, id } = cursor.map_or(Ok(CaseCursor::START), CaseCursor::parse)?;
        let values = args![rank, turn, &id, to_read(limit)];
        let rows: Vec<CaseRow> = self.read().await?.session().all(sql!("cases/wanting"), values).await?;
        Ok(Page::of(rows, limit, CaseCursor::of))
    }

    /// How many live cases stand where.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn case_counts(&self) -> Result<Vec<CasesInState>, StoreError> {
        self.read().await?.session().all(sql!("cases/counts"), args![]).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_the_last_row_and_nothing_else() {
        let last = CaseCursor { rank: 1, turn: -5, id: "case.x".to_owned() };
        assert_eq!(CaseCursor::parse(&last.to_string()).unwrap(), last);
        for cursor in ["", "1", "1.2", "1.2.", "x.2.y", "1.99999999999999999999.y"] {
            assert!(CaseCursor::parse(cursor).is_err(), "{cursor}");
        }
    }

    #[test]
    fn nothing_is_special_in_a_search() {
        assert_eq!(contains("50%_!"), "%50!%!_!!%");
    }
}
