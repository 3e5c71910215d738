//! `PodStartFailures`: a node on which pods of unrelated workloads cannot start, while they start elsewhere.

use super::{Bad, Rule, Sight, Signal, seen, start_failure, stuck_pending};
use crate::cluster::Subject;
use crate::fact::{NodeFact, PodFact};
use crate::key::Target;
use crate::names::{Cause, FailureType};
use crate::settings::Settings;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::time::Duration;

pub(super) const RULE: Rule<NodeFact> =
    Rule { cause: Cause::PodStartFailures, failure: FailureType::Node, threshold, signal };

/// So many pods, of so many workloads, came within so long (contract section 3).
const PODS: usize = 3;
const WORKLOADS: usize = 2;
const WITHIN_MS: i64 = 5 * 60 * 1000;

/// For pods of which nothing says why they do not start: a node that has just joined is given pods that have waited for long, and takes a
/// moment to say that it has them.
fn threshold(settings: &Settings) -> Duration {
    settings.pod_check_interval * 2
}

fn signal(node: &NodeFact, sight: &Sight<'_>) -> Signal {
    let on_node = || sight.cluster.starting_on(&node.name);
    let refused = |pod: &PodFact| start_failure(pod, sight).is_some();
    let late = |pod: &PodFact| stuck_pending::is_stuck(pod) && time_left(pod, sight).is_zero();
    let surely = first_burst(node, sight, &refused);
    let overdue = surely.is_some();
    let Some(burst) = surely.or_else(|| first_burst(node, sight, &|pod| refused(pod) || late(pod))) else {
        let starting = on_node().filter(|pod| stuck_pending::is_stuck(pod)).map(|pod| time_left(pod, sight));
        let next = starting.filter(|left| !left.is_zero()).min();
        return Signal::Good(next.map(|left| sight.now.tick + left));
    };
    let names: Vec<_> = burst.iter().map(|(pod, _)| pod.key.to_string()).collect();
    let description =
        format!("{} pods cannot start here, while their workloads start elsewhere: {}", names.len(), names.join(", "));
    let evidence = alloc::vec![seen("pods", names.join(", "))];
    let (cause, onset) = (Cause::PodStartFailures, burst[0].0.created);
    Signal::Bad(Bad { cause, since: None, overdue, onset, description, evidence })
}

/// The first of those pods of the node that `fails` and that start elsewhere, if they are enough.
fn first_burst<'a>(
    node: &NodeFact,
    sight: &Sight<'a>,
    fails: &dyn Fn(&PodFact) -> bool,
) -> Option<Vec<(&'a PodFact, Target)>> {
    let failing = sight.cluster.starting_on(&node.name).filter(|pod| fails(pod));
    let mut failing: Vec<(&PodFact, Target)> = failing.map(|pod| (pod, sight.cluster.workload_of(pod))).collect();
    if failing.len() < PODS {
        return None;
    }
    failing.retain(|(_, workload)| starts_elsewhere(workload, node, sight));
    failing.sort_by_key(|(pod, _)| pod.created);
    failing.windows(PODS).find_map(|first| burst(&failing, first[0].0))
}

/// Those that came within the time from `first` on, if they are enough.
fn burst<'a>(failing: &[(&'a PodFact, Target)], first: &PodFact) -> Option<Vec<(&'a PodFact, Target)>> {
    let soon = |pod: &PodFact| (0..=WITHIN_MS).contains(&(pod.created.0.saturating_sub(first.created.0)));
    let burst: Vec<_> = failing.iter().filter(|(pod, _)| soon(pod)).cloned().collect();
    let workloads: BTreeSet<&Target> = burst.iter().map(|(_, workload)| workload).collect();
    (burst.len() >= PODS && workloads.len() >= WORKLOADS).then_some(burst)
}

/// Until a pod that is starting takes too long, as for its own `StuckPending`.
fn time_left(pod: &PodFact, sight: &Sight<'_>) -> Duration {
    let age = sight.age(&Subject::Pod(pod.key.clone()), pod.onset());
    stuck_pending::threshold(sight.settings).saturating_sub(age)
}

fn starts_elsewhere(workload: &Target, node: &NodeFact, sight: &Sight<'_>) -> bool {
    sight.cluster.each_pod_of(workload).any(|pod| pod.ready && pod.node.as_ref().is_some_and(|on| *on != node.name))
}
