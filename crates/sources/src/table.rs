//! Tables as people keep them: CSV in UTF-8 or GB18030, JSON lines or GeoJSON, read into rows of named cells.

mod geojson;
mod growing;

use std::collections::BTreeMap;
use std::sync::Arc;

use growing::Growing;

/// The most bytes of one file.
pub const MAX_FILE_BYTES: usize = 256 << 20;

/// The most bytes of a column's name.
const MAX_COLUMN_BYTES: usize = 256;
/// The most bytes of a reason.
const MAX_REASON_BYTES: usize = 1_000;

/// How a workbook begins: it is a zip archive.
const WORKBOOK: &[u8] = b"PK\x03\x04";

/// A table with named columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// The file's name, for errors.
    pub file: String,
    /// The rows in order.
    pub rows: Vec<Row>,
    /// The columns that the file has.
    pub columns: Vec<String>,
}

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The line it begins on, from 1.
    pub line: u64,
    /// Rows share the names of their columns: a table has many rows and few names.
    cells: BTreeMap<Arc<str>, String>,
}

/// One thing wrong with a file: `file:line: column: reason`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {}{reason}", if column.is_empty() { String::new() } else { format!("{column}: ") })]
pub struct Bad {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: u64,
    /// The column's name, where one cell is wrong.
    pub column: String,
    /// What is wrong.
    pub reason: String,
}

impl Bad {
    /// Something wrong; column and reason are cut to a length that a screen can show, since both may repeat the file.
    #[must_use]
    pub fn new(file: &str, line: u64, column: &str, reason: impl Into<String>) -> Self {
        let (file, column) = (file.to_owned(), cut(column.to_owned(), MAX_COLUMN_BYTES));
        Self { file, line, column, reason: cut(reason.into(), MAX_REASON_BYTES) }
    }
}

fn cut(mut text: String, most: usize) -> String {
    if text.len() > most {
        text.truncate(text.floor_char_boundary(most - '…'.len_utf8()));
        text.push('…');
    }
    text
}

/// How the bytes of a file are text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    #[default]
    Utf8,
    /// GB18030, which covers GBK and GB 2312.
    Gb18030,
}

impl Encoding {
    /// The encoding of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "utf-8" | "utf8" => Some(Self::Utf8),
            "gb18030" | "gbk" | "gb2312" => Some(Self::Gb18030),
            _ => None,
        }
    }
}

impl Table {
    /// Reads a file; `.ndjson` and `.jsonl` are JSON lines, `.geojson` is what it says, all else is CSV.
    ///
    /// # Errors
    /// The first thing that makes the file no table.
    pub fn read(file: &str, bytes: &[u8], encoding: Encoding) -> Result<Self, Bad> {
        let bad = |line, reason: String| Bad::new(file, line, "", reason);
        if bytes.len() > MAX_FILE_BYTES {
            return Err(bad(1, format!("has {} bytes, at most {MAX_FILE_BYTES} are read", bytes.len())));
        }
        if bytes.starts_with(WORKBOOK) {
            return Err(bad(1, "is a workbook (XLSX), which is not read yet; save it as CSV".to_owned()));
        }
        let text = decode(bytes, encoding).map_err(|(line, reason)| bad(line, reason))?;
        match file.rsplit('.').next() {
            Some("ndjson" | "jsonl") => lines(file, &text),
            Some("geojson") => geojson::read(file, &text),
            _ => csv(file, &text),
        }
    }

    /// What is wrong with a cell of a row.
    #[must_use]
    pub fn bad(&self, row: &Row, column: &str, reason: impl Into<String>) -> Bad {
        Bad::new(&self.file, row.line, column, reason)
    }

    /// Refuses columns that nobody knows and demands those that must be there; each name may be given in two ways.
    ///
    /// # Errors
    /// One for each column.
    pub fn require(&self, known: &[(&str, &str)], needed: &[&str]) -> Result<(), Vec<Bad>> {
        let bad = |reason: String| Bad::new(&self.file, 1, "", reason);
        let mut wrong: Vec<Bad> = self
            .columns
            .iter()
            .filter(|column| !known.iter().any(|(en, zh)| column.as_str() == *en || column.as_str() == *zh))
            .map(|column| bad(format!("there is no column `{column}` here; known are {}", names(known))))
            .collect();
        for need in needed {
            let zh = known.iter().find(|(en, _)| en == need).map_or("", |(_, zh)| zh);
            if !self.columns.iter().any(|column| column == need || column == zh) {
                wrong.push(bad(format!("the column `{need}` ({zh}) is missing")));
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }
}

fn names(known: &[(&str, &str)]) -> String {
    known.iter().map(|(en, _)| *en).collect::<Vec<_>>().join(", ")
}

impl Row {
    /// The members of a JSON object as cells; those of an object within are named with a dot between.
    pub(crate) fn of_object(object: serde_json::Map<String, serde_json::Value>) -> Self {
        fn flatten(
            object: serde_json::Map<String, serde_json::Value>,
            above: &str,
            cells: &mut BTreeMap<Arc<str>, String>,
        ) {
            for (name, value) in object {
                let name = format!("{above}{name}");
                match value {
                    serde_json::Value::Object(inner) => flatten(inner, &format!("{name}."), cells),
                    other => drop(cells.insert(name.into(), plain(other))),
                }
            }
        }
        let mut cells = BTreeMap::new();
        flatten(object, "", &mut cells);
        Self { line: 1, cells }
    }

    /// A cell without the white space at its ends; empty if the row has none.
    #[must_use]
    pub fn cell(&self, name: &str) -> &str {
        self.cells.get(name).map_or("", |cell| cell.trim())
    }

    /// A cell under either of its names.
    #[must_use]
    pub fn either(&self, en: &str, zh: &str) -> &str {
        let cell = self.cell(en);
        if cell.is_empty() { self.cell(zh) } else { cell }
    }

    /// The parts of a cell between semicolons, without empty ones.
    pub fn list<'a>(&'a self, en: &str, zh: &str) -> impl Iterator<Item = &'a str> {
        self.either(en, zh).split([';', '；']).map(str::trim).filter(|part| !part.is_empty())
    }
}

