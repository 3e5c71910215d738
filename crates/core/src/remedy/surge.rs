//! Pods: `scale_and_replace` starts one pod more, deletes the sick one when that is ready, and takes the one more back.

use super::{Move, impacted, open_step, pod};
use crate::cluster::Pod;
use crate::effect::{Verb, WorkloadView};
use crate::fact::{PodFact, WorkloadFact};
use crate::healer::{Case, World};
use crate::key::{Kind, Target};
use crate::names::Strategy;
use crate::recovery::{Recovery, StepResult};
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};

pub(super) fn next(world: &World<'_>, case: &Case) -> Move {
    let workload = &case.recovery.spec.workload;
    let scaled = is_scaled(world, case, workload);
    let subject = case.recovery.subject();
    let there =
        world.cluster.exact_pod(subject).filter(|pod| !pod.terminating() && !case.handled.contains(&subject.uid));
    let Some(pod) = there.filter(|pod| !(pod.ready && case.recovery.status.attempts.len() > 1)) else {
        // The sick one goes, or has become ready: the one more is not needed.
        return if scaled { Move::Do(back(workload)) } else { Move::Verify };
    };
    if !scaled {
        return scale_up(world, case, workload);
    }
    if world
        .cluster
        .exact_workload(workload)
        .is_some_and(|fact| fact.marked_by == case.recovery.name && is_as_before(fact))
    {
        return taken_back(workload);
    }
    match has_one_more(world, case, &pod) {
        true => delete(world, case, &pod, workload),
        false => Move::Wait(format!("waits until one more pod of {workload} is ready"), None),
    }
}

/// One pod more than it has, if nobody else decides that number.
fn scale_up(world: &World<'_>, case: &Case, workload: &Target) -> Move {
    if !matches!(workload.kind, Kind::Deployment | Kind::ReplicaSet) {
        return instead(not_of_this_kind(workload));
    }
    if world.cluster.exact_pod(case.recovery.subject()).is_some_and(|pod| pod.finished()) {
        return instead(format!("{} has ended, so {workload} has started another already", case.recovery.subject()));
    }
    if world.cluster.exact_workload(workload).is_none() {
        return instead(format!("{workload} is gone"));
    }
    let Some(view) = case.fresh_workload(world.now.tick, workload) else {
        return Move::Do(Verb::LookAtWorkload(workload.clone()));
    };
    if let Some(why) = view.keeps_from_scaling(&case.recovery.name) {
        return instead(why);
    }
    up_by(view, case, workload)
}

/// One more, by what a fresh read shows.
pub(super) fn up_by(view: &WorkloadView, case: &Case, workload: &Target) -> Move {
    up_to(view, case, workload, view.fact.desired.unwrap_or(0).saturating_add(1))
}

/// So many, by what a fresh read shows.
pub(super) fn up_to(view: &WorkloadView, case: &Case, workload: &Target, to: u32) -> Move {
    if view.owner == case.recovery.name {
        // Done before a crash; the watch has yet to show it.
        return Move::Wait(format!("waits until {workload} is seen to have {to} pods"), None);
    }
    let from = view.fact.desired.unwrap_or(0);
    Move::Do(Verb::ScaleUp { target: workload.clone(), resource_version: "".into(), from, to })
}

pub(super) fn not_of_this_kind(workload: &Target) -> String {
    format!("{workload} is no Deployment or ReplicaSet, which alone can have one pod more")
}

fn instead(why: String) -> Move {
    Move::Instead(Strategy::Recreate, why)
}

/// Deletes the sick pod, unless a person has taken the one more back: by a fresh read, because that cannot be taken back.
fn delete(world: &World<'_>, case: &Case, pod: &PodFact, workload: &Target) -> Move {
    match case.fresh_workload(world.now.tick, workload) {
        None => Move::Do(Verb::LookAtWorkload(workload.clone())),
        Some(view) if is_taken_back(view, &case.recovery) => taken_back(workload),
        Some(_) => Move::Do(pod::delete(pod)),
    }
}

fn taken_back(workload: &Target) -> Move {
    Move::Stop(format!("somebody else took back the one pod more that {workload} had"))
}

/// Whether the number of pods is what it was before our change.
fn is_as_before(fact: &WorkloadFact) -> bool {
    fact.original_replicas.is_some() && fact.original_replicas == fact.desired
}

/// Whether the mark is gone, or the number is what it was before.
fn is_taken_back(view: &WorkloadView, recovery: &Recovery) -> bool {
    view.owner != recovery.name || is_as_before(&view.fact)
}

/// Whether a pod has come since the attempt began and is ready, or as many others as there were to be.
fn has_one_more(world: &World<'_>, case: &Case, sick: &PodFact) -> bool {
    let workload = &case.recovery.spec.workload;
    let ready = |pod: &Pod<'_>| pod.ready && !pod.terminating() && pod.uid != sick.uid;
    let came = |pod: &PodFact| world.cluster.came_after(world.now.tick, pod, case.times.latest());
    world.cluster.each_pod_of(workload).filter(ready).any(|pod| came(&pod))
}

/// Takes the one more back.
pub(super) fn back(workload: &Target) -> Verb {
    Verb::ScaleBack(workload.clone())
}

/// Whether the one more is there: the mark says so, or the answer did and the watch is late.
fn is_scaled(world: &World<'_>, case: &Case, workload: &Target) -> bool {
    let done = |step: &str| case.handled.contains(step);
    (is_marked(world, &case.recovery, workload) || done(&up(workload))) && !done(&back(workload).to_string())
}

/// Whether this attempt has given it more pods already, whatever became of them.
pub(super) fn has_begun(world: &World<'_>, case: &Case, workload: &Target) -> bool {
    let name = up(workload);
    let mut steps = case.recovery.attempt().into_iter().flat_map(|attempt| &attempt.steps);
    is_marked(world, &case.recovery, workload)
        || steps.any(|step| step.name == name && step.result == StepResult::Succeeded)
}

/// Whether a person has set the number back that was there before. Where the mark itself went, the number is not ours to wait for either;
/// the watch may be late with it, and a read that is at hand is younger than our last write.
pub(super) fn was_undone(world: &World<'_>, case: &Case, workload: &Target) -> bool {
    match world.cluster.exact_workload(workload) {
        Some(fact) if fact.marked_by == case.recovery.name => is_as_before(fact),
        _ => case.looks.workloads.get(&workload.uid).is_some_and(|(view, _)| view.owner != case.recovery.name),
    }
}

fn is_marked(world: &World<'_>, recovery: &Recovery, workload: &Target) -> bool {
    world.cluster.exact_workload(workload).is_some_and(|fact| fact.marked_by == recovery.name)
}

/// The step that starts one more begins with this; the workload follows.
pub(crate) const UP: &str = "scale up ";

fn up(workload: &Target) -> String {
    format!("{UP}{workload}")
}

/// The workloads that may have one more by `recovery`, by the record or by the mark, whichever knows of it.
pub(super) fn scaled(world: &World<'_>, recovery: &Recovery) -> BTreeSet<Target> {
    let marked = world.cluster.marked_workloads().filter(|(_, marked_by)| **marked_by == recovery.name);
    let steps = recovery.steps().filter_map(|step| impacted(world.cluster, step.name.strip_prefix(UP)?));
    let open = |workload: &Target, undo: Verb| open_step(recovery, &up(workload), &undo.to_string());
    let recorded =
        steps.filter(|workload| open(workload, back(workload)) && open(workload, Verb::KeepScale(workload.clone())));
    marked.map(|(workload, _)| workload).chain(recorded).collect()
}
