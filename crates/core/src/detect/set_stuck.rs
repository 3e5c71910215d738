//! `RolloutStuck` of a StatefulSet: its pods are not all of the new revision, and one that is keeps the others waiting.

use super::{Bad, Rule, Sight, Signal, seen};
use crate::cluster::Cluster;
use crate::fact::{PodFact, WorkloadFact};
use crate::key::{Key, Kind};
use crate::names::{Cause, FailureType};
use crate::settings::Settings;
use alloc::format;
use core::time::Duration;

pub(super) const RULE: Rule<WorkloadFact> =
    Rule { cause: Cause::RolloutStuck, failure: FailureType::Deployment, threshold, signal };

fn threshold(settings: &Settings) -> Duration {
    settings.deployment_check_interval * 10
}

fn signal(set: &WorkloadFact, sight: &Sight<'_>) -> Signal {
    let (Some(rollout), Some(desired)) = (&set.rollout, set.desired) else { return Signal::Good(None) };
    let under_way = set.observed && rollout.revision != rollout.previous && rollout.updated < desired;
    if !under_way || rollout.held_back || sight.cluster.is_going(&set.key.namespace) {
        return Signal::Good(None);
    }
    // Ordinals are updated from the highest down, each after the one above is ready.
    let is_broken = |pod: &PodFact| {
        !pod.ready && ordinal(pod).is_some_and(|at| at.saturating_add(rollout.updated).saturating_add(1) >= desired)
    };
    let Some(pod) = sight.cluster.each_pod_of(&set.target()).find(|pod| is_broken(pod)) else {
        return Signal::Good(None);
    };
    let description = format!(
        "{} of {desired} pods are of revision {}, and pod {} is not ready",
        rollout.updated, rollout.revision, pod.key.name
    );
    let evidence = alloc::vec![seen("revision", &*rollout.revision), seen("pod", &*pod.key.name)];
    let (cause, onset) = (Cause::RolloutStuck, pod.created);
    Signal::Bad(Bad { cause, since: None, overdue: false, onset, description, evidence })
}

/// Whether a pod that is not ready keeps the revision that its StatefulSet wants from it: it is of an older one, and the set takes its pods
/// in order, so that it waits for this one for ever (kubernetes/kubernetes#67250). Not where pods are kept back on purpose.
pub(crate) fn blocks(pod: &PodFact, cluster: &Cluster) -> bool {
    let Some(owner) = pod.owner.as_ref().filter(|owner| owner.kind == Kind::StatefulSet) else { return false };
    let key = Key { namespace: pod.key.namespace.clone(), name: owner.name.clone() };
    let set = cluster.workload(&Kind::StatefulSet, &key).filter(|set| set.uid == owner.uid && set.observed);
    let rollout = set.and_then(|set| set.rollout.as_deref()).filter(|rollout| !rollout.held_back);
    let labels = pod.trouble.as_ref().map(|trouble| &trouble.labels);
    let revision = labels.and_then(|labels| labels.get("controller-revision-hash"));
    let (Some(rollout), Some(revision)) = (rollout, revision) else { return false };
    !pod.ready && !pod.terminating() && *revision != rollout.revision && *revision != rollout.previous
}

fn ordinal(pod: &PodFact) -> Option<u32> {
    pod.key.name.rsplit_once('-')?.1.parse().ok()
}
