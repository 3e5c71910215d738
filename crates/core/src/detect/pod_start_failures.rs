//! `PodStartFailures`: a node on which pods of unrelated workloads cannot start, while they start elsewhere.

use super::{Bad, Rule, Sight, Signal, at_once, seen, start_failure, stuck_pending};
use crate::fact::{NodeFact, PodFact};
use crate::key::Target;
use crate::names::{Cause, FailureType};
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

pub(super) const RULE: Rule<NodeFact> =
    Rule { cause: Cause::PodStartFailures, failure: FailureType::Node, threshold: at_once, signal };

/// So many pods, of so many workloads, came within so long (contract section 3).
const PODS: usize = 3;
const WORKLOADS: usize = 2;
const WITHIN_MS: i64 = 5 * 60 * 1000;

fn signal(node: &NodeFact, sight: &Sight<'_>) -> Signal {
    let on_node = sight.cluster.starting_on(&node.name).filter(|pod| cannot_start(pod, sight));
    let mut failing: Vec<(&PodFact, Target)> = on_node.map(|pod| (pod, sight.cluster.workload_of(pod))).collect();
    if failing.len() < PODS {
        return Signal::Good(None);
    }
    failing.retain(|(_, workload)| starts_elsewhere(workload, node, sight));
    failing.sort_by_key(|(pod, _)| pod.created);
    let Some(burst) = failing.windows(PODS).find_map(|first| burst(&failing, first[0].0)) else {
        return Signal::Good(None);
    };
    let names: Vec<_> = burst.iter().map(|(pod, _)| pod.key.to_string()).collect();
    let description =
        format!("{} pods cannot start here, while their workloads start elsewhere: {}", names.len(), names.join(", "));
    let evidence = alloc::vec![seen("pods", names.join(", "))];
    let (cause, onset) = (Cause::PodStartFailures, burst[0].0.created);
    Signal::Bad(Bad { cause, since: None, overdue: false, onset, description, evidence })
}

/// Those that came within the time from `first` on, if they are enough.
fn burst<'a, 'b>(failing: &'b [(&'a PodFact, Target)], first: &PodFact) -> Option<Vec<&'b (&'a PodFact, Target)>> {
    let soon = |pod: &PodFact| (0..=WITHIN_MS).contains(&(pod.created.0.saturating_sub(first.created.0)));
    let burst: Vec<_> = failing.iter().filter(|(pod, _)| soon(pod)).collect();
    let workloads: BTreeSet<&Target> = burst.iter().map(|(_, workload)| workload).collect();
    (burst.len() >= PODS && workloads.len() >= WORKLOADS).then_some(burst)
}

fn cannot_start(pod: &PodFact, sight: &Sight<'_>) -> bool {
    stuck_pending::is_stuck(pod) || start_failure(pod, sight).is_some()
}

fn starts_elsewhere(workload: &Target, node: &NodeFact, sight: &Sight<'_>) -> bool {
    sight.cluster.each_pod_of(workload).any(|pod| pod.ready && pod.node.as_ref().is_some_and(|on| *on != node.name))
}
