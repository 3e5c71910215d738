//! The resources that the sequences are about, and objects of each.

use crate::chance::Chance;
use serde_json::{Value, json};

/// One resource.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Resource {
    /// Path of its group and version.
    group: &'static str,
    pub(super) plural: &'static str,
    pub(super) kind: &'static str,
    pub(super) namespaced: bool,
}

const fn resource(group: &'static str, plural: &'static str, kind: &'static str) -> Resource {
    Resource { group, plural, kind, namespaced: true }
}

pub(super) const PODS: &Resource = &resource("/api/v1", "pods", "Pod");
pub(super) const NODES: &Resource = &Resource { namespaced: false, ..resource("/api/v1", "nodes", "Node") };
pub(super) const CONFIG_MAPS: &Resource = &resource("/api/v1", "configmaps", "ConfigMap");
pub(super) const DEPLOYMENTS: &Resource = &resource("/apis/apps/v1", "deployments", "Deployment");
pub(super) const LEASES: &Resource = &resource("/apis/coordination.k8s.io/v1", "leases", "Lease");
pub(super) const BUDGETS: &Resource = &resource("/apis/policy/v1", "poddisruptionbudgets", "PodDisruptionBudget");
pub(super) const EVENTS: &Resource = &resource("/apis/events.k8s.io/v1", "events", "Event");
pub(super) const RECOVERIES: &Resource = &resource("/apis/self-healing.dev/v1alpha1", "recoveries", "Recovery");

/// All of them.
pub(super) const ALL: [&Resource; 8] = [PODS, NODES, CONFIG_MAPS, DEPLOYMENTS, LEASES, BUDGETS, EVENTS, RECOVERIES];

impl Resource {
    /// Path of those in one namespace (`<ns>` for the sequence's own), or of all that have none.
    pub(super) fn within(&self, namespace: &str) -> String {
        if self.namespaced {
            format!("{}/namespaces/{namespace}/{}", self.group, self.plural)
        } else {
            self.everywhere()
        }
    }

    /// Path of those of the sequence.
    pub(super) fn all(&self) -> String {
        self.within("<ns>")
    }

    /// Path of those in all namespaces.
    pub(super) fn everywhere(&self) -> String {
        format!("{}/{}", self.group, self.plural)
    }

    /// Path of one.
    pub(super) fn one(&self, name: &Name) -> String {
        format!("{}/{}", self.all(), name.shown(self))
    }

    pub(super) fn api_version(&self) -> &'static str {
        let path = self.group.trim_start_matches('/');
        path.split_once('/').map_or(path, |(_, version)| version)
    }

    /// Whether it has a status of its own.
    pub(super) fn has_status(&self) -> bool {
        [PODS, NODES, DEPLOYMENTS, BUDGETS, RECOVERIES].contains(&self)
    }
}

/// A name: a plain one, or the prefix that one was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) text: &'static str,
    pub(super) made: bool,
}

impl Name {
    pub(super) const fn plain(text: &'static str) -> Self {
        Self { text, made: false }
    }

    /// As in paths and objects: objects without a namespace carry that of the sequence in their name.
    pub(super) fn shown(&self, resource: &Resource) -> String {
        match (self.made, resource.namespaced) {
            (true, _) => format!("<name {}>", self.text),
            (false, true) => self.text.to_owned(),
            (false, false) => format!("<ns>-{}", self.text),
        }
    }

    /// As in `<uid pods/a>`.
    pub(super) fn key(&self, resource: &Resource) -> String {
        format!("{}/{}", resource.plural, self.text)
    }
}

/// An object as a client would create it.
pub(super) fn object(resource: &Resource, name: &str, chance: &mut Chance) -> Value {
    let mut object = json!({
        "apiVersion": resource.api_version(),
        "kind": resource.kind,
        "metadata": { "name": name, "labels": { "seq": "<ns>", "app": chance.pick(&["x", "y"]) } },
    });
    decorate(&mut object, chance);
    let parts = match resource.plural {
        "pods" => pod(chance),
        "nodes" => node(chance),
        "configmaps" => json!({ "data": { "key": chance.pick(&["one", "two"]) } }),
        "deployments" => deployment(chance),
        "leases" => lease(chance),
        "poddisruptionbudgets" => budget(chance),
        "events" => event(),
        _ => json!({ "spec": recovery() }),
    };
    if let (Some(object), Value::Object(parts)) = (object.as_object_mut(), parts) {
        object.extend(parts);
    }
    object
}

