//! The connections of one process: alive, stopped for a while, or dead.

use super::{Net, lock};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

/// What befalls a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// It ends at once, and is started again; the new one sees the state of this commit for a while.
    Kill(Option<u64>),
    /// It is told to end, and perhaps started again.
    Stop {
        /// Whether it is.
        again: bool,
    },
}

struct Shared {
    net: Net,
    instance: Arc<str>,
    born: Instant,
    keeper: mpsc::UnboundedSender<Command>,
    dead: AtomicBool,
    stopped: Mutex<Option<Instant>>,
    /// The version that first lists show, and until when.
    view: Mutex<Option<(u64, Instant)>>,
    /// Kinds of which an event is hidden.
    hidden: Mutex<BTreeSet<String>>,
}

/// The connections of one process of the controller; all clones are the same ones.
#[derive(Clone)]
pub struct Link(Arc<Shared>);

impl Link {
    /// Connections of a process that is called `instance`; who keeps it hears what befalls it. With a view, first lists
    /// show that version for so long, and their watches bring nothing until then.
    #[must_use]
    pub fn new(
        net: &Net,
        instance: &str,
        keeper: &mpsc::UnboundedSender<Command>,
        view: Option<(u64, Duration)>,
    ) -> Self {
        let view = view.map(|(version, span)| (version, Instant::now() + span));
        Self(Arc::new(Shared {
            net: net.clone(),
            instance: instance.into(),
            born: Instant::now(),
            keeper: keeper.clone(),
            dead: AtomicBool::new(false),
            stopped: Mutex::default(),
            view: Mutex::new(view),
            hidden: Mutex::default(),
        }))
    }

    /// The network.
    #[must_use]
    pub fn net(&self) -> &Net {
        &self.0.net
    }

    /// Whose they are.
    #[must_use]
    pub fn instance(&self) -> &Arc<str> {
        &self.0.instance
    }

    /// When the process started; `None` once it is dead.
    pub(crate) fn alive_since(&self) -> Option<Instant> {
        (!self.0.dead.load(Ordering::Relaxed)).then_some(self.0.born)
    }

    /// The process ends at once: nothing passes any more. The next one sees the state of this commit for a while.
    pub fn kill(&self, view: Option<u64>) {
        self.0.dead.store(true, Ordering::Relaxed);
        // The keeper is gone only when the run is over.
        let _ = self.0.keeper.send(Command::Kill(view));
    }

    /// The process is told to end.
    pub fn stop(&self, again: bool) {
        let _ = self.0.keeper.send(Command::Stop { again });
    }

    /// Nothing passes for so long.
    pub fn pause(&self, span: Duration) {
        let until = Instant::now() + span;
        let mut stopped = lock(&self.0.stopped);
        *stopped = Some(stopped.map_or(until, |known| known.max(until)));
    }

    /// Waits while the process is stopped; for ever when it is dead.
    pub async fn gate(&self) {
        loop {
            if self.0.dead.load(Ordering::Relaxed) {
                return std::future::pending().await;
            }
            let stopped = *lock(&self.0.stopped);
            match stopped.filter(|until| *until > Instant::now()) {
                Some(until) => sleep_until(until).await,
                None => return,
            }
        }
    }

    /// The version that first lists show now.
    pub(super) fn old(&self) -> Option<u64> {
        let own = lock(&self.0.view).filter(|(_, until)| *until > Instant::now());
        own.map(|(version, _)| version).or(self.0.net.weather().old)
    }

    /// Until when watches bring nothing because the view is old.
    pub(super) fn old_until(&self) -> Option<Instant> {
        lock(&self.0.view).map(|(_, until)| until).filter(|until| *until > Instant::now())
    }

    pub(super) fn hide(&self, kind: &str) {
        lock(&self.0.hidden).insert(kind.to_owned());
    }

    /// Whether an event of this kind was hidden; it is not any more.
    pub(super) fn unhide(&self, kind: &str) -> bool {
        lock(&self.0.hidden).remove(kind)
    }
}
