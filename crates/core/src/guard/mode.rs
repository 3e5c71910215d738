//! `Mode`: in Observe nothing is written; in Approve a person has to say yes first.

use super::Wait;
use crate::healer::World;
use crate::names::{Mode, Strategy};
use crate::recovery::Recovery;

/// The mode of now decides, not the one at creation: switching to Observe stops what runs.
pub(super) fn check(world: &World<'_>, recovery: &Recovery) -> Option<Wait> {
    match world.settings.mode {
        Mode::Enforce => None,
        Mode::Observe => Wait::because("mode is Observe: decided and recorded only"),
        Mode::Approve if recovery.orders.approved_by.is_some() => None,
        // Watching needs nobody's leave.
        Mode::Approve if recovery.next_strategy() == Some(Strategy::Monitor) => None,
        Mode::Approve => {
            Wait::because("mode is Approve: waits for annotation self-healing.dev/approve on this Recovery")
        }
    }
}
