//! Nodes without a provider: cordon, free the pods by class and in order, wait until their workloads are back.

mod surge;

use super::fence::is_out_of_service;
use super::{Move, impacted, workload_back};
use crate::cluster::Pod;
use crate::effect::{KubeletLook, Verb};
use crate::fact::{ConditionStatus, Marks, NodeFact, PodFact};
use crate::guard::why_excluded;
use crate::healer::{Case, World};
use crate::key::{Kind, Target, Text};
use crate::names::{Cause, Strategy};
use crate::time::Tick;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

pub(crate) use surge::refused as refused_one_more;
pub(super) use surge::{OneMore, one_more};

/// How far it may go.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Urgency {
    /// Pods leave by eviction only.
    Drain,
    /// Pods of a node that two signals call dead are deleted gracefully, as Kubernetes itself would minutes later.
    Emergency,
}

/// What may be done with a pod of the node; ordered as they are taken.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    /// A controller replaces it.
    Ordinary,
    /// One at a time, the next when this one runs elsewhere.
    Stateful,
    /// System pods go last, so that what others need stays longest.
    Critical,
    /// Stays; why.
    Left(&'static str),
}

/// Pods from this priority on count as system pods (`system-cluster-critical`).
const SYSTEM_PRIORITY: i32 = 2_000_000_000;

pub(super) fn next(world: &World<'_>, case: &Case, urgency: Urgency) -> Move {
    let target = &case.recovery.spec.target;
    let Some(node) = world.cluster.exact_node(target) else {
        return Move::Verify;
    };
    if let Some(step) = cordon(case, node) {
        return step;
    }
    if world.cluster.is_unheard(world.now.tick, &node.name) && !is_dead(world, node) {
        // What may be done with its pods depends on whether it lives.
        return Move::Wait(format!("waits for a heartbeat of {}, or for its silence", node.name), None);
    }
    free(world, case, node, urgency == Urgency::Emergency && is_dead(world, node))
}

fn cordon(case: &Case, node: &NodeFact) -> Option<Move> {
    let ours = format!("cordon {}", case.recovery.spec.target.key);
    let sent = case.recovery.has_done(|step| step == ours);
    if node.unschedulable && (sent || node.owner != case.recovery.name) {
        return None;
    }
    // Ours without being in the record: a crash came between. It is sent again, so that a person who takes it back is noticed.
    if !sent {
        return Some(Move::Do(Verb::Cordon(node.target())));
    }
    // Our cordon is there as long as our owner annotation is; without both, the watch is late or a person took it back.
    // A read that is at hand is younger than our last write.
    let seen = case.looks.node.as_ref().is_some_and(|(view, _)| !view.fact.unschedulable);
    if seen {
        return Some(Move::Stop(format!("{} was uncordoned by somebody else", node.name)));
    }
    Some(Move::Do(Verb::LookAtNode(node.target())))
}

