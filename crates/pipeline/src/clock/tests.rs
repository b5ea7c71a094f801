//! The clock by hands that a test bends: what it counts, what it takes no notice of, and when it is put right.

use muster_store::StoreSettings;

use super::*;

/// Hands of a machine whose time of day a test sets, and which a test puts to sleep.
#[derive(Debug, Clone)]
pub(crate) struct Bent(Arc<(Machine, AtomicI64, AtomicI64)>);

impl Bent {
    pub(crate) fn by(seconds: i64) -> Self {
        let machine = Machine { started: Instant::now(), sleepless: true };
        let bent = Self(Arc::new((machine, AtomicI64::new(0), AtomicI64::new(0))));
        bent.set(seconds);
        bent
    }

    /// Sets the time of day so many seconds off the true one.
    pub(crate) fn set(&self, seconds: i64) {
        self.0.1.store(seconds * 1_000_000, Ordering::SeqCst);
    }

    /// What counts has counted so many seconds more.
    pub(crate) fn count_on(&self, seconds: i64) {
        self.0.2.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }
}

impl Hands for Bent {
    fn wall(&self) -> i64 {
        self.0.0.wall() + self.0.1.load(Ordering::SeqCst)
    }

    fn counted(&self) -> Duration {
        self.0.0.counted() + Duration::from_micros(self.0.2.load(Ordering::SeqCst).unsigned_abs())
    }
}

#[test]
fn a_held_clock_moves_only_when_told() {
    let clock = Clock::held(5);
    clock.advance(Span::from_secs(1));
    assert_eq!(clock.micros(), 1_000_005);
}

#[test]
fn a_world_goes_on_where_its_log_ends() {
    let clock = Clock::scaled(6.0);
    let later = clock.micros() + 3_600_000_000;
    clock.not_before(later);
    let now = clock.micros();
    assert!(now >= later);
    clock.not_before(later);
    assert!(clock.micros() - now < 3_600_000_000, "what is past moves nothing");
    assert_eq!(clock.off_the_machines(), None, "it has a time of its own");
}

#[test]
fn a_fast_world_takes_less_real_time() {
    assert_eq!(Clock::scaled(60.0).real_time(Span::from_mins(1)), Duration::from_secs(1));
}

#[test]
fn time_asleep_counts_and_a_time_of_day_that_is_set_does_not() {
    let hands = Bent::by(0);
    let clock = Clock::made_of(hands.clone());
    let before = clock.micros();
    hands.set(-HOUR);
    assert!((before..before + MINUTE).contains(&clock.micros()));
    assert!(clock.off_the_machines().is_some_and(|ahead| (3590.0..3660.0).contains(&ahead)));
    hands.set(0);
    assert_eq!(clock.off_the_machines(), None);
    hands.count_on(HOUR);
    assert!(clock.micros() >= before + HOUR * 1_000_000);
}

#[tokio::test]
async fn a_clock_that_fell_behind_is_put_right_once_machine_and_database_agree() {
    let Some(database) = muster_tests::database() else { return };
    let store = Store::open(&StoreSettings { url: database.url(), max_connections: 2 }).await.unwrap();
    let hands = Bent::by(-HOUR);
    let clock = Clock::made_of(hands.clone());
    let behind = clock.micros();
    assert!(apart(clock.put_right(&store).await) < -3590.0, "the machine's own time is wrong still");
    assert!(clock.micros() - behind < MINUTE, "and moves nothing");
    hands.set(0);
    clock.put_right(&store).await.unwrap();
    assert!(clock.micros() >= behind + (HOUR - 1) * 1_000_000);
    // A right clock is left alone, whatever the time of day is set to.
    hands.set(HOUR);
    clock.put_right(&store).await.unwrap();
    clock.agrees_with(&store).await.unwrap();
    store.close().await;
}

#[tokio::test]
async fn a_clock_that_is_ahead_is_never_put_back() {
    let Some(database) = muster_tests::database() else { return };
    let store = Store::open(&StoreSettings { url: database.url(), max_connections: 2 }).await.unwrap();
    let hands = Bent::by(HOUR);
    let clock = Clock::made_of(hands.clone());
    hands.set(0);
    let before = clock.micros();
    assert!(apart(clock.put_right(&store).await) > 3590.0);
    assert!(clock.micros() >= before);
    store.close().await;
}

fn apart(found: Result<(), PipelineError>) -> f64 {
    match found {
        Err(PipelineError::ClockApart { seconds }) => seconds,
        other => panic!("{other:?}"),
    }
}

/// In seconds.
const HOUR: i64 = 3_600;
/// In microseconds.
const MINUTE: i64 = 60_000_000;
