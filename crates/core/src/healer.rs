//! The loop body: `turn` takes what happened and gives what to do.

use crate::effect::Effect;
use crate::event::Event;
use crate::names::{FailureType, GuardName, WatchKind};
use crate::settings::Settings;
use crate::time::{Now, Tick};
use alloc::vec::Vec;
use core::time::Duration;

/// All state, no IO.
#[derive(Debug)]
pub struct Healer {
    settings: Settings,
}

/// Numbers for metrics, readiness and logs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Failures with a Recovery that is not over, per type.
    pub active: Vec<(FailureType, usize)>,
    /// Recoveries held now, per guard.
    pub held: Vec<(GuardName, usize)>,
    /// Objects known, per kind.
    pub tracked: Vec<(WatchKind, usize)>,
    /// Time since the last sign of life, per kind; `None` while it was never synced.
    pub lag: Vec<(WatchKind, Option<Duration>)>,
}

impl Healer {
    /// A healer that knows nothing yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }

    /// Takes what happened, gives what to do.
    pub fn turn(&mut self, now: Now, events: impl IntoIterator<Item = Event>) -> Vec<Effect> {
        let _ = (now, &self.settings, events.into_iter().count());
        Vec::new()
    }

    /// When `turn` wants to be called again even if nothing happens; `None` for never.
    #[must_use]
    pub fn next_wake(&self) -> Option<Tick> {
        None
    }

    /// Whether every needed watch is current.
    #[must_use]
    pub fn synced(&self) -> bool {
        false
    }

    /// Numbers for metrics.
    #[must_use]
    pub fn counts(&self, _now: Now) -> Counts {
        Counts::default()
    }
}
