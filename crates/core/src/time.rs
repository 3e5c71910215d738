//! Two clocks, never mixed up: a monotonic one for durations, a wall clock for what is stored and shown.

use core::ops::Add;
use core::time::Duration;

/// Milliseconds of a monotonic clock since the process started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tick(pub u64);

impl Tick {
    /// Time passed since `earlier`; zero if that lies ahead.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// The tick `span` earlier, not before the start of the process.
    #[must_use]
    pub fn back(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(millis(span)))
    }
}

impl Add<Duration> for Tick {
    type Output = Self;

    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(millis(span)))
    }
}

/// Milliseconds since the Unix epoch, UTC, as far as this machine's clock is right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Stamp(pub i64);

impl Stamp {
    /// Time passed since `earlier`; zero if that lies ahead, as after a clock step or from a wrong clock elsewhere.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

/// One reading of both clocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// For durations.
    pub tick: Tick,
    /// For records and for what other machines wrote.
    pub stamp: Stamp,
}

/// A moment in the past on the monotonic clock, be it before the process started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Past {
    /// How long ago it was at `known`.
    age: Duration,
    known: Tick,
}

impl Past {
    /// The moment of `stamp`, as far as the wall clock is right now; now if it lies ahead.
    #[must_use]
    pub fn of(now: Now, stamp: Stamp) -> Self {
        Self { age: now.stamp.since(stamp), known: now.tick }
    }

    /// Time passed since then.
    #[must_use]
    pub fn elapsed(self, now: Tick) -> Duration {
        self.age.saturating_add(now.since(self.known))
    }

    /// When `span` will have passed since then; the moment it became known, if that was before.
    #[must_use]
    pub fn plus(self, span: Duration) -> Tick {
        self.known + span.saturating_sub(self.age)
    }
}

impl Now {
    /// The tick at which `stamp` was or will be, on today's wall clock.
    #[must_use]
    pub fn tick_of(self, stamp: Stamp) -> Tick {
        let ahead = stamp.0.saturating_sub(self.stamp.0);
        Tick(self.tick.0.saturating_add_signed(ahead))
    }
}

impl Now {
    /// What today's wall clock shows at `tick`.
    #[must_use]
    pub fn stamp_of(self, tick: Tick) -> Stamp {
        let ahead = i64::try_from(tick.0).unwrap_or(i64::MAX).saturating_sub_unsigned(self.tick.0);
        Stamp(self.stamp.0.saturating_add(ahead))
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
