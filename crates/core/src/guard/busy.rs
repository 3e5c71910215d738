//! `Busy`: another actor works on the node; two at once undo each other's work.

use super::Wait;
use crate::fact::{ConditionStatus, Marks, NodeFact};
use crate::healer::World;
use crate::key::Kind;
use crate::recovery::Recovery;
use crate::remedy;
use alloc::format;
use alloc::string::String;

/// Taints by which a tool says that it removes, drains or fences the node, and whose each is. The cluster autoscaler's
/// `DeletionCandidateOfClusterAutoscaler` is none: it marks a node that is unneeded and may stay so for long, and is taken back
/// as soon as the node is needed.
const CLAIMS: &[(&str, &str)] = &[
    ("karpenter.sh/disrupted", "Karpenter removes it"),
    ("karpenter.sh/disruption", "Karpenter removes it"),
    ("ToBeDeletedByClusterAutoscaler", "the cluster autoscaler removes it"),
    ("medik8s.io/remediation", "medik8s remediates it"),
    ("medik8s.io/drain", "medik8s drains it for maintenance"),
];

/// Conditions of Kubernetes 1.37 by which maintenance tools say that somebody works on the node.
const AT_WORK: &[&str] = &["MaintenanceInProgress", "DrainInProgress", "GracefulNodeShutdownInProgress"];

pub(super) fn check(world: &World<'_>, recovery: &Recovery) -> Option<Wait> {
    let target = &recovery.spec.target;
    if target.kind != Kind::Node {
        return None;
    }
    let node = world.cluster.exact_node(target)?;
    who(node, remedy::was_told(recovery)).and_then(Wait::because)
}

/// Who has claimed the node; `told` is whether its provider works on it by an order of this Recovery, and so may claim it.
fn who(node: &NodeFact, told: bool) -> Option<String> {
    let name = &node.name;
    if node.marks.has(Marks::DELETING) && !told {
        return Some(format!("node {name} is being deleted"));
    }
    let ours = |key: &str| told && (key.starts_with("karpenter.sh/") || key == "medik8s.io/remediation");
    let claim = |taint: &crate::fact::Taint| CLAIMS.iter().find(|(key, _)| *key == &*taint.key && !ours(key));
    if let Some((key, whose)) = node.taints.iter().find_map(claim) {
        return Some(format!("node {name} has taint {key}: {whose}"));
    }
    let holds = |kind: &&&str| node.condition(kind).is_some_and(|found| found.status == ConditionStatus::True);
    AT_WORK.iter().find(holds).map(|kind| format!("node {name} has condition {kind}: somebody works on it"))
}
