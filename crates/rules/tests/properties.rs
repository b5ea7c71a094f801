//! The properties of ENGINE §11, on random worlds.

mod support;

use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, RngSeed};

use support::generate::{WILD, world};
use support::log::{Log, script};

const REGRESSIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/properties.regressions");

/// Seeded, so that a run says the same tomorrow; `PROPTEST_RNG_SEED` and `PROPTEST_CASES` draw others and more.
fn config(cases: u32) -> ProptestConfig {
    let asked = ProptestConfig::default();
    let from_outside = |name| std::env::var_os(name).is_some();
    ProptestConfig {
        cases: if from_outside("PROPTEST_CASES") { asked.cases } else { cases },
        rng_seed: if from_outside("PROPTEST_RNG_SEED") { asked.rng_seed } else { RngSeed::Fixed(20_261_124) },
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(REGRESSIONS))),
        max_shrink_iters: 20_000,
        ..asked
    }
}

proptest! {
    #![proptest_config(config(500))]

    /// Property 5, on the reference: states change only while some source covers.
    #[test]
    fn the_reference_reads_every_world(world in world(WILD)) {
        let log: Log = world.log();
        let changes: usize = log.said.iter().map(Vec::len).sum();
        prop_assert!(changes < 100_000, "{}", script(&log, log.records.len()));
    }
}
