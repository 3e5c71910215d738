//! `StaleWatch`: nothing is done on a view that may be old; the oldest of all watches counts.

use super::Wait;
use crate::healer::World;
use crate::recovery::Recovery;
use alloc::format;

pub(super) fn check(world: &World<'_>, _: &Recovery) -> Option<Wait> {
    let kind = world.cluster.freshness.stale(world.now.tick)?;
    // No seconds here: a reason that changes all the time would be saved all the time.
    let how = if world.cluster.freshness.synced(kind) { "it broke, or is silent" } else { "it was not listed yet" };
    Wait::because(format!("the watch of {kind} is not current: {how}"))
}
