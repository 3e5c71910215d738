//! What may be written to objects that are there.

use super::resource::{DEPLOYMENTS, Resource};
use crate::chance::Chance;
use serde_json::{Value, json};

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
        "deployments" | "statefulsets" => {
            json!({ "observedGeneration": 1, "replicas": 1, "readyReplicas": 1, "updatedReplicas": 1 })
        }
        "replicasets" => {
            json!({ "observedGeneration": 1, "replicas": 1, "readyReplicas": 1, "fullyLabeledReplicas": 1 })
        }
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
        "deployments" | "replicasets" | "statefulsets" => match chance.up_to(3) {
            0 => json!({ "replicas": chance.pick(&[2, 4]) }),
            1 if resource == DEPLOYMENTS => json!({ "paused": true }),
            1 => json!({ "minReadySeconds": 3 }),
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
