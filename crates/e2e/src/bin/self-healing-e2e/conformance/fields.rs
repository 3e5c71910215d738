//! Which fields of each resource are compared: what the sequences set, what the controller reads, and what the server sets
//! beside. Everything else, such as the many defaults of a pod's spec, is not.

use serde_json::{Value, json};

/// Of every object.
pub(super) const METADATA: &[&str] = &[
    "kind",
    "apiVersion",
    "metadata.name",
    "metadata.generateName",
    "metadata.namespace",
    "metadata.labels",
    "metadata.annotations",
    "metadata.finalizers",
    "metadata.ownerReferences",
    "metadata.generation",
    "metadata.deletionGracePeriodSeconds",
];

const POD: &[&str] = &[
    "spec.bogus",
    "spec.nodeName",
    "spec.priority",
    "spec.terminationGracePeriodSeconds",
    "spec.containers[].name",
    "spec.containers[].image",
    "spec.volumes[].name",
    "spec.volumes[].emptyDir.medium",
    "status.phase",
    "status.reason",
    "status.message",
    "status.conditions",
    "status.containerStatuses[].name",
    "status.containerStatuses[].ready",
    "status.containerStatuses[].restartCount",
    "status.containerStatuses[].state",
    "status.containerStatuses[].lastState",
];

const NODE: &[&str] = &[
    "spec.unschedulable",
    "spec.taints",
    "status.conditions",
    "status.addresses",
    "status.daemonEndpoints.kubeletEndpoint",
];

const WORKLOAD: &[&str] = &[
    "spec.replicas",
    "spec.paused",
    "spec.minReadySeconds",
    "spec.selector",
    "spec.template.metadata.labels",
    "spec.template.spec.containers[].name",
    "spec.template.spec.containers[].image",
    "status.observedGeneration",
    "status.replicas",
    "status.readyReplicas",
    "status.conditions",
];

const CONFIG_MAP: &[&str] = &["data", "immutable", "bogus"];

const LEASE: &[&str] = &["spec"];

const BUDGET: &[&str] = &[
    "spec.minAvailable",
    "spec.maxUnavailable",
    "spec.selector",
    "spec.unhealthyPodEvictionPolicy",
    "status.observedGeneration",
    "status.disruptionsAllowed",
    "status.currentHealthy",
    "status.desiredHealthy",
    "status.expectedPods",
];

const EVENT: &[&str] = &[
    "reason",
    "action",
    "note",
    "type",
    "regarding",
    "related",
    "reportingController",
    "reportingInstance",
    "eventTime",
];

const WHOLE: &[&str] = &["spec", "status"];

const REVIEW: &[&str] = &["spec", "status.allowed", "status.denied"];

const NAMESPACE: &[&str] = &["spec.finalizers", "status.phase"];

/// Of the objects of one resource, beside their metadata.
pub(super) fn of(plural: &str) -> &'static [&'static str] {
    match plural {
        "pods" => POD,
        "nodes" => NODE,
        "deployments" | "replicasets" | "statefulsets" => WORKLOAD,
        "configmaps" => CONFIG_MAP,
        "leases" => LEASE,
        "poddisruptionbudgets" => BUDGET,
        "events" => EVENT,
        "recoveries" | "scale" => WHOLE,
        "selfsubjectaccessreviews" => REVIEW,
        "namespaces" => NAMESPACE,
        _ => &[],
    }
}

/// What an absent field means, where the server may write it out.
pub(super) fn defaults(plural: &str) -> Vec<(Vec<&'static str>, Value)> {
    match plural {
        "deployments" | "replicasets" | "statefulsets" => vec![(vec!["spec", "replicas"], json!(1))],
        "pods" => vec![(vec!["spec", "terminationGracePeriodSeconds"], json!(30))],
        _ => Vec::new(),
    }
}
