//! Which policy applies to which case: what matches now, not what did when the Recovery was created.

use super::Healer;
use super::outcome::Errand;
use crate::effect::Verb;
use crate::event::WatchState;
use crate::key::Text;
use crate::names::WatchKind;
use crate::policy::About;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;

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
        for name in self.active.iter() {
            let Some(case) = self.cases.get_mut(name) else { continue };
            let policy = self.policies.apply(&About::recovery(&case.recovery, &self.cluster));
            case.policy = policy;
        }
    }

    /// Tells in each policy's status whether it is ready, and what it applies to.
    pub(super) fn tell_policies(&mut self) {
        if self.leading.is_none() || !self.adopted || !self.cluster.freshness.all_synced() {
            return;
        }
        let mut counts: BTreeMap<&Text, (u32, u32)> = BTreeMap::new();
        for (policy, case) in self.cases.values().filter_map(|case| Some((case.policy.as_ref()?, case))) {
            let (active, total) = counts.entry(policy).or_default();
            *active += u32::from(case.recovery.is_active());
            *total += 1;
        }
        let untold = self.policies.untold(self.now.stamp, |name| counts.get(name).copied().unwrap_or_default());
        for (name, uid, status) in untold {
            let saving = |errand: &Errand| matches!(errand, Errand::Policy(known, _) if *known == name);
            if self.errands.values().any(|(_, errand)| saving(errand)) {
                continue;
            }
            let status = Box::new(status);
            let verb = Verb::SavePolicyStatus { name: name.clone(), uid, status: status.clone() };
            self.send(&Text::from(""), Errand::Policy(name, status), verb);
        }
    }
}