fn free(world: &World<'_>, case: &Case, node: &NodeFact, dead: bool) -> Move {
    let mut todo = movable(world, node, dead);
    todo.sort_by(|(a, left), (b, right)| a.cmp(b).then(left.priority.cmp(&right.priority)));
    let scaled = surge::scaled(world, case);
    if let Some(step) = surge::go_on(world, case, &scaled, &todo) {
        return step;
    }
    let awaited = surge::awaited(world, case, &scaled).filter(|_| !dead);
    let joins = |pod: &PodFact| awaited.as_ref().is_some_and(|workload| world.cluster.workload_of(pod) == *workload);
    let stateful_out = stateful_out(world, case, &todo);
    let open =
        |class: &Class, pod: &PodFact| !is_leaving(case, pod) && (*class == Class::Ordinary || stateful_out.is_none());
    let ready = todo.iter().find(|(class, pod)| open(class, pod) && !postponed(world, case, pod) && !joins(pod));
    if let Some((_, pod)) = ready {
        return Move::Do(if dead {
            delete(pod, None)
        } else {
            Verb::Evict { target: pod.target(), grace: pod.grace(world.settings.drain.pod_grace_period) }
        });
    }
    if let Some(step) =
        past_deadline(world, case, todo.iter().filter(|(class, pod)| open(class, pod)).map(|(_, pod)| &**pod))
    {
        return step;
    }
    if let Some(step) = surge::begin(world, case, node, &todo).filter(|_| !dead && scaled.is_empty()) {
        return step;
    }
    if let Some(workload) = &awaited {
        return Move::Wait(format!("waits until one more pod of {workload} is ready"), next_try(world, case));
    }
    if let Some((class, pod)) = todo.iter().find(|(class, pod)| open(class, pod)) {
        return match blocked_by(world, case, pod) {
            Move::Blocked(why, until) => {
                Move::Blocked(format!("{why}{}", surge::why_not(world, case, class, pod)), until)
            }
            other => other,
        };
    }
    // On a dead node the pods stay Terminating until it is back; their replacements do not wait for that.
    let waiting = todo.iter().find(|(_, pod)| !dead && case.handled.contains(&pod.uid) || !is_leaving(case, pod));
    if let Some((_, pod)) = waiting {
        let why = stateful_out.unwrap_or_else(|| format!("{} leaves {}{}", pod.key, node.name, held_by(pod)));
        return Move::Wait(why, None);
    }
    confirm(case, node)
}

/// Pods may have been bound between our view and the cordon: only a fresh list says that none is left.
fn confirm(case: &Case, node: &NodeFact) -> Move {
    if case.listed {
        return Move::Verify;
    }
    Move::Do(Verb::ListPods { node: node.name.clone() })
}

pub(super) fn movable<'a>(world: &World<'a>, node: &NodeFact, dead: bool) -> Vec<(Class, Pod<'a>)> {
    let pods = world.cluster.pods_on(&node.name).map(|pod| (classify(world, &pod, dead), pod));
    pods.filter(|(class, _)| !matches!(class, Class::Left(_))).collect()
}

pub(super) fn classify(world: &World<'_>, pod: &PodFact, dead: bool) -> Class {
    if pod.finished() {
        return Class::Left("finished");
    }
    if pod.owned_by(&Kind::DaemonSet) {
        return Class::Left("belongs to a DaemonSet");
    }
    if why_excluded(world, pod).is_some() {
        return Class::Left("is excluded");
    }
    if world.settings.protected_namespaces.contains(&pod.key.namespace) {
        return Class::Left("is in a protected namespace");
    }
    if pod.owner.is_none() && (dead || !world.settings.drain.evict_unmanaged) {
        return Class::Left("has no controller that would replace it");
    }
    if pod.marks.has(Marks::KARPENTER_KEEP) || pod.marks.has(Marks::AUTOSCALER_KEEP) {
        return Class::Left("opts out of drains");
    }
    if !dead && pod.marks.has(Marks::EMPTY_DIR) && !world.settings.drain.delete_empty_dir_data {
        return Class::Left("keeps data in an emptyDir");
    }
    match (holds_state(pod), dead) {
        (true, true) => Class::Left("holds state, and nothing proves that its node is off"),
        (true, false) => Class::Stateful,
        (false, _) if pod.priority >= SYSTEM_PRIORITY => Class::Critical,
        (false, _) => Class::Ordinary,
    }
}

pub(super) fn holds_state(pod: &PodFact) -> bool {
    pod.owned_by(&Kind::StatefulSet) || pod.marks.has(Marks::PERSISTENT_VOLUME)
}

fn is_leaving(case: &Case, pod: &PodFact) -> bool {
    pod.terminating() || case.handled.contains(&pod.uid)
}

/// What keeps a pod that is being deleted, besides its containers: only whoever set a finalizer takes it away.
fn held_by(pod: &PodFact) -> String {
    let finalizers = pod.trouble.as_ref().filter(|_| pod.terminating()).map_or(&[][..], |trouble| &trouble.finalizers);
    if finalizers.is_empty() { String::new() } else { format!("; finalizers: {}", finalizers.join(", ")) }
}

