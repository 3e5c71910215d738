//! Everything that is known as events, so that another core can begin where this one is.

use super::Healer;
use crate::event::{Event, WatchState};
use crate::names::WatchKind;
use alloc::boxed::Box;
use alloc::vec::Vec;

impl Healer {
    /// Everything that the watches brought, as a list of each kind that is complete. Scores and waits are not among it: a core
    /// that begins with these is as one that was just started.
    #[must_use]
    pub fn facts(&self) -> Vec<Event> {
        let listed = WatchKind::ALL.iter().filter(|kind| self.cluster.freshness.synced(**kind));
        let watch = |state| listed.clone().map(move |kind| Event::Watch(*kind, state));
        let records = self.cases.values().filter(|case| case.saving.created);
        let records = records.map(|case| Event::Recovery(Box::new(case.recovery.clone())));
        let policies = self.policies.stored().map(|policy| Event::Policy(Box::new(policy.clone())));
        let begin = watch(WatchState::ListStarted).chain(self.cluster.facts()).chain(policies).chain(records);
        begin.chain(watch(WatchState::Synced)).collect()
    }
}
