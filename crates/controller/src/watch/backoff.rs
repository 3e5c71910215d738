//! Waiting after a failure: doubling, capped, and spread out so that many watches do not come back at once.

use super::Timing;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

/// One back-off.
#[derive(Debug)]
pub(super) struct Backoff {
    first: Duration,
    most: Duration,
    next: Duration,
}

impl Backoff {
    pub(super) fn new(timing: &Timing) -> Self {
        Self { first: timing.retry_first, most: timing.retry_most, next: timing.retry_first }
    }

    /// Things went well: the next failure is a first one.
    pub(super) fn reset(&mut self) {
        self.next = self.first;
    }

    pub(super) async fn wait(&mut self) {
        tokio::time::sleep(self.step()).await;
    }

    fn step(&mut self) -> Duration {
        let now = self.next;
        self.next = (now * 2).min(self.most);
        spread(now, 4)
    }
}

/// `span` less a random part of it, at most one `part`-th.
pub(super) fn spread(span: Duration, part: u32) -> Duration {
    // The standard library seeds each of these at random.
    let random = RandomState::new().build_hasher().finish() % 1_000;
    let share = u32::try_from(random).unwrap_or_default();
    span.saturating_sub(span / part / 1_000 * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_cap_and_start_over_after_success() {
        let timing = Timing::new(Duration::from_secs(5));
        let mut backoff = Backoff::new(&timing);
        let rounded = |backoff: &mut Backoff| {
            let step = backoff.step();
            // A quarter less at most, so each step tells which of the doubled waits it came from.
            [1, 2, 4, 5].into_iter().rev().find(|s| step > Duration::from_millis(s * 745) && step.as_secs() <= *s)
        };
        let steps: Vec<_> = (0..5).map(|_| rounded(&mut backoff)).collect();
        assert_eq!(steps.last(), Some(&Some(5)));
        assert_eq!(steps[0], Some(1));
        backoff.reset();
        assert!(backoff.step() <= Duration::from_secs(1));
    }

    #[test]
    fn spans_are_spread_but_never_exceeded() {
        let spans: std::collections::BTreeSet<_> = (0..50).map(|_| spread(Duration::from_secs(40), 10)).collect();
        assert!(spans.len() > 10);
        assert!(spans.iter().all(|s| *s > Duration::from_secs(36) - Duration::from_millis(1)));
        assert!(spans.iter().all(|s| *s <= Duration::from_secs(40)));
    }
}
