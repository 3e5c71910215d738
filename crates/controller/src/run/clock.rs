//! The process's two clocks, read in one place.

use crate::http;
use self_healing_core::time::{Now, Stamp, Tick};
use std::sync::Arc;
use std::time::SystemTime;
use tokio::time::Instant;

/// Counts from the start of the process.
#[derive(Clone, Debug)]
pub(super) struct Clock(Instant);

impl Clock {
    pub(super) fn start() -> Self {
        Self(Instant::now())
    }

    pub(super) fn now(&self) -> Now {
        let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let millis = |span: std::time::Duration| span.as_millis();
        Now {
            tick: Tick(u64::try_from(millis(self.0.elapsed())).unwrap_or(u64::MAX)),
            stamp: Stamp(i64::try_from(millis(wall)).unwrap_or(i64::MAX)),
        }
    }

    /// When `tick` is; rounded up by one millisecond, so that waiting for it never ends before it.
    pub(super) fn instant(&self, tick: Tick) -> Instant {
        self.0 + std::time::Duration::from_millis(tick.0.saturating_add(1))
    }

    pub(super) fn reader(&self) -> http::Clock {
        let clock = self.clone();
        Arc::new(move || clock.now())
    }
}
