//! `Settling`: right after start, new leadership or a watch gap, node failures wait.

use super::Wait;
use crate::healer::World;
use crate::key::Kind;
use crate::names::{FailureType, Strategy, WatchKind};
use crate::recovery::Recovery;
use crate::strategy::strategy_now;
use alloc::format;

/// The kinds whose gap makes a node's verdict doubtful.
const NODE_KINDS: &[WatchKind] = &[WatchKind::Node, WatchKind::Lease];

pub(super) fn check(world: &World<'_>, recovery: &Recovery) -> Option<Wait> {
    let acts = || strategy_now(world.settings, recovery) != Some(Strategy::Monitor);
    if recovery.spec.target.kind != Kind::Node || recovery.spec.failure != FailureType::Node && !acts() {
        return None;
    }
    let begin = world.leading_since.max(world.cluster.freshness.resumed(NODE_KINDS));
    let until = begin + world.settings.settle_period;
    (world.now.tick < until).then(|| Wait {
        reason: format!(
            "started, became leader or regained its watches less than {} s ago (settle_period)",
            world.settings.settle_period.as_secs_f32()
        ),
        until: Some(until),
    })
}
