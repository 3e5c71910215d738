//! Rollouts: pods of a new revision that fail while the previous one is healthy are one trouble of their Deployment or StatefulSet.

use super::{Part, active};
use crate::detect::newest_of_two;
use crate::fact::PodFact;
use crate::finding::Finding;
use crate::healer::World;
use crate::key::Kind;
use crate::names::{Cause, FailureType, Strategy};
use crate::recovery::Recovery;

/// What a pod's finding is part of when its revision is new and the one before it is well, or was rolled back and its pods are going.
pub(super) fn part(world: &World<'_>, finding: &Finding) -> Option<Part> {
    let pod = world.cluster.exact_pod(&finding.target)?;
    // A deletion that hangs, and a pod that its node threw out, say nothing about its revision.
    let by_revision = !matches!(finding.cause, Cause::StuckTerminating | Cause::Failed);
    let of_workload = |other: &&Recovery| {
        other.spec.failure == FailureType::Deployment && other.spec.target.uid == finding.workload.uid
    };
    let of_rollout = |other: &&Recovery| other.spec.cause == Some(Cause::RolloutStuck);
    let parents = || active(world).filter(of_workload);
    let of = |parent: &Recovery| Part::Of(parent.name.clone());
    if by_revision && is_new(world, finding, &pod) {
        return Some(parents().find(of_rollout).map_or(Part::OfSick, of));
    }
    parents().find(|parent| by_revision && rolls_back(parent)).filter(|_| is_old(world, finding, &pod)).map(of)
}

fn rolls_back(parent: &Recovery) -> bool {
    parent.status.attempts.iter().any(|attempt| attempt.strategy == Strategy::Rollback)
}

/// Whether the pod is of a revision that its Deployment does not want any more.
fn is_old(world: &World<'_>, finding: &Finding, pod: &PodFact) -> bool {
    let workload = world.cluster.workload(&finding.workload.kind, &finding.workload.key);
    let set = pod.owner.as_ref().and_then(|owner| world.cluster.owner(&pod.key.namespace, owner));
    workload.zip(set).is_some_and(|(workload, set)| workload.revision() != set.revision())
}

fn is_new(world: &World<'_>, finding: &Finding, pod: &PodFact) -> bool {
    let workload = &finding.workload;
    let known = world.cluster.exact_workload(workload);
    let (Some(fact), Some(owner)) = (known, &pod.owner) else { return false };
    match workload.kind {
        Kind::Deployment => newest_of_two(fact, world.cluster).is_some_and(|set| set.uid == owner.uid),
        Kind::StatefulSet => is_of_new_revision(fact.rollout.as_deref(), pod),
        _ => false,
    }
}

fn is_of_new_revision(rollout: Option<&crate::fact::Rollout>, pod: &PodFact) -> bool {
    let labels = pod.trouble.as_ref().map(|trouble| &trouble.labels);
    let revision = labels.and_then(|labels| labels.get("controller-revision-hash"));
    rollout.is_some_and(|rollout| rollout.revision != rollout.previous && revision == Some(&rollout.revision))
}
