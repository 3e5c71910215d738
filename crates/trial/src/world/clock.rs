//! The wall clock of one machine: it may jump, and run at another speed. Monotonic time is tokio's and the same for all.

use jiff::{SignedDuration, Timestamp};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::time::Instant;

/// A wall clock; all clones are the same one.
#[derive(Clone)]
pub(super) struct WallClock(Arc<Mutex<Hands>>);

struct Hands {
    shown: Timestamp,
    at: Instant,
    rate: f64,
}

impl Hands {
    fn now(&self) -> Timestamp {
        let passed = self.at.elapsed().as_secs_f64() * self.rate;
        let passed = SignedDuration::try_from_secs_f64(passed).unwrap_or_default();
        self.shown.saturating_add(passed).unwrap_or(self.shown)
    }

    /// Forgets how it came to show what it shows.
    fn settle(&mut self) {
        (self.shown, self.at) = (self.now(), Instant::now());
    }
}

impl WallClock {
    /// A clock that shows `now` now, and is right from then on.
    #[must_use]
    pub(super) fn new(now: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(Hands { shown: now, at: Instant::now(), rate: 1.0 })))
    }

    /// What it shows.
    #[must_use]
    pub(super) fn now(&self) -> Timestamp {
        self.hands(|hands| hands.now())
    }

    /// It jumps.
    pub(super) fn jump(&self, by: SignedDuration) {
        self.hands(|hands| {
            hands.settle();
            hands.shown = hands.shown.saturating_add(by).unwrap_or(hands.shown);
        });
    }

    /// It runs so many times as fast from now on.
    pub(super) fn run_at(&self, rate: f64) {
        self.hands(|hands| {
            hands.settle();
            hands.rate = rate;
        });
    }

    fn hands<T>(&self, look: impl FnOnce(&mut Hands) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::sleep;

    #[tokio::test(start_paused = true)]
    async fn it_jumps_and_drifts_and_never_forgets_what_it_showed() {
        let clock = WallClock::new(Timestamp::UNIX_EPOCH);
        sleep(Duration::from_secs(10)).await;
        assert_eq!(clock.now().as_second(), 10);
        clock.jump(SignedDuration::from_secs(-3600));
        clock.run_at(2.0);
        sleep(Duration::from_secs(5)).await;
        assert_eq!(clock.now().as_second(), 10 - 3600 + 10);
        clock.run_at(1.0);
        sleep(Duration::from_secs(5)).await;
        assert_eq!(clock.now().as_second(), 10 - 3600 + 10 + 5);
    }
}
