//! Waiting after a failure: doubling, capped, and spread out so that many watches do not come back at once.

use super::Timing;
use crate::outside::Chance;
use std::time::Duration;

/// One back-off.
#[derive(Debug)]
pub(super) struct Backoff {
    first: Duration,
    most: Duration,
    next: Duration,
    chance: Chance,
}

impl Backoff {
    pub(super) fn new(timing: &Timing) -> Self {
        let Timing { retry_first: first, retry_most: most, chance, .. } = timing;
        Self { first: *first, most: *most, next: *first, chance: chance.clone() }
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
        spread(now, 4, &self.chance)
    }
}

/// `span` less a random part of it, at most one `part`-th.
pub(super) fn spread(span: Duration, part: u32, chance: &Chance) -> Duration {
    let share = u32::try_from(chance.next() % 1_000).unwrap_or_default();
    span.saturating_sub(span / part / 1_000 * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_cap_and_start_over_after_success() {
        let timing = Timing::new(Duration::from_secs(5), Chance::system());
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
        let chance = Chance::system();
        let spans: std::collections::BTreeSet<_> =
            (0..50).map(|_| spread(Duration::from_secs(40), 10, &chance)).collect();
        assert!(spans.len() > 10);
        assert!(spans.iter().all(|s| *s > Duration::from_secs(36) - Duration::from_millis(1)));
        assert!(spans.iter().all(|s| *s <= Duration::from_secs(40)));
    }
}
