//! The process's two clocks, read in one place.

use crate::http;
use crate::outside::Wall;
use self_healing_core::time::{Now, Stamp, Tick};
use std::sync::Arc;
use tokio::time::Instant;

/// Counts from the start of the process.
#[derive(Clone, Debug)]
pub(super) struct Clock {
    start: Instant,
    wall: Wall,
}

impl Clock {
    pub(super) fn start(wall: Wall) -> Self {
        Self { start: Instant::now(), wall }
    }

    pub(super) fn now(&self) -> Now {
        Now {
            tick: Tick(u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)),
            stamp: Stamp(self.wall.now().as_millisecond()),
        }
    }

    /// When `tick` is; rounded up by one millisecond, so that waiting for it never ends before it.
    pub(super) fn instant(&self, tick: Tick) -> Instant {
        self.start + std::time::Duration::from_millis(tick.0.saturating_add(1))
    }

    pub(super) fn reader(&self) -> http::Clock {
        let clock = self.clone();
        Arc::new(move || clock.now())
    }
}
