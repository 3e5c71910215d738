//! Objects as the API server sends them become the facts that rules read; nothing that it could send panics.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use proptest::prelude::*;
use self_healing_controller::objects::{Shared, lease, namespace, node, pod, workload};
use self_healing_core::fact::{ConditionStatus, Marks, PodFact, PodPhase};
use self_healing_core::key::{Key, Kind};
use self_healing_core::time::Stamp;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

fn pod_of(value: &Value) -> PodFact {
    pod::parse(value.to_string().as_bytes(), &mut Shared::default()).unwrap()
}

fn crashing_pod() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": "web-1", "namespace": "shop", "uid": "u-1", "resourceVersion": "7",
            "creationTimestamp": "2026-01-02T03:04:05Z",
            "managedFields": [{"manager": "kubelet", "fieldsV1": {"f:status": {}}}],
            "labels": {"app": "web", "self-healing.dev/exclude": "true"},
            "annotations": {
                "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
                "karpenter.sh/do-not-disrupt": "true",
                "kubectl.kubernetes.io/last-applied-configuration": "{\"kind\":\"Pod\"}\n"
            },
            "ownerReferences": [
                {"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "u-x"},
                {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": "u-rs", "controller": true}
            ]
        },
        "spec": {
            "nodeName": "node-1", "priority": 100,
            "volumes": [
                {"name": "data", "persistentVolumeClaim": {"claimName": "data"}},
                {"name": "tmp", "emptyDir": {}},
                {"name": "token", "projected": {}}
            ]
        },
        "status": {
            "phase": "Running",
            "conditions": [
                {"type": "Ready", "status": "True"},
                {"type": "Ready", "status": "False", "lastTransitionTime": "2026-01-02T03:05:00Z"}
            ],
            "initContainerStatuses": [
                {"name": "migrate", "ready": false, "state": {"terminated": {"exitCode": 0, "reason": "Completed"}}},
                {"name": "proxy", "ready": true, "state": {"running": {}}}
            ],
            "containerStatuses": [
                {"name": "app", "ready": false, "restartCount": 6,
                 "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s"}},
                 "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}},
                {"name": "log", "ready": true, "restartCount": 0, "state": {"running": {}}}
            ]
        }
    })
}

#[test]
fn a_crashing_pod_shows_what_fails_and_whose_it_is() {
    let fact = pod_of(&crashing_pod());
    assert_eq!((fact.key.clone(), &*fact.uid), (Key::new("shop", "web-1"), "u-1"));
    assert_eq!(
        (fact.node.as_deref(), fact.priority, fact.phase, fact.ready),
        (Some("node-1"), 100, PodPhase::Running, false)
    );
    assert_eq!(fact.created, Stamp(1_767_323_045_000));
    let owner = fact.owner.clone().unwrap();
    assert_eq!((&owner.kind, &*owner.name, &*owner.uid), (&Kind::ReplicaSet, "web", "u-rs"));
    let marks =
        [Marks::EXCLUDED, Marks::KARPENTER_KEEP, Marks::AUTOSCALER_KEEP, Marks::PERSISTENT_VOLUME, Marks::EMPTY_DIR];
    assert!(marks.into_iter().all(|mark| fact.marks.has(mark)));
    assert!(!fact.marks.has(Marks::MIRROR) && !fact.marks.has(Marks::ENDS_AT_ONCE));
    let mut at_once = crashing_pod();
    at_once["spec"]["terminationGracePeriodSeconds"] = json!(0);
    assert!(pod_of(&at_once).marks.has(Marks::ENDS_AT_ONCE));

    let trouble = fact.trouble.unwrap();
    assert_eq!(trouble.ready_changed, Some(Stamp(1_767_323_100_000)), "of two Ready conditions the last counts");
    assert_eq!(trouble.containers.len(), 1, "ready and finished containers are left out");
    let app = &trouble.containers[0];
    assert_eq!((app.name.as_str(), app.restarts, app.waiting.as_str()), ("app", 6, "CrashLoopBackOff"));
    assert_eq!(app.exit.as_ref().map(|e| (e.code, e.reason.as_str())), Some((137, "OOMKilled")));
}

