//! The life of a Recovery: wait for its guards, try, verify, climb the ladder, end; each turn from the record and the world.

mod attempt;
mod ending;
mod live;
mod standby;
mod start;

pub(super) use live::FRESH;

use super::World;
use super::case::Case;
use super::outcome::Errand;
use crate::detect::{Sight, is_killed_for_memory};
use crate::effect::Verb;
use crate::guard::Hold;
use crate::happening::What;
use crate::key::{Kind, Target};
use crate::names::{FailureType, GuardName, Phase};
use crate::recovery::GuardState;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use ending::{Ends, end};

/// What this step sends.
pub(super) type Orders = Vec<(Errand, Verb)>;

/// Takes the case as far as it goes without new knowledge.
pub(super) fn run(world: &World<'_>, case: &mut Case, orders: &mut Orders) {
    let Some(phase) = case.recovery.status.phase.filter(|phase| !phase.is_terminal()) else {
        return;
    };
    if !world.cluster.freshness.all_synced() {
        // What is not listed yet is not gone: nothing may be concluded from it.
        return;
    }
    if !case.saving.created {
        return start::prefetch(world, case, orders);
    }
    if case.ending.is_some() {
        return ending::finish(world, case, orders);
    }
    if let Some(who) = case.recovery.orders.cancelled_by.clone() {
        end(case, Ends::new(Phase::Cancelled, "Vetoed", format!("cancelled by {who}")));
        return ending::finish(world, case, orders);
    }
    if let Some(unknown) = unknown_word(case) {
        end(case, Ends::new(Phase::Failed, "UnknownAction", unknown));
        return ending::finish(world, case, orders);
    }
    let in_attempt = case.recovery.attempt().is_some_and(|attempt| attempt.finished_at.is_none());
    match phase {
        Phase::Running | Phase::Verifying => attempt::carry_on(world, case, orders),
        _ if in_attempt => attempt::resume(world, case, orders),
        _ => start::wait(world, case, orders),
    }
    if case.ending.is_some() {
        ending::finish(world, case, orders);
    }
}

/// What a stored record names that this version cannot do.
fn unknown_word(case: &Case) -> Option<String> {
    let spec = &case.recovery.spec;
    let word = match (spec.action, spec.strategy, spec.cause) {
        (None, _, _) => "action",
        (_, None, _) => "strategy",
        (_, _, None) => "cause",
        (Some(_), Some(_), Some(_)) => return None,
    };
    Some(format!("this version does not know the record's {word}; nothing was touched"))
}

/// Whether the failure is over: nothing of its type is bad about exactly this object, or it is gone.
pub(super) fn is_over(world: &World<'_>, failure: FailureType, target: &Target) -> bool {
    // After a start or a gap a node's silence counts anew; only a heartbeat says that it lives.
    let unheard = target.kind == Kind::Node && world.cluster.is_unheard(world.now.tick, &target.key.name);
    let sight = Sight { now: world.now, cluster: world.cluster, settings: world.settings, detection: None };
    let killed = failure == FailureType::Resource && target.kind == Kind::Pod;
    let killed = killed && world.cluster.exact_pod(target).is_some_and(|pod| is_killed_for_memory(&pod.key, &sight));
    !unheard && !killed && !world.sickbed.is_failing(target, failure)
}

/// Notes a hold in the record, and tells it once per reason.
fn hold(world: &World<'_>, case: &mut Case, orders: &mut Orders, hold: Hold) {
    if let Some(until) = hold.until {
        case.wake_at(until);
    }
    let before = case.recovery.status.guards.iter().find(|guard| guard.name == hold.guard && !guard.pass).cloned();
    explain(case, hold.guard.as_str(), &hold.reason);
    if before.as_ref().is_some_and(|before| before.reason == hold.reason) {
        return;
    }
    let since = before.as_ref().map_or(world.now.stamp, |before| before.since);
    // The one that spoke last is the one that people should know of.
    case.pass(world.now, |_| true);
    let guards = &mut case.recovery.status.guards;
    guards.retain(|g| g.name != hold.guard);
    guards.push(GuardState { name: hold.guard, pass: false, reason: hold.reason.clone(), since });
    case.saving.dirty = true;
    // Numbers in a reason change; the guard is what a person is told about.
    if before.is_none() {
        super::tell::announce(world, case, orders, What::RecoveryHeld { guard: hold.guard }, hold.reason);
    }
}

/// Notes that no guard holds any more, except a blocked plan: only a step that was done proves that it goes on.
fn pass_all(case: &mut Case, world: &World<'_>) {
    case.pass(world.now, |guard| guard != GuardName::Plan);
}

/// Sets the phase and what explains it.
fn set_phase(case: &mut Case, phase: Phase, reason: &str, message: &str) {
    if case.recovery.status.phase != Some(phase) {
        case.recovery.status.phase = Some(phase);
        case.saving.dirty = true;
    }
    explain(case, reason, message);
}

/// Sets what explains the phase.
fn explain(case: &mut Case, reason: &str, message: &str) {
    let status = &mut case.recovery.status;
    if status.message != message || status.reason != reason {
        status.reason = reason.into();
        status.message = message.into();
        case.saving.dirty = true;
    }
}

/// The phase that says which guard holds.
fn held_phase(guard: GuardName, mode: crate::names::Mode) -> Phase {
    match (guard, mode) {
        (GuardName::Mode, crate::names::Mode::Observe) => Phase::Observed,
        (GuardName::Mode, _) => Phase::AwaitingApproval,
        _ => Phase::Held,
    }
}
