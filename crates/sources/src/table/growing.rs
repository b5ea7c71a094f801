//! A table while it is read: within bounds that keep a hostile file from taking many times its size in memory.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Bad, MAX_COLUMN_BYTES, Row, Table};

/// The most bytes of one cell.
const MAX_CELL_BYTES: usize = 1 << 20;
/// The most columns: other systems' tables have some forty.
const MAX_COLUMNS: usize = 512;
/// The most rows.
const MAX_ROWS: usize = 1_000_000;
/// The most cells of all rows.
const MAX_CELLS: usize = 16_000_000;

#[derive(Debug)]
pub(super) struct Growing {
    table: Table,
    names: HashMap<String, Arc<str>>,
    cells: usize,
}

impl Growing {
    pub(super) fn new(file: &str) -> Self {
        let table = Table { file: file.to_owned(), rows: Vec::new(), columns: Vec::new() };
        Self { table, names: HashMap::new(), cells: 0 }
    }

    /// The shared name of a column, which is there from now on.
    pub(super) fn column(&mut self, line: u64, name: &str) -> Result<Arc<str>, Bad> {
        if let Some(known) = self.names.get(name) {
            return Ok(Arc::clone(known));
        }
        if name.len() > MAX_COLUMN_BYTES {
            return Err(self.bad(line, format!("has a column's name of more than {MAX_COLUMN_BYTES} bytes")));
        }
        if self.names.len() == MAX_COLUMNS {
            return Err(self.bad(line, format!("has more than {MAX_COLUMNS} columns")));
        }
        let shared: Arc<str> = name.into();
        self.table.columns.push(name.to_owned());
        self.names.insert(name.to_owned(), Arc::clone(&shared));
        Ok(shared)
    }

    pub(super) fn row<'a>(&mut self, line: u64, cells: impl Iterator<Item = (&'a str, String)>) -> Result<(), Bad> {
        let mut row = Row { line, cells: std::collections::BTreeMap::new() };
        for (name, cell) in cells {
            if cell.len() > MAX_CELL_BYTES {
                return Err(self.bad(line, format!("has a cell of more than {MAX_CELL_BYTES} bytes")));
            }
            row.cells.insert(self.column(line, name)?, cell);
        }
        self.cells += row.cells.len();
        if self.table.rows.len() == MAX_ROWS || self.cells > MAX_CELLS {
            let what =
                format!("is past {MAX_ROWS} rows or {MAX_CELLS} cells, the most of one file; make several of it");
            return Err(self.bad(line, what));
        }
        self.table.rows.push(row);
        Ok(())
    }

    pub(super) fn whole(self) -> Table {
        self.table
    }

    fn bad(&self, line: u64, reason: String) -> Bad {
        Bad::new(&self.table.file, line, "", reason)
    }
}

#[cfg(test)]
mod tests {
    use crate::table::{Bad, Encoding, Table};

    fn refused(file: &str, text: &str) -> Bad {
        Table::read(file, text.as_bytes(), Encoding::Utf8).unwrap_err()
    }

    #[test]
    fn names_and_columns_are_bounded_in_every_form() {
        let long = "n".repeat(257);
        assert!(refused("a.csv", &format!("id,{long}\n")).reason.contains("256"));
        assert!(refused("a.ndjson", &format!("{{}}\n{{\"{long}\":1}}")).reason.contains("256"));
        let many: Vec<String> = (0..513).map(|n| format!("c{n}")).collect();
        assert!(refused("a.csv", &format!("{}\n", many.join(","))).reason.contains("512 columns"));
        let lines: Vec<String> = many.iter().map(|name| format!("{{\"{name}\":1}}")).collect();
        let bad = refused("a.ndjson", &lines.join("\n"));
        assert!(bad.line == 513 && bad.reason.contains("512 columns"), "{bad}");
        assert!(refused("a.csv", &format!("id\n{}\n", "x".repeat((1 << 20) + 1))).reason.contains("cell"));
    }

    #[test]
    fn rows_are_bounded() {
        let bad = refused("a.csv", &format!("id\n{}", "x\n".repeat(1_000_001)));
        assert!(bad.line == 1_000_002 && bad.reason.contains("1000000 rows"), "{bad}");
    }

    #[test]
    fn what_is_said_is_short_whatever_stands_in_the_file() {
        let name = "列".repeat(80);
        let table = Table::read("a.csv", format!("{name}\nx\n").as_bytes(), Encoding::Utf8).unwrap();
        let row = &table.rows[0];
        let bad = table.bad(row, &name.repeat(9), name.repeat(9));
        assert!(bad.column.len() <= 256 && bad.reason.len() <= 1_000 && bad.reason.ends_with('…'), "{bad}");
    }
}
