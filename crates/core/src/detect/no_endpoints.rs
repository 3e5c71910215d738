//! `NoEndpoints`: a Service whose pods are wanted, and none of them is ready.

use super::{Bad, Rule, Sight, Signal, seen};
use crate::fact::{PodFact, ServiceFact, WorkloadFact};
use crate::names::{Cause, FailureType};
use crate::settings::Settings;
use alloc::format;
use alloc::vec::Vec;
use core::time::Duration;

pub(super) const RULE: Rule<ServiceFact> =
    Rule { cause: Cause::NoEndpoints, failure: FailureType::Service, threshold, signal };

fn threshold(settings: &Settings) -> Duration {
    settings.service_check_interval
}

fn signal(service: &ServiceFact, sight: &Sight<'_>) -> Signal {
    let serves = sight.cluster.ready_endpoints(&service.key) > 0;
    // What goes with its namespace loses its pods before it is gone.
    if service.selector.is_empty() || serves || sight.cluster.is_going(&service.key.namespace) {
        return Signal::Good(None);
    }
    let pods: Vec<&PodFact> = pods_behind(service, sight).collect();
    let workloads: Vec<&WorkloadFact> = workloads_behind(service, sight).filter(|w| w.desired != Some(0)).collect();
    if pods.is_empty() && workloads.is_empty() {
        return Signal::Good(None);
    }
    let workload = workloads.iter().find(|workload| workload.owner.is_none()).map(|workload| workload.target());
    let behind = workload.map_or_else(|| format!("{} pods", pods.len()), |workload| format!("{workload}"));
    let description = format!("no ready endpoint; behind it: {behind}");
    let evidence = alloc::vec![seen("readyEndpoints", "0"), seen("behind", behind)];
    // The last pod that stopped being ready took the last endpoint with it.
    let onset = pods.iter().map(|pod| pod.onset()).max().unwrap_or(service.created);
    Signal::Bad(Bad { cause: Cause::NoEndpoints, since: None, overdue: false, onset, description, evidence })
}

/// Pods that its selector chooses and that are not well; a well one would be an endpoint.
fn pods_behind<'a>(service: &'a ServiceFact, sight: &Sight<'a>) -> impl Iterator<Item = &'a PodFact> {
    let chosen = |pod: &PodFact| pod.trouble.as_ref().is_some_and(|t| service.selector.select(&t.labels));
    let troubled = sight.cluster.troubled_in(&service.key.namespace).into_iter();
    troubled.filter(move |pod| chosen(pod) && !pod.finished())
}

/// Controllers whose pods its selector chooses.
fn workloads_behind<'a>(service: &'a ServiceFact, sight: &Sight<'a>) -> impl Iterator<Item = &'a WorkloadFact> {
    sight.cluster.workloads_in(&service.key.namespace).filter(|workload| service.selector.select(&workload.pod_labels))
}
