//! The end of a Recovery: its marks are taken back first, then it becomes history.

use super::attempt::switched_off;
use super::{Orders, explain, hold, live, set_phase, standby};
use crate::happening::What;
use crate::healer::case::Case;
use crate::healer::outcome::errand_of;
use crate::healer::{World, tell};
use crate::key::Target;
use crate::names::{Mode, Phase, Strategy};
use crate::recovery::StepResult;
use crate::remedy::{self, CallsOff, Move};
use alloc::string::{String, ToString};

/// How it will end.
pub(super) use crate::healer::case::Ending as Ends;

impl Ends {
    pub(super) fn new(phase: Phase, reason: &'static str, message: impl Into<String>) -> Self {
        Self { phase, reason, message: message.into() }
    }
}

/// Decides the end; it takes effect when no mark is left.
pub(super) fn end(case: &mut Case, ends: Ends) {
    case.ending.get_or_insert(ends);
}

/// Ends what went well, once a fresh read of `target` has not shown otherwise.
pub(super) fn conclude(world: &World<'_>, case: &mut Case, orders: &mut Orders, target: &Target, ends: Ends) {
    if !matches!(ends.phase, Phase::SelfRecovered | Phase::Succeeded) {
        return end(case, ends);
    }
    match live::look_first(world, case, target) {
        None => end(case, ends),
        Some(_) if case.is_busy(world.now.tick) => {}
        Some(look) => orders.push((errand_of(&look), look)),
    }
}

pub(super) fn finish(world: &World<'_>, case: &mut Case, orders: &mut Orders) {
    if case.is_busy(world.now.tick) {
        return;
    }
    let well = case.ending.as_ref().is_some_and(|ends| ends.phase == Phase::Succeeded);
    // Switched off, nothing is given back anyway.
    if well
        && switched_off(world).is_none()
        && let Some(kept) = remedy::calls_off(world, case)
    {
        return match kept {
            CallsOff::Ask(look) => orders.push((errand_of(&look), look)),
            CallsOff::Stays(why) => standby::stay(case, &why),
        };
    }
    let undo = match remedy::undo(world, case) {
        Some(Move::Do(verb)) if !verb.writes() => return orders.push((errand_of(&verb), verb)),
        Some(Move::Do(verb)) => Some(verb),
        // It ends when that has happened; the world says so.
        Some(_) => return,
        None => None,
    };
    if let Some(verb) = undo {
        if let Some(held) = switched_off(world) {
            return hold(world, case, orders, held);
        }
        if let Some(ends) = case.ending.clone() {
            explain(case, ends.reason, &ends.message);
        }
        if case.is_unsaved() {
            // What it ends with is stored first: without our marks, a new leader could not tell it from a person's undoing.
            return;
        }
        case.begin_step(world.now, &verb.to_string());
        case.saving.dirty = true;
        return orders.push((errand_of(&verb), verb));
    }
    if well && let Some(until) = remedy::settles(world, case) {
        // What the standby's failure showed must not be taken for a failure of the primary.
        return case.wake_at(until);
    }
    if let Some(ends) = case.ending.take() {
        close(world, case, orders, ends);
    }
}

fn close(world: &World<'_>, case: &mut Case, orders: &mut Orders, ends: Ends) {
    case.pass(world.now, |_| true);
    let recovery = &mut case.recovery;
    let strategy =
        recovery.attempt().map(|attempt| attempt.strategy).or(recovery.spec.strategy).unwrap_or(Strategy::Monitor);
    if let Some(attempt) = recovery.status.attempts.last_mut().filter(|attempt| attempt.finished_at.is_none()) {
        attempt.finished_at = Some(world.now.stamp);
        let good = matches!(ends.phase, Phase::Succeeded | Phase::SelfRecovered);
        attempt.result = if good { StepResult::Succeeded } else { StepResult::Failed };
        let open = attempt.steps.iter_mut().filter(|step| step.result == StepResult::InProgress);
        open.for_each(|step| (step.result, step.finished_at) = (attempt.result, Some(world.now.stamp)));
    }
    let after = case.times.detected().elapsed(world.now.tick);
    recovery.status.finished_at = Some(world.now.stamp);
    recovery.status.recovery_seconds = Some(after.as_secs());
    if ends.phase != Phase::Failed && ends.phase != Phase::Escalated {
        // Kept only while the pod may have to be created from it.
        recovery.status.saved_manifest = None;
    }
    set_phase(case, ends.phase, ends.reason, &ends.message);
    let what = match ends.phase {
        Phase::Succeeded => What::RecoverySucceeded { strategy, after },
        Phase::Escalated => What::RecoveryEscalated { strategy },
        Phase::SelfRecovered => What::SelfRecovered { strategy },
        Phase::Cancelled => What::RecoveryCancelled { strategy },
        _ => What::RecoveryFailed { strategy, last: true },
    };
    tell::announce(world, case, orders, what, ends.message);
    if world.settings.mode != Mode::Observe && !tell::is_one_of_many(&case.recovery) {
        tell::note(case, world.settings, tell::OUTCOME);
    }
    case.saving.dirty = true;
}
