//! `Quorum`: control-plane nodes are left to people until a policy opts them in.

use super::Wait;
use crate::fact::Marks;
use crate::healer::World;
use crate::key::Kind;
use crate::recovery::Recovery;
use alloc::format;

pub(super) fn check(world: &World<'_>, recovery: &Recovery) -> Option<Wait> {
    let target = &recovery.spec.target;
    if target.kind != Kind::Node {
        return None;
    }
    let node = world.cluster.node(&target.key.name).filter(|node| node.marks.has(Marks::CONTROL_PLANE))?;
    Wait::because(format!("node {} belongs to the control plane", node.name))
}
