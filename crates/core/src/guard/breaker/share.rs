//! How many nodes of a scope are sick, of how many, and how many may be.

use super::Scope;
use crate::healer::{Case, World};
use crate::key::Text;
use crate::names::Phase;
use crate::recovery::Recovery;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;

/// The count that the breaker decides by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Share {
    /// Nodes that are there, and those that we removed lately.
    pub(crate) nodes: usize,
    /// Nodes that are sick or in recovery.
    pub(crate) sick: usize,
    /// So many are recovered at once.
    at_once: usize,
    /// So many are not a shared cause yet.
    limit: usize,
    /// All nodes of a zone.
    outage: bool,
}

impl Share {
    /// The count of `scope`. A node in recovery counts as sick, however well it looks by now, and so does the node that `also` is
    /// to recover: in a view from before it fell sick, another would be the only one. A node that is gone because its recovery
    /// succeeded counts as a node for `history_window`, so that removing nodes does not make the rest look worse.
    pub(crate) fn of(world: &World<'_>, scope: &Scope, also: Option<&Recovery>) -> Option<Self> {
        let tally = world.fleet.tally(scope)?;
        let own = also.filter(|recovery| recovery.is_active());
        let stored = || world.node_cases().filter(|case| scope.has(world, &case.recovery));
        let name = |recovery: &'_ Recovery| recovery.spec.target.key.name.clone();
        let kept = |case: &&Case| case.is_acting() || case.recovery.is_active() && case.recovery.has_acted();
        let acting = stored().filter(kept).map(|case| name(&case.recovery));
        let acting: BTreeSet<Text> = acting.chain(own.map(name)).collect();
        let removed = stored().filter(|case| was_removed(world, case)).map(|case| name(&case.recovery));
        let gone: BTreeSet<Text> =
            removed.chain(acting.iter().cloned()).filter(|name| world.cluster.node(name).is_none()).collect();
        let nodes = tally.nodes + gone.len();
        let sick = tally.sick + acting.iter().filter(|name| !world.fleet.is_sick(name)).count();
        Some(Self {
            nodes,
            sick,
            at_once: world.settings.node_concurrency.of(nodes).max(1),
            limit: world.settings.max_unhealthy_nodes.of(nodes).max(1),
            outage: matches!(scope, Scope::Zone(_)) && sick > 1 && sick >= nodes,
        })
    }

    /// Whether so many are sick that a shared cause is likely. One sick node alone never is one.
    pub(crate) const fn is_above(&self) -> bool {
        self.outage || !self.is_small() && self.sick > self.limit
    }

    /// Whether all of them may be recovered at once.
    pub(crate) const fn is_small(&self) -> bool {
        self.sick <= self.at_once
    }

    /// So many may be sick before nothing is done.
    pub(crate) fn allowed(&self) -> usize {
        self.limit.max(self.at_once)
    }

    /// Why nothing is done.
    pub(crate) fn words(&self, scope: &Scope) -> String {
        let Self { sick, nodes, limit, .. } = self;
        if self.outage {
            return format!("all {nodes} nodes{scope} are sick at once: the zone is out");
        }
        format!(
            "{sick} of {nodes} nodes{scope} are sick at once, more than max_unhealthy_nodes allows ({limit}): a shared cause is likely"
        )
    }
}

fn was_removed(world: &World<'_>, case: &Case) -> bool {
    let lately = |at: crate::time::Past| at.elapsed(world.now.tick) <= world.settings.history_window;
    case.recovery.status.phase == Some(Phase::Succeeded) && case.times.finished().is_some_and(lately)
}
