//! Triage: one cause, one Recovery. A finding that belongs to a bigger trouble gets no action of its own.

mod consequence;
mod crash;
mod rollout;
mod shared;

pub(crate) use crash::application_fault;
pub(crate) use shared::{MANY_WORKLOADS, Source, failing_workloads};

use crate::finding::Finding;
use crate::healer::{Case, World};
use crate::key::{Kind, Text};
use crate::names::{Cause, FailureType, Phase, Strategy};
use crate::recovery::Recovery;

/// What a finding is part of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// It is a trouble of its own.
    Own,
    /// It belongs to this Recovery.
    Of(Text),
    /// It belongs to something sick that has no Recovery yet, a node or a rollout: wait for that verdict.
    OfSick,
    /// It follows from a trouble that was handed to a person, or that a person stopped.
    Known,
}

/// What `finding` is part of.
pub(crate) fn part(world: &World<'_>, finding: &Finding) -> Part {
    // A later attempt acts on a replacement, which is this Recovery's then as well.
    let same_target = |other: &&Recovery| {
        let same = other.spec.target.uid == finding.target.uid || other.subject().uid == finding.target.uid;
        same && covers(other.spec.failure, finding.failure)
    };
    if let Some(other) = active(world).find(same_target) {
        return Part::Of(other.name.clone());
    }
    if let Some(vetoed) = world.cases().find(|other| same_target(&&other.recovery) && was_stopped(world, other)) {
        return Part::Of(vetoed.recovery.name.clone());
    }
    if world.cases().any(|other| was_resized(world, other, finding)) {
        return Part::Known;
    }
    if finding.target.kind != Kind::Pod {
        return consequence::part(world, finding).unwrap_or(Part::Own);
    }
    if let Some(node) = &finding.node {
        let on_node =
            |other: &&Recovery| other.spec.failure == FailureType::Node && other.spec.target.key.name == *node;
        if let Some(other) = active(world).find(on_node) {
            return Part::Of(other.name.clone());
        }
        // After a start, a node that has long been dead is not known to be sick yet.
        let looks_dead = matches!(finding.cause, Cause::NotReady | Cause::StuckTerminating);
        if world.is_sick_node(node) || looks_dead && world.cluster.may_be_dead(world.now, node) {
            return Part::OfSick;
        }
    }
    let replacement = || replacement_of(world, finding).map(Part::Of);
    let known = || consequence::handed_over(world, finding).then_some(Part::Known);
    rollout::part(world, finding)
        .or_else(replacement)
        .or_else(|| shared::part(world, finding))
        .or_else(known)
        .unwrap_or(Part::Own)
}

/// A person's stop holds for whatever else is found on the same object, for as long as failures count as similar.
fn was_stopped(world: &World<'_>, case: &Case) -> bool {
    let status = &case.recovery.status;
    let stopped =
        status.phase == Some(Phase::Cancelled) && matches!(status.reason.as_str(), "Vetoed" | "UndoneByPerson");
    stopped && case.times.finished().is_some_and(|at| at.elapsed(world.now.tick) <= world.settings.history_window)
}

/// Whether the limit that this pod is killed for was raised already: the kills that are seen may be those from before, and a raise that was
/// not enough is no reason for the next one.
fn was_resized(world: &World<'_>, case: &Case, finding: &Finding) -> bool {
    let recovery = &case.recovery;
    let same = finding.cause == Cause::OOMKilled && recovery.spec.target.uid == finding.target.uid;
    let resized = recovery.attempt().is_some_and(|attempt| attempt.strategy == Strategy::Resize);
    let ended = case.times.finished().filter(|_| same && resized && recovery.status.phase == Some(Phase::Succeeded));
    ended.is_some_and(|at| at.elapsed(world.now.tick) <= world.settings.history_window)
}

/// What runs out is only watched, so a failure beside it is a trouble of its own; the other way round it is a symptom.
fn covers(failure: FailureType, other: FailureType) -> bool {
    failure == other || failure != FailureType::Resource
}

fn active<'a>(world: &'a World<'_>) -> impl Iterator<Item = &'a Recovery> {
    world.recoveries().filter(|recovery| recovery.is_active())
}

/// A pod that came in place of one whose recovery has begun and is not over, be it held now: its failure is that recovery's
/// failure, not a new one.
fn replacement_of(world: &World<'_>, finding: &Finding) -> Option<Text> {
    let pod = world.cluster.exact_pod(&finding.target)?;
    let begun = world.cases().filter(|case| {
        let other = &case.recovery;
        let same = other.spec.workload.uid == finding.workload.uid && other.spec.workload.kind != Kind::Pod;
        other.is_active() && other.has_acted() && other.spec.failure == FailureType::Pod && same
    });
    let mut parents = begun.filter(|case| {
        let gone = world.cluster.exact_pod(case.recovery.subject()).is_none_or(|subject| subject.terminating());
        gone && world.cluster.came_after(world.now.tick, &pod, case.times.latest())
    });
    parents.next().map(|case| case.recovery.name.clone())
}
