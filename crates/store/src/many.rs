//! A statement that is written for one row of values, for many rows: its one tuple is repeated, and the numbers go on.

use std::fmt::Write as _;

use crate::statement::Args;

/// Rows in one statement. Few sizes, so that few statements are prepared.
const SIZES: [usize; 3] = [64, 8, 1];
/// What stands before the tuple.
const BEFORE: &str = "values (";

/// Statements that together carry all rows, in order, each with its values.
pub(crate) fn many<R>(text: &'static str, rows: &[R], values: impl Fn(&R) -> Args) -> Vec<(String, Args)> {
    let (mut statements, mut rest) = (Vec::new(), rows);
    while let Some(size) = SIZES.iter().find(|size| **size <= rest.len()) {
        let (now, later) = rest.split_at(*size);
        let args = now.iter().fold(Args::default(), |args, row| args.and(values(row)));
        statements.push((repeated(text, *size), args));
        rest = later;
    }
    statements
}

/// The text with its tuple as often as there are rows. A text without one is left as it is, and fails where it is run.
fn repeated(text: &str, rows: usize) -> String {
    let Some(from) = text.find(BEFORE).map(|at| at + BEFORE.len()) else { return text.to_owned() };
    let Some(to) = text[from..].find(')').map(|length| from + length) else { return text.to_owned() };
    let columns: Vec<&str> = text[from..to].split(',').map(str::trim).collect();
    let number = |column: &&str| column.strip_prefix('$').and_then(|number| number.parse::<usize>().ok());
    let given = columns.iter().filter_map(number).max().unwrap_or(0);
    let mut many = String::with_capacity(text.len() + rows * (to - from + 2 * columns.len()));
    many.push_str(&text[..from]);
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
    many.push_str(&text[to..]);
    many
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
            let made = many("insert into a (b) values ($1)", &numbers, |number| args![*number]);
            assert_eq!(made.len(), statements, "{rows}");
            assert_eq!(made.iter().map(|(text, _)| text.matches('$').count()).sum::<usize>(), numbers.len());
        }
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
