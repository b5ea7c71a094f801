//! The properties of ENGINE §11, on random worlds.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{FileFailurePersistence, RngSeed};

use muster_domain::condition::{Change, EndedHow, State};
use muster_domain::record::LogRecord;
use muster_rules::watch::Engine;

use crate::support::bend::{cut, delayed, repeated};
use crate::support::book::Kind;
use crate::support::generate::{WILD, Wildness, world};
use crate::support::log::{GENERATION, Log, STRIDE, script};
use crate::support::margin::{Story, close_call, same as same_stories, stories};
use crate::support::program::{Program, engine, read, reference};
use crate::support::said::{key_of, of_place, sorted};
use crate::support::witness::heard_near;
use crate::support::world::World;

const REGRESSIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/watch/properties.regressions");
const PROGRAMS: [(&str, Program); 2] = [("reference", reference), ("engine", engine)];

/// Seeded, so that a run says the same tomorrow; `PROPTEST_RNG_SEED` and `PROPTEST_CASES` draw others and more.
fn config(cases: u32) -> ProptestConfig {
    let asked = ProptestConfig::default();
    let from_outside = |name| std::env::var_os(name).is_some();
    ProptestConfig {
        cases: if from_outside("PROPTEST_CASES") { asked.cases } else { cases },
        rng_seed: if from_outside("PROPTEST_RNG_SEED") { asked.rng_seed } else { RngSeed::Fixed(20_261_124) },
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(REGRESSIONS))),
        max_shrink_iters: if from_outside("PROPTEST_MAX_SHRINK_ITERS") { asked.max_shrink_iters } else { 20_000 },
        ..asked
    }
}

/// Without new versions, under which what was once nothing to anybody may count when it is repeated.
const ONE_VERSION: Wildness = Wildness { versions: false, ..WILD };
const PLAIN: Wildness = Wildness { people: false, versions: false, delays: false, ..WILD };
/// The longest delay of property 4, in seconds.
const DELAY: i64 = 4;

fn moves(said: &[Vec<Change>], records: &[(u64, LogRecord)]) -> Vec<(String, State, State, i64, bool)> {
    let mut moves = Vec::new();
    for (changes, (_, record)) in said.iter().zip(records) {
        for change in changes.iter().filter(|change| of_place(change)) {
            if let Change::Moved(moved) = change {
                let looked = matches!(record, LogRecord::Tick { .. });
                moves.push((moved.key.subject.key(), moved.from, moved.to, moved.at.micros(), looked));
            }
        }
    }
    moves
}

fn same(world: &World) -> Result<(), TestCaseError> {
    let log: Log = world.log();
    let said = engine(&log.records, &log.configs);
    for (number, (changes, expected)) in said.iter().zip(&log.said).enumerate() {
        let (changes, expected) = (sorted(changes), sorted(expected));
        prop_assert!(changes == expected, "engine: {changes:#?}\nreference: {expected:#?}\n{}", script(&log, number),);
    }
    Ok(())
}

