//! `relieve`: a node that runs out of memory, disk or process ids loses what it does not need, one pod after the other, while it lasts.
//!
//! First what has ended, since it only takes room. Then, of memory alone, pods that are certainly above their requests. What a pod uses is
//! not in the API; a pod that asks for no memory uses more than it asks for, whatever it uses, and those are what a kubelet would end first.
//! Which pods fill the disk or use process ids cannot be told at all, so none is evicted for that.

use super::Move;
use super::drain::{Class, blocked_by, classify, postponed};
use crate::cluster::Pod;
use crate::effect::Verb;
use crate::fact::{NodeFact, PodFact};
use crate::healer::{Case, World};
use crate::key::{Kind, Text};
use crate::names::{Cause, Phase};
use crate::time::Tick;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Reverse;
use core::time::Duration;

/// So many health checks pass between two pods that run: as many as it took to call the pressure a failure.
const CHECKS: u32 = 2;

pub(super) fn next(world: &World<'_>, case: &Case) -> Move {
    let target = &case.recovery.spec.target;
    let Some(node) = world.cluster.exact_node(target) else {
        return Move::Verify;
    };
    if let Some(pod) = leftovers(world, case, node).next() {
        return Move::Do(Verb::DeletePod {
            target: pod.target(),
            grace: pod.grace(None),
            resource_version: Text::from(""),
        });
    }
    if let Some(pod) = world.cluster.pods_on(&node.name).find(|pod| case.handled.contains(&pod.uid)) {
        return Move::Wait(format!("pod {} leaves {}", pod.key, node.name), None);
    }
    if let Some(until) = pause(world, case) {
        return Move::Wait(format!("waits whether node {} is relieved", node.name), Some(until));
    }
    let above = above_requests(world, case, node);
    if let Some(pod) = above.iter().find(|pod| !postponed(world, case, pod)) {
        return Move::Do(Verb::Evict { target: pod.target(), grace: pod.grace(None) });
    }
    match above.first() {
        Some(pod) => blocked_by(world, case, pod),
        None => Move::Wait(nothing_left(case, node), None),
    }
}

/// Pods that have ended and that nobody else looks after: a Job reads its own, and one without controller is all that is left of itself.
fn leftovers<'a>(world: &'a World<'_>, case: &'a Case, node: &'a NodeFact) -> impl Iterator<Item = Pod<'a>> {
    let pods = world.cluster.pods_on(&node.name).filter(|pod| pod.finished() && !pod.terminating());
    let pods = pods.filter(|pod| pod.owner.is_some() && !pod.owned_by(&Kind::Job));
    pods.filter(|pod| may_go(world, case, pod) && matches!(classify(world, pod, false), Class::Left("finished")))
}

/// Whether it is not handled yet, and nobody else's: neither excluded, nor in a protected namespace, nor in another Recovery's hands.
fn may_go(world: &World<'_>, case: &Case, pod: &PodFact) -> bool {
    let acts = |phase: Option<Phase>| phase.is_some_and(|phase| !phase.is_terminal() && phase != Phase::Observed);
    let in_hands = || world.recoveries().any(|other| acts(other.status.phase) && other.subject().uid == pod.uid);
    let excluded = || crate::guard::why_excluded(world, pod).is_some();
    let protected = || world.settings.protected_namespaces.contains(&pod.key.namespace);
    !case.handled.contains(&pod.uid) && !excluded() && !protected() && !in_hands()
}

/// Pods that use more memory than they ask for, those first that matter least: of the lowest priority, and of one priority the newest.
fn above_requests<'a>(world: &'a World<'_>, case: &Case, node: &NodeFact) -> Vec<Pod<'a>> {
    if case.recovery.spec.cause != Some(Cause::MemoryPressure) {
        return Vec::new();
    }
    let asks_for_none = |pod: &Pod<'_>| pod.requests.memory == 0 && !pod.terminating();
    let pods = world.cluster.pods_on(&node.name).filter(asks_for_none);
    let pods = pods.filter(|pod| classify(world, pod, false) == Class::Ordinary && may_go(world, case, pod));
    let mut pods: Vec<Pod<'_>> = pods.collect();
    pods.sort_by_key(|pod| (pod.priority, Reverse(pod.created)));
    pods
}

/// Until when the last pod's going has time to show.
fn pause(world: &World<'_>, case: &Case) -> Option<Tick> {
    let wait: Duration = world.settings.node_check_interval.saturating_mul(CHECKS);
    // What a process before this one did last need not be in the record.
    let since_found = case.adopted.map(|found| found + wait);
    let until = case.times.stepped().map(|stepped| stepped.plus(wait)).into_iter().chain(since_found).max()?;
    (world.now.tick < until).then_some(until)
}

fn nothing_left(case: &Case, node: &NodeFact) -> String {
    match case.recovery.spec.cause {
        Some(Cause::MemoryPressure) => {
            format!("no pod of {} that may go asks for less memory than it certainly uses", node.name)
        }
        _ => format!(
            "no pod of {} that has ended is left; which of the others need so much is not in the API",
            node.name
        ),
    }
}

/// Whether the pressure is gone, as far as the watch shows it.
pub(super) fn verify(world: &World<'_>, case: &Case) -> (bool, String) {
    let (name, cause) =
        (&case.recovery.spec.target.key.name, case.recovery.spec.cause.map_or("pressure", Cause::as_str));
    let holds = world.cluster.node(name).is_some_and(|node| {
        node.condition(cause).is_some_and(|condition| condition.status == crate::fact::ConditionStatus::True)
    });
    (!holds, format!("node {name} has {} {cause}", if holds { "still" } else { "no more" }))
}
