//! Hostile input, guided by coverage: one program for every target, chosen by `FUZZ_TARGET`.
//!
//! A target is a function over bytes that must hold for *any* bytes: what is read is written and read again the same,
//! what is refused is refused in few words, and neither takes more memory than its input allows.
#![no_main]

mod asked;
mod books;
mod checkpoint;
mod events;
mod heads;
mod kept;
mod meter;
#[path = "../../../crates/app/src/settings/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the module of the program, which asks more of it")]
mod settings;
mod tables;

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;

#[global_allocator]
static METER: meter::Meter = meter::Meter;

/// What holds for any bytes, and the memory it may take: bytes for each byte of the input, and bytes besides.
type Target = (&'static str, fn(&[u8]), usize, usize);

/// Every target; `corpus/` has a folder for each.
const TARGETS: [Target; 18] = [
    ("http", events::http, 600, 64 << 10),
    ("kafka", events::kafka, 400, 64 << 10),
    ("reports", events::reports, 600, 64 << 10),
    ("record", events::record, 400, 64 << 10),
    ("kept", kept::documents, 600, 64 << 10),
    ("instant", kept::instant, 100, 64 << 10),
    ("rulebook", books::rulebook, 4_000, 4 << 20),
    ("cel", books::cel, 20_000, 4 << 20),
    ("mapping", books::mapping, 2_000, 1 << 20),
    ("tokens", books::tokens, 2_000, 256 << 10),
    ("settings", books::settings, 2_000, 512 << 10),
    ("tables", tables::tables, 2_000, 256 << 10),
    ("foreign", tables::foreign, 2_000, 256 << 10),
    ("command", asked::command, 400, 64 << 10),
    ("form", asked::form, 400, 64 << 10),
    ("link", asked::link, 100, 64 << 10),
    ("heads", heads::heads, 400, 64 << 10),
    ("checkpoint", checkpoint::checkpoint, 600, 4 << 20),
];

static CHOSEN: LazyLock<Target> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    let found = TARGETS.iter().find(|(known, ..)| *known == name);
    *found.unwrap_or_else(|| panic!("FUZZ_TARGET must be one of {:?}", TARGETS.map(|(name, ..)| name)))
});

fuzz_target!(|data: &[u8]| {
    let (name, holds, each, base) = *CHOSEN;
    let most = meter::most_at_once(|| holds(data));
    let may = base + each * data.len();
    assert!(most <= may, "{name}: {most} bytes of memory for {} bytes of input, at most {may}", data.len());
});
