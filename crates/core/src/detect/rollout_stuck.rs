//! `RolloutStuck` of a Deployment: its deadline has passed, or pods of the new revision fail while those of the old one are well.

use super::{Bad, Rule, Sight, Signal, seen, start_failure};
use crate::cluster::Cluster;
use crate::fact::{ConditionStatus, WorkloadFact};
use crate::key::Kind;
use crate::names::{Cause, FailureType};
use crate::settings::Settings;
use crate::time::Stamp;
use alloc::format;
use core::time::Duration;

pub(super) const RULE: Rule<WorkloadFact> =
    Rule { cause: Cause::RolloutStuck, failure: FailureType::Deployment, threshold, signal };

/// As long as its pods' own causes take (`ImagePull`, `ConfigError`), so that neither is told before the other.
fn threshold(settings: &Settings) -> Duration {
    settings.pod_check_interval * 2
}

fn signal(deployment: &WorkloadFact, sight: &Sight<'_>) -> Signal {
    if sight.cluster.is_going(&deployment.key.namespace) {
        return Signal::Good(None);
    }
    let newest = newest_of_two(deployment, sight.cluster);
    let late = deployment.condition("Progressing", ConditionStatus::False).filter(|_| deployment.observed);
    let late = late.filter(|progressing| &*progressing.reason == "ProgressDeadlineExceeded");
    // One episode, whichever shows it first: it began with the new revision.
    let episode = newest.map(began);
    if let Some(progressing) = late {
        let description = "the rollout has passed its deadline (ProgressDeadlineExceeded)".into();
        let evidence = alloc::vec![seen("reason", &*progressing.reason), seen("revision", deployment.revision())];
        let onset = episode.unwrap_or(progressing.changed);
        return Signal::Bad(Bad {
            cause: Cause::RolloutStuck,
            since: None,
            overdue: true,
            onset,
            description,
            evidence,
        });
    }
    let Some(newest) = newest else { return Signal::Good(None) };
    let target = newest.target();
    let mut pods = sight.cluster.each_pod_of(&target);
    let Some((pod, bad)) = pods.find_map(|pod| start_failure(&pod, sight).map(|bad| (pod, bad))) else {
        return Signal::Good(None);
    };
    let description = format!(
        "pods of revision {} fail while the previous one is healthy: pod {}: {}",
        newest.revision(),
        pod.key.name,
        bad.description
    );
    let mut evidence = alloc::vec![seen("revision", newest.revision()), seen("pod", &*pod.key.name)];
    evidence.extend(bad.evidence);
    let onset = began(newest);
    Signal::Bad(Bad { cause: Cause::RolloutStuck, since: None, overdue: false, onset, description, evidence })
}

/// When a revision began. A template that is released again gets its old ReplicaSet back under a new number, so that counts too.
fn began(set: &WorkloadFact) -> Stamp {
    Stamp(set.created.0.saturating_add(set.revision().parse().unwrap_or(0)))
}

/// The ReplicaSet of a Deployment's newest revision, while an earlier one still has pods and all of them are ready.
pub(crate) fn newest_of_two<'a>(deployment: &WorkloadFact, cluster: &'a Cluster) -> Option<&'a WorkloadFact> {
    let paused = deployment.rollout.as_ref().is_none_or(|rollout| rollout.held_back || rollout.revision.is_empty());
    if deployment.kind != Kind::Deployment || paused {
        return None;
    }
    let sets = || cluster.workloads_of(&deployment.uid).filter(|set| set.kind == Kind::ReplicaSet);
    let pods = |set: &WorkloadFact| set.rollout.as_ref().map_or(0, |rollout| rollout.updated);
    let is_healthy = |set: &WorkloadFact| pods(set) > 0 && set.ready >= pods(set);
    let newest = sets().find(|set| set.revision() == deployment.revision())?;
    let mut earlier = sets().filter(|set| set.uid != newest.uid && pods(set) > 0).peekable();
    (earlier.peek().is_some() && earlier.all(is_healthy)).then_some(newest)
}