proptest! {
    #![proptest_config(config(300))]

    /// Property 1: engine = reference, identical changes at identical instants, whatever arrives late and whoever ails.
    #[test]
    fn engine_and_reference_say_the_same(world in world(WILD)) {
        same(&world)?;
    }

    /// Property 2: cut anywhere, restored from a checkpoint: identical output, identical state, byte for byte.
    #[test]
    fn a_restored_engine_goes_on_as_if_nothing_had_been(world in world(WILD), at in any::<Index>()) {
        let log: Log = world.log();
        let at = at.index(log.records.len());
        let configs = &log.configs;
        let mut whole = Engine::new(GENERATION, 0, 1);
        for (offset, record) in &log.records[..at] {
            read(&mut whole, *offset, record, configs);
        }
        let bytes = whole.checkpoint();
        let mut restored = Engine::restore(&bytes, &mut |version| configs.get(&version).cloned()).unwrap();
        prop_assert_eq!(&bytes, &restored.checkpoint(), "a checkpoint of what was restored is another");
        for (offset, record) in &log.records[at..] {
            let (said, again) = (read(&mut whole, *offset, record, configs), read(&mut restored, *offset, record, configs));
            prop_assert_eq!(said, again, "restored before record {}, at @{}", at, offset);
            prop_assert_eq!(whole.state_hash(), restored.state_hash(), "at @{}", offset);
            prop_assert_eq!(Engine::hash_in(&whole.checkpoint()), Some(whole.state_hash()));
        }
        prop_assert!(whole.checkpoint() == restored.checkpoint());
    }

    /// Property 3: duplicates and stale records anywhere.
    #[test]
    fn repeats_change_nothing(
        world in world(ONE_VERSION),
        again in vec((any::<Index>(), any::<Index>(), any::<bool>()), 1..20),
    ) {
        let log: Log = world.log();
        let bent = repeated(&log.records, &again);
        for (name, program) in PROGRAMS {
            let (once, twice) = (program(&log.records, &log.configs), program(&bent, &log.configs));
            let mut once = log.records.iter().map(|(offset, _)| offset).zip(once);
            for ((offset, record), changes) in bent.iter().zip(&twice) {
                let expected = if offset % STRIDE == 0 { once.next().map(|(_, changes)| changes) } else { None };
                let expected = expected.unwrap_or_default();
                prop_assert_eq!(sorted(changes), sorted(&expected), "{} at @{} {:?}", name, offset, record);
            }
        }
    }

    /// Property 4 for one source: "nothing changes … but for what a look had decided".
    #[test]
    fn delay_changes_nothing_for_one_source_but_what_a_look_decided(
        world in world(Wildness { devices: 1, places: 1, ..PLAIN }),
        delays in vec(0..=DELAY, 1..40),
    ) {
        let log: Log = world.log();
        let late = delayed(&log.records, &delays);
        let prompt = delayed(&log.records, &[0]);
        for (name, program) in PROGRAMS {
            let of = |records| moves(&program(records, &log.configs), records);
            let (a, b) = (of(&prompt), of(&late));
            let differs = (0..a.len().max(b.len())).find(|n| {
                let parts = |moves: &[(String, State, State, i64, bool)]| moves.get(*n).map(|m| (m.1, m.2, m.3));
                parts(&a) != parts(&b)
            });
            if let Some(n) = differs {
                let looked = |moves: &[(String, State, State, i64, bool)]| moves.get(n).is_some_and(|m| m.4);
                prop_assert!(looked(&a) || looked(&b), "{}: {:?} but {:?}", name, a.get(n), b.get(n));
            }
        }
    }

    /// Property 4 for several: "the same episodes, unless a hold, a coverage or a doubt was met or missed by less
    /// than s".
    #[test]
    fn delay_changes_no_episode_of_several_but_by_a_close_call(
        world in world(Wildness { places: 1, ..PLAIN }),
        delays in vec(0..=DELAY, 1..40),
    ) {
        let log: Log = world.log();
        let late = delayed(&log.records, &delays);
        let prompt = delayed(&log.records, &[0]);
        for (name, program) in PROGRAMS {
            let a: Vec<Story> = stories(&program(&prompt, &log.configs));
            let b: Vec<Story> = stories(&program(&late, &log.configs));
            if !same_stories(&a, &b, DELAY) {
                prop_assert!(close_call(&world, program, &a, &late, DELAY), "{}: {:?} but {:?}", name, a, b);
            }
        }
    }

    /// Property 5: "a place without coverage never changes state; no episode begins or ends in uncovered time".
    #[test]
    fn nothing_changes_where_nothing_covers(world in world(WILD)) {
        let log: Log = world.log();
        for (name, program) in PROGRAMS {
            let said = program(&log.records, &log.configs);
            for (number, changes) in said.iter().enumerate() {
                let by_person = matches!(log.records[number].1, LogRecord::Act(_) | LogRecord::Config { .. });
                for change in changes.iter().filter(|change| of_place(change) && !by_person) {
                    let at = match change {
                        Change::Moved(moved) => moved.at,
                        Change::Ended(ended) => ended.at,
                        _ => continue,
                    };
                    let heard = heard_near(&log, number, key_of(change), at);
                    prop_assert!(heard, "{}: {:?} in uncovered time\n{}", name, change, script(&log, number));
                }
            }
        }
    }

    /// Property 6: cutting all evidence leaves every open case open; what was already easing, or quiet, may still
    /// clear in the time that the last word covers.
    #[test]
    fn cutting_all_evidence_leaves_every_case_open(world in world(WILD), from in any::<Index>()) {
        let log: Log = world.log();
        let from = from.index(log.records.len());
        let records = cut(&log.records, from);
        for (name, program) in PROGRAMS {
            let said = program(&records, &log.configs);
            let mut clearing = std::collections::BTreeSet::new();
            for (number, changes) in said.iter().enumerate() {
                for change in changes.iter().filter(|change| of_place(change)) {
                    match change {
                        Change::Moved(moved) if moved.to == State::Easing => drop(clearing.insert(moved.key.clone())),
                        Change::Ended(ended) if number >= from => {
                            let key = &ended.key;
                            let rule: usize = key.rule.as_str()[1..].parse().unwrap();
                            let impulse = world.first.rules[rule].as_ref().is_some_and(|r| r.kind == Kind::Line);
                            let cleared = ended.how == EndedHow::SeenClear && (impulse || clearing.contains(key));
                            prop_assert!(
                                cleared && heard_near(&log, from, key, ended.at),
                                "{}: {:?} after the cut at record {}\n{}", name, change, from, script(&log, from),
                            );
                        }
                        // What cleared says so before it says that its episode ended.
                        Change::Moved(moved) if moved.to == State::Present => drop(clearing.remove(&moved.key)),
                        _ => {}
                    }
                }
            }
        }
    }
}
