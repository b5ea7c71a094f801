//! The one clock of a process: wall time at start, only counted since, and as fast as the demo's world wants it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use muster_domain::time::{Filed, LogTime, Received, Span};
use muster_store::Store;
use tokio_util::sync::CancellationToken;

use crate::PipelineError;

/// How far the clock of whoever watches may be from the database's (ENGINE §1).
const MOST_APART: Span = Span::from_secs(2);

/// How often a process that does not watch looks at its clock.
const LOOK: Duration = Duration::from_secs(2);

/// Says what time it is, to admit, ticks and store alike. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Clock(Arc<Source>);

#[derive(Debug)]
enum Source {
    Running {
        hands: Box<dyn Hands>,
        began: Duration,
        at_start: AtomicI64,
        speed: f64,
        /// Whether it is to be that of the machine; a world of its own is not.
        real: bool,
    },
    Held(AtomicI64),
}

/// What a clock is made of; tests bring their own.
pub trait Hands: fmt::Debug + Send + Sync {
    /// The time of day as it is set now, in microseconds since 1970.
    fn wall(&self) -> i64;

    /// Time that only counts, from any beginning, whatever the time of day is set to.
    fn counted(&self) -> Duration;
}

/// The hands of this machine.
#[derive(Debug)]
struct Machine {
    started: Instant,
    /// Whether it counts on while the machine sleeps.
    sleepless: bool,
}

impl Hands for Machine {
    fn wall(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
    }

    fn counted(&self) -> Duration {
        #[cfg(target_os = "linux")]
        if self.sleepless {
            let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
            return Duration::try_from(now).unwrap_or_default();
        }
        self.started.elapsed()
    }
}

impl Clock {
    /// The real time. It never steps back: the wall clock is read once, at the start, and time in which the machine sleeps
    /// counts (on Linux; elsewhere it is as if the wall clock had been set).
    #[must_use]
    pub fn real() -> Self {
        Self::made_of(Machine { started: Instant::now(), sleepless: true })
    }

    /// The real time by other hands.
    #[must_use]
    pub fn made_of(hands: impl Hands + 'static) -> Self {
        Self::running(hands, 1.0, true)
    }

    /// A world that runs `speed` times as fast as the real one, and begins now. It sleeps with the machine.
    #[must_use]
    pub fn scaled(speed: f64) -> Self {
        Self::running(Machine { started: Instant::now(), sleepless: false }, speed.clamp(0.01, 10_000.0), false)
    }

    fn running(hands: impl Hands + 'static, speed: f64, real: bool) -> Self {
        let (began, at_start) = (hands.counted(), AtomicI64::new(hands.wall()));
        Self(Arc::new(Source::Running { hands: Box::new(hands), began, at_start, speed, real }))
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
    /// other's. Embedded, this clock is the only one.
    ///
    /// # Errors
    /// [`PipelineError::ClockApart`], or another if the database does not say.
    pub async fn agrees_with(&self, store: &Store) -> Result<(), PipelineError> {
        agrees(|| self.micros(), store).await
    }

    /// Moves on to the machine's time where this clock has fallen behind the database's and the machine's has not: it was
    /// put right since the start, or stood still with the machine. Only ever on, never back, and only for who holds no
    /// partition: what the partition's log time then leaps over is an outage of ours (ENGINE §1).
    ///
    /// # Errors
    /// As [`agrees_with`](Self::agrees_with), of what does not agree in the end.
    pub async fn put_right(&self, store: &Store) -> Result<(), PipelineError> {
        let apart = self.agrees_with(store).await;
        let Source::Running { hands, real: true, .. } = &*self.0 else { return apart };
        if !matches!(apart, Err(PipelineError::ClockApart { seconds }) if seconds < 0.0) {
            return apart;
        }
        agrees(|| hands.wall(), store).await?;
        let seconds = hands.wall().saturating_sub(self.micros()) / 1_000_000;
        tracing::warn!(seconds, "this clock had fallen behind and is put right by the machine's and the database's");
        self.not_before(hands.wall());
        self.agrees_with(store).await
    }

    /// How many seconds this clock is ahead of the machine's, where they are too far apart: the machine's was set since
    /// the start. Nothing for a world of its own.
    #[must_use]
    pub fn off_the_machines(&self) -> Option<f64> {
        let Source::Running { hands, real: true, .. } = &*self.0 else { return None };
        let ahead = self.micros().saturating_sub(hands.wall());
        (ahead.saturating_abs() > MOST_APART.micros()).then_some(ahead as f64 / 1e6)
    }

    /// Real time that only counts, from any beginning, time in which the machine sleeps included.
    pub(crate) fn counted(&self) -> Duration {
        match &*self.0 {
            Source::Held(now) => Duration::from_micros(now.load(Ordering::SeqCst).unsigned_abs()),
            Source::Running { hands, .. } => hands.counted(),
        }
    }

    /// Microseconds since 1970.
    #[must_use]
    pub fn micros(&self) -> i64 {
        match &*self.0 {
            Source::Held(now) => now.load(Ordering::SeqCst),
            Source::Running { hands, began, at_start, speed, .. } => {
                let passed = hands.counted().saturating_sub(*began).as_secs_f64() * speed * 1e6;
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
        Duration::from_secs_f64((span.micros() as f64 / 1e6 / self.speed()).max(0.001))
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

/// Puts the clock of a process right that holds no partition and never will, until told to stop. Who watches does so itself.
pub async fn keep_right(clock: Clock, store: Store, stop: CancellationToken) {
    while !stop.is_cancelled() {
        // That the database does not answer is said by whoever needs it for more than this.
        if let Err(error @ PipelineError::ClockApart { .. }) = clock.put_right(&store).await {
            tracing::error!(error = %crate::chain(&error), "what is taken in bears a wrong time");
        }
        tokio::select! { () = stop.cancelled() => break, () = tokio::time::sleep(LOOK) => {} }
    }
}

/// Fails if a time is too far from the database's. How long the answer takes is not held against it.
async fn agrees(now: impl Fn() -> i64, store: &Store) -> Result<(), PipelineError> {
    let before = now();
    let there = store.now_micros(before).await?;
    let ahead = if there < before { before - there } else { (now() - there).min(0) };
    if ahead.abs() > MOST_APART.micros() {
        return Err(PipelineError::ClockApart { seconds: ahead as f64 / 1e6 });
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests;
