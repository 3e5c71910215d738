//! Rollouts: pods of a new revision that fail while the previous one is healthy are one trouble of their Deployment or StatefulSet.

use super::{Part, active};
use crate::detect::newest_of_two;
use crate::fact::PodFact;
use crate::finding::Finding;
use crate::healer::World;
use crate::key::Kind;
use crate::names::{Cause, FailureType};
use crate::recovery::Recovery;

/// What a pod's finding is part of when its revision is new and the one before it is well.
pub(super) fn part(world: &World<'_>, finding: &Finding) -> Option<Part> {
    let pod = world.cluster.exact_pod(&finding.target)?;
    // A deletion that hangs, and a pod that its node threw out, say nothing about its revision.
    let by_revision = !matches!(finding.cause, Cause::StuckTerminating | Cause::Failed);
    if !by_revision || !is_new(world, finding, pod) {
        return None;
    }
    let of_rollout = |other: &&Recovery| {
        other.spec.failure == FailureType::Deployment
            && other.spec.cause == Some(Cause::RolloutStuck)
            && other.spec.target.uid == finding.workload.uid
    };
    Some(active(world).find(of_rollout).map_or(Part::OfSick, |parent| Part::Of(parent.name.clone())))
}

fn is_new(world: &World<'_>, finding: &Finding, pod: &PodFact) -> bool {
    let workload = &finding.workload;
    let known = world.cluster.workload(&workload.kind, &workload.key).filter(|fact| fact.uid == workload.uid);
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
