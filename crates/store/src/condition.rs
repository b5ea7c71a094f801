//! What the watch believes, as of the offset it was written with.

use crate::error::StoreError;
use crate::page::{Page, to_read};
use crate::statement::{Args, FromRow, Row, args, sql};
use crate::store::Store;
use crate::tx::Tx;

/// A condition that went to another state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConditionMoved {
    /// Computed from rule and subject.
    pub id: String,
    /// The rule.
    pub rule: String,
    /// The subject's key, such as `place:lane-1`.
    pub subject: String,
    /// The place, where the subject is one.
    pub place: Option<String>,
    /// The state it went to.
    pub state: String,
    /// Since when, in microseconds since 1970.
    pub since: i64,
    /// The episode under way.
    pub episode: Option<String>,
    /// The version of the rule that decided.
    pub rule_version: i64,
    /// The kind of case it means.
    pub kind: Option<String>,
    /// How urgent.
    pub severity: Option<i64>,
    /// The grid cell of its subject.
    pub grid: Option<String>,
    /// Why, as JSON.
    pub doc: String,
}

/// A condition that went blind or sees again. It changes no state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConditionBlind {
    /// Computed from rule and subject.
    pub id: String,
    /// The rule.
    pub rule: String,
    /// The subject's key.
    pub subject: String,
    /// The place, where the subject is one.
    pub place: Option<String>,
    /// Blind from now on, or seeing again.
    pub blind: bool,
    /// Silent since, or seeing again since, in microseconds since 1970.
    pub since: i64,
    /// The version of the rule.
    pub rule_version: i64,
    /// The kind of case it means.
    pub kind: Option<String>,
    /// How urgent.
    pub severity: Option<i64>,
    /// The grid cell of its subject.
    pub grid: Option<String>,
    /// Who does not cover, as JSON.
    pub doc: String,
}

/// A condition's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConditionRow {
    /// Computed from rule and subject.
    pub id: String,
    /// The rule.
    pub rule: String,
    /// The subject's key.
    pub subject: String,
    /// The place, where the subject is one.
    pub place: Option<String>,
    /// Where it stands.
    pub state: String,
    /// Nobody sees it.
    pub blind: bool,
    /// Since when it is in its state, in microseconds since 1970.
    pub since: i64,
    /// Since when it is blind, or sees again; absent where it was never blind.
    pub blind_since: Option<i64>,
    /// The episode under way.
    pub episode: Option<String>,
    /// The partition that holds it.
    pub partition: u32,
    /// The offset up to which this row is true.
    pub offset: u64,
    /// The version of the rule that decided last.
    pub rule_version: i64,
    /// The kind of case it means.
    pub kind: Option<String>,
    /// How urgent.
    pub severity: Option<i64>,
    /// The grid cell of its subject.
    pub grid: Option<String>,
    /// Why, as JSON; absent where it has never moved.
    pub doc: Option<String>,
    /// Who does not cover, as JSON; absent where it was never blind.
    pub blind_doc: Option<String>,
}

/// Which conditions to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConditionFilter {
    /// Of this place.
    pub place: Option<String>,
    /// Of this rule.
    pub rule: Option<String>,
    /// In this state.
    pub state: Option<String>,
    /// Blind, or not.
    pub blind: Option<bool>,
}

/// How many conditions of a rule stand where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConditionCount {
    /// The rule.
    pub rule: String,
    /// The state.
    pub state: String,
    /// Blind, or not.
    pub blind: bool,
    /// How many.
    pub conditions: i64,
}

impl FromRow for ConditionRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get("id")?,
            rule: row.get("rule")?,
            subject: row.get("subject")?,
            place: row.get("place")?,
            state: row.get("state")?,
            blind: row.flag("blind")?,
            since: row.get("since")?,
            blind_since: row.get("blind_since")?,
            episode: row.get("episode")?,
            partition: row.small("partition")?,
            offset: row.count("position")?,
            rule_version: row.get("rule_version")?,
            kind: row.get("kind")?,
            severity: row.get("severity")?,
            grid: row.get("grid")?,
            doc: row.get("doc")?,
            blind_doc: row.get("blind_doc")?,
        })
    }
}

