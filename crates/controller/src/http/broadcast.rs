//! What those who watch the page are told: the rows that changed, kept once for all of them.
//!
//! A listener is a place in what is kept, and no queue: one that reads slowly costs nothing, falls behind, and gets the whole board
//! again. While nobody listens nothing is kept up to date, and after a while nothing is kept at all.

mod board;
mod event;
mod listener;

pub use listener::{Full, Listener};

use board::State;
use self_healing_api::board::Rows;
use self_healing_core::happening::Happening;
use self_healing_core::time::{Now, Tick};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore, watch};

/// Streams at once.
const LISTENERS: usize = 16;
/// What nobody has listened to for so long is forgotten; who comes back earlier is told only what has changed.
const KEEP: Duration = Duration::from_secs(60);
/// Something is said at least this often, so that silence means a lost connection.
pub(crate) const BEAT: Duration = Duration::from_secs(5);

/// The broadcast; all clones are the same.
#[derive(Clone, Debug)]
pub struct Broadcast(Arc<Station>);

#[derive(Debug)]
struct Station {
    slots: Arc<Semaphore>,
    wanted: Notify,
    /// Counts every change of the state.
    news: watch::Sender<u64>,
    state: Mutex<State>,
}

impl Default for Broadcast {
    fn default() -> Self {
        Self::new()
    }
}

impl Broadcast {
    /// One that has nothing to tell yet.
    #[must_use]
    pub fn new() -> Self {
        let state = Mutex::new(State::new());
        let slots = Arc::new(Semaphore::new(LISTENERS));
        Self(Arc::new(Station { slots, wanted: Notify::new(), news: watch::Sender::new(0), state }))
    }

    /// Whether somebody listens.
    #[must_use]
    pub fn is_heard(&self) -> bool {
        self.0.slots.available_permits() < LISTENERS
    }

    /// Waits until somebody begins to listen; for the decision loop.
    pub async fn wanted(&self) {
        self.0.wanted.notified().await;
    }

    /// Tells how everything is at `now`: what changed since it was told last.
    pub fn tell(&self, now: Now, rows: Rows) {
        self.change(|state| state.tell(now, rows));
    }

    /// Tells of a transition, if somebody listens.
    pub fn happened(&self, now: Now, happening: &Happening) {
        if self.is_heard() {
            self.change(|state| state.happened(now, happening));
        }
    }

    /// Forgets what nobody has listened to for a while.
    pub fn rest(&self, now: Tick) {
        if self.is_heard() {
            self.state().heard = Some(now);
        } else if self.state().heard.is_some_and(|heard| now.since(heard) > KEEP) {
            self.state().forget();
        }
    }

    /// Goes on from the event `last`, if that is still possible; else from the whole board.
    ///
    /// # Errors
    /// When too many listen already.
    pub fn listen(&self, last: Option<&str>) -> Result<Listener, Full> {
        let slot = self.0.slots.clone().try_acquire_owned().map_err(|_| Full)?;
        let place = self.state().place(last);
        self.0.wanted.notify_one();
        Ok(Listener::new(self.clone(), slot, place))
    }

    /// Ends every stream, and those that begin later.
    pub fn close(&self) {
        self.change(|state| state.closed = true);
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state());
        self.0.news.send_modify(|count| *count += 1);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that is done under the lock can leave the state half changed.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
