//! The words of SQL that mean the same to both databases, so that one set of statements serves them.

use crate::tree::Tree;
use crate::{here, prove};

/// Types that the two databases or the driver do not share: never a column, in no file.
const COLUMNS: [(&str, &str); 10] = [
    ("timestamptz", "bigint, microseconds since 1970"),
    ("timestamp", "bigint, microseconds since 1970"),
    ("uuid", "text"),
    ("jsonb", "text"),
    ("json", "text"),
    ("numeric", "bigint; cast a sum"),
    ("decimal", "bigint"),
    ("boolean", "bigint, 0 or 1"),
    ("serial", "bigint given by us"),
    ("bigserial", "bigint given by us"),
];

/// Words that only one of them knows: not in a statement for both.
const ONE_SIDED: [(&str, &str); 8] = [
    ("skip locked", "a pair of files"),
    ("now ( )", "a time that is passed in"),
    ("current_timestamp", "a time that is passed in"),
    ("unnest", "a pair of files"),
    ("any (", "a pair of files"),
    ("autoincrement", "an id given by us"),
    ("ilike", "lower(…) like"),
    (": :", "cast(… as …)"),
];

fn check(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    for (path, text) in tree.ending(&[".sql"]).filter(|(path, _)| path.starts_with("crates/store/")) {
        let both = !path.ends_with(".pg.sql") && !path.ends_with(".sqlite.sql");
        for (at, line) in text.lines().enumerate() {
            let words = format!(" {} ", plain(line));
            let refused = COLUMNS.iter().chain(ONE_SIDED.iter().filter(|_| both));
            for (word, instead) in refused.filter(|(word, _)| words.contains(&format!(" {word} "))) {
                findings.push(format!("{path}:{}: `{word}` is not in the palette: {instead}", at + 1));
            }
        }
    }
    findings
}

/// A line in lower case without comments and texts, its words and marks apart.
fn plain(line: &str) -> String {
    let code = line.split("--").next().unwrap_or_default().to_lowercase();
    let outside: String = code.split('\'').step_by(2).collect::<Vec<_>>().join(" ");
    let spaced: String = outside
        .chars()
        .flat_map(
            |letter| if letter.is_alphanumeric() || letter == '_' { vec![letter] } else { vec![' ', letter, ' '] },
        )
        .collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn statements_keep_to_the_palette() {
    prove(&check(&here()));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> usize {
        check(&Tree::of(&[(path, text)])).len()
    }

    #[test]
    fn a_type_outside_the_palette_is_found_in_every_file() {
        assert_eq!(found("crates/store/migrations/1.sql", "create table a (seen timestamptz not null)"), 1);
        assert_eq!(found("crates/store/sql/a.pg.sql", "select body::jsonb from a"), 1);
    }

    #[test]
    fn a_one_sided_word_is_found_in_a_statement_for_both() {
        assert_eq!(found("crates/store/sql/a.sql", "select id from a for update skip locked"), 1);
        assert_eq!(found("crates/store/sql/a.sql", "select id from a where id = any($1)"), 1);
        assert_eq!(found("crates/store/sql/a.sql", "select id::text, now() from a"), 2);
        assert_eq!(found("crates/store/sql/a.pg.sql", "select id from a for update skip locked"), 0);
    }

    #[test]
    fn comments_texts_and_longer_words_pass() {
        let text = "select kind, json_text from a where kind = 'json' -- not jsonb\n";
        assert_eq!(found("crates/store/sql/a.sql", text), 0);
    }
}