/// Why no further stateful pod may leave: one is on its way, or a workload that holds state misses one of its pods elsewhere.
fn stateful_out(world: &World<'_>, case: &Case, todo: &[(Class, Pod<'_>)]) -> Option<String> {
    let leaving = todo.iter().find(|(class, pod)| *class == Class::Stateful && is_leaving(case, pod));
    if let Some((_, pod)) = leaving {
        return Some(format!("{} leaves{}", pod.key, held_by(pod)));
    }
    let node = &case.recovery.spec.target.key.name;
    let workloads = case.recovery.status.impact.iter().filter_map(|text| impacted(world.cluster, text));
    workloads.into_iter().find_map(|workload| misses_one(world, &workload, node))
}

/// Whether fewer pods of a workload that holds state are ready elsewhere, or still to be moved off `node`, than it wants.
fn misses_one(world: &World<'_>, workload: &Target, node: &Text) -> Option<String> {
    let pods = world.cluster.pods_of(workload);
    let stateful = workload.kind == Kind::StatefulSet || pods.iter().any(|p| p.marks.has(Marks::PERSISTENT_VOLUME));
    let desired = world.cluster.workload(&workload.kind, &workload.key)?.desired.filter(|_| stateful)?;
    let staying = |pod: &&Pod<'_>| !pod.terminating() && (pod.ready || pod.node.as_ref() == Some(node));
    let there = pods.iter().filter(staying).count();
    (there < desired as usize)
        .then(|| format!("{workload} has {there} of {desired} pods; the next leaves when it has all"))
}

pub(super) fn postponed(world: &World<'_>, case: &Case, pod: &PodFact) -> bool {
    case.postponed.get(&pod.uid).is_some_and(|postponed| world.now.tick < postponed.until)
}

/// When the next pod that was refused is tried again, or the deadline passes.
fn next_try(world: &World<'_>, case: &Case) -> Option<Tick> {
    let waits = case.postponed.values().map(|postponed| postponed.until).chain(deadline(world, case));
    waits.filter(|until| *until > world.now.tick).min()
}

pub(super) fn blocked_by(world: &World<'_>, case: &Case, pod: &PodFact) -> Move {
    let until = next_try(world, case);
    match case.postponed.get(&pod.uid) {
        Some(postponed) => Move::Blocked(format!("pod {} cannot leave: {}", pod.key, postponed.message), until),
        None => Move::Wait(format!("pod {} waits for the one before it", pod.key), until),
    }
}

/// What a disruption budget keeps is deleted when the policy's deadline has passed; what a webhook keeps never.
fn past_deadline<'a>(world: &World<'_>, case: &Case, mut open: impl Iterator<Item = &'a PodFact>) -> Option<Move> {
    let kept = |pod: &&PodFact| case.postponed.get(&pod.uid).is_some_and(|postponed| postponed.by_budget);
    let pod = open.find(kept).filter(|_| deadline(world, case).is_some_and(|at| world.now.tick >= at))?;
    Some(Move::Do(delete(pod, world.settings.drain.pod_grace_period)))
}

/// Until when disruption budgets are respected, if not to the end.
fn deadline(world: &World<'_>, case: &Case) -> Option<Tick> {
    Some(case.times.attempt()?.plus(world.settings.drain.deadline?))
}

fn delete(pod: &PodFact, grace: Option<Duration>) -> Verb {
    Verb::DeletePod { target: pod.target(), grace: pod.grace(grace), resource_version: Text::from("") }
}

/// Two signals: its heartbeat is silent, and its kubelet does not answer or the control plane has given it up.
pub(super) fn is_dead(world: &World<'_>, node: &NodeFact) -> bool {
    let silent =
        world.cluster.heartbeat(&node.name).is_some_and(|beat| world.now.tick.since(beat.seen) > beat.duration());
    let refused = matches!(world.cluster.look(&node.name), Some((KubeletLook::Refused | KubeletLook::Silent, _)));
    silent && (refused || node.ready() == ConditionStatus::Unknown)
}

