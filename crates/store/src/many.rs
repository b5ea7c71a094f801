//! A statement that is written for one row of values, for many rows.
//!
//! SQLite repeats its one tuple. PostgreSQL, where each statement is a way there and back, takes all rows at once: a list
//! for each column.

use std::fmt::Write as _;

use crate::connect::StoreProfile;
use crate::statement::Args;

/// Rows in one statement of SQLite. Few sizes, so that few statements are prepared.
const SIZES: [usize; 3] = [64, 8, 1];
/// Rows in one statement of PostgreSQL, at most.
const MOST: usize = 1000;
/// What stands before the tuple.
const BEFORE: &str = "values (";

/// Statements that together carry all rows, in order, each with its values.
pub(crate) fn many<R>(
    profile: StoreProfile,
    text: &'static str,
    rows: &[R],
    values: impl Fn(&R) -> Args,
) -> Vec<(String, Args)> {
    let (mut statements, mut rest) = (Vec::new(), rows);
    let size = |rows: usize| match profile {
        StoreProfile::Sqlite => SIZES.into_iter().find(|size| *size <= rows).unwrap_or(0),
        StoreProfile::Postgres => rows.min(MOST),
    };
    while !rest.is_empty() {
        let (now, later) = rest.split_at(size(rest.len()));
        statements.push(match profile {
            StoreProfile::Sqlite => {
                let args = now.iter().fold(Args::default(), |args, row| args.and(values(row)));
                (repeated(text, now.len()), args)
            }
            StoreProfile::Postgres => {
                let (types, args) = Args::lists(now.iter().map(&values));
                (listed(text, &types), args)
            }
        });
        rest = later;
    }
    statements
}

/// A statement around its tuple.
struct Parts<'a> {
    before: &'a str,
    columns: Vec<&'a str>,
    after: &'a str,
}

impl Parts<'_> {
    /// `None` for a text without a tuple: it is left as it is, and fails where it is run.
    fn of(text: &str) -> Option<Parts<'_>> {
        let (before, rest) = text.split_once(BEFORE)?;
        let (tuple, after) = rest.split_once(')')?;
        Some(Parts { before, columns: tuple.split(',').map(str::trim).collect(), after })
    }
}

/// The number of a value that is given, as in `$3`.
fn number(column: &str) -> Option<usize> {
    column.strip_prefix('$').and_then(|number| number.parse().ok())
}

/// The text with its tuple as often as there are rows, and the numbers going on.
fn repeated(text: &str, rows: usize) -> String {
    let Some(Parts { before, columns, after }) = Parts::of(text) else { return text.to_owned() };
    let given = columns.iter().filter_map(|column| number(column)).max().unwrap_or(0);
    let mut many = String::with_capacity(text.len() + rows * 8 * columns.len());
    many.push_str(before);
    many.push_str(BEFORE);
    for row in 0..rows {
        many.push_str(if row == 0 { "" } else { "), (" });
        for (at, column) in columns.iter().enumerate() {
            many.push_str(if at == 0 { "" } else { ", " });
            match number(column) {
                // Writing to a string cannot fail.
                Some(number) => drop(write!(many, "${}", row * given + number)),
                None => many.push_str(column),
            }
        }
    }
    many.push(')');
    many.push_str(after);
    many
}

/// The text with a list of values for each number in the place of its tuple: the columns have the names that a tuple's
/// would have.
fn listed(text: &str, types: &[&str]) -> String {
    let Some(Parts { before, columns, after }) = Parts::of(text) else { return text.to_owned() };
    let column = |(at, column): (usize, &&str)| match number(column) {
        Some(number) => format!("list.v{number} as column{}", at + 1),
        None => format!("{column} as column{}", at + 1),
    };
    let columns: Vec<String> = columns.iter().enumerate().map(column).collect();
    let lists: Vec<String> = (1..).zip(types).map(|(n, kind)| format!("${n}::{kind}[]")).collect();
    let names: Vec<String> = (1..=types.len()).map(|n| format!("v{n}")).collect();
    let (columns, lists, names) = (columns.join(", "), lists.join(", "), names.join(", "));
    format!("{before}select {columns} from unnest({lists}) as list({names}){after}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statement::args;

    #[test]
    fn numbers_go_on_from_row_to_row() {
        let one = "insert into a (b, c) values ($1, $2) on conflict (b) do update set c = excluded.c";
        assert_eq!(repeated(one, 1), one);
        assert_eq!(repeated("values ($1, '', $2, $1)", 2), "values ($1, '', $2, $1), ($3, '', $4, $3)");
        assert_eq!(
            repeated(one, 3),
            "insert into a (b, c) values ($1, $2), ($3, $4), ($5, $6) on conflict (b) do update set c = excluded.c"
        );
    }

    #[test]
    fn every_row_goes_into_one_statement() {
        for (rows, statements) in [(0, 0), (1, 1), (8, 1), (64, 1), (75, 5), (200, 4)] {
            let numbers: Vec<i64> = (0..rows).collect();
            let made = many(StoreProfile::Sqlite, "insert into a (b) values ($1)", &numbers, |number| args![*number]);
            assert_eq!(made.len(), statements, "{rows}");
            assert_eq!(made.iter().map(|(text, _)| text.matches('$').count()).sum::<usize>(), numbers.len());
        }
    }

    #[test]
    fn a_server_takes_all_rows_at_once() {
        let upsert = "insert into a (b, c, d) values ($1, 'x', $2) on conflict (b) do nothing";
        assert_eq!(
            listed(upsert, &["text", "bigint"]),
            "insert into a (b, c, d) select list.v1 as column1, 'x' as column2, list.v2 as column3 \
             from unnest($1::text[], $2::bigint[]) as list(v1, v2) on conflict (b) do nothing"
        );
        let question = "select c from (values ($1)) as wanted cross join a on b = wanted.column1";
        assert_eq!(
            listed(question, &["text"]),
            "select c from (select list.v1 as column1 from unnest($1::text[]) as list(v1)) as wanted \
             cross join a on b = wanted.column1"
        );
        let numbers: Vec<i64> = (0..2500).collect();
        let made = many(StoreProfile::Postgres, "insert into a (b) values ($1)", &numbers, |number| args![*number]);
        assert_eq!(made.len(), 3);
        assert!(many(StoreProfile::Postgres, question, &[], |number: &i64| args![*number]).is_empty());
    }

    #[test]
    fn no_statement_hides_its_tuple() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("sql");
        let mut seen = 0;
        for noun in std::fs::read_dir(folder).unwrap() {
            for file in std::fs::read_dir(noun.unwrap().path()).unwrap() {
                let path = file.unwrap().path();
                let text = std::fs::read_to_string(&path).unwrap();
                seen += text.matches(BEFORE).count();
                assert_eq!(text.matches("values").count(), text.matches(BEFORE).count(), "{}", path.display());
            }
        }
        assert!(seen > 20, "{seen}");
    }
}
