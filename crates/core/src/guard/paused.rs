//! `Paused`: the kill switch.

use super::Wait;
use crate::healer::World;
use crate::recovery::Recovery;

pub(super) fn check(world: &World<'_>, _: &Recovery) -> Option<Wait> {
    if world.settings.paused { Wait::because("the controller is paused (configuration key paused)") } else { None }
}
