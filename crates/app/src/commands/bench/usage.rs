//! What a piece of work took: time on the clock and time of the processors, by `getrusage`.

use std::fmt;
use std::time::{Duration, Instant};

use nix::sys::resource::{Usage, UsageWho, getrusage};
use serde::Serialize;

/// Figures of one piece of work over many records.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Cost {
    /// Records a second.
    pub(super) per_second: f64,
    /// Microseconds of processor time for each, all threads together.
    pub(super) cpu_micros: f64,
}

/// A measurement that has begun.
pub(super) struct Begun {
    at: Instant,
    cpu: Duration,
}

pub(super) fn begin() -> Begun {
    Begun { at: Instant::now(), cpu: own() }
}

impl Begun {
    pub(super) fn over(&self, records: u64) -> Cost {
        let (took, cpu) = (self.at.elapsed().as_secs_f64(), own().saturating_sub(self.cpu).as_secs_f64());
        let records = records.max(1) as f64;
        Cost { per_second: records / took.max(1e-9), cpu_micros: cpu * 1e6 / records }
    }
}

/// Processor time of this process so far.
fn own() -> Duration {
    spent(UsageWho::RUSAGE_SELF)
}

/// Processor time of all children that have ended.
pub(super) fn children() -> Duration {
    spent(UsageWho::RUSAGE_CHILDREN)
}

fn spent(who: UsageWho) -> Duration {
    let time = |usage: &Usage| {
        let micros = |time: nix::sys::time::TimeVal| time.tv_sec() * 1_000_000 + time.tv_usec();
        Duration::from_micros(
            u64::try_from(micros(usage.user_time()) + micros(usage.system_time())).unwrap_or_default(),
        )
    };
    getrusage(who).as_ref().map(time).unwrap_or_default()
}

/// The value in the middle; 0 of nothing.
pub(super) fn median(values: impl Iterator<Item = f64>) -> f64 {
    quantile(&sorted(values), 0.5)
}

pub(super) fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

/// A quantile of sorted values, by the nearest rank; 0 of nothing.
pub(super) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let rank = (sorted.len() as f64 * share).ceil().max(1.0) as usize;
    sorted.get(rank - 1).or(sorted.last()).copied().unwrap_or_default()
}

/// What it was measured on.
#[derive(Debug, Serialize)]
pub(super) struct Machine {
    processor: String,
    processors: usize,
    memory_gib: f64,
    system: String,
    version: &'static str,
}

pub(super) fn machine() -> Machine {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let after = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let memory = after(&read("/proc/meminfo"), "MemTotal").unwrap_or_default();
    let kilobytes: f64 = memory.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or_default();
    Machine {
        processor: after(&read("/proc/cpuinfo"), "model name").unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
        processors: std::thread::available_parallelism().map_or(0, usize::from),
        memory_gib: (kilobytes / 1024.0 / 1024.0).round(),
        system: format!("{} {}", std::env::consts::OS, read("/proc/sys/kernel/osrelease").trim()),
        version: env!("CARGO_PKG_VERSION"),
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { processor, processors, memory_gib, system, version } = self;
        write!(f, "{processors} × {processor}, {memory_gib} GiB, {system}, muster {version}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_were_measured() {
        let values = sorted((1..=100).rev().map(f64::from));
        assert_eq!([0.5, 0.99, 0.999, 1.0].map(|share| quantile(&values, share)), [50.0, 99.0, 100.0, 100.0]);
        assert_eq!((quantile(&[], 0.5), median([7.0].into_iter())), (0.0, 7.0));
    }

    #[test]
    fn work_takes_processor_time() {
        let begun = begin();
        let mut sum = 0_u64;
        while begun.at.elapsed() < Duration::from_millis(30) {
            sum = sum.wrapping_mul(31).wrapping_add(1);
        }
        let cost = begun.over(std::hint::black_box(sum).clamp(1, 10));
        assert!(cost.cpu_micros > 0.0 && cost.per_second > 0.0, "{cost:?}");
    }
}
