//! `Mode`: in Observe nothing is written; in Approve a person has to say yes first.

use super::Wait;
use crate::healer::World;
use crate::names::{Mode, Strategy};
use crate::recovery::Recovery;
use crate::settings::Settings;
use crate::strategy::strategy_now;
use alloc::format;
use alloc::string::String;

/// The mode of now decides, not the one at creation: switching to Observe stops what runs.
pub(super) fn check(world: &World<'_>, recovery: &Recovery) -> Option<Wait> {
    match world.settings.mode {
        Mode::Enforce => None,
        Mode::Observe => Wait::because(observes(world.settings)),
        Mode::Approve if recovery.orders.approved_by.is_some() => None,
        // Watching needs nobody's leave.
        Mode::Approve if strategy_now(world.settings, recovery) == Some(Strategy::Monitor) => None,
        Mode::Approve => Wait::because(format!(
            "mode is Approve{}: waits for annotation self-healing.dev/approve on this Recovery",
            whose(world.settings)
        )),
    }
}

/// Why Observe writes nothing.
#[must_use]
pub(crate) fn observes(settings: &Settings) -> String {
    format!("mode is Observe{}: decided and recorded only", whose(settings))
}

/// Who has set it, if it was a policy.
fn whose(settings: &Settings) -> String {
    let policy = &settings.policy;
    if policy.is_empty() { String::new() } else { format!(" by HealingPolicy {policy}") }
}