/// The workloads whose pods a drain of `node` would move, for the record, before the first one is moved.
pub(crate) fn workloads(world: &World<'_>, target: &Target) -> Vec<String> {
    let Some(node) = world.cluster.exact_node(target) else {
        return Vec::new();
    };
    let dead = is_dead(world, node);
    let movable = movable(world, node, dead);
    let workloads: BTreeSet<String> =
        movable.iter().map(|(_, pod)| world.cluster.workload_of(pod).to_string()).collect();
    workloads.into_iter().collect()
}

pub(super) fn verify(world: &World<'_>, case: &Case) -> (bool, String) {
    let workloads = case.recovery.status.impact.iter().filter_map(|text| impacted(world.cluster, text));
    let workloads = workloads.filter(|workload| !is_left(world, case, workload));
    let looked: Vec<(bool, String)> = workloads.map(|workload| workload_back(world, &workload, case)).collect();
    if let Some((_, message)) = looked.iter().find(|(back, _)| !back) {
        return (false, message.clone());
    }
    (true, format!("{} workloads that ran there are back{}", looked.len(), left_note(world, case)))
}

/// Whether a workload cannot be whole before its node is back: the node died since, with a pod on it that holds state.
fn is_left(world: &World<'_>, case: &Case, workload: &Target) -> bool {
    let target = &case.recovery.spec.target;
    let is_kept = |node: &&NodeFact| node.uid == target.uid && is_dead(world, node) && !is_out_of_service(node);
    let node = world.cluster.node(&target.key.name).filter(is_kept);
    let pods = || world.cluster.pods_of(workload);
    node.is_some_and(|node| pods().iter().any(|pod| pod.node.as_ref() == Some(&node.name) && holds_state(pod)))
}

/// Pods that stay on the node, by reason, so that nobody has to guess.
fn left_note(world: &World<'_>, case: &Case) -> String {
    let Some(node) = world.cluster.node(&case.recovery.spec.target.key.name) else { return String::new() };
    let dead = is_dead(world, node);
    let left = world.cluster.pods_on(&node.name).filter_map(|pod| match classify(world, &pod, dead) {
        Class::Left(_) if pod.finished() && !held_by(&pod).is_empty() => {
            Some(format!("{} has ended{}", pod.key, held_by(&pod)))
        }
        Class::Left(why) if !pod.finished() && !pod.owned_by(&Kind::DaemonSet) => Some(format!("{} {why}", pod.key)),
        _ => None,
    });
    let left: Vec<String> = left.take(10).collect();
    if left.is_empty() { String::new() } else { format!("; left on {}: {}", node.name, left.join(", ")) }
}

/// A pod of a node that lives for which its machine has to stay: one that a drain leaves there, other than what belongs to the node.
pub(super) fn keeps_machine(world: &World<'_>, node: &NodeFact) -> Option<String> {
    let of_node = |pod: &PodFact| pod.owned_by(&Kind::DaemonSet) || pod.marks.has(Marks::MIRROR);
    let pods = world.cluster.pods_on(&node.name).filter(|pod| !pod.finished() && !of_node(pod));
    let mut left = pods.filter_map(|pod| match classify(world, &pod, false) {
        Class::Left(why) => Some(format!("{} {why}", pod.key)),
        Class::Ordinary | Class::Stateful | Class::Critical => None,
    });
    left.next().filter(|_| !is_dead(world, node))
}

/// A sick node that Kubernetes would still use has to stay cordoned, so its Recovery cannot end before it is healthy or gone.
pub(crate) fn keeps_cordon(case: &Case) -> bool {
    matches!(case.recovery.spec.cause, Some(Cause::ProblemCondition | Cause::PodStartFailures))
}

/// Whether the failure cannot be seen on the node any more because what showed it was moved: it is not over by that.
pub(crate) fn hides_its_cause(case: &Case) -> bool {
    let drains = case.recovery.attempt().is_some_and(|attempt| attempt.strategy != Strategy::Monitor);
    case.recovery.spec.cause == Some(Cause::PodStartFailures) && drains && case.has_moved()
}
