//! The record comes first: it is created before anything is touched, and saved whenever it changed.

use super::World;
use super::case::Case;
use super::outcome::Errand;
use crate::effect::Verb;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// Sends what the store does not have yet, one write at a time.
pub(super) fn run(world: &World<'_>, case: &mut Case, orders: &mut Vec<(Errand, Verb)>) {
    if case.saving.in_flight.is_some() {
        return;
    }
    if case.saving.backoff.waits(world.now.tick) {
        if let Some(until) = case.saving.backoff.until {
            case.wake_at(until);
        }
        return;
    }
    if !case.saving.created {
        orders.push((Errand::Create, Verb::CreateRecovery(Box::new(case.recovery.clone()))));
        // A new record has no status in the API; it is saved as soon as the record exists.
        case.saving.dirty = true;
        return;
    }
    // What is being gathered is part of the first status.
    if !case.saving.status_stored && case.awaits_evidence() {
        return;
    }
    // A step under way is saved with its outcome: one write less, and none beside the one that heals.
    let progress = case.saving.progress;
    if let Some(at) = progress.filter(|at| world.now.tick < *at) {
        case.wake_at(at);
    }
    let due = progress.is_some_and(|at| world.now.tick >= at);
    let steps = case.doing.is_some() || orders.iter().any(|(errand, _)| matches!(errand, Errand::Step { .. }));
    if !(case.saving.dirty || due) || steps {
        return;
    }
    (case.saving.dirty, case.saving.progress) = (false, None);
    case.saving.attempts_sent = case.recovery.status.attempts.len();
    case.saving.evidence_sent = case.recovery.has_evidence();
    case.saving.acting_sent = case.recovery.is_acting();
    case.saving.manifest_sent = case.recovery.status.saved_manifest.is_some();
    let verb = Verb::SaveStatus {
        status: Box::new(case.recovery.status.clone()),
        resource_version: case.recovery.resource_version.clone(),
        uid: case.recovery.uid.clone(),
    };
    orders.push((Errand::Save, verb));
}
