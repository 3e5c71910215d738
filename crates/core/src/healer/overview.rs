//! How the controller as a whole is doing, on one screen.

use super::explain::brief;
use super::{Case, Healer};
use crate::explanation::{ActiveView, Answer, GuardView, Overview, WatchView};
use crate::names::WatchKind;
use crate::settings::Settings;
use crate::strategy::strategy_now;
use crate::time::Now;
use alloc::vec::Vec;

/// So many of those that are over are shown.
const ENDED: usize = 10;

impl Healer {
    /// How the controller as a whole is doing at `now`. Changes nothing.
    #[must_use]
    pub fn overview(&self, now: Now) -> Overview {
        let mut active: Vec<&Case> = self.active_cases().collect();
        active.sort_by_key(|case| (case.recovery.held_by().is_none(), case.recovery.spec.detected_at));
        Overview {
            at: now.stamp,
            observer: self.observer(now),
            active: active.into_iter().map(|case| view(self.settings_of(case), case)).collect(),
            ended: self.newest(ENDED, |case| !case.recovery.is_active()),
            watches: self.watches(now),
        }
    }

    /// How each watch is doing.
    pub(super) fn watches(&self, now: Now) -> Vec<WatchView> {
        let watch = |kind: &WatchKind| WatchView {
            kind: *kind,
            objects: self.tracked(*kind),
            current: self.cluster.freshness.current(now.tick, *kind),
            lag: self.cluster.freshness.lag(now.tick, *kind),
        };
        WatchKind::ALL.iter().map(watch).collect()
    }
}

fn view(settings: &Settings, case: &Case) -> ActiveView {
    let recovery = &case.recovery;
    let held = recovery.held_by().map(|guard| GuardView {
        name: guard.name,
        answer: Answer::Hold,
        reason: guard.reason.clone(),
        since: Some(guard.since),
        until: None,
    });
    ActiveView {
        recovery: brief(recovery),
        severity: recovery.spec.severity,
        strategy: strategy_now(settings, recovery),
        held,
    }
}