impl FromRow for ConditionCount {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            rule: row.get("rule")?,
            state: row.get("state")?,
            blind: row.flag("blind")?,
            conditions: row.get("conditions")?,
        })
    }
}

impl ConditionFilter {
    fn values(&self, after: Option<&str>, rows: i64) -> Args {
        args![after, &self.place, &self.rule, &self.state, self.blind, rows]
    }
}

impl Tx {
    /// Writes where conditions stand now; none may be named twice.
    ///
    /// # Errors
    /// [`StoreError::Refused`] if this transaction moves no offset: a belief without its position is worth nothing after
    /// a crash.
    pub async fn conditions_move(&mut self, rows: &[ConditionMoved]) -> Result<(), StoreError> {
        let (partition, offset) = self.standing()?;
        let values = |row: &ConditionMoved| {
            let ConditionMoved { id, rule, subject, place, state, since, episode, .. } = row;
            let ConditionMoved { rule_version, kind, severity, grid, doc, .. } = row;
            args![
                id,
                rule,
                subject,
                place,
                state,
                *since,
                episode,
                partition,
                offset,
                *rule_version,
                kind,
                *severity,
                grid,
                doc
            ]
        };
        self.session().run_many(sql!("condition/move"), rows, values).await.map(|_| ())
    }

    /// Writes that conditions went blind or see again; none may be named twice.
    ///
    /// # Errors
    /// [`StoreError::Refused`] if this transaction moves no offset.
    pub async fn conditions_blind(&mut self, rows: &[ConditionBlind]) -> Result<(), StoreError> {
        let (partition, offset) = self.standing()?;
        let values = |row: &ConditionBlind| {
            let ConditionBlind { id, rule, subject, place, blind, since, .. } = row;
            let ConditionBlind { rule_version, kind, severity, grid, doc, .. } = row;
            args![
                id,
                rule,
                subject,
                place,
                *since,
                *blind,
                partition,
                offset,
                *rule_version,
                kind,
                *severity,
                grid,
                doc
            ]
        };
        self.session().run_many(sql!("condition/blind"), rows, values).await.map(|_| ())
    }

    /// Removes conditions whose rule or place was withdrawn.
    ///
    /// # Errors
    /// [`StoreError::Refused`] if this transaction moves no offset.
    pub async fn conditions_withdraw(&mut self, ids: &[String]) -> Result<(), StoreError> {
        self.standing()?;
        self.session().run_many(sql!("condition/delete"), ids, |id| args![id]).await.map(|_| ())
    }

    fn standing(&mut self) -> Result<(u32, u64), StoreError> {
        let unmoored = "conditions are written by a transaction that moves an offset";
        self.standing.ok_or_else(|| self.session().given_up(StoreError::Refused(unmoored.to_owned())))
    }
}

impl Store {
    /// One condition.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn condition(&self, id: &str) -> Result<Option<ConditionRow>, StoreError> {
        self.read().await?.session().one(sql!("condition/get"), args![id]).await
    }

    /// A page of conditions, by id.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn conditions(
        &self,
        filter: &ConditionFilter,
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<Page<ConditionRow>, StoreError> {
        let values = filter.values(cursor, to_read(limit));
        let rows: Vec<ConditionRow> = self.read().await?.session().all(sql!("condition/list"), values).await?;
        Ok(Page::of(rows, limit, |row| row.id.clone()))
    }

    /// All conditions of a partition, by id: what a restart compares with.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn conditions_of_partition(&self, partition: u32) -> Result<Vec<ConditionRow>, StoreError> {
        self.read().await?.session().all(sql!("condition/of_partition"), args![partition]).await
    }

    /// How many conditions stand where.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn condition_counts(&self) -> Result<Vec<ConditionCount>, StoreError> {
        self.read().await?.session().all(sql!("condition/counts"), args![]).await
    }
}
