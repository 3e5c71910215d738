//! Which policy applies to which case: what matches now, not what did when the Recovery was created.

use super::{Case, Healer};
use crate::event::WatchState;
use crate::key::Text;
use crate::names::WatchKind;
use crate::policy::About;
use alloc::vec::Vec;

impl Healer {
    /// Takes the state of the watch of policies; whether that may change a decision.
    pub(super) fn list_policies(&mut self, kind: WatchKind, state: WatchState) -> bool {
        match (kind, state) {
            (WatchKind::Policy, WatchState::ListStarted) => self.policies.listing(false, &self.settings),
            (WatchKind::Policy, WatchState::Synced) => self.policies.listing(true, &self.settings),
            _ => false,
        }
    }

    /// Finds anew which policy applies to each case that is not over: policies, or what they look at, may have changed.
    pub(super) fn apply_policies(&mut self) {
        let chosen = |case: &Case| self.policies.choose(&About::recovery(&case.recovery)).cloned();
        let found: Vec<(Text, Option<Text>)> =
            self.active.iter().filter_map(|name| Some((name.clone(), chosen(self.cases.get(name)?)))).collect();
        for (name, policy) in found {
            if let Some(case) = self.cases.get_mut(&name) {
                case.policy = policy;
            }
        }
    }
}
