//! A checkpoint of the engine before this one is read, and what that did not keep is made good.

use muster_domain::catalogue::Combine;
use muster_domain::condition::{BlindCause, Change};
use muster_domain::record::{LogRecord, Part};
use muster_rules::watch::Engine;

use crate::support::book::{Kind, RuleSpec, Version};
use crate::support::log::{Log, START};
use crate::support::program::read;
use crate::support::world::{Claims, Happening, Healths, Sees, World};

/// What `muster-watch/2` wrote of the world below after its tick of second 40.
const BEFORE: &[u8] = include_bytes!("checkpoint.muster-watch-2");

/// Of two cameras the first is silent from second 30; the second is offline from 20, and says so again at 50.
fn world() -> World {
    let (combine, kind) = (Combine::Any, Kind::Persons);
    let rule = RuleSpec {
        kind,
        raise: 120,
        clear: 20,
        tolerate: 0,
        after: 30,
        rearm: 60,
        combine,
        neither: false,
        ladder: false,
    };
    let seen = |device| {
        let (place, from, every, times, persons, delay) = (0, 0, 10, 1, 1, 0);
        let (cut_until, claims, late) = (0, Claims::Nothing, false);
        Happening::Sees(Sees { device, place, kind, from, every, times, persons, delay, cut_until, claims, late })
    };
    let ill =
        Healths { device: 1, place: 0, part: Part::Camera, from: 20, every: 30, times: 2, delay: 0, healthy: false };
    let first = Version { rules: vec![Some(rule)], places: 1, devices: 2, quiet_device: false };
    World {
        first,
        second: None,
        tick_every: 1,
        length: 60,
        happenings: vec![seen(0), seen(1), Happening::Healths(ill)],
    }
}

/// How many records there are up to the tick of second 40.
fn half(log: &Log) -> usize {
    let tick = |record: &LogRecord| matches!(record, LogRecord::Tick { at, .. } if at.micros() == START + 40_000_000);
    log.records.iter().position(|(_, record)| tick(record)).unwrap() + 1
}

#[test]
fn the_engine_before_is_gone_on_from() {
    let log = world().log();
    let configs = &log.configs;
    let (before, after) = log.records.split_at(half(&log));
    let mut whole = Engine::new(crate::support::log::GENERATION, 0, 1);
    before.iter().for_each(|(offset, record)| drop(read(&mut whole, *offset, record, configs)));
    let mut restored = Engine::restore(BEFORE, &mut |version| configs.get(&version).cloned()).unwrap();
    assert!(whole.conditions().eq(restored.conditions()));
    let mut told = Vec::new();
    for (offset, record) in after {
        read(&mut whole, *offset, record, configs);
        told.extend(read(&mut restored, *offset, record, configs));
    }
    let causes: Vec<_> = told
        .iter()
        .map(|change| {
            let Change::Blind(blind) = change else { panic!("{change:?}") };
            assert_eq!(
                blind.since.unwrap().micros(),
                START + 20_000_000,
                "not seen since the last word before it went blind"
            );
            blind.sources.iter().map(|source| source.cause).collect::<Vec<_>>()
        })
        .collect();
    let (silent, offline) = (Some(BlindCause::Silent), Some(BlindCause::Offline));
    assert_eq!(causes, [[silent, None], [silent, offline]]);
    assert_eq!(whole.state_hash(), restored.state_hash(), "nothing is missing any more");
}
