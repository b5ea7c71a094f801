//! Dead letters: what could not be read, with its own bytes and the reason.

use crate::error::StoreError;
use crate::page::{Page, bad_cursor, to_read};
use crate::statement::{Args, FromRow, Row, args, sql};
use crate::store::Store;
use crate::tx::Tx;

/// What is written down of a record that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDeadLetter {
    /// The dead-letter topic it lies in.
    pub topic: String,
    /// Its partition there.
    pub partition: u32,
    /// Its offset there.
    pub offset: u64,
    /// The topic it was refused from.
    pub original_topic: String,
    /// Its partition there, where it came by a topic.
    pub original_partition: Option<i64>,
    /// Its offset there.
    pub original_offset: Option<i64>,
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
    /// The reason as a fault with what it speaks of, in JSON; empty where the refuser said none.
    pub fault: String,
    /// When it came, in microseconds since 1970.
    pub received: i64,
}

/// A dead letter without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetterRow {
    /// Its number.
    pub id: u64,
    /// The dead-letter topic it lies in.
    pub topic: String,
    /// Its partition there.
    pub partition: u32,
    /// Its offset there.
    pub offset: u64,
    /// The topic it was refused from.
    pub original_topic: String,
    /// Its partition there, where it came by a topic.
    pub original_partition: Option<i64>,
    /// Its offset there.
    pub original_offset: Option<i64>,
    /// Its headers, as JSON.
    pub headers: String,
    /// A stable code.
    pub code: String,
    /// The reason in words.
    pub message: String,
    /// The reason as a fault with what it speaks of, in JSON; empty where the refuser said none.
    pub fault: String,
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
    /// Refused from this topic.
    pub topic: Option<String>,
    /// With this code.
    pub code: Option<String>,
    /// In this state.
    pub state: Option<DeadLetterState>,
}

/// How many dead letters there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetterCount {
    /// The topic they were refused from.
    pub topic: String,
    /// The code.
    pub code: String,
    /// The state.
    pub state: DeadLetterState,
    /// How many.
    pub letters: i64,
}

fn state(row: &Row) -> Result<DeadLetterState, StoreError> {
    let name: String = row.get("state")?;
    DeadLetterState::parse(&name).ok_or_else(|| StoreError::corrupt("dead_letter", format!("state is {name}")))
}

impl FromRow for DeadLetterRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.count("id")?,
            topic: row.get("topic")?,
            partition: row.small("partition")?,
            offset: row.count("position")?,
            original_topic: row.get("original_topic")?,
            original_partition: row.get("original_partition")?,
            original_offset: row.get("original_offset")?,
            headers: row.get("headers")?,
            code: row.get("code")?,
            message: row.get("message")?,
            fault: row.get("fault")?,
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
        Ok(Self {
            topic: row.get("original_topic")?,
            code: row.get("code")?,
            state: state(row)?,
            letters: row.get("letters")?,
        })
    }
}

impl NewDeadLetter {
    fn values(&self) -> Args {
        args![
            &self.topic,
            self.partition,
            self.offset,
            &self.original_topic,
            self.original_partition,
            self.original_offset,
            self.key.as_deref(),
            self.bytes.as_slice(),
            &self.headers,
            &self.code,
            &self.message,
            self.received,
            &self.fault,
        ]
    }
}

impl Tx {
    /// Writes down what could not be read; positions that are there already are left as they are. Says how many are new.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn dead_letters_put(&mut self, letters: &[NewDeadLetter]) -> Result<u64, StoreError> {
        let mut new = 0;
        for letter in letters {
            new += self.session().run(sql!("dead_letter/insert"), letter.values()).await?;
        }
        Ok(new)
    }

    /// Says what was done about an open dead letter; `false` if there is none, or it is not open any more.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn dead_letter_mark(&mut self, id: u64, state: DeadLetterState, note: &str) -> Result<bool, StoreError> {
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
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<Page<DeadLetterRow>, StoreError> {
        let before: Option<i64> = cursor.map(|cursor| cursor.parse().map_err(|_| bad_cursor())).transpose()?;
        let state = filter.state.map(DeadLetterState::name);
        let values = args![before, &filter.topic, &filter.code, state, to_read(limit)];
        let rows: Vec<DeadLetterRow> = self.read().await?.session().all(sql!("dead_letter/list"), values).await?;
        Ok(Page::of(rows, limit, |row| row.id.to_string()))
    }

    /// One dead letter with its bytes.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn dead_letter(&self, id: u64) -> Result<Option<DeadLetter>, StoreError> {
        self.read().await?.session().one(sql!("dead_letter/get"), args![id]).await
    }

    /// How many dead letters there are, by topic, code and state.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn dead_letter_counts(&self) -> Result<Vec<DeadLetterCount>, StoreError> {
        self.read().await?.session().all(sql!("dead_letter/counts"), args![]).await
    }

    /// Removes at most `limit` dead letters received before an instant about which something was done; open ones stay.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn dead_letter_prune(&self, before: i64, limit: u32) -> Result<u64, StoreError> {
        let mut tx = self.begin().await?;
        let gone = tx.session().run(sql!("dead_letter/prune"), args![before, limit]).await?;
        tx.commit().await?;
        Ok(gone)
    }
}