/// What any object may have.
fn decorate(object: &mut Value, chance: &mut Chance) {
    let metadata = &mut object["metadata"];
    if chance.one_in(4) {
        metadata["annotations"] = json!({ "self-healing.dev/note": "made by a person" });
    }
    if chance.one_in(5) {
        metadata["finalizers"] = json!(["example.com/hold"]);
    }
    if chance.one_in(5) {
        let uid = "11111111-2222-4333-8444-555555555555";
        let owner =
            json!({ "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": uid, "controller": true });
        metadata["ownerReferences"] = json!([owner]);
    }
}

fn pod(chance: &mut Chance) -> Value {
    let mut spec = json!({
        // Without the volume that the API server would add.
        "automountServiceAccountToken": false,
        "containers": [{ "name": "app", "image": chance.pick(&["shop/web:1", "shop/web:2"]) }],
    });
    if !chance.one_in(3) {
        spec["nodeName"] = chance.pick(&["n1", "n2"]).into();
    }
    if chance.one_in(4) {
        spec["terminationGracePeriodSeconds"] = chance.pick(&[0, 1, 5]).into();
    }
    if chance.one_in(4) {
        spec["volumes"] = json!([{ "name": "scratch", "emptyDir": {} }]);
    }
    json!({ "spec": spec })
}

fn node(chance: &mut Chance) -> Value {
    let mut spec = json!({});
    if chance.one_in(3) {
        spec["unschedulable"] = true.into();
    }
    if chance.one_in(3) {
        spec["taints"] = json!([{ "key": "example.com/dedicated", "value": "a", "effect": "NoSchedule" }]);
    }
    json!({ "spec": spec })
}

fn deployment(chance: &mut Chance) -> Value {
    let labels = json!({ "app": "web" });
    let mut spec = json!({
        "selector": { "matchLabels": labels },
        "template": {
            "metadata": { "labels": labels },
            "spec": { "containers": [{ "name": "app", "image": "shop/web:1" }] },
        },
    });
    if chance.one_in(2) {
        spec["replicas"] = chance.pick(&[1, 3]).into();
    }
    json!({ "spec": spec })
}

fn lease(chance: &mut Chance) -> Value {
    let time = "2020-01-01T00:00:00.000000Z";
    let holder = chance.pick(&["one", "two"]);
    json!({ "spec": {
        "holderIdentity": holder, "leaseDurationSeconds": 15, "acquireTime": time, "renewTime": time, "leaseTransitions": 1,
    } })
}

fn budget(chance: &mut Chance) -> Value {
    let mut spec = json!({ "selector": { "matchLabels": { "app": chance.pick(&["x", "y"]) } } });
    match chance.up_to(3) {
        0 => spec["minAvailable"] = 1.into(),
        1 => spec["maxUnavailable"] = "50%".into(),
        _ => spec["maxUnavailable"] = 1.into(),
    }
    if chance.one_in(4) {
        spec["unhealthyPodEvictionPolicy"] = chance.pick(&["AlwaysAllow", "IfHealthyBudget"]).into();
    }
    json!({ "spec": spec })
}

fn event() -> Value {
    json!({
        "eventTime": "2020-01-01T00:00:00.000000Z",
        "type": "Normal",
        "reason": "RecoveryStarted",
        "action": "Recover",
        "note": "pod a is restarted",
        "regarding": { "apiVersion": "v1", "kind": "Pod", "namespace": "<ns>", "name": "a" },
        "reportingController": "self-healing.dev/controller",
        "reportingInstance": "controller-1",
    })
}

