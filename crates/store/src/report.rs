//! Reports by source and id: the same content again is a duplicate, another an amendment.

use crate::error::StoreError;
use crate::link::ReportOf;
use crate::statement::{FromRow, Row, args, sql};
use crate::store::Store;
use crate::tx::Tx;

/// What has become of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportRow {
    /// Who reported.
    pub source: String,
    /// Under which id.
    pub id: String,
    /// The hash of its content.
    pub content: String,
    /// `pending`, `case` or `refused`.
    pub state: String,
    /// The case that answers it.
    pub case: Option<String>,
    /// Why it was refused.
    pub reason: Option<String>,
    /// When its content last changed, in microseconds since 1970.
    pub at: i64,
}

/// What a report is to those that came before it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum ReportClaim {
    /// Nobody had claimed this source and id.
    New,
    /// The same content again.
    Same {
        /// A case answers it, or it was refused. If not, the one before may have died between claim and log: write it to
        /// the log again, where a second copy changes nothing.
        settled: bool,
        /// What is known of it.
        before: ReportRow,
    },
    /// Other content: it is pending again.
    Amended {
        /// What it was before.
        before: ReportRow,
    },
}

impl FromRow for ReportRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            source: row.get("source")?,
            id: row.get("id")?,
            content: row.get("content")?,
            state: row.get("state")?,
            case: row.get("case_id")?,
            reason: row.get("reason")?,
            at: row.get("at")?,
        })
    }
}

impl Tx {
    /// Claims a report before it is written to the log.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn report_claim(
        &mut self,
        source: &str,
        id: &str,
        content: &str,
        at: i64,
    ) -> Result<ReportClaim, StoreError> {
        let mut session = self.session();
        if session.run(sql!("report/insert"), args![source, id, content, at]).await? == 1 {
            return Ok(ReportClaim::New);
        }
        let before: Option<ReportRow> = session.one(sql!("report/get"), args![source, id]).await?;
        let before = before.ok_or_else(|| session.given_up(StoreError::Conflict { operation: "report/insert" }))?;
        if session.run(sql!("report/amend"), args![source, id, content, at]).await? == 1 {
            Ok(ReportClaim::Amended { before })
        } else {
            Ok(ReportClaim::Same { settled: before.state != "pending", before })
        }
    }

    /// Cases answer reports; none may be named twice.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn reports_settled(&mut self, answered: &[ReportOf]) -> Result<(), StoreError> {
        let values = |one: &ReportOf| args![&one.source, &one.id, "case", Some(one.case.as_str()), None::<&str>];
        self.session().run_many(sql!("report/settle"), answered, values).await.map(|_| ())
    }

    /// No case will answer the report. One that a case answers already stays answered: what was refused was an amendment.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn report_refused(&mut self, source: &str, id: &str, reason: &str, at: i64) -> Result<(), StoreError> {
        self.session().run(sql!("report/refuse"), args![source, id, reason, at]).await.map(|_| ())
    }
}

impl Store {
    /// What has become of a report.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn report(&self, source: &str, id: &str) -> Result<Option<ReportRow>, StoreError> {
        self.read().await?.session().one(sql!("report/get"), args![source, id]).await
    }
}
