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
        let seed = given.unwrap_or_else(clock);
        Self { seed, state: seed }
    }

    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    /// Any duration below `limit`.
    pub(crate) fn below(&mut self, limit: Duration) -> Duration {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let part = f64::from(u32::try_from((z ^ (z >> 31)) >> 32).unwrap_or(u32::MAX)) / f64::from(u32::MAX);
        limit.mul_f64(part)
    }
}