fn recovery() -> Value {
    json!({
        "type": "pod_failure", "cause": "CrashLoop", "severity": "medium", "strategy": "restart", "mode": "Enforce",
        "action": "pod_recovery", "target": { "kind": "Pod", "namespace": "shop", "name": "web-1" },
        "detectedAt": "2020-01-01T00:00:00Z",
    })
}

/// What a controller or a kubelet would write into the status.
pub(super) fn status(resource: &Resource, chance: &mut Chance) -> Value {
    let time = "2020-01-01T00:00:00Z";
    let truth = chance.pick(&["True", "False"]);
    let ready =
        json!([{ "type": "Ready", "status": truth, "lastTransitionTime": time, "reason": "Told", "message": "" }]);
    match resource.plural {
        "pods" => {
            let phase = chance.pick(&["Running", "Running", "Running", "Failed", "Succeeded", "Pending"]);
            let waiting = json!({ "waiting": { "reason": "CrashLoopBackOff", "message": "back-off" } });
            let container = json!({
                "name": "app", "image": "shop/web:1", "imageID": "", "ready": truth == "True", "restartCount": 3,
                "state": waiting,
            });
            json!({ "phase": phase, "conditions": ready, "containerStatuses": [container] })
        }
        "nodes" => json!({
            "conditions": ready,
            "addresses": [{ "type": "InternalIP", "address": "127.0.0.1" }],
            "daemonEndpoints": { "kubeletEndpoint": { "Port": 10250 } },
        }),
        "deployments" => json!({ "observedGeneration": 1, "replicas": 1, "readyReplicas": 1, "updatedReplicas": 1 }),
        "poddisruptionbudgets" => json!({
            "observedGeneration": chance.pick(&[1, 1, 1, 0]),
            "disruptionsAllowed": chance.pick(&[0, 0, 1, 2]),
            "currentHealthy": chance.pick(&[1, 2]), "desiredHealthy": 1, "expectedPods": 2,
        }),
        _ => json!({
            "phase": chance.pick(&["Pending", "Acting", "Succeeded"]),
            "reason": "the pod failed",
            "attempts": [{ "strategy": "restart", "startedAt": time }],
        }),
    }
}

/// A merge patch of what a client may want to be otherwise; some of it is refused.
pub(super) fn wish(resource: &Resource, chance: &mut Chance) -> Value {
    let spec = match resource.plural {
        "pods" => match chance.up_to(3) {
            0 => json!({ "containers": [{ "name": "app", "image": "shop/web:9" }] }),
            1 => json!({ "containers": null }),
            _ => json!({ "terminationGracePeriodSeconds": 7 }),
        },
        "nodes" => match chance.up_to(3) {
            0 => json!({ "unschedulable": true }),
            1 => json!({ "unschedulable": null }),
            _ => {
                json!({ "taints": [{ "key": "self-healing.dev/suspect", "value": "r1", "effect": "PreferNoSchedule" }] })
            }
        },
        "deployments" => match chance.up_to(3) {
            0 => json!({ "replicas": chance.pick(&[2, 4]) }),
            1 => json!({ "paused": true }),
            _ => json!({ "replicas": -1 }),
        },
        "leases" => match chance.up_to(3) {
            0 => json!({ "holderIdentity": "three", "leaseTransitions": 2 }),
            1 => json!({ "leaseDurationSeconds": 0 }),
            _ => json!({ "renewTime": "2020-01-01T00:00:10.000000Z" }),
        },
        "poddisruptionbudgets" => match chance.up_to(2) {
            0 => json!({ "minAvailable": 2, "maxUnavailable": null }),
            _ => json!({ "minAvailable": 1, "maxUnavailable": 1 }),
        },
        "configmaps" => return json!({ "data": { "key": chance.pick(&["one", "three"]), "more": "yes" } }),
        // Of an Event nothing changes but its metadata.
        "events" if chance.one_in(2) => return json!({ "note": "pod a is well" }),
        // The spec of a Recovery never changes after its creation.
        _ => return json!({ "metadata": { "annotations": { "self-healing.dev/approve": "a person" } } }),
    };
    json!({ "spec": spec })
}
