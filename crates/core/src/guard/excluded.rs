//! `Excluded`: opt-out marks on the target, its workload or its namespace; static pods; the controller itself.

use super::Wait;
use crate::cluster::{Cluster, Pod};
use crate::fact::{Marks, NodeFact, PodFact};
use crate::healer::World;
use crate::key::{Key, Kind, Text};
use crate::recovery::Recovery;
use alloc::format;
use alloc::string::{String, ToString};

const OPT_OUTS: &[(Marks, &str)] = &[
    (Marks::EXCLUDED, "self-healing.dev/exclude"),
    (Marks::MEDIK8S_EXCLUDED, "remediation.medik8s.io/exclude-from-remediation"),
    (Marks::CAPI_SKIP, "cluster.x-k8s.io/skip-remediation"),
    (Marks::CAPI_PAUSED, "cluster.x-k8s.io/paused"),
];

pub(super) fn check(world: &World<'_>, recovery: &Recovery) -> Option<Wait> {
    let subject = recovery.subject();
    let reason = match subject.kind {
        Kind::Node => {
            let node = world.cluster.node(&subject.key.name)?;
            opt_out(node.marks)
                .map(|mark| format!("node {} is marked {mark}", node.name))
                .or_else(|| own_node(world, &node.name))
        }
        Kind::Pod => why(world, &*world.cluster.exact_pod(subject)?),
        _ => {
            let marks = match subject.kind {
                Kind::Service => world.cluster.service(&subject.key)?.marks,
                _ => world.cluster.workload(&subject.kind, &subject.key)?.marks,
            };
            let marked = opt_out(marks).map(|mark| format!("{subject} is marked {mark}"));
            marked.or_else(|| marked_namespace(world.cluster, &subject.key.namespace))
        }
    };
    reason.and_then(Wait::because)
}

/// Why this pod must not be touched, whoever asks.
#[must_use]
pub(crate) fn why(world: &World<'_>, pod: &PodFact) -> Option<String> {
    let (own_namespace, own_name) = &world.settings.own_pod;
    if pod.key.namespace == *own_namespace && pod.key.name == *own_name {
        return Some("it is the controller's own pod".to_string());
    }
    if pod.marks.has(Marks::MIRROR) {
        return Some("it is a static pod, which only its kubelet can restart".to_string());
    }
    if let Some(mark) = opt_out(pod.marks) {
        return Some(format!("pod {} is marked {mark}", pod.key));
    }
    marked_above(world.cluster, pod)
}

fn marked_above(cluster: &Cluster, pod: &PodFact) -> Option<String> {
    // Only the top: a Deployment copies its annotations to its ReplicaSets and never takes them back there.
    let workload = cluster.workload_of(pod);
    let marked = cluster.workload(&workload.kind, &workload.key).is_some_and(|fact| fact.marks.has(Marks::EXCLUDED));
    if marked {
        return Some(format!("{workload} is marked self-healing.dev/exclude"));
    }
    marked_namespace(cluster, &pod.key.namespace)
}

fn marked_namespace(cluster: &Cluster, name: &Text) -> Option<String> {
    let marked = cluster.namespace(name)?.marks.has(Marks::EXCLUDED);
    marked.then(|| format!("namespace {name} is marked self-healing.dev/exclude"))
}

/// The pod that this controller runs in, if it is known.
pub(crate) fn own_pod<'a>(world: &World<'a>) -> Option<Pod<'a>> {
    let (namespace, name) = world.settings.own_pod.clone();
    world.cluster.pod(&Key { namespace, name })
}

fn own_node(world: &World<'_>, node: &Text) -> Option<String> {
    let own = &own_pod(world)?.node.clone()?;
    (own == node).then(|| format!("node {node} runs this controller; another replica has to lead first"))
}

/// Whether a Recovery of the controller's own node waits only for another replica to lead, and one is there that could: a Ready pod of
/// the same controller on a node that is well.
#[must_use]
pub(crate) fn has_successor(world: &World<'_>, recovery: &Recovery) -> bool {
    let own_node = |node: &&NodeFact| opt_out(node.marks).is_none() && own_node(world, &node.name).is_some();
    let Some(node) = world.cluster.exact_node(recovery.subject()).filter(own_node) else { return false };
    let Some(own) = own_pod(world) else { return false };
    let elsewhere = |pod: &PodFact| pod.node.as_ref().is_some_and(|on| *on != node.name && world.fleet.is_well(on));
    let workload = world.cluster.workload_of(&own);
    world.cluster.each_pod_of(&workload).any(|pod| pod.ready && !pod.terminating() && elsewhere(&pod))
}

fn opt_out(marks: Marks) -> Option<&'static str> {
    OPT_OUTS.iter().find(|(mark, _)| marks.has(*mark)).map(|(_, name)| *name)
}
