//! `Breaker`: many sick nodes at once are a shared cause, and the last Ready node is never touched.

use super::{Wait, is_before};
use crate::fact::{ConditionStatus, NodeFact};
use crate::healer::{Case, World};
use crate::names::FailureType;
use crate::recovery::Recovery;
use alloc::format;

pub(super) fn check(world: &World<'_>, recovery: &Recovery) -> Option<Wait> {
    if recovery.spec.failure != FailureType::Node {
        return None;
    }
    let own = &recovery.spec.target.key.name;
    // The control plane calls a node Ready for a while after it fell silent; one that we call sick does not count.
    let is_well = |node: &NodeFact| node.ready() == ConditionStatus::True && !is_sick(world, node);
    if !world.cluster.nodes().any(|node| node.name != *own && is_well(node)) {
        return Wait::because("it would leave no Ready node in the cluster");
    }
    let total = world.cluster.nodes().count();
    let sick = world.cluster.nodes().filter(|node| is_sick(world, node)).count();
    let at_once = world.settings.node_concurrency.of(total).max(1);
    let limit = world.settings.max_unhealthy_nodes.of(total).max(1);
    if sick <= at_once {
        return None;
    }
    if sick > limit {
        return Wait::because(format!(
            "{sick} of {total} nodes are sick at once, more than max_unhealthy_nodes allows ({limit}): a shared cause is likely"
        ));
    }
    let acting = |other: &&Case| other.recovery.spec.failure == FailureType::Node && other.is_acting();
    let other = world.cases().filter(acting).find(|other| is_before(&other.recovery, recovery))?;
    Wait::because(format!(
        "{sick} of {total} nodes are sick: one is recovered at a time, now {}",
        other.recovery.spec.target.key.name
    ))
}

/// Whether a node counts against the limits. Nodes that die together were last heard at different moments, so one whose
/// heartbeat is overdue counts although nothing can be said of it yet: else the first to fire would be acted on alone.
fn is_sick(world: &World<'_>, node: &NodeFact) -> bool {
    let beat = world.cluster.heartbeat(&node.name);
    world.is_sick_node(&node.name) || beat.is_some_and(|beat| beat.is_overdue(world.now.tick))
}
