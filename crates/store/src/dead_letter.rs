//! Dead letters: what could not be read, with its own bytes and the reason.

use crate::error::StoreError;
use crate::page::{Page, bad_cursor, to_read};
use crate::statement::{FromRow, Row, args, sql};
use crate::store::Store;
use crate::tx::Tx;

/// What is written down of a record that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDeadLetter {
    /// The topic it came from or was meant for.
    pub topic: String,
    /// Its partition, where it came from a topic.
    pub partition: Option<u32>,
    /// Its offset, where it came from a topic: then it is there once.
    pub offset: Option<u64>,
    /// Its key.
    pub key: Option<Vec<u8>>,
    /// Its bytes, or what stands for them.
    pub bytes: Vec<u8>,
    /// Its headers, as JSON.
    pub headers: String,
    /// A stable code.
    pub code: String,
    /// The reason in words.
    pub message: String,
    /// The source, as far as it is known.
    pub source: Option<String>,
    /// When it came, in microseconds since 1970.
    pub received: i64,
}

/// A dead letter without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetterRow {
    /// Its number.
    pub id: i64,
    /// The topic it came from or was meant for.
    pub topic: String,
    /// Its partition, where it came from a topic.
    pub partition: Option<i64>,
    /// Its offset, where it came from a topic.
    pub offset: Option<i64>,
    /// Its headers, as JSON.
    pub headers: String,
    /// A stable code.
    pub code: String,
    /// The reason in words.
    pub message: String,
    /// The source, as far as it is known.
    pub source: Option<String>,
    /// When it came, in microseconds since 1970.
    pub received: i64,
    /// What was done about it.
    pub state: DeadLetterState,
    /// What was said when that was done.
    pub note: Option<String>,
    /// How many bytes it has.
    pub size: u64,
}

/// A dead letter with its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Everything but the bytes.
    pub row: DeadLetterRow,
    /// Its key.
    pub key: Option<Vec<u8>>,
    /// Its bytes, or what stands for them.
    pub bytes: Vec<u8>,
}

/// What was done about a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeadLetterState {
    /// Nothing yet.
    Open,
    /// It was sent again.
    Replayed,
    /// It was put away for good.
    Dropped,
}

impl DeadLetterState {
    /// The name used in every format.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Replayed => "replayed",
            Self::Dropped => "dropped",
        }
    }

    /// The state of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Open, Self::Replayed, Self::Dropped].into_iter().find(|state| state.name() == name)
    }
}

/// Which dead letters to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeadLetterFilter {
    /// Of this topic.
    pub topic: Option<String>,
    /// With this code.
    pub code: Option<String>,
    /// From this source.
    pub source: Option<String>,
    /// In this state.
    pub state: Option<DeadLetterState>,
}

/// How many dead letters there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetterCount {
    /// The topic.
    pub topic: String,
    /// The code.
    pub code: String,
    /// The state.
    pub state: DeadLetterState,
    /// How many.
    pub count: u64,
}

fn state(row: &Row) -> Result<DeadLetterState, StoreError> {
    let name: String = row.get("state")?;
    DeadLetterState::parse(&name).ok_or_else(|| StoreError::corrupt("dead_letter", format!("state is {name}")))
}

impl FromRow for DeadLetterRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get("id")?,
            topic: row.get("topic")?,
            partition: row.get("partition")?,
            offset: row.get("position")?,
            headers: row.get("headers")?,
            code: row.get("code")?,
            message: row.get("message")?,
            source: row.get("source")?,
            received: row.get("received")?,
            state: state(row)?,
            note: row.get("note")?,
            size: row.count("size")?,
        })
    }
}

impl FromRow for DeadLetter {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self { row: DeadLetterRow::from_row(row)?, key: row.get("record_key")?, bytes: row.get("bytes")? })
    }
}

impl FromRow for DeadLetterCount {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self { topic: row.get("topic")?, code: row.get("code")?, state: state(row)?, count: row.count("count")? })
    }
}

impl Tx {
    /// Writes down what could not be read; its number, or nothing if that position of that topic is there already.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails: then it must not be acknowledged.
    pub async fn dead_letter_put(&mut self, letter: &NewDeadLetter) -> Result<Option<i64>, StoreError> {
        let values = args![
            &letter.topic,
            letter.partition.map(u64::from),
            letter.offset,
            letter.key.as_deref(),
            letter.bytes.as_slice(),
            &letter.headers,
            &letter.code,
            &letter.message,
            &letter.source,
            letter.received,
        ];
        let row = self.session().row(sql!("dead_letter/insert"), values).await?;
        row.map(|row| row.get("id")).transpose()
    }

    /// Says what was done about an open dead letter; `false` if it is not open any more.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn dead_letter_mark(
        &mut self,
        id: i64,
        state: DeadLetterState,
        note: Option<&str>,
    ) -> Result<bool, StoreError> {
        Ok(self.session().run(sql!("dead_letter/mark"), args![id, state.name(), note]).await? == 1)
    }
}

impl Store {
    /// A page of dead letters, newest first, without their bytes.
    ///
    /// # Errors
    /// [`StoreError::Refused`] if the cursor is none.
    pub async fn dead_letters(
        &self,
        filter: &DeadLetterFilter,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<DeadLetterRow>, StoreError> {
        let before: Option<i64> = cursor.map(|cursor| cursor.parse().map_err(|_| bad_cursor())).transpose()?;
        let state = filter.state.map(DeadLetterState::name);
        let values = args![before, &filter.topic, &filter.code, &filter.source, state, to_read(limit)];
        let rows: Vec<DeadLetterRow> = self.read().await?.session().all(sql!("dead_letter/list"), values).await?;
        Ok(Page::of(rows, limit, |row| row.id.to_string()))
    }

    /// One dead letter with its bytes.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn dead_letter(&self, id: i64) -> Result<Option<DeadLetter>, StoreError> {
        self.read().await?.session().one(sql!("dead_letter/get"), args![id]).await
    }

    /// How many dead letters there are, by topic, code and state.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn dead_letter_counts(&self) -> Result<Vec<DeadLetterCount>, StoreError> {
        self.read().await?.session().all(sql!("dead_letter/counts"), args![]).await
    }

    /// Removes dead letters received before an instant about which something was done; open ones stay.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn dead_letter_prune(&self, before: i64) -> Result<u64, StoreError> {
        let mut tx = self.begin().await?;
        let gone = tx.session().run(sql!("dead_letter/prune"), args![before]).await?;
        tx.commit().await?;
        Ok(gone)
    }
}
