//! `StaleWatch`: nothing is done on a view that may be old; the oldest of all watches counts.

use super::Wait;
use crate::healer::World;
use crate::recovery::Recovery;
use alloc::format;

pub(super) fn check(world: &World<'_>, _: &Recovery) -> Option<Wait> {
    let kind = world.cluster.freshness.stale(world.now.tick)?;
    let lag = world.cluster.freshness.lag(world.now.tick, kind);
    let since = lag.map_or_else(|| "not synced yet".into(), |lag| format!("last sign of life {} s ago", lag.as_secs()));
    Wait::because(format!("the watch of {kind} is not current ({since})"))
}
