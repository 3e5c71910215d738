//! The proof that a machine is off: the one place that knows of it.
//!
//! Silence is no proof. A proof is the word of whoever was told to switch the machine off, and it holds as long as its node has given no
//! sign of life since the order: the last renewal of its heartbeat is kept beside the order and compared for equality, so that no two
//! clocks are compared, and a machine that runs again takes the proof away by itself.

use super::drain::{holds_state, is_dead};
use super::{Move, open_step};
use crate::cluster::Pod;
use crate::effect::Verb;
use crate::fact::{ConditionStatus, NodeFact, PodFact};
use crate::healer::{Case, World};
use crate::key::{Kind, Target};
use crate::machine::Off;
use crate::recovery::Recovery;
use crate::time::Stamp;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};

/// Evidence: who says that the machine is off.
pub(crate) const OFF: &str = "machine off";
/// Evidence: the last renewal of the node's heartbeat and its last report of itself when the order was given, both in milliseconds since
/// 1970 on the node's clock.
pub(crate) const LAST_SIGN: &str = "last heartbeat";
/// The taint by which Kubernetes is told that a machine is off, so that it frees pods and volumes.
const OUT_OF_SERVICE: &str = "node.kubernetes.io/out-of-service";

/// Whether the node has given no sign of life since the order in this record.
fn is_silent_since(world: &World<'_>, recovery: &Recovery, node: &NodeFact) -> bool {
    let mut last = recovery.evidence(LAST_SIGN).into_iter().flat_map(|signs| signs.split(' '));
    let (renewed, reported) = (last.next(), last.next());
    let is = |said: Option<&str>, stamp: Stamp| said.is_some_and(|said| said == stamp.0.to_string());
    let beat = world.cluster.heartbeat(&node.name);
    // Unknown is the control plane's word, not the node's.
    let silent = node.ready() == ConditionStatus::Unknown || is(reported, last_report(node));
    silent && beat.is_some_and(|beat| is(renewed, beat.renewed()))
}

fn last_report(node: &NodeFact) -> Stamp {
    node.condition("Ready").map(|ready| ready.heartbeat).unwrap_or_default()
}

/// The last renewal of a node's heartbeat and its last report of itself, for the record.
pub(crate) fn last_sign(world: &World<'_>, node: &NodeFact) -> Option<String> {
    let beat = world.cluster.heartbeat(&node.name)?;
    Some(format!("{} {}", beat.renewed().0, last_report(node).0))
}

/// Who says now that the machine is off, if that proves it.
pub(crate) fn stated(world: &World<'_>, case: &Case, node: &NodeFact) -> Option<String> {
    let (view, _) = case.looks.machine.as_ref()?;
    let by = match view.off.as_ref()? {
        Off::Stated(by) => by.clone(),
        Off::Assumed(by) if world.settings.provider.accept_assumed => {
            format!("{by} (assumed, and accepted by policy)")
        }
        Off::Assumed(_) => return None,
    };
    let silent = is_silent_since(world, &case.recovery, node) && is_dead(world, node);
    silent.then_some(by)
}

/// Whether this node is declared to be out of service, by whomever.
pub(crate) fn is_out_of_service(node: &NodeFact) -> bool {
    node.taints.iter().any(|taint| &*taint.key == OUT_OF_SERVICE)
}

/// The workloads whose pods Kubernetes frees when a node is declared to be out of service, and that only wait for that.
pub(crate) fn freed(world: &World<'_>, target: &Target) -> BTreeSet<String> {
    let pods = world.cluster.pods_on(&target.key.name).filter(|pod| holds_state(pod) && !pod.finished());
    pods.map(|pod| world.cluster.workload_of(&pod).to_string()).collect()
}

/// A pod of this node that only goes, and is only replaced, when the node is declared to be out of service.
fn kept<'a>(world: &World<'a>, node: &NodeFact) -> Option<Pod<'a>> {
    let waits = |pod: &PodFact| holds_state(pod) || pod.terminating();
    let keeps = |pod: &PodFact| !pod.finished() && !pod.owned_by(&Kind::DaemonSet) && waits(pod);
    world.cluster.pods_on(&node.name).find(|pod| keeps(pod))
}

/// Whether declaring this node to be out of service would free anything.
pub(super) fn is_wanted(world: &World<'_>, node: &NodeFact) -> bool {
    !is_out_of_service(node) && kept(world, node).is_some()
}

/// What a node whose machine is proven to be off still needs, so that Kubernetes frees what only waits for that.
pub(super) fn next(world: &World<'_>, case: &Case, node: &NodeFact) -> Option<Move> {
    let ours = node.fenced_by == case.recovery.name;
    let taint = || Move::Do(Verb::TaintOutOfService(node.target()));
    let gone = || Move::Stop(format!("the out-of-service taint of {} was taken away by somebody else", node.name));
    match (is_out_of_service(node), was_tainted(&case.recovery)) {
        (false, _) if ours => Some(gone()),
        // Set before a crash: it is set again, which changes nothing, so that a person who takes it back is noticed.
        (true, false) if ours && stated(world, case, node).is_some() => Some(taint()),
        (true, _) => {
            kept(world, node).map(|pod| Move::Wait(format!("Kubernetes frees {} of {}", pod.key, node.name), None))
        }
        // The watch may be late; a read that is at hand is younger than our last write.
        (false, true) if case.looks.node.is_some() => Some(gone()),
        (false, true) => Some(Move::Do(Verb::LookAtNode(node.target()))),
        (false, false) => {
            kept(world, node)?;
            stated(world, case, node).map(|_| taint())
        }
    }
}

fn was_tainted(recovery: &Recovery) -> bool {
    let name = format!("taint {} out-of-service", recovery.spec.target.key);
    recovery.has_done(|step| step == name)
}

/// Whether our out-of-service taint is on the node of this Recovery, or may be.
pub(crate) fn is_marked(world: &World<'_>, recovery: &Recovery) -> bool {
    let target = &recovery.spec.target;
    if target.kind != Kind::Node {
        return false;
    }
    let node = world.cluster.exact_node(target);
    let key = &target.key;
    node.is_some_and(|node| node.fenced_by == recovery.name)
        || open_step(recovery, &format!("taint {key} out-of-service"), &format!("untaint {key} out-of-service"))
}
