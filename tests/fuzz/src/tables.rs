//! Catalogue files and reports of other systems, as CSV, JSON lines and GeoJSON, in UTF-8 and GB18030.

use std::sync::LazyLock;

use muster_domain::catalogue::Catalogue;
use muster_sources::catalogue::{Kind, read_into};
use muster_sources::reports::Mapping;
use muster_sources::table::{Bad, Encoding, Table};

use crate::events::{reported, short};

/// The most bytes of what is said about one line.
const MOST: usize = 2_000;

fn said(bad: &Bad) {
    assert!(bad.line > 0 && !bad.reason.is_empty(), "{bad:?}");
    let long = bad.to_string().len();
    assert!(long <= MOST, "{long} bytes: {:.300}", bad.reason);
}

/// What stands before the first line of four equals signs, and what behind it.
pub(crate) fn cut(data: &[u8]) -> (&[u8], &[u8]) {
    const MARK: &[u8] = b"\n====\n";
    match data.windows(MARK.len()).position(|window| window == MARK) {
        Some(at) => (&data[..at], &data[at + MARK.len()..]),
        None => (data, &[]),
    }
}

/// A first byte says what the file is: its ending, its encoding, its kind.
fn table(data: &[u8]) -> Option<(u8, Result<Table, Bad>)> {
    let (first, bytes) = data.split_first()?;
    let name = ["a.csv", "a.ndjson", "a.geojson", "a.csv"][usize::from(first & 3)];
    let encoding = if first & 4 == 0 { Encoding::Utf8 } else { Encoding::Gb18030 };
    Some((*first, Table::read(name, bytes, encoding)))
}

pub(crate) fn tables(data: &[u8]) {
    let Some((first, read)) = table(data) else { return };
    let kind = [Kind::Grid, Kind::Places, Kind::Devices, Kind::Units][usize::from(first >> 3 & 3)];
    let table = match read {
        Ok(table) => table,
        Err(bad) => return said(&bad),
    };
    let mut catalogue = Catalogue::default();
    match read_into(&mut catalogue, kind, &table, first & 32 != 0) {
        Err(bad) => {
            assert!(!bad.is_empty() && catalogue == Catalogue::default());
            bad.iter().for_each(said);
        }
        Ok((difference, bad)) => {
            bad.iter().for_each(said);
            assert_eq!(difference.added + difference.changed + difference.same + bad.len(), table.rows.len());
            let written = muster_wire::catalogue::write(&catalogue);
            assert_eq!(muster_wire::catalogue::read(&written).as_ref(), Ok(&catalogue));
            let (difference, _) = read_into(&mut catalogue, kind, &table, true).unwrap();
            assert_eq!((difference.added, difference.changed), (0, 0), "the same file again changes nothing");
        }
    }
}

static MAPPINGS: LazyLock<[Mapping; 2]> = LazyLock::new(|| {
    let read = |text: &str| Mapping::parse("m.toml", text).unwrap();
    [
        read(include_str!("../../../deploy/mappings/nyc311.toml")),
        read(include_str!("../../../deploy/mappings/boston311.toml")),
    ]
});

pub(crate) fn foreign(data: &[u8]) {
    for mapping in &*MAPPINGS {
        mapped(mapping, data);
    }
}

/// A record and a table of another system, by a mapping.
pub(crate) fn mapped(mapping: &Mapping, data: &[u8]) {
    match mapping.record(data) {
        Ok(report) => reported(&report),
        Err(error) => short(&error),
    }
    match table(data) {
        None => {}
        Some((_, Err(bad))) => said(&bad),
        Some((_, Ok(table))) => match mapping.read(&table) {
            Err(bad) => bad.iter().for_each(said),
            Ok(lines) => {
                assert_eq!(lines.len(), table.rows.len());
                for (_, read) in lines {
                    match read {
                        Ok(report) => reported(&report),
                        Err(bad) => said(&bad),
                    }
                }
            }
        },
    }
}
