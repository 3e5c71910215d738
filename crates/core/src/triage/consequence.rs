//! Consequences: a workload or Service that is down because of a trouble that is known already.

use super::{Part, active, was_stopped};
use crate::cluster::Pod;
use crate::fact::PodFact;
use crate::finding::Finding;
use crate::healer::{Case, World};
use crate::key::{Kind, Target};
use crate::names::{Cause, FailureType, Phase};
use crate::recovery::Recovery;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// What a finding about a controller of pods or a Service follows from; `None` when it is a trouble of its own.
pub(super) fn part(world: &World<'_>, finding: &Finding) -> Option<Part> {
    if !matches!(finding.cause, Cause::Unavailable | Cause::NoEndpoints) {
        return None;
    }
    let behind = behind(world, &finding.target);
    let texts: Vec<String> = behind.iter().map(ToString::to_string).collect();
    // What a drain moves is down for a while.
    let moves = |other: &Recovery| other.is_acting() && other.status.impact.iter().any(|text| texts.contains(text));
    let parent = active(world).find(|other| behind.contains(&other.spec.workload) || moves(other));
    if let Some(parent) = parent {
        return Some(Part::Of(parent.name.clone()));
    }
    let pods: Vec<Pod<'_>> = behind.iter().flat_map(|workload| world.cluster.pods_of(workload)).collect();
    if let Some(part) = pods.iter().filter(|pod| !pod.ready).find_map(|pod| of_its_node(world, pod)) {
        return Some(part);
    }
    behind.iter().any(|workload| was_handed_over(world, workload)).then_some(Part::Known)
}

/// Whether a pod's trouble is a person's already: what runs out, when its workload's is; a crash, when it is the application's fault.
pub(super) fn handed_over(world: &World<'_>, finding: &Finding) -> bool {
    match finding.failure {
        FailureType::Resource => was_handed_over(world, &finding.workload),
        _ => world.cases().any(|case| same_fault(world, case, finding)),
    }
}

/// Whether a crash is the one that a person was told of; a changed owner makes it another.
fn same_fault(world: &World<'_>, case: &Case, finding: &Finding) -> bool {
    let (recovery, status) = (&case.recovery, &case.recovery.status);
    let told = status.phase == Some(Phase::Escalated) && status.reason == "ApplicationFault" && is_recent(world, case);
    let alike = |name: &str| recovery.evidence(name) == finding.evidence(name);
    let same = recovery.spec.workload.uid == finding.workload.uid && recovery.spec.cause == Some(finding.cause);
    told && same && ["container", "exitCode", "owner"].into_iter().all(alike)
}

fn is_recent(world: &World<'_>, case: &Case) -> bool {
    let ended = case.times.finished();
    ended.is_some_and(|at| at.elapsed(world.now.tick) <= world.settings.history_window)
}

/// The workloads whose trouble takes `target` down: itself, or what a Service's selector chooses.
fn behind(world: &World<'_>, target: &Target) -> Vec<Target> {
    let Some(service) = world.cluster.service(&target.key).filter(|_| target.kind == Kind::Service) else {
        return alloc::vec![target.clone()];
    };
    let workloads = world.cluster.workloads_in(&service.key.namespace);
    workloads.filter(|workload| service.selector.select(&workload.pod_labels)).map(|fact| fact.target()).collect()
}

fn of_its_node(world: &World<'_>, pod: &PodFact) -> Option<Part> {
    let node = pod.node.as_ref()?;
    let on_node = |other: &&Recovery| other.spec.failure == FailureType::Node && other.spec.target.key.name == *node;
    if let Some(parent) = active(world).find(on_node) {
        return Some(Part::Of(parent.name.clone()));
    }
    (world.is_sick_node(node) || world.cluster.is_unheard(world.now.tick, node)).then_some(Part::OfSick)
}

/// Whether a trouble of this workload was given to a person, or stopped by one, within the history window.
fn was_handed_over(world: &World<'_>, workload: &Target) -> bool {
    let same = |case: &&Case| case.recovery.spec.workload.uid == workload.uid;
    let escalated = |case: &Case| case.recovery.status.phase == Some(Phase::Escalated) && is_recent(world, case);
    world.cases().filter(same).any(|case| escalated(case) || was_stopped(world, case))
}
