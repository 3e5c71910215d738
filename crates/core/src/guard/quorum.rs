//! `Quorum`: control-plane nodes are left to people until a policy opts them in; then one at a time, and only while more than half of
//! them stay Ready.

use super::{Wait, is_before};
use crate::fact::Marks;
use crate::healer::World;
use crate::key::Kind;
use crate::recovery::Recovery;
use alloc::format;

/// The evidence that says so of a node that is gone.
pub(crate) const ROLE: (&str, &str) = ("role", "control-plane");

pub(super) fn check(world: &World<'_>, recovery: &Recovery) -> Option<Wait> {
    let target = &recovery.spec.target;
    if target.kind != Kind::Node || !is_member(world, recovery) {
        return None;
    }
    let own = &target.key.name;
    if !world.settings.control_plane_nodes {
        return Wait::because(format!("node {own} belongs to the control plane, which no policy opts in"));
    }
    let mut acting = world.node_cases().filter(|other| other.is_acting() && is_member(world, &other.recovery));
    if let Some(other) = acting.find(|other| is_before(&other.recovery, recovery)) {
        let other = &other.recovery.spec.target.key.name;
        return Wait::because(format!("control-plane nodes are recovered one at a time, now {other}"));
    }
    let there = world.cluster.nodes().filter(|node| node.marks.has(Marks::CONTROL_PLANE) && node.name != *own);
    let (mut others, mut members) = (0, 1);
    for node in there {
        (others, members) = (others + usize::from(world.fleet.is_well(&node.name)), members + 1);
    }
    (others * 2 <= members)
        .then(|| {
            format!("without node {own}, {others} of {members} control-plane nodes are Ready, which is no majority")
        })
        .and_then(Wait::because)
}

fn is_member(world: &World<'_>, recovery: &Recovery) -> bool {
    let node = world.cluster.node(&recovery.spec.target.key.name);
    let (name, value) = ROLE;
    node.map_or(recovery.evidence(name) == Some(value), |node| node.marks.has(Marks::CONTROL_PLANE))
}
