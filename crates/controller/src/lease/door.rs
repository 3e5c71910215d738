//! The door that every write passes: whether this process leads at this very moment, and for how long.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// A cheap handle; all clones are the same door.
#[derive(Clone, Debug)]
pub struct Door {
    state: Arc<Mutex<State>>,
    asked: Arc<Notify>,
}

#[derive(Debug)]
struct State {
    open: Open,
    epoch: u64,
    trouble: Option<String>,
    /// Whether another replica is to lead.
    leave: bool,
}

#[derive(Clone, Copy, Debug)]
enum Open {
    Never,
    Until(Instant),
    Always,
}

impl Door {
    /// A door for a controller that shares its work with nobody (`leader_election=false`).
    #[must_use]
    pub fn always_open() -> Self {
        Self::with(Open::Always)
    }

    /// A door that opens when its elector wins.
    pub(super) fn closed() -> Self {
        Self::with(Open::Never)
    }

    fn with(open: Open) -> Self {
        let state = State { open, epoch: 0, trouble: None, leave: false };
        Self { state: Arc::new(Mutex::new(state)), asked: Arc::default() }
    }

    /// Whether a write may be sent now. Asks the monotonic clock each time.
    #[must_use]
    pub fn may_write(&self) -> bool {
        !self.time_left().is_zero()
    }

    /// How long writes may still take; zero when closed, [`Duration::MAX`] without leader election.
    #[must_use]
    pub fn time_left(&self) -> Duration {
        match self.state().open {
            Open::Never => Duration::ZERO,
            Open::Until(deadline) => deadline.saturating_duration_since(Instant::now()),
            Open::Always => Duration::MAX,
        }
    }

    /// `leaseTransitions` of the leadership that is or was held last; 0 without leader election.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.state().epoch
    }

    /// Why the last try to take or renew the Lease failed; `None` when it did not.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        self.state().trouble.clone()
    }

    /// Has another replica lead, soon; false when there is no leader election, or this one does not lead.
    #[must_use]
    pub fn hand_over(&self) -> bool {
        let mut state = self.state();
        state.leave = matches!(state.open, Open::Until(_));
        if state.leave {
            self.asked.notify_one();
        }
        state.leave
    }

    /// Waits until another replica is to lead.
    pub(super) async fn asked_to_leave(&self) {
        while !self.state().leave {
            self.asked.notified().await;
        }
    }

    pub(super) fn open_until(&self, deadline: Instant, epoch: u64) {
        let mut state = self.state();
        state.open = Open::Until(deadline);
        state.epoch = epoch;
    }

    pub(super) fn close(&self) {
        let mut state = self.state();
        (state.open, state.leave) = (Open::Never, false);
    }

    pub(super) fn set_trouble(&self, trouble: Option<String>) {
        self.state().trouble = trouble;
    }

    /// No code panics while it holds the lock, and each write leaves a whole state.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
