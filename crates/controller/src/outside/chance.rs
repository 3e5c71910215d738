//! Chance, from one seed: names that no other process has, and waits that differ.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The step of `SplitMix64`, the golden ratio in 64 bits.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// A row of numbers; clones take from the same row. Nothing secret depends on it.
#[derive(Clone, Debug)]
pub struct Chance(Arc<AtomicU64>);

impl Chance {
    /// A row that no other process has.
    #[must_use]
    pub fn system() -> Self {
        // The standard library seeds each of these at random.
        Self::seeded(RandomState::new().build_hasher().finish())
    }

    /// The row of `seed`, the same on every machine.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(AtomicU64::new(seed)))
    }

    /// The next number (`SplitMix64`).
    #[must_use]
    pub fn next(&self) -> u64 {
        let mut mixed = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_gives_one_row_and_two_systems_two() {
        let row = |chance: Chance| (0..4).map(|_| chance.next()).collect::<Vec<_>>();
        assert_eq!(row(Chance::seeded(7)), row(Chance::seeded(7)));
        assert_ne!(row(Chance::seeded(7)), row(Chance::seeded(8)));
        assert_ne!(row(Chance::system()), row(Chance::system()));
        // The reference implementation's first number for seed 0.
        assert_eq!(Chance::seeded(0).next(), 0xe220_a839_7b1d_cdaf);
    }
}
