//! Controllers of pods: their pods are restarted one after the other by a change of the template, and whether a rollout is through.

use super::{Move, workload_back};
use crate::effect::Verb;
use crate::fact::WorkloadFact;
use crate::healer::{Case, World};
use crate::key::{Kind, Target};
use crate::names::GuardName;
use alloc::format;
use alloc::string::String;

/// Restarts the subject of the attempt.
pub(super) fn restart(world: &World<'_>, case: &Case) -> Move {
    restart_of(world, case, case.recovery.subject())
}

/// Restarts the pods of `target` once in this attempt; [`Move::Verify`] when that was done.
pub(super) fn restart_of(world: &World<'_>, case: &Case, target: &Target) -> Move {
    let Some(at) = case.recovery.attempt().map(|attempt| attempt.started_at) else { return Move::Verify };
    let restart = Verb::RestartWorkload { target: target.clone(), resource_version: "".into(), at };
    if case.handled.contains(&*format!("{restart}")) {
        return Move::Verify;
    }
    if world.cluster.exact_workload(target).is_none() {
        return Move::Impossible(GuardName::Plan, format!("{target} is gone"));
    }
    match case.fresh_workload(world.now.tick, target) {
        None => Move::Do(Verb::LookAtWorkload(target.clone())),
        // Done before a crash, or with an answer that was lost.
        Some(view) if view.was_restarted(&case.recovery.name, at) => Move::Verify,
        Some(view) => match view.keeps_from_restart() {
            Some(why) => Move::Impossible(GuardName::Plan, why),
            None => Move::Do(restart),
        },
    }
}

/// Whether the pods of the newest template have taken the place of all others; by what the watches show, and by a fresh read if there
/// is one: the watches may not have seen our write yet.
pub(crate) fn rolled_out(world: &World<'_>, case: &Case, target: &Target) -> (bool, String) {
    let Some(fact) = world.cluster.exact_workload(target) else { return (false, format!("{target} is gone")) };
    let (back, words) = workload_back(world, target, case);
    let (updated, wanted) = (updated(world, fact), fact.desired.unwrap_or(0));
    if !back || !fact.observed || updated < wanted {
        let updated = updated.min(wanted);
        return (false, format!("{words}, {updated} of the newest template"));
    }
    match case.fresh_workload(world.now.tick, target) {
        Some(view) if !view.is_rolled_out().0 => view.is_rolled_out(),
        _ => (true, words),
    }
}

/// Ready pods of the newest template, as far as the facts tell them apart.
fn updated(world: &World<'_>, fact: &WorkloadFact) -> u32 {
    let newest = |set: &&WorkloadFact| set.kind == Kind::ReplicaSet && set.revision() == fact.revision();
    match fact.kind {
        Kind::Deployment => world.cluster.workloads_of(&fact.uid).find(newest).map_or(0, |set| set.ready),
        // Those of a DaemonSet are not told apart before the last read.
        _ => fact.rollout.as_ref().map_or(u32::MAX, |rollout| rollout.updated),
    }
}

/// Whether the failing controller of pods has all of its pods again, of its newest template.
pub(super) fn verify(world: &World<'_>, case: &Case) -> (bool, String) {
    rolled_out(world, case, case.recovery.subject())
}
