//! Checkpoints of the watch: bytes of the store from which an engine goes on, or not.

use std::sync::{Arc, LazyLock};

use muster_domain::catalogue::Catalogue;
use muster_domain::record::LogRecord;
use muster_rules::config::Config;
use muster_rules::rulebook::RuleBook;
use muster_rules::watch::Engine;
use muster_sources::catalogue::{Kind, read_into};
use muster_sources::table::{Encoding, Table};
use muster_wire::record as log;

/// The number under which the configuration is known.
const VERSION: u64 = 1;
/// The word that every checkpoint begins with, and the sum behind it.
const HEAD: usize = 16;

const GRID: &str = "id,name,level,parent,geometry\n1,街道,street,,\n";
const PLACES: &str = "id,class,name,grid,lon,lat,crs,geometry,props,combine,units\n\
                      lane-1,fire_lane,一号,1,106.5,29.5,wgs84,,,,\nlane-2,fire_lane,二号,1,106.6,29.5,wgs84,,,,\n";
const DEVICES: &str = "id,kind,name,places,upstream,external_ids,reports,props\n\
                       cam-1,camera,一号,lane-1,,,,\ncam-2,camera,二号,lane-1;lane-2,,,,\n";

static CONFIG: LazyLock<Arc<Config>> = LazyLock::new(|| {
    let files = [
        ("kinds.toml", include_str!("../../../deploy/rules/kinds.toml")),
        ("classes.toml", include_str!("../../../deploy/rules/classes.toml")),
        ("fire_lane.toml", include_str!("../../../deploy/rules/fire_lane.toml")),
    ];
    let files: Vec<_> = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    let mut catalogue = Catalogue::default();
    for (kind, text) in [(Kind::Grid, GRID), (Kind::Places, PLACES), (Kind::Devices, DEVICES)] {
        let table = Table::read("a.csv", text.as_bytes(), Encoding::Utf8).unwrap();
        read_into(&mut catalogue, kind, &table, false).unwrap();
    }
    Config::new(VERSION, RuleBook::check(&files).unwrap(), catalogue).unwrap()
});

/// A true checkpoint, without its head: an episode is under way, and one place is blind.
static BODY: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut engine = Engine::new("log", 0, 1);
    let mut apply =
        |offset: u64, record: &LogRecord| engine.apply(offset, record, &mut known, &mut Vec::new()).unwrap();
    apply(0, &LogRecord::Takeover { epoch: 1, owner: "fuzz".to_owned() });
    apply(1, &LogRecord::Config { version: VERSION });
    for minute in 0..30_u64 {
        let at = format!("2026-11-24T08:{minute:02}:00Z");
        apply(2 * minute + 2, &read(log::TYPES[2], "t", &at, r#"{"epoch":1}"#));
        let admitted = format!(r#""admitted":{{"adapter":"http","received":"{at}","config":1}}"#);
        let values = r#""values":{"occupied":true,"vehicles":1}"#;
        let data = format!(r#"{{"device":"cam-1","place":"lane-1","kind":"occupancy",{values},{admitted}}}"#);
        apply(2 * minute + 3, &read(log::TYPES[0], &minute.to_string(), &at, &data));
    }
    let whole = engine.checkpoint();
    assert_eq!(sealed(&whole[HEAD..]), whole, "the sum is that of the engine");
    assert!(engine.conditions().any(|condition| condition.episode.is_some()), "there is an episode");
    whole[HEAD..].to_vec()
});

fn known(version: u64) -> Option<Arc<Config>> {
    (version == VERSION).then(|| Arc::clone(&CONFIG))
}

fn read(kind: &str, id: &str, at: &str, data: &str) -> LogRecord {
    let head = [("ce_type", kind), ("ce_source", "s"), ("ce_id", id), ("ce_time", at)];
    log::decode(head.map(|(name, value)| (name, value.as_bytes())), data.as_bytes()).unwrap()
}

/// A body with the head that belongs to it: without it hardly any bytes would be looked at.
fn sealed(body: &[u8]) -> Vec<u8> {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    let sum = body.iter().fold(0xcbf2_9ce4_8422_2325, step);
    let sum = (sum ^ body.len() as u64).wrapping_mul(0x0000_0100_0000_01b3);
    [b"MUSTERCP", &sum.to_le_bytes()[..], body].concat()
}

/// The true body, bent by every four bytes: where, how, and by which byte.
fn bent(edits: &[u8]) -> Vec<u8> {
    let mut body = BODY.clone();
    for edit in edits.chunks_exact(4) {
        let at = usize::from(u16::from_le_bytes([edit[0], edit[1]])) % body.len().max(1);
        match edit[2] % 4 {
            0 => body.insert(at, edit[3]),
            1 => body.truncate(at),
            2 if !body.is_empty() => drop(body.remove(at)),
            _ => body.iter_mut().skip(at).take(1).for_each(|byte| *byte = edit[3]),
        }
    }
    body
}

/// Bytes are refused, or an engine comes of them that writes itself and comes of that again.
fn holds(bytes: &[u8]) {
    if let Ok(engine) = Engine::restore(bytes, &mut known) {
        let written = engine.checkpoint();
        let again = Engine::restore(&written, &mut known).unwrap();
        assert_eq!((again.checkpoint(), again.state_hash()), (written, engine.state_hash()));
    }
}

pub(crate) fn checkpoint(data: &[u8]) {
    LazyLock::force(&BODY);
    holds(data);
    holds(&sealed(data));
    holds(&sealed(&bent(data)));
}