#[test]
fn a_pod_waits_for_a_readiness_gate_only_where_its_kubelet_says_so() {
    let mut value = crashing_pod();
    let conditions = value["status"]["conditions"].as_array_mut().unwrap();
    conditions.push(json!({"type": "Ready", "status": "False", "reason": "ReadinessGatesNotReady"}));
    assert!(pod_of(&value).trouble.unwrap().awaits_gate);
    assert!(!pod_of(&crashing_pod()).trouble.unwrap().awaits_gate);
}

#[test]
fn a_failed_init_container_and_a_running_end_show() {
    let mut value = crashing_pod();
    value["status"]["initContainerStatuses"][0]["state"]["terminated"]["exitCode"] = json!(1);
    value["status"]["containerStatuses"][0]["state"] = json!({"terminated": {"exitCode": 2, "reason": "Error"}});
    let containers = pod_of(&value).trouble.unwrap().containers;
    let exits: Vec<_> = containers.iter().map(|c| (c.name.as_str(), c.exit.as_ref().unwrap().code)).collect();
    assert_eq!(exits, [("migrate", 1), ("app", 2)], "the present end counts before the last one");
}

#[test]
fn an_end_with_0_is_a_success_only_where_nothing_starts_it_again() {
    let ended = |policy: Value| {
        let mut value = crashing_pod();
        value["spec"]["restartPolicy"] = policy;
        value["status"]["containerStatuses"][0]["state"] =
            json!({"terminated": {"exitCode": 0, "reason": "Completed"}});
        pod_of(&value).trouble.unwrap().containers[0].ended_to_restart
    };
    assert!(ended(json!("Always")) && ended(json!(null)), "Always is the default");
    assert!(!ended(json!("OnFailure")) && !ended(json!("Never")));
}

