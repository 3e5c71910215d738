//! Kubernetes Events, one after the other and behind everything that heals.

use crate::act::Actor;
use self_healing_core::effect::{Effect, Verb};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::{Notify, mpsc};
use tokio_util::task::AbortOnDropHandle;

/// Announcements that may wait; in a storm the rest is left to log and metrics.
const QUEUE: usize = 1024;

/// Writes that heal and are under way; Events wait until there are none.
#[derive(Debug, Default)]
pub(super) struct Urgent {
    count: AtomicUsize,
    idle: Notify,
}

impl Urgent {
    pub(super) fn begin(self: &Arc<Self>) -> UnderWay {
        self.count.fetch_add(1, Ordering::Relaxed);
        UnderWay(self.clone())
    }

    async fn none(&self) {
        while self.count.load(Ordering::Relaxed) > 0 {
            self.idle.notified().await;
        }
    }
}

/// One urgent write, until dropped.
#[derive(Debug)]
pub(super) struct UnderWay(Arc<Urgent>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        if self.0.count.fetch_sub(1, Ordering::Relaxed) == 1 {
            // One permit is kept for a herald that is not waiting yet.
            self.0.idle.notify_one();
        }
    }
}

/// Announces in order.
pub(super) struct Herald {
    queue: mpsc::Sender<Effect>,
    task: AbortOnDropHandle<()>,
}

impl Herald {
    pub(super) fn start(actor: Arc<Actor>, urgent: Arc<Urgent>) -> Self {
        let (queue, mut waiting) = mpsc::channel::<Effect>(QUEUE);
        let task = tokio::spawn(async move {
            while let Some(effect) = waiting.recv().await {
                urgent.none().await;
                actor.perform(&effect).await;
            }
        });
        Self { queue, task: AbortOnDropHandle::new(task) }
    }

    pub(super) fn announce(&self, effect: Effect) {
        debug_assert!(matches!(effect.verb, Verb::Happened(_)), "only happenings are announced");
        if self.queue.try_send(effect).is_err() {
            tracing::debug!("too many Events wait; this one is left to the log");
        }
    }

    /// Announces what still waits.
    pub(super) async fn end(self) {
        drop(self.queue);
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the herald ended badly");
        }
    }
}
