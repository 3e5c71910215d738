//! The cluster as one handle: its store, its clock, and the resources that it serves.

use crate::resource::{Registry, Resource};
use crate::store::{Store, Witness};
use jiff::{SignedDuration, Timestamp};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::time::Instant;

/// Commits that the store keeps for watches that resume.
const HISTORY: usize = 20_000;

/// Everything under the one lock.
pub struct State {
    /// The objects.
    pub store: Store,
    /// The resources.
    pub registry: Registry,
    /// Counts names and uids, so that they are the same in each run.
    serial: u64,
}

impl State {
    /// The next number, for uids and generated names.
    pub fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }
}

/// A cheap handle; all clones are the same cluster. Its time is tokio's, so that a paused clock is virtual time.
#[derive(Clone)]
pub struct Cluster {
    state: Arc<Mutex<State>>,
    begin: Timestamp,
    start: Instant,
}

impl Cluster {
    /// A cluster whose wall clock shows `begin` now, with the namespaces that every cluster has and nothing else.
    #[must_use]
    pub fn new(begin: Timestamp) -> Self {
        let state = State { store: Store::new(HISTORY), registry: Registry::default(), serial: 0 };
        let cluster = Self { state: Arc::new(Mutex::new(state)), begin, start: Instant::now() };
        crate::api::begin(&cluster);
        cluster
    }

    /// The cluster's wall clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock()()
    }

    /// The wall clock alone, for a witness: one that held the cluster would keep it alive for ever.
    pub fn clock(&self) -> impl Fn() -> Timestamp + Send + Sync + 'static {
        let (begin, start) = (self.begin, self.start);
        move || {
            let passed = SignedDuration::try_from(start.elapsed()).unwrap_or(SignedDuration::MAX);
            begin.saturating_add(passed).unwrap_or(begin)
        }
    }

    /// The state under its lock; held for moments only, and never over an await.
    pub fn state(&self) -> MutexGuard<'_, State> {
        // No code panics while it holds the lock, and each write leaves a whole state.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The resource called `pods` or `deployments.apps`.
    #[must_use]
    pub fn resource(&self, name: &str) -> Option<Arc<Resource>> {
        self.state().registry.named(name).cloned()
    }

    /// The version of the last change.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.state().store.version()
    }

    /// Lets `witness` hear of every later commit.
    pub fn add_witness(&self, witness: Witness) {
        self.state().store.add_witness(witness);
    }
}