#[test]
fn only_a_pod_that_is_well_has_no_trouble() {
    let with = |status: Value, deleting: bool| {
        let mut value = json!({"metadata": {"name": "p", "namespace": "n", "uid": "u"}, "status": status});
        if deleting {
            value["metadata"]["deletionTimestamp"] = json!("2026-01-02T03:04:05Z");
            value["metadata"]["finalizers"] = json!(["example.com/keep"]);
        }
        pod_of(&value)
    };
    let ready = json!({"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]});
    assert_eq!(with(ready.clone(), false).trouble, None);
    assert_eq!(with(json!({"phase": "Succeeded"}), false).trouble, None);
    assert!(with(json!({"phase": "Pending"}), false).trouble.is_some());
    assert!(with(json!({"phase": "Running"}), false).trouble.is_some());
    let evicted =
        with(json!({"phase": "Failed", "reason": "Evicted", "message": "é".repeat(999)}), false).trouble.unwrap();
    assert_eq!((evicted.reason.as_str(), evicted.message.chars().count()), ("Evicted", 256));
    let leaving = with(ready, true);
    assert!(leaving.terminating());
    assert_eq!(leaving.trouble.unwrap().finalizers, [Arc::from("example.com/keep")]);
}

#[test]
fn odd_but_documented_values_are_facts_too() {
    let fact = pod_of(&json!({
        "metadata": {"name": "日本", "uid": "u", "labels": null, "annotations": null, "creationTimestamp": null},
        "spec": null,
        "status": {"phase": "Dancing", "containerStatuses": [{"name": "a", "restartCount": -4}]}
    }));
    assert_eq!((fact.phase, fact.created, fact.node.clone()), (PodPhase::Unknown, Stamp(0), None));
    assert_eq!(fact.trouble.unwrap().containers[0].restarts, 0);
    assert_eq!(pod_of(&json!({"metadata": {"name": "p", "uid": "u"}})).phase, PodPhase::Unknown);
}

#[test]
fn a_pod_without_identity_is_refused_with_the_missing_field() {
    for (metadata, field) in [(json!({"uid": "u"}), "metadata.name"), (json!({"name": "p"}), "metadata.uid")] {
        let json = json!({ "metadata": metadata }).to_string();
        let error = pod::parse(json.as_bytes(), &mut Shared::default()).unwrap_err();
        assert_eq!(error.to_string(), format!("the object has no {field}"));
    }
}

#[test]
fn pods_of_one_controller_share_its_texts() {
    let mut shared = Shared::default();
    let json = crashing_pod().to_string();
    let first = pod::parse(json.as_bytes(), &mut shared).unwrap();
    let second = pod::parse(json.as_bytes(), &mut shared).unwrap();
    assert!(Arc::ptr_eq(&first.owner.unwrap(), &second.owner.unwrap()));
    assert!(Arc::ptr_eq(&first.key.namespace, &second.key.namespace));
    assert!(Arc::ptr_eq(&first.node.unwrap(), &second.node.unwrap()));
}

fn sick_node() -> Value {
    json!({
        "metadata": {
            "name": "node-1", "uid": "u-n", "creationTimestamp": "2026-01-02T03:04:05Z",
            "labels": {"node-role.kubernetes.io/control-plane": "", "topology.kubernetes.io/zone": "z1",
                       "remediation.medik8s.io/exclude-from-remediation": "true"},
            "annotations": {"cluster.x-k8s.io/skip-remediation": "", "cluster.x-k8s.io/paused": "",
                            "self-healing.dev/owner": "node-notready-1"}
        },
        "spec": {"unschedulable": true, "taints": [{"key": "k", "value": "v", "effect": "NoSchedule"}]},
        "status": {
            "conditions": [
                {"type": "Ready", "status": "True", "reason": "KubeletReady"},
                {"type": "DiskPressure", "status": "Perhaps"},
                {"type": "Ready", "status": "False", "reason": "KubeletNotReady",
                 "lastHeartbeatTime": "2026-01-02T03:04:06Z", "lastTransitionTime": "2026-01-02T03:04:07Z"}
            ],
            "addresses": [{"type": "Hostname", "address": "h"}, {"type": "InternalIP", "address": "10.0.0.7"}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10255}}
        }
    })
}

#[test]
fn a_node_shows_conditions_taints_marks_and_its_kubelet() {
    let read = |value: &Value| node::parse(value.to_string().as_bytes(), &mut Shared::default()).unwrap();
    let mut value = sick_node();
    let fact = read(&value);
    assert_eq!((fact.ready(), fact.conditions.len()), (ConditionStatus::False, 2));
    assert_eq!(fact.condition("DiskPressure").unwrap().status, ConditionStatus::Unknown);
    let ready = fact.condition("Ready").unwrap();
    assert_eq!(
        (&*ready.reason, ready.heartbeat.0, ready.changed.0),
        ("KubeletNotReady", 1_767_323_046_000, 1_767_323_047_000)
    );
    assert!(fact.unschedulable);
    assert_eq!((&*fact.taints[0].key, &*fact.taints[0].value, &*fact.taints[0].effect), ("k", "v", "NoSchedule"));
    assert_eq!((&*fact.owner, &*fact.zone), ("node-notready-1", "z1"));
    let marks = [Marks::CONTROL_PLANE, Marks::MEDIK8S_EXCLUDED, Marks::CAPI_SKIP, Marks::CAPI_PAUSED];
    assert!(marks.into_iter().all(|mark| fact.marks.has(mark)));
    assert_eq!(fact.kubelet, Some(("10.0.0.7".into(), 10_255)));

    value["status"]["addresses"] = json!([{"type": "Hostname", "address": "h"}]);
    value["status"]["daemonEndpoints"]["kubeletEndpoint"]["Port"] = json!(99_999_999);
    assert_eq!(read(&value).kubelet, Some(("h".into(), 10_250)));
    value["status"] = Value::Null;
    let fact = read(&value);
    assert_eq!((fact.kubelet.clone(), fact.ready()), (None, ConditionStatus::Unknown));
}

#[test]
fn a_lease_shows_its_renewal_and_duration() {
    let read = |spec: Value| {
        let json = json!({"metadata": {"name": "node-1", "namespace": "kube-node-lease"}, "spec": spec}).to_string();
        lease::parse(json.as_bytes(), &mut Shared::default()).unwrap()
    };
    let fact = read(json!({"renewTime": "2026-01-02T03:04:05.678901Z", "leaseDurationSeconds": 20}));
    assert_eq!(
        (&*fact.node, fact.renewed, fact.duration),
        ("node-1", Stamp(1_767_323_045_678), Duration::from_secs(20))
    );
    assert_eq!(read(json!({"leaseDurationSeconds": -1})).duration, Duration::from_secs(40));
    assert_eq!(read(Value::Null).duration, Duration::from_secs(40));
}

#[test]
fn workloads_of_every_kind_count_what_they_want_and_have() {
    let read = |kind: Kind, spec: Value, status: Value| {
        let metadata = json!({"name": "w", "namespace": "n", "uid": "u", "generation": 2});
        let json = json!({"metadata": metadata, "spec": spec, "status": status}).to_string();
        let fact = workload::parse(kind, json.as_bytes(), &mut Shared::default()).unwrap();
        (fact.desired, fact.ready, fact.observed)
    };
    let current = json!({"observedGeneration": 2, "readyReplicas": 1});
    assert_eq!(read(Kind::Deployment, json!({"replicas": 3}), current.clone()), (Some(3), 1, true));
    assert_eq!(read(Kind::StatefulSet, json!({}), json!({"observedGeneration": 1})), (Some(1), 0, false));
    assert_eq!(read(Kind::ReplicaSet, json!({"replicas": 0}), Value::Null), (Some(0), 0, false));
    let daemons = json!({"observedGeneration": 2, "desiredNumberScheduled": 5, "numberReady": 4});
    assert_eq!(read(Kind::DaemonSet, json!({}), daemons), (Some(5), 4, true));
    assert_eq!(read(Kind::Job, json!({}), json!({"ready": 2})), (None, 2, true));
}

#[test]
fn a_namespace_can_opt_out() {
    let json = json!({"metadata": {"name": "shop", "annotations": {"self-healing.dev/exclude": "true"}}}).to_string();
    let fact = namespace::parse(json.as_bytes(), &mut Shared::default()).unwrap();
    assert!((&*fact.name, fact.marks.has(Marks::EXCLUDED)) == ("shop", true));
    assert!(!fact.marks.has(Marks::DELETING));
    let json = json!({"metadata": {"name": "shop", "deletionTimestamp": "2026-01-02T03:05:00Z"}}).to_string();
    let fact = namespace::parse(json.as_bytes(), &mut Shared::default()).unwrap();
    assert!(fact.marks.has(Marks::DELETING));
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
        Just(Value::from("2026-01-02T03:04:05Z")),
    ];
    leaf.prop_recursive(3, 20, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(".{0,8}", inner, 0..4).prop_map(|map| map.into_iter().collect::<Value>()),
        ]
    })
}

