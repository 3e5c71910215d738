//! Dice of one seed.

use self_healing_controller::outside::Chance;

/// A row of throws, the same for the same seed.
pub(super) struct Dice(Chance);

impl Dice {
    pub(super) fn of(seed: u64) -> Self {
        Self(Chance::seeded(seed))
    }

    /// A number below `bound`, which is not 0; slightly uneven, which does not matter here.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0.next() % bound
    }

    /// A number from `from` to `to`, both included.
    pub(super) fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.below(to - from + 1)
    }

    /// Whether a thing of so many per cent happens.
    pub(super) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of `all`, which is not empty.
    pub(super) fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        let at = self.below(all.len() as u64);
        &all[usize::try_from(at).unwrap_or(0)]
    }
}
