//! What the pages show: shared with the decision loop, which writes it.

use super::broadcast::Broadcast;
use super::desk::Desk;
use crate::metrics::Metrics;
use crate::watch::Scope;
use self_healing_core::time::{Now, Tick};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// Reads both clocks.
pub type Clock = Arc<dyn Fn() -> Now + Send + Sync>;

/// So many periods without a turn mean that the decision loop is stuck.
const PATIENCE: u32 = 3;

/// When the decision loop last turned. Nothing else enters liveness: an API server that is down is no reason to restart.
#[derive(Debug)]
pub struct Pulse {
    last_ms: AtomicU64,
    patience_ms: AtomicU64,
}

impl Pulse {
    /// A loop that starts at `now` and turns at least every `period`.
    #[must_use]
    pub fn new(now: Tick, period: Duration) -> Self {
        let pulse = Self { last_ms: AtomicU64::new(0), patience_ms: AtomicU64::new(0) };
        pulse.beat(now, period);
        pulse
    }

    /// The loop turned at `now` and will again within `period`.
    pub fn beat(&self, now: Tick, period: Duration) {
        let patience = u64::try_from(period.saturating_mul(PATIENCE).as_millis()).unwrap_or(u64::MAX);
        self.last_ms.store(now.0, Ordering::Relaxed);
        self.patience_ms.store(patience, Ordering::Relaxed);
    }

    /// Whether the loop turned within three periods before `now`.
    #[must_use]
    pub fn is_alive(&self, now: Tick) -> bool {
        let silent = now.since(Tick(self.last_ms.load(Ordering::Relaxed)));
        silent <= Duration::from_millis(self.patience_ms.load(Ordering::Relaxed))
    }
}

/// Whether the controller sees the cluster. A follower is as ready as a leader.
#[derive(Debug, Default)]
pub struct Readiness {
    connected: AtomicBool,
    synced: AtomicBool,
    leader: AtomicBool,
}

impl Readiness {
    /// Says whether the API server answers.
    pub fn set_connected(&self, connected: bool) {
        self.connected.store(connected, Ordering::Relaxed);
    }

    /// Says whether every needed watch is current.
    pub fn set_synced(&self, synced: bool) {
        self.synced.store(synced, Ordering::Relaxed);
    }

    /// Says whether this process leads.
    pub fn set_leader(&self, leader: bool) {
        self.leader.store(leader, Ordering::Relaxed);
    }

    /// Whether the API server answers.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.connected.load(Ordering::Relaxed)
    }

    /// Whether every needed watch is current.
    #[must_use]
    pub fn is_synced(&self) -> bool {
        self.synced.load(Ordering::Relaxed)
    }

    /// Whether this process leads.
    #[must_use]
    pub fn is_leader(&self) -> bool {
        self.leader.load(Ordering::Relaxed)
    }

    /// Whether traffic and trust may come: connected and synced.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.is_connected() && self.is_synced()
    }
}

/// Everything that the pages read.
#[derive(Clone)]
pub struct Pages {
    /// The loop's pulse.
    pub pulse: Arc<Pulse>,
    /// The loop's view of the cluster.
    pub readiness: Arc<Readiness>,
    /// The metrics.
    pub metrics: Arc<Metrics>,
    /// Both clocks; the monotonic one is the one that [`Pulse::beat`] is given, and counts from the process's start.
    pub clock: Clock,
    /// Where questions to the loop go.
    pub desk: Desk,
    /// What those who watch the page are told.
    pub broadcast: Broadcast,
    /// The name of this replica's pod.
    pub name: Arc<str>,
    /// What is watched.
    pub scope: Arc<Scope>,
}