/// Replaces the value at the `position`-th place of the tree, counted depth first.
fn replace(value: &mut Value, position: &mut usize, new: &Value) {
    if *position == 0 {
        *value = new.clone();
    }
    *position = position.wrapping_sub(1);
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, position, new)),
        Value::Object(fields) => fields.values_mut().for_each(|field| replace(field, position, new)),
        _ => {}
    }
}

fn read_as_everything(json: &[u8]) {
    let shared = &mut Shared::default();
    let _ = pod::parse(json, shared);
    let _ = node::parse(json, shared);
    let _ = lease::parse(json, shared);
    let _ = namespace::parse(json, shared);
    for kind in [Kind::Deployment, Kind::DaemonSet, Kind::Job] {
        let _ = workload::parse(kind, json, shared);
    }
}

proptest! {
    #[test]
    fn no_json_panics(value in any_json()) {
        read_as_everything(value.to_string().as_bytes());
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        read_as_everything(&bytes);
    }

    #[test]
    fn no_change_of_one_field_panics(position in 0_usize..80, new in any_json(), of_node in any::<bool>()) {
        let mut value = if of_node { sick_node() } else { crashing_pod() };
        replace(&mut value, &mut position.clone(), &new);
        read_as_everything(value.to_string().as_bytes());
    }
}
