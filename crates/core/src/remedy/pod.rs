//! Pods: `restart` deletes and lets the controller replace; `recreate` also steers the replacement to another node.

use super::{Move, SUSPECT};
use crate::effect::Verb;
use crate::fact::PodFact;
use crate::healer::{Case, World};
use crate::key::{Kind, Text};
use alloc::format;
use core::time::Duration;

pub(super) fn restart(world: &World<'_>, case: &Case) -> Move {
    let subject = case.recovery.subject();
    match world.cluster.exact_pod(subject) {
        Some(_) if case.handled.contains(&subject.uid) => Move::Wait(format!("{subject} is being deleted"), None),
        Some(pod) if pod.terminating() && is_bare(case) => Move::Wait(format!("{subject} terminates"), None),
        // Most controllers replace a pod as soon as its deletion begins.
        Some(pod) if pod.terminating() => Move::Verify,
        Some(pod) if pod.ready && case.recovery.status.attempts.len() > 1 => Move::Verify,
        Some(pod) => Move::Do(delete(&pod)),
        None => after_deletion(world, case),
    }
}

/// The view may be from before the pod, as that of a process that has just begun: what a fresh read shows is not gone.
pub(super) fn unseen(world: &World<'_>, case: &Case) -> Option<Move> {
    let subject = case.recovery.subject();
    let there = case.fresh_pod(world.now.tick).is_some_and(|view| !view.fact.terminating());
    (there && world.cluster.exact_pod(subject).is_none()).then(|| {
        let until = world.now.tick + Duration::from_secs(1);
        Move::Wait(format!("a fresh read shows {subject}, which the watch does not show yet"), Some(until))
    })
}

pub(super) fn recreate(world: &World<'_>, case: &Case) -> Move {
    let pod = world.cluster.exact_pod(case.recovery.subject());
    let untouched = pod.filter(|pod| !pod.terminating() && !case.handled.contains(&pod.uid));
    match untouched.and_then(|pod| pod.node.clone()) {
        Some(node) if !is_suspect(world, case, &node) => Move::Do(Verb::TaintSuspect { node }),
        _ => restart(world, case),
    }
}

fn is_suspect(world: &World<'_>, case: &Case, node: &Text) -> bool {
    if case.handled.contains(&*format!("taint {node} suspect")) {
        // The watch may be late.
        return true;
    }
    // A node that is not known cannot be tainted; that must not keep the pod from being healed.
    world.cluster.node(node).is_none_or(|node| node.taints.iter().any(|taint| &*taint.key == SUSPECT))
}

/// The step that brings a bare pod back.
pub(super) const CREATED: &str = "create pod from saved manifest";

fn is_bare(case: &Case) -> bool {
    case.recovery.spec.workload.kind == Kind::Pod
}

/// A bare pod that we deleted is brought back however its Recovery ends.
pub(super) fn give_back(world: &World<'_>, case: &Case) -> Option<Move> {
    let subject = case.recovery.subject();
    if !is_bare(case) || !case.has_moved() || case.handled.contains(CREATED) {
        return None;
    }
    let manifest = case.recovery.status.saved_manifest.clone()?;
    match world.cluster.pod(&subject.key) {
        None => Some(Move::Do(Verb::CreatePod { manifest })),
        Some(pod) if pod.uid == subject.uid && pod.terminating() => {
            Some(Move::Wait(format!("{subject} terminates"), None))
        }
        // The watch may be late to show our deletion.
        Some(pod) if pod.uid == subject.uid && !was_read(case, &pod) => {
            Some(Move::Do(Verb::LookAtPod(subject.clone())))
        }
        Some(_) => None,
    }
}

/// Whether a read of this pod is at hand, which is younger than our last write.
fn was_read(case: &Case, pod: &PodFact) -> bool {
    case.looks.pod.as_ref().is_some_and(|(view, _)| view.fact.uid == pod.uid)
}

fn after_deletion(world: &World<'_>, case: &Case) -> Move {
    let key = &case.recovery.subject().key;
    match &case.recovery.status.saved_manifest {
        Some(manifest) if world.cluster.pod(key).is_none() && !case.handled.contains(CREATED) => {
            Move::Do(Verb::CreatePod { manifest: manifest.clone() })
        }
        _ => Move::Verify,
    }
}

pub(super) fn delete(pod: &PodFact) -> Verb {
    // The version is put in from the fresh read that confirms the failure, right before sending.
    Verb::DeletePod { target: pod.target(), grace: pod.grace(None), resource_version: Text::from("") }
}
