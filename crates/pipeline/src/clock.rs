//! The one clock of a process: wall time at start, monotonic since, and as fast as the demo's world wants it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use muster_domain::time::{Filed, LogTime, Received, Span};

/// Says what time it is, to admit, ticks and store alike. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Clock(Arc<Source>);

#[derive(Debug)]
enum Source {
    Running { started: Instant, at_start: i64, speed: f64 },
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
            at_start: i64::try_from(at_start.as_micros()).unwrap_or(i64::MAX),
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

    /// Microseconds since 1970.
    #[must_use]
    pub fn micros(&self) -> i64 {
        match &*self.0 {
            Source::Held(now) => now.load(Ordering::SeqCst),
            Source::Running { started, at_start, speed } => {
                let passed = started.elapsed().as_secs_f64() * speed * 1e6;
                at_start.saturating_add(passed as i64)
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
    fn a_fast_world_takes_less_real_time() {
        assert_eq!(Clock::scaled(60.0).real_time(Span::from_mins(1)), Duration::from_secs(1));
    }
}