fn decode(bytes: &[u8], encoding: Encoding) -> Result<String, (u64, String)> {
    match encoding {
        Encoding::Utf8 => {
            let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            std::str::from_utf8(bytes).map(str::to_owned).map_err(|error| {
                let line = bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
                (line, "is not UTF-8; give --encoding gb18030 if it is that".to_owned())
            })
        }
        Encoding::Gb18030 => {
            let (text, _, faulty) = encoding_rs::GB18030.decode(bytes);
            if faulty { Err((1, "is not GB18030".to_owned())) } else { Ok(text.into_owned()) }
        }
    }
}

fn csv(file: &str, text: &str) -> Result<Table, Bad> {
    let bad = |line, reason: String| Bad::new(file, line, "", reason);
    let mut reader = ::csv::ReaderBuilder::new().flexible(false).from_reader(text.as_bytes());
    let columns: Vec<String> = match reader.headers() {
        Ok(headers) => headers.iter().map(|name| name.trim().to_owned()).collect(),
        Err(error) => return Err(bad(1, error.to_string())),
    };
    if columns.iter().all(String::is_empty) {
        return Err(bad(1, "has no header line".to_owned()));
    }
    let mut table = Growing::new(file);
    for name in &columns {
        table.column(1, name)?;
    }
    for record in reader.records() {
        let record = record.map_err(|error| {
            let line = error.position().map_or(1, ::csv::Position::line);
            bad(line, format!("is no CSV row: {error}"))
        })?;
        let line = record.position().map_or(0, ::csv::Position::line);
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        table.row(line, columns.iter().map(String::as_str).zip(record.iter().map(str::to_owned)))?;
    }
    Ok(table.whole())
}

fn lines(file: &str, text: &str) -> Result<Table, Bad> {
    let bad = |line, reason: String| Bad::new(file, line, "", reason);
    let mut table = Growing::new(file);
    for (index, text) in text.lines().enumerate().filter(|(_, text)| !text.trim().is_empty()) {
        let line = index as u64 + 1;
        let object: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(text).map_err(|error| bad(line, format!("is no JSON object: {error}")))?;
        let cells: Vec<_> = object.into_iter().map(|(name, value)| (name, plain(value))).collect();
        table.row(line, cells.iter().map(|(name, cell)| (name.as_str(), cell.clone())))?;
    }
    Ok(table.whole())
}

/// A JSON value as the cell of a table would hold it.
fn plain(value: serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text,
        serde_json::Value::Array(items) if items.iter().all(serde_json::Value::is_string) => {
            items.iter().filter_map(serde_json::Value::as_str).collect::<Vec<_>>().join(";")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_reads_the_same_from_every_form() {
        let utf8 = Table::read("a.csv", "\u{feff}id,名称\nx,\"国贸, 大厦\"\n\n".as_bytes(), Encoding::Utf8).unwrap();
        let (gb, _, _) = encoding_rs::GB18030.encode("id,名称\nx,\"国贸, 大厦\"\n");
        let gb = Table::read("a.csv", &gb, Encoding::Gb18030).unwrap();
        let json =
            Table::read("a.ndjson", "{\"id\":\"x\",\"名称\":\"国贸, 大厦\"}\n".as_bytes(), Encoding::Utf8).unwrap();
        for table in [&utf8, &gb, &json] {
            assert_eq!(table.rows.len(), 1);
            assert_eq!(table.rows[0].either("name", "名称"), "国贸, 大厦");
        }
    }

    #[test]
    fn what_is_no_table_is_named_with_its_line() {
        let error = Table::read("a.csv", b"id,name\nx,y\nx\n", Encoding::Utf8).unwrap_err();
        assert_eq!((error.file.as_str(), error.line), ("a.csv", 3));
        let error = Table::read("a.csv", b"id\nx\n\xff\n", Encoding::Utf8).unwrap_err();
        assert_eq!(error.line, 3);
        let error = Table::read("a.ndjson", b"{}\n[1]\n", Encoding::Utf8).unwrap_err();
        assert_eq!(error.line, 2);
    }

    #[test]
    fn unknown_and_missing_columns_are_named() {
        let table = Table::read("a.csv", b"id,colour\nx,red\n", Encoding::Utf8).unwrap();
        let wrong = table.require(&[("id", "编码"), ("name", "名称")], &["id", "name"]).unwrap_err();
        assert_eq!(wrong.len(), 2);
        assert!(wrong[0].to_string().starts_with("a.csv:1: there is no column `colour`"));
    }
}
