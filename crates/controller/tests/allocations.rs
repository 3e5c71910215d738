//! What it costs to read an object whose status was written again: allocations, counted, so that no figure here depends on the machine.
#![expect(clippy::unwrap_used, reason = "a test that finds something else has failed")]

use allocation_counter::measure;
use self_healing_controller::objects::{Shared, node, pod};
use serde_json::{Value, json};

/// Of a pod with two containers that is well: its name, which is kept, and the lists of owners, labels, containers, conditions and
/// statuses, of which the longer ones grow once.
const MOST_OF_POD: u64 = 9;
/// Of a node: its labels, conditions and address are kept, so each of these lists is made twice.
const MOST_OF_NODE: u64 = 10;

const TIME: &str = "2026-11-01T08:00:00Z";

fn managed() -> Value {
    json!([{ "manager": "kubelet", "operation": "Update", "apiVersion": "v1", "time": TIME, "fieldsType": "FieldsV1",
        "fieldsV1": { "f:status": { "f:conditions": { "k:{\"type\":\"Ready\"}": { ".": {}, "f:status": {} } } } } }])
}

fn conditions(kinds: &[&str]) -> Vec<Value> {
    let condition = |kind: &&str| json!({ "type": kind, "status": "True", "reason": format!("Kubelet{kind}"), "message": "as it should be", "lastTransitionTime": TIME });
    kinds.iter().map(condition).collect()
}

fn web() -> Value {
    let requests = json!({ "requests": { "cpu": "100m", "memory": "256Mi" } });
    let container =
        |name: &str| json!({ "name": name, "image": "registry.example/shop/service:4.2.0", "resources": requests });
    let status = |name: &str| {
        json!({ "name": name, "image": "registry.example/shop/service:4.2.0", "ready": true, "started": true, "restartCount": 0,
            "state": { "running": { "startedAt": TIME } } })
    };
    let owner = json!({ "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-6d4cf56db6", "uid": "uid-of-web", "controller": true });
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": "web-6d4cf56db6-abcde", "namespace": "shop", "uid": "1d5ee3c8-6a5c-4d5e-9f1e-000000000001", "resourceVersion": "4711",
            "creationTimestamp": TIME, "managedFields": managed(), "ownerReferences": [owner],
            "labels": { "app.kubernetes.io/name": "web", "app.kubernetes.io/version": "4.2.0", "team": "checkout" },
            "annotations": { "prometheus.io/scrape": "true" },
        },
        "spec": { "nodeName": "worker-1", "restartPolicy": "Always", "containers": [container("main"), container("proxy")] },
        "status": {
            "phase": "Running", "containerStatuses": [status("main"), status("proxy")],
            "conditions": conditions(&["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"]),
        },
    })
}

fn worker() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {
            "name": "worker-1", "uid": "2d5ee3c8-6a5c-4d5e-9f1e-000000000001", "resourceVersion": "4711", "creationTimestamp": TIME,
            "managedFields": managed(),
            "labels": { "kubernetes.io/hostname": "worker-1", "kubernetes.io/os": "linux", "topology.kubernetes.io/zone": "a" },
        },
        "spec": { "providerID": "cloud:///a/i-1" },
        "status": {
            "allocatable": { "cpu": "8", "memory": "32Gi", "pods": "110" },
            "addresses": [{ "type": "InternalIP", "address": "10.0.0.1" }, { "type": "Hostname", "address": "worker-1" }],
            "conditions": conditions(&["MemoryPressure", "DiskPressure", "PIDPressure", "Ready"]),
        },
    })
}

/// Allocations of reading `object` when it has been read before.
fn again<T>(object: &Value, read: impl Fn(&[u8], &mut Shared) -> T) -> u64 {
    let (json, mut shared) = (serde_json::to_vec(object).unwrap(), Shared::default());
    let before = read(&json, &mut shared);
    let counted = measure(|| drop(read(&json, &mut shared)));
    drop(before);
    counted.count_total
}

#[test]
fn reading_a_pod_again_allocates_little() {
    let count = again(&web(), |json, shared| pod::parse(json, shared).unwrap());
    println!("{count} allocations per pod");
    assert!(count <= MOST_OF_POD, "{count} allocations per pod");
}

#[test]
fn reading_a_node_again_allocates_little() {
    let count = again(&worker(), |json, shared| node::parse(json, shared).unwrap());
    println!("{count} allocations per node");
    assert!(count <= MOST_OF_NODE, "{count} allocations per node");
}
