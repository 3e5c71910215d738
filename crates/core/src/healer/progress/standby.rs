//! A Service that is served by its standby: its Recovery stays open until it is switched back, or somebody else has changed it.

use super::ending::{Ends, end};
use super::{Orders, set_phase};
use crate::healer::World;
use crate::healer::case::Case;
use crate::healer::outcome::errand_of;
use crate::names::{Phase, Strategy};
use crate::recovery::ON_STANDBY;
use crate::remedy::{self, Standing};
use alloc::format;

/// Whether the attempt under way has switched its Service, and the standby was seen to serve it.
pub(super) fn serves(case: &Case) -> bool {
    let switches = |strategy| matches!(strategy, Strategy::Failover | Strategy::EmergencyFailover);
    let under_way = case.recovery.attempt().filter(|attempt| attempt.finished_at.is_none());
    case.recovery.is_verified() && under_way.is_some_and(|attempt| switches(attempt.strategy))
}

/// What follows while the standby serves; false when somebody else has changed the Service, which is the remedy's to say.
pub(super) fn watch(world: &World<'_>, case: &mut Case, orders: &mut Orders) -> bool {
    match remedy::standing(world, case) {
        Standing::Gone => {
            end(case, Ends::new(Phase::Succeeded, "Verified", "the Service is gone"));
            true
        }
        Standing::TakenBack => false,
        // A failover without a standby is a restart: nothing has to be given back.
        Standing::Untouched => {
            let message = case.recovery.status.verification.as_ref().map_or("", |found| &found.message);
            let ends = Ends::new(Phase::Succeeded, "Verified", message);
            end(case, ends);
            true
        }
        Standing::Switched => {
            wait(world, case, orders);
            true
        }
    }
}

fn wait(world: &World<'_>, case: &mut Case, orders: &mut Orders) {
    if let Some((message, until)) = remedy::stays(world, case) {
        if let Some(until) = until {
            case.wake_at(until);
        }
        return set_phase(case, Phase::Verifying, ON_STANDBY, &message);
    }
    set_phase(case, Phase::Verifying, ON_STANDBY, "the primary is well again");
    match remedy::calls_off(world, case) {
        Some(remedy::CallsOff::Ask(_)) if case.is_busy(world.now.tick) => {}
        Some(remedy::CallsOff::Ask(look)) => orders.push((errand_of(&look), look)),
        Some(remedy::CallsOff::Stays(why)) => stay(case, &why),
        None => {
            let key = &case.recovery.spec.target.key;
            let ends = Ends::new(Phase::Succeeded, "Verified", format!("Service {key} is served by the primary again"));
            end(case, ends);
        }
    }
}

/// The primary is not well after all: it is counted anew.
pub(super) fn stay(case: &mut Case, why: &str) {
    case.ending = None;
    case.well_since = None;
    set_phase(case, Phase::Verifying, ON_STANDBY, why);
}
