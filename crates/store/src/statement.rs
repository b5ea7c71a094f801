//! Statements by the name of their file, with what goes in and what comes out.

use sqlx::AnyConnection;
use sqlx::any::{Any, AnyArguments, AnyRow};
use sqlx::{Arguments, AssertSqlSafe, Decode, Row as _, Type};

use crate::connect::StoreProfile;
use crate::error::{NUL, StoreError};
use crate::many::many;

/// A statement for both databases, or a pair.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Statement {
    /// `noun/verb`, as its file is called.
    pub(crate) name: &'static str,
    pub(crate) sqlite: &'static str,
    pub(crate) postgres: &'static str,
}

impl Statement {
    pub(crate) fn text(&self, profile: StoreProfile) -> &'static str {
        match profile {
            StoreProfile::Sqlite => self.sqlite,
            StoreProfile::Postgres => self.postgres,
        }
    }
}

/// The statement of `sql/<name>.sql`.
macro_rules! sql {
    ($name:literal) => {{
        const TEXT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/", $name, ".sql"));
        $crate::statement::Statement { name: $name, sqlite: TEXT, postgres: TEXT }
    }};
}

/// The statement of `sql/<name>.sqlite.sql` and `sql/<name>.pg.sql`.
macro_rules! pair {
    ($name:literal) => {
        $crate::statement::Statement {
            name: $name,
            sqlite: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/", $name, ".sqlite.sql")),
            postgres: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/", $name, ".pg.sql")),
        }
    };
}

/// The values of `$1`, `$2`, … in order.
macro_rules! args {
    () => {
        $crate::statement::Args::default()
    };
    ($($value:expr),+ $(,)?) => {{
        let mut args = $crate::statement::Args::default();
        $($crate::statement::Bind::bind($value, &mut args);)+
        args
    }};
}

pub(crate) use {args, pair, sql};

/// Values on their way into a statement.
#[derive(Default)]
pub(crate) struct Args {
    values: Vec<Given>,
    refused: Option<String>,
}

/// One of them. An absent one has a type as well.
enum Given {
    Text(Option<String>),
    Number(Option<i64>),
    Bytes(Option<Vec<u8>>),
}

