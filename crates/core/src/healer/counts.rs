//! Numbers for metrics, readiness and logs.

use super::Healer;
use crate::names::{FailureType, GuardName, WatchKind};
use crate::time::Now;
use alloc::vec::Vec;
use core::time::Duration;

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
    /// Whether every needed watch is current.
    #[must_use]
    pub fn synced(&self, now: Now) -> bool {
        self.cluster.freshness.stale(now.tick).is_none()
    }

    /// Numbers for metrics.
    #[must_use]
    pub fn counts(&self, now: Now) -> Counts {
        let active = || self.active_cases().map(|case| &case.recovery);
        let of_type = |failure| active().filter(|recovery| recovery.spec.failure == failure).count();
        let held_by = |guard| active().filter(|r| r.held_by().is_some_and(|hold| hold.name == guard)).count();
        Counts {
            active: FailureType::ALL.iter().map(|failure| (*failure, of_type(*failure))).collect(),
            held: GuardName::ALL.iter().map(|guard| (*guard, held_by(*guard))).collect(),
            tracked: WatchKind::ALL.iter().map(|kind| (*kind, self.tracked(*kind))).collect(),
            lag: WatchKind::ALL.iter().map(|kind| (*kind, self.cluster.freshness.lag(now.tick, *kind))).collect(),
        }
    }

    /// Objects known of this kind.
    pub(super) fn tracked(&self, kind: WatchKind) -> usize {
        match kind {
            WatchKind::Recovery => self.cases.len(),
            WatchKind::Policy => self.policies.len(),
            other => self.cluster.count(other),
        }
    }
}
