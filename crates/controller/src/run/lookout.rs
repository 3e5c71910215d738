//! When those who watch the page are told how everything is: soon after a change, and never so often that it costs much.

use crate::http::BEAT;
use self_healing_core::time::Tick;
use std::time::Duration;

/// Changes within so short a time are told as one.
const TOGETHER: Duration = Duration::from_millis(100);
/// Of the loop's time, looking takes one part in so many at most.
const SHARE: u32 = 20;

/// When to look next.
#[derive(Debug, Default)]
pub(super) struct Lookout {
    last: Option<Tick>,
    pause: Duration,
    stirred: bool,
}

impl Lookout {
    /// Something may have changed, or somebody has come.
    pub(super) fn stir(&mut self) {
        self.stirred = true;
    }

    /// When to look next; never while nobody is there.
    pub(super) fn due(&self, heard: bool) -> Option<Tick> {
        let last = match self.last {
            _ if !heard => return None,
            None => return Some(Tick(0)),
            Some(last) => last,
        };
        Some(last + if self.stirred { self.pause } else { BEAT.max(self.pause) })
    }

    /// Somebody looked at `now`, which took so long.
    pub(super) fn looked(&mut self, now: Tick, took: Duration) {
        *self = Self { last: Some(now), pause: TOGETHER.max(took.saturating_mul(SHARE)), stirred: false };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn it_looks_soon_after_a_change_but_not_at_once_again() {
        let mut lookout = Lookout::default();
        assert_eq!(lookout.due(false), None, "nobody is there");
        assert_eq!(lookout.due(true), Some(Tick(0)), "at once for the first");
        lookout.looked(Tick(1000), MS);
        assert_eq!(lookout.due(true), Some(Tick(6000)), "nothing changes, so only the time is told");
        lookout.stir();
        assert_eq!(lookout.due(true), Some(Tick(1100)));
        assert_eq!(lookout.due(false), None);
    }

    #[test]
    fn what_takes_long_is_done_rarely() {
        let mut lookout = Lookout::default();
        lookout.looked(Tick(1000), 50 * MS);
        lookout.stir();
        assert_eq!(lookout.due(true), Some(Tick(2000)));
        lookout.looked(Tick(2000), 1000 * MS);
        assert_eq!(lookout.due(true), Some(Tick(22_000)));
    }
}
