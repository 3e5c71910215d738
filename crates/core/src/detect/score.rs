//! The unhealthy score: a leaky bucket that a rewritten condition or a flap does not reset.

use crate::time::Tick;
use core::time::Duration;

/// Fills one second per second while bad, drains one second per second while good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Score {
    level: Duration,
    at: Tick,
    bad: bool,
    /// When the signal was last bad.
    pub(crate) last_bad: Tick,
}

impl Score {
    /// An empty bucket.
    #[must_use]
    pub(crate) const fn new(now: Tick) -> Self {
        Self { level: Duration::ZERO, at: now, bad: false, last_bad: now }
    }

    /// Notes what the signal says now. `since` counts only when the signal was good before: trouble that began before we saw it.
    pub(crate) fn note(&mut self, now: Tick, bad: bool, since: Option<Tick>, threshold: Duration) {
        let passed = now.since(self.at);
        self.level = if self.bad { self.level + passed } else { self.level.saturating_sub(passed) };
        if bad && !self.bad {
            self.level = self.level.max(since.map_or(Duration::ZERO, |since| now.since(since)));
        }
        self.level = self.level.min(threshold);
        if bad || self.bad {
            self.last_bad = now;
        }
        self.at = now;
        self.bad = bad;
    }

    /// How full it is.
    #[must_use]
    pub(crate) const fn level(&self) -> Duration {
        self.level
    }

    /// Whether it is bad now and has been for long enough.
    #[must_use]
    pub(crate) fn fires(&self, threshold: Duration) -> bool {
        self.bad && self.level >= threshold
    }

    /// Whether the signal is bad now.
    #[must_use]
    pub(crate) const fn is_bad(&self) -> bool {
        self.bad
    }

    /// When it will fire if the signal stays bad.
    #[must_use]
    pub(crate) fn due(&self, threshold: Duration) -> Option<Tick> {
        self.bad.then(|| self.at + threshold.saturating_sub(self.level))
    }

    /// Whether nothing is left to remember.
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        !self.bad && self.level.is_zero()
    }
}

#[cfg(test)]
mod tests {
    use super::Score;
    use crate::time::Tick;
    use core::time::Duration;

    const THRESHOLD: Duration = Duration::from_secs(90);

    fn at(second: u64) -> Tick {
        Tick(second * 1000)
    }

    #[test]
    fn fires_after_the_threshold_of_continuous_trouble_and_not_before() {
        let mut score = Score::new(at(0));
        score.note(at(10), true, None, THRESHOLD);
        assert_eq!(score.due(THRESHOLD), Some(at(100)));
        score.note(at(99), true, None, THRESHOLD);
        assert!(!score.fires(THRESHOLD));
        score.note(at(100), true, None, THRESHOLD);
        assert!(score.fires(THRESHOLD));
    }

    #[test]
    fn flapping_fires_too_when_it_is_bad_more_than_good() {
        let mut score = Score::new(at(0));
        let mut fired = None;
        for second in 0..600 {
            score.note(at(second), second % 10 < 7, None, THRESHOLD);
            if score.fires(THRESHOLD) {
                fired = Some(second);
                break;
            }
        }
        assert!(fired.is_some_and(|second| second > 90), "{fired:?}");
    }

    #[test]
    fn trouble_that_began_before_we_saw_it_counts_from_its_beginning_once() {
        let mut score = Score::new(at(0));
        score.note(at(40), true, Some(at(5)), THRESHOLD);
        assert_eq!(score.due(THRESHOLD), Some(at(95)));
        score.note(at(50), true, Some(at(5)), THRESHOLD);
        assert_eq!(score.due(THRESHOLD), Some(at(95)));
    }

    #[test]
    fn good_time_drains_it() {
        let mut score = Score::new(at(0));
        score.note(at(0), true, None, THRESHOLD);
        score.note(at(50), false, None, THRESHOLD);
        score.note(at(101), false, None, THRESHOLD);
        assert!(score.is_empty());
    }
}
