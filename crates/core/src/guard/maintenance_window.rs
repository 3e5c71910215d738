//! `MaintenanceWindow`: a policy's windows say when something may be done.

use super::Wait;
use crate::healer::World;
use crate::names::Strategy;
use crate::recovery::Recovery;
use crate::settings::closed;
use crate::strategy::strategy_now;
use alloc::format;

pub(super) fn check(world: &World<'_>, recovery: &Recovery) -> Option<Wait> {
    // Watching disturbs nobody.
    if strategy_now(world.settings, recovery) == Some(Strategy::Monitor) {
        return None;
    }
    let (why, until) = closed(&world.settings.windows, world.now.stamp)?;
    let reason = format!("{why} (HealingPolicy {})", world.settings.policy);
    Some(Wait { reason, until: until.map(|at| world.now.tick_of(at)) })
}