impl Given {
    /// The name of its type in PostgreSQL.
    fn kind(&self) -> &'static str {
        match self {
            Given::Text(_) => "text",
            Given::Number(_) => "bigint",
            Given::Bytes(_) => "bytea",
        }
    }

    /// Adds it to the text of a PostgreSQL array (manual, "Array Input and Output Syntax").
    fn list(&self, into: &mut String) {
        match self {
            Given::Text(None) | Given::Number(None) | Given::Bytes(None) => into.push_str("NULL"),
            Given::Number(Some(number)) => into.push_str(&number.to_string()),
            Given::Text(Some(text)) => {
                let text = text.replace('\\', r"\\").replace('"', r#"\""#);
                into.extend(["\"", &text, "\""]);
            }
            Given::Bytes(Some(bytes)) => {
                let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                into.extend([r#""\\x"#, &digits, "\""]);
            }
        }
    }
}

impl Args {
    /// Values of several rows as one list for each column, with the types of their values.
    pub(crate) fn lists(rows: impl Iterator<Item = Args>) -> (Vec<&'static str>, Args) {
        let (mut types, mut lists, mut refused) = (Vec::new(), Vec::new(), None);
        for row in rows {
            if lists.is_empty() {
                types = row.values.iter().map(Given::kind).collect();
                lists = vec![String::from("{"); types.len()];
            }
            for (value, list) in row.values.iter().zip(&mut lists) {
                list.push_str(if list.len() == 1 { "" } else { "," });
                value.list(list);
            }
            refused = refused.or(row.refused);
        }
        lists.iter_mut().for_each(|list| list.push('}'));
        let values = lists.into_iter().map(|list| Given::Text(Some(list))).collect();
        (types, Args { values, refused })
    }

    /// These and then the others.
    pub(crate) fn and(mut self, others: Self) -> Self {
        self.values.extend(others.values);
        self.refused = self.refused.or(others.refused);
        self
    }

    fn for_the_driver(self) -> Result<AnyArguments, String> {
        if let Some(why) = self.refused {
            return Err(why);
        }
        let mut arguments = AnyArguments::default();
        for value in self.values {
            let added = match value {
                Given::Text(text) => arguments.add(text),
                Given::Number(number) => arguments.add(number),
                Given::Bytes(bytes) => arguments.add(bytes),
            };
            added.map_err(|error| error.to_string())?;
        }
        Ok(arguments)
    }
}

/// A value that a statement takes.
///
/// There is none for an optional number with a fraction: the driver sends an absent one under another type than a
/// present one, and PostgreSQL's prepared statements then refuse the second kind they meet.
pub(crate) trait Bind {
    fn bind(self, args: &mut Args);
}

impl Bind for Option<&str> {
    fn bind(self, args: &mut Args) {
        if self.is_some_and(|text| text.contains('\0')) {
            args.refused = Some(NUL.to_owned());
        }
        args.values.push(Given::Text(self.map(str::to_owned)));
    }
}

impl Bind for &str {
    fn bind(self, args: &mut Args) {
        Some(self).bind(args);
    }
}

impl Bind for &String {
    fn bind(self, args: &mut Args) {
        Some(self.as_str()).bind(args);
    }
}

impl Bind for &Option<String> {
    fn bind(self, args: &mut Args) {
        self.as_deref().bind(args);
    }
}

impl Bind for i64 {
    fn bind(self, args: &mut Args) {
        Some(self).bind(args);
    }
}

impl Bind for Option<i64> {
    fn bind(self, args: &mut Args) {
        args.values.push(Given::Number(self));
    }
}

impl Bind for u32 {
    fn bind(self, args: &mut Args) {
        i64::from(self).bind(args);
    }
}

impl Bind for u64 {
    fn bind(self, args: &mut Args) {
        match i64::try_from(self) {
            Ok(number) => number.bind(args),
            Err(_) => args.refused = Some(format!("{self} is too large a number to be stored")),
        }
    }
}

impl Bind for Option<u64> {
    fn bind(self, args: &mut Args) {
        match self {
            Some(number) => number.bind(args),
            None => None::<i64>.bind(args),
        }
    }
}

impl Bind for bool {
    fn bind(self, args: &mut Args) {
        i64::from(self).bind(args);
    }
}

impl Bind for Option<bool> {
    fn bind(self, args: &mut Args) {
        self.map(i64::from).bind(args);
    }
}

impl Bind for &[u8] {
    fn bind(self, args: &mut Args) {
        Some(self).bind(args);
    }
}

impl Bind for Option<&[u8]> {
    fn bind(self, args: &mut Args) {
        args.values.push(Given::Bytes(self.map(<[u8]>::to_vec)));
    }
}

/// A connection in use, by a reader or by a transaction.
#[derive(Debug)]
pub(crate) struct Session<'c> {
    pub(crate) connection: &'c mut AnyConnection,
    pub(crate) profile: StoreProfile,
    /// Set by any call that fails: PostgreSQL then turns the commit into a rollback without a word.
    pub(crate) failed: &'c mut bool,
}

impl Session<'_> {
    /// Runs a statement and says how many rows it touched.
    pub(crate) async fn run(&mut self, statement: Statement, args: Args) -> Result<u64, StoreError> {
        let args = self.checked(args)?;
        let query = sqlx::query_with(statement.text(self.profile), args);
        let done = self.profile.answer(query.execute(&mut *self.connection)).await;
        Ok(self.noted(statement, done)?.rows_affected())
    }

    /// Runs a statement that is written for one row on many, and says how many rows it touched.
    pub(crate) async fn run_many<R>(
        &mut self,
        statement: Statement,
        rows: &[R],
        values: impl Fn(&R) -> Args,
    ) -> Result<u64, StoreError> {
        let mut touched = 0;
        for (text, args) in many(self.profile, statement.text(self.profile), rows, values) {
            let args = self.checked(args)?;
            let query = sqlx::query_with(AssertSqlSafe(text), args);
            let done = self.profile.answer(query.execute(&mut *self.connection)).await;
            touched += self.noted(statement, done)?.rows_affected();
        }
        Ok(touched)
    }

    /// Runs a question that is written for one row of values on many, and reads what comes back.
    pub(crate) async fn all_of_many<T: FromRow, R>(
        &mut self,
        statement: Statement,
        rows: &[R],
        values: impl Fn(&R) -> Args,
    ) -> Result<Vec<T>, StoreError> {
        let mut found = Vec::new();
        for (text, args) in many(self.profile, statement.text(self.profile), rows, values) {
            let args = self.checked(args)?;
            let query = sqlx::query_with(AssertSqlSafe(text), args);
            let rows = self.profile.answer(query.fetch_all(&mut *self.connection)).await;
            for row in self.noted(statement, rows)? {
                found.push(T::from_row(&Row { row, operation: statement.name })?);
            }
        }
        Ok(found)
    }

    /// Runs a statement and gives its rows.
    pub(crate) async fn rows(&mut self, statement: Statement, args: Args) -> Result<Vec<Row>, StoreError> {
        let args = self.checked(args)?;
        let query = sqlx::query_with(statement.text(self.profile), args);
        let rows = self.profile.answer(query.fetch_all(&mut *self.connection)).await;
        let rows = self.noted(statement, rows)?;
        Ok(rows.into_iter().map(|row| Row { row, operation: statement.name }).collect())
    }

    /// Runs a statement that gives one row or none.
    pub(crate) async fn row(&mut self, statement: Statement, args: Args) -> Result<Option<Row>, StoreError> {
        Ok(self.rows(statement, args).await?.into_iter().next())
    }

    /// Runs a statement that gives one row or none, and reads it.
    pub(crate) async fn one<T: FromRow>(&mut self, statement: Statement, args: Args) -> Result<Option<T>, StoreError> {
        self.row(statement, args).await?.map(|row| T::from_row(&row)).transpose()
    }

    /// Runs a statement and reads its rows.
    pub(crate) async fn all<T: FromRow>(&mut self, statement: Statement, args: Args) -> Result<Vec<T>, StoreError> {
        self.rows(statement, args).await?.iter().map(T::from_row).collect()
    }

    /// Runs several statements of one text without values.
    pub(crate) async fn script(&mut self, operation: &'static str, text: &'static str) -> Result<(), StoreError> {
        let done = sqlx::raw_sql(text).execute(&mut *self.connection).await;
        done.map(|_| ()).map_err(|error| self.given_up(StoreError::from_driver(operation, error)))
    }

    /// What time it is: the database's own clock on PostgreSQL, the caller's on SQLite.
    pub(crate) async fn now_micros(&mut self, now: i64) -> Result<i64, StoreError> {
        let row = self.row(pair!("clock/now"), args![now]).await?;
        row.ok_or_else(|| StoreError::corrupt("clock/now", "no answer"))?.get("now")
    }

    /// Gives the transaction up: by a failed statement, or because what it was for is not there.
    pub(crate) fn given_up(&mut self, why: StoreError) -> StoreError {
        *self.failed = true;
        why
    }

    fn checked(&mut self, args: Args) -> Result<AnyArguments, StoreError> {
        args.for_the_driver().map_err(|why| self.given_up(StoreError::Refused(why)))
    }

    fn noted<T>(&mut self, statement: Statement, done: Result<T, sqlx::Error>) -> Result<T, StoreError> {
        done.map_err(|error| self.given_up(StoreError::from_driver(statement.name, error)))
    }
}

