//! When to tell that a kind is alive: at most once a second, and only when each of its streams was.

use std::time::Duration;
use tokio::time::Instant;

/// Signs of life closer together than this are one.
const AT_MOST_EVERY: Duration = Duration::from_secs(1);

/// Signs of life of the streams of one kind; there are several if `watch_namespaces` names several namespaces.
#[derive(Debug)]
pub(super) struct Pulse {
    heard: Vec<bool>,
    told: Option<Instant>,
    broken: bool,
}

impl Pulse {
    pub(super) fn new(streams: usize) -> Self {
        Self { heard: vec![false; streams], told: None, broken: false }
    }

    /// Something came from `stream`; whether to tell now.
    pub(super) fn beat(&mut self, stream: usize) -> bool {
        if let Some(heard) = self.heard.get_mut(stream) {
            *heard = true;
        }
        let now = Instant::now();
        let due = self.told.is_none_or(|told| now.duration_since(told) >= AT_MOST_EVERY);
        let tell = due && self.heard.iter().all(|heard| *heard);
        if tell {
            self.told(now);
        }
        tell
    }

    /// All was listed, which counts as a sign of life of each.
    pub(super) fn synced(&mut self) {
        self.told(Instant::now());
    }

    /// A stream could not be started; whether this is news.
    pub(super) fn broken(&mut self) -> bool {
        self.heard.fill(false);
        self.told = None;
        !std::mem::replace(&mut self.broken, true)
    }

    fn told(&mut self, now: Instant) {
        self.heard.fill(false);
        self.told = Some(now);
        self.broken = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_told_once_a_second() {
        let mut pulse = Pulse::new(1);
        pulse.synced();
        assert!(!pulse.beat(0));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(pulse.beat(0));
        assert!(!pulse.beat(0));
    }

    #[tokio::test(start_paused = true)]
    async fn one_silent_stream_keeps_its_kind_silent() {
        let mut pulse = Pulse::new(2);
        pulse.synced();
        tokio::time::advance(Duration::from_secs(30)).await;
        assert!(!pulse.beat(0));
        assert!(pulse.beat(1));
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_break_life_is_told_at_once() {
        let mut pulse = Pulse::new(1);
        pulse.synced();
        assert!(pulse.broken());
        assert!(!pulse.broken(), "the second failure is no news");
        assert!(pulse.beat(0));
    }
}
