//! One who listens: a place in what is told, and one of the few slots.

use super::Broadcast;
use super::board::Place;
use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, watch};

/// Too many listen already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many watch already; close one of their pages, or ask /api/v1/board now and then")]
pub struct Full;

/// One who listens, until dropped.
#[derive(Debug)]
pub struct Listener {
    broadcast: Broadcast,
    news: watch::Receiver<u64>,
    place: Place,
    slot: Option<OwnedSemaphorePermit>,
}

impl Listener {
    pub(super) fn new(broadcast: Broadcast, slot: OwnedSemaphorePermit, place: Place) -> Self {
        let news = broadcast.0.news.subscribe();
        Self { broadcast, news, place, slot: Some(slot) }
    }

    /// The next event as it goes on the wire; `None` once the broadcast is closed.
    pub async fn next(&mut self) -> Option<Bytes> {
        loop {
            self.news.mark_unchanged();
            let event = {
                let state = self.broadcast.state();
                if state.closed {
                    return None;
                }
                state.next(&mut self.place)
            };
            if event.is_some() {
                return event;
            }
            self.news.changed().await.ok()?;
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.slot = None;
        if !self.broadcast.is_heard() {
            // Nobody keeps it up to date from now on.
            self.broadcast.state().fresh = false;
        }
    }
}
