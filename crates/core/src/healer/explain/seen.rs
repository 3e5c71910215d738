//! What is seen of an object, in words.

use crate::cluster::Subject;
use crate::fact::{ConditionStatus, NodeFact, PodFact, PodPhase, ServiceFact, WorkloadFact};
use crate::healer::Healer;
use crate::key::{Kind, Target};
use crate::names::FailureType;
use crate::time::Now;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

impl Healer {
    /// One fact each.
    pub(super) fn seen_of(&self, target: &Target, now: Now) -> Vec<String> {
        let mut seen = match target.kind {
            Kind::Node => self.cluster.node(&target.key.name).map(|node| self.node(node, now)),
            Kind::Pod => self.cluster.pod(&target.key).map(|pod| self.pod(&pod)),
            Kind::Service => self.cluster.service(&target.key).map(|service| self.service(service)),
            _ => self.cluster.workload(&target.kind, &target.key).map(workload),
        }
        .unwrap_or_default();
        if self.cluster.is_going(&target.key.namespace) {
            seen.push(format!("namespace {} is being deleted", target.key.namespace));
        }
        seen
    }

    fn pod(&self, pod: &PodFact) -> Vec<String> {
        let phase = match pod.phase {
            PodPhase::Pending => "Pending",
            PodPhase::Running => "Running",
            PodPhase::Succeeded => "Succeeded",
            PodPhase::Failed => "Failed",
            PodPhase::Unknown => "Unknown",
        };
        let ready = if pod.ready { "ready" } else { "not ready" };
        let mut seen = alloc::vec![format!("phase {phase}, {ready}")];
        seen.extend(pod.terminating().then(|| "is being deleted".to_string()));
        let place = pod.node.as_ref().map_or_else(
            || "not bound to a node".to_string(),
            |node| {
                let sick = self.sickbed.is_ill(&Subject::Node(node.clone()), FailureType::Node);
                format!("on node {node}{}", if sick { ", which is sick" } else { "" })
            },
        );
        seen.push(place);
        let above = self.cluster.chain(pod).into_iter().skip(1).map(|owner| owner.to_string()).collect::<Vec<_>>();
        seen.push(match above.as_slice() {
            [] => "has no controller: nobody makes it again".to_string(),
            owners => format!("belongs to {}", owners.join(", which belongs to ")),
        });
        seen
    }

    fn service(&self, service: &ServiceFact) -> Vec<String> {
        let ready = format!("{} ready endpoints", self.cluster.ready_endpoints(&service.key));
        let selector: Vec<String> = service.selector.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let chooses = match selector.as_slice() {
            [] => "chooses no pods: somebody else keeps its endpoints".to_string(),
            pairs => format!("chooses pods with {}", pairs.join(", ")),
        };
        alloc::vec![ready, chooses]
    }

    fn node(&self, node: &NodeFact, now: Now) -> Vec<String> {
        let ready = match node.ready() {
            ConditionStatus::True => "True",
            ConditionStatus::False => "False",
            ConditionStatus::Unknown => "Unknown",
        };
        let mut seen = alloc::vec![format!("Ready={ready}")];
        seen.push(match self.cluster.heartbeat(&node.name) {
            Some(beat) => format!("last heartbeat {} s ago", now.tick.since(beat.seen).as_secs()),
            None => "has no heartbeat Lease".to_string(),
        });
        if node.unschedulable {
            let by = if node.owner.is_empty() { "somebody else" } else { &*node.owner };
            seen.push(format!("cordoned by {by}"));
        }
        let pods = self.cluster.pods_on(&node.name).count();
        seen.push(format!("{pods} {}", if pods == 1 { "pod" } else { "pods" }));
        seen.extend((!node.zone.is_empty()).then(|| format!("zone {}", node.zone)));
        seen
    }
}

fn workload(fact: &WorkloadFact) -> Vec<String> {
    let ready = fact
        .desired
        .map_or_else(|| format!("{} ready", fact.ready), |desired| format!("{} of {desired} ready", fact.ready));
    let mut seen = alloc::vec![ready];
    seen.extend(fact.owner.as_ref().map(|owner| format!("belongs to {owner}")));
    seen
}
