//! Random numbers with a seed that is printed, so that a failing run can be repeated.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Environment variable with the seed of an earlier run.
const SEED: &str = "SELF_HEALING_SEED";

/// SplitMix64.
pub(crate) struct Chance {
    seed: u64,
    state: u64,
}

impl Chance {
    /// With the seed of the environment, else one of the clock.
    pub(crate) fn from_environment() -> Self {
        let given = std::env::var(SEED).ok().and_then(|seed| seed.parse().ok());
        let clock = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |now| u64::from(now.subsec_nanos()));
        Self::seeded(given.unwrap_or_else(clock))
    }

    /// The same numbers for the same seed.
    pub(crate) fn seeded(seed: u64) -> Self {
        Self { seed, state: seed }
    }

    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    /// Any duration below `limit`.
    pub(crate) fn below(&mut self, limit: Duration) -> Duration {
        let part = f64::from(self.number()) / f64::from(u32::MAX);
        limit.mul_f64(part)
    }

    /// Any number below `limit`; 0 if that is 0.
    pub(crate) fn up_to(&mut self, limit: u32) -> u32 {
        self.number().checked_rem(limit).unwrap_or_default()
    }

    /// True once in `n` times.
    pub(crate) fn one_in(&mut self, n: u32) -> bool {
        self.up_to(n) == 0
    }

    /// Any of `choices`, of which there must be one.
    pub(crate) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        let count = u32::try_from(choices.len()).unwrap_or(u32::MAX);
        choices[self.up_to(count) as usize]
    }

    fn number(&mut self) -> u32 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        u32::try_from((z ^ (z >> 31)) >> 32).unwrap_or(u32::MAX)
    }
}
