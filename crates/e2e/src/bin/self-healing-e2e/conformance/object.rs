//! Objects of each resource, as a client would create them.

use super::resource::Resource;
use crate::chance::Chance;
use serde_json::{Value, json};

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
        "deployments" | "replicasets" | "statefulsets" => workload(chance),
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

fn workload(chance: &mut Chance) -> Value {
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