/// A row type that knows its columns.
pub(crate) trait FromRow: Sized {
    fn from_row(row: &Row) -> Result<Self, StoreError>;
}

/// One row that came back.
pub(crate) struct Row {
    row: AnyRow,
    operation: &'static str,
}

impl Row {
    /// The value of a column: text, whole number, bytes, or an option of these.
    pub(crate) fn get<T>(&self, column: &str) -> Result<T, StoreError>
    where
        T: for<'r> Decode<'r, Any> + Type<Any>,
    {
        self.row.try_get(column).map_err(|error| StoreError::from_driver(self.operation, error))
    }

    /// A number that is never negative.
    pub(crate) fn count(&self, column: &str) -> Result<u64, StoreError> {
        let number: i64 = self.get(column)?;
        u64::try_from(number).map_err(|_| StoreError::corrupt(self.operation, format!("{column} is {number}")))
    }

    /// A number of a partition or the like.
    pub(crate) fn small(&self, column: &str) -> Result<u32, StoreError> {
        let number: i64 = self.get(column)?;
        u32::try_from(number).map_err(|_| StoreError::corrupt(self.operation, format!("{column} is {number}")))
    }

    /// Yes or no; absent is no.
    pub(crate) fn flag(&self, column: &str) -> Result<bool, StoreError> {
        Ok(self.get::<Option<i64>>(column)?.is_some_and(|number| number != 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_written_as_postgresql_reads_them() {
        let rows = [
            args!["a\"b\\c", 1_i64, None::<i64>],
            args!["{名,NULL}", -2_i64, Some(3_i64)],
            args!["", 0_i64, None::<i64>],
        ];
        let (types, lists) = Args::lists(rows.into_iter());
        let texts: Vec<_> =
            lists.values.iter().map(|list| if let Given::Text(Some(text)) = list { text } else { "" }).collect();
        assert_eq!(types, ["text", "bigint", "bigint"]);
        assert_eq!(texts, [r#"{"a\"b\\c","{名,NULL}",""}"#, "{1,-2,0}", "{NULL,3,NULL}"]);
        let (types, lists) = Args::lists([args![None::<&str>, &b"\x00\xff"[..]]].into_iter());
        assert_eq!(types, ["text", "bytea"]);
        assert!(matches!(&lists.values[1], Given::Text(Some(text)) if text == r#"{"\\x00ff"}"#));
        let (_, lists) = Args::lists([args!["fine"], args!["nul\0"]].into_iter());
        assert!(lists.for_the_driver().is_err(), "what no text may hold is refused here as well");
    }
}
