//! The one clock of a process: wall time at start, monotonic since, and as fast as the demo's world wants it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use muster_domain::time::{Filed, LogTime, Received, Span};
use muster_store::Store;

use crate::PipelineError;

/// How far the clock of whoever watches may be from the database's (ENGINE §1).
const MOST_APART: Span = Span::from_secs(2);

/// Says what time it is, to admit, ticks and store alike. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Clock(Arc<Source>);

#[derive(Debug)]
enum Source {
    Running { started: Instant, at_start: AtomicI64, speed: f64 },
    Held(AtomicI64),
}

impl Clock {
    /// The real time. It never steps back: the wall clock is read once, at the start.
    #[must_use]
    pub fn real() -> Self {
        Self::scaled(1.0)
    }

    /// A world that runs `speed` times as fast as the real one, and begins now.
    #[must_use]
    pub fn scaled(speed: f64) -> Self {
        let at_start = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(Arc::new(Source::Running {
            started: Instant::now(),
            at_start: AtomicI64::new(i64::try_from(at_start.as_micros()).unwrap_or(i64::MAX)),
            speed: speed.clamp(0.01, 10_000.0),
        }))
    }

    /// A clock that stands until a test moves it.
    #[must_use]
    pub fn held(micros: i64) -> Self {
        Self(Arc::new(Source::Held(AtomicI64::new(micros))))
    }

    /// Moves a held clock on; a running one takes no notice.
    pub fn advance(&self, span: Span) {
        if let Source::Held(now) = &*self.0 {
            now.fetch_add(span.micros(), Ordering::SeqCst);
        }
    }

    /// Moves on to a time if it is not that late yet: a simulated world goes on where its log ends.
    pub fn not_before(&self, micros: i64) {
        let behind = micros.saturating_sub(self.micros()).max(0);
        match &*self.0 {
            Source::Held(at) | Source::Running { at_start: at, .. } => at.fetch_add(behind, Ordering::SeqCst),
        };
    }

    /// Fails if this clock is further from the database's than that of a watch may be, be it the one's fault or the
    /// other's. The time that the answer takes is not held against it. Embedded, this clock is the only one.
    ///
    /// # Errors
    /// [`PipelineError::ClockApart`], or another if the database does not say.
    pub async fn agrees_with(&self, store: &Store) -> Result<(), PipelineError> {
        let before = self.micros();
        let there = store.now_micros(before).await?;
        let ahead = if there < before { before - there } else { (self.micros() - there).min(0) };
        if ahead.abs() > MOST_APART.micros() {
            return Err(PipelineError::ClockApart { seconds: ahead as f64 / 1e6 });
        }
        Ok(())
    }

    /// Microseconds since 1970.
    #[must_use]
    pub fn micros(&self) -> i64 {
        match &*self.0 {
            Source::Held(now) => now.load(Ordering::SeqCst),
            Source::Running { started, at_start, speed } => {
                let passed = started.elapsed().as_secs_f64() * speed * 1e6;
                at_start.load(Ordering::SeqCst).saturating_add(passed as i64)
            }
        }
    }

    /// Now, as the time of intake.
    #[must_use]
    pub fn received(&self) -> Received {
        Received::from_micros(self.micros())
    }

    /// Now, as the time of a tick.
    #[must_use]
    pub fn log_time(&self) -> LogTime {
        LogTime::from_micros(self.micros())
    }

    /// Now, as the time of filing where the database has no clock of its own.
    #[must_use]
    pub fn filed(&self) -> Filed {
        Filed::from_micros(self.micros())
    }

    /// How much real time a span of this world takes, at least a millisecond.
    #[must_use]
    pub fn real_time(&self, span: Span) -> Duration {
        let speed = match &*self.0 {
            Source::Running { speed, .. } => *speed,
            Source::Held(_) => 1.0,
        };
        Duration::from_secs_f64((span.micros() as f64 / 1e6 / speed).max(0.001))
    }

    /// How many times as fast as the real one this world runs.
    #[must_use]
    pub fn speed(&self) -> f64 {
        match &*self.0 {
            Source::Running { speed, .. } => *speed,
            Source::Held(_) => 1.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    }

    #[test]
    fn a_fast_world_takes_less_real_time() {
        assert_eq!(Clock::scaled(60.0).real_time(Span::from_mins(1)), Duration::from_secs(1));
    }
}
