//! Handing over: the node under the leader is recovered by another replica.

use super::Healer;
use super::outcome::Errand;
use crate::cluster::Subject;
use crate::effect::Verb;
use crate::guard;
use crate::key::Text;
use crate::names::{GuardName, Phase};
use core::time::Duration;

/// When nobody else led for longer than a moment, or the other's own node is sick as well, the next try comes after this.
const AGAIN: Duration = Duration::from_secs(5 * 60);

impl Healer {
    /// Lets another replica lead when a Recovery is held for nothing but that, and one is there that could.
    pub(super) fn hand_over(&mut self) {
        if self.handed_over.is_some_and(|at| self.now.tick.since(at) < AGAIN) || !self.waits_for_successor() {
            return;
        }
        self.handed_over = Some(self.now.tick);
        self.send(&Text::from(""), Errand::None, Verb::HandOver);
    }

    fn waits_for_successor(&self) -> bool {
        let (Some(leading_since), true) = (self.leading, self.adopted) else { return false };
        // Nearly always, and then a turn costs nothing more.
        if self.fleet.sick() == 0 {
            return false;
        }
        let own = guard::own_pod(&self.world(leading_since));
        let Some(node) = own.and_then(|pod| pod.node.clone()) else { return false };
        self.active.about(&Subject::Node(node)).filter_map(|name| self.cases.get(name)).any(|case| {
            let recovery = &case.recovery;
            let held = recovery.status.guards.iter().any(|guard| guard.name == GuardName::Excluded && !guard.pass);
            let held = held && recovery.status.phase == Some(Phase::Held);
            held && guard::has_successor(&self.world_of(leading_since, case.policy.as_ref()), recovery)
        })
    }
}
