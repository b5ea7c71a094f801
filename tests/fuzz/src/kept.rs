//! What the store keeps and the topics say: cases, journals, conditions, catalogues, reporters, times.

use std::fmt::Debug;

use muster_wire::report::Reporter;
use muster_wire::{WireError, backup, case, catalogue, condition, micros, rfc3339};

use crate::events::short;

/// What can be read is written and read again the same.
fn same<T: PartialEq + Debug>(text: &str, read: fn(&str) -> Result<T, WireError>, write: fn(&T) -> String) {
    match read(text) {
        Err(error) => short(&error),
        Ok(found) => assert_eq!(read(&write(&found)).as_ref(), Ok(&found)),
    }
}

pub(crate) fn documents(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    same(text, case::read, case::write);
    same(text, case::read_event, case::write_event);
    same(text, condition::read, condition::write);
    same(text, catalogue::read, catalogue::write);
    same(text, Reporter::read, Reporter::json);
    same(text, |text| backup::read(text.as_bytes()), backup::write);
    if let Err(error) = case::read_changed(text) {
        short(&error);
    }
}

pub(crate) fn instant(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Some(at) = micros(text) {
        assert_eq!(micros(&rfc3339(at)), Some(at), "{text}");
    }
}
