//! Seeded chance, the same on every machine and for ever (SplitMix64), so that a seed names a day.

/// A sequence of numbers that its seed fixes.
#[derive(Debug, Clone)]
pub(crate) struct Chance(u64);

impl Chance {
    /// One sequence for each (seed, name): what happens at one place does not shift what happens at another.
    pub(crate) fn new(seed: u64, name: &str) -> Self {
        let mut state = seed ^ 0x9E37_79B9_7F4A_7C15;
        for byte in name.bytes() {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
        }
        Self(state)
    }

    /// The next 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        let width = high.saturating_sub(low).max(0).unsigned_abs().saturating_add(1);
        low.saturating_add_unsigned(self.next() % width)
    }

    /// True once in `n`.
    pub(crate) fn once_in(&mut self, n: u64) -> bool {
        self.next().is_multiple_of(n.max(1))
    }

    /// A waiting time with this mean, at least one second and at most six means: memoryless, as passers-by are.
    pub(crate) fn wait(&mut self, mean_seconds: i64) -> i64 {
        #[expect(clippy::cast_precision_loss, reason = "53 bits of chance and a mean below a day")]
        let (share, mean) = ((self.next() >> 11) as f64 / (1_u64 << 53) as f64, mean_seconds as f64);
        #[expect(clippy::cast_possible_truncation, reason = "bounded by six means")]
        let seconds = (-(1.0 - share).ln() * mean).clamp(1.0, mean * 6.0) as i64;
        seconds.max(1)
    }
}
