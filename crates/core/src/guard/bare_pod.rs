//! `NoProvider` for pods without controller: one that nobody would make again is deleted only if we may create pods.

use super::Wait;
use crate::healer::World;
use crate::key::Kind;
use crate::names::Strategy;
use crate::recovery::Recovery;
use crate::strategy::strategy_now;

pub(super) fn check(world: &World<'_>, recovery: &Recovery) -> Option<Wait> {
    let bare = recovery.spec.target.kind == Kind::Pod && recovery.spec.workload.kind == Kind::Pod;
    if world.settings.recreate_bare_pods || !bare || strategy_now(world.settings, recovery) == Some(Strategy::Monitor) {
        return None;
    }
    Wait::because("the pod has no controller, and this installation may not create pods")
}
