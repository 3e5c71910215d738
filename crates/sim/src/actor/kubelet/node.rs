//! What a kubelet tells of its machine: the Node at the start, its status from time to time, a Lease every ten seconds.

use crate::actor::ground::{KUBELET_PORT, Machine};
use crate::actor::object::{condition, conditions, set_condition, stamp, uid};
use crate::failure::Failure;
use crate::hand::Hand;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

/// Milliseconds between two heartbeats, and what they are spread by from node to node.
const BEAT: i64 = 10_000;
const SPREAD: i64 = 617;
const LEASES: &str = "kube-node-lease";

/// Type, status, reason and message of what a kubelet says of itself when all is well.
const WELL: [(&str, &str, &str, &str); 4] = [
    ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
];

/// Creates the Node if it is not there, and says what the machine is.
pub(super) fn register(machine: &Machine, hand: &Hand) -> Result<(), Failure> {
    let (spec, name) = (&machine.spec, machine.spec.name.as_str());
    let mut node = super::named(machine);
    node["metadata"]["labels"] = json!(spec.labels);
    for (label, value) in
        [("kubernetes.io/hostname", name), ("kubernetes.io/arch", "amd64"), ("kubernetes.io/os", "linux")]
    {
        node["metadata"]["labels"][label] = value.into();
    }
    node["spec"] = json!({ "providerID": format!("machine://{name}/{}", machine.serial) });
    let resources = json!({
        "cpu": spec.cpus.to_string(), "memory": format!("{}Gi", spec.memory_gib), "pods": spec.pods.to_string(),
    });
    let id = |what: &str, count: u32| format!("{what:0<8.8}-0000-4000-8000-{:06x}{count:06x}", machine.serial);
    let status = json!({
        "addresses": [
            { "type": "InternalIP", "address": machine.address().to_string() },
            { "type": "Hostname", "address": name },
        ],
        "daemonEndpoints": { "kubeletEndpoint": { "Port": KUBELET_PORT } },
        "capacity": resources, "allocatable": resources,
        "nodeInfo": {
            "architecture": "amd64", "operatingSystem": "linux", "osImage": "embedded", "kernelVersion": "embedded",
            "containerRuntimeVersion": "embedded://1", "kubeletVersion": "v1.37.0", "kubeProxyVersion": "",
            "machineID": id("a", 0), "systemUUID": id("b", 0), "bootID": id("c", machine.boots),
        },
    });
    node["status"] = status;
    match hand.create("nodes", "", &node) {
        Err(failure) if failure.reason == "AlreadyExists" => {
            hand.patch_status("nodes", "", name, &json!({ "status": node["status"] })).map(drop)
        }
        other => other.map(drop),
    }
}

/// Reports the node's conditions, all with this moment as heartbeat.
pub(super) fn report(machine: &Machine, hand: &Hand) -> Result<(), Failure> {
    let now = hand.now();
    let node = hand.get("nodes", "", &machine.spec.name)?;
    let mut told = conditions(&node);
    let mut tell = |kind: &str, status: &str, reason: &str, message: &str| {
        let new = json!({
            "type": kind, "status": status, "reason": reason, "message": message, "lastHeartbeatTime": stamp(now),
        });
        set_condition(&mut told, new, now);
    };
    for (kind, status, reason, message) in WELL {
        if !machine.conditions.contains_key(kind) {
            tell(kind, status, reason, message);
        }
    }
    for (kind, (status, reason)) in &machine.conditions {
        tell(kind, status, reason, reason);
    }
    hand.patch_status("nodes", "", &machine.spec.name, &json!({ "status": { "conditions": told } })).map(drop)
}

/// Whether the Node says of Ready what the kubelet does not: it has been taken for lost meanwhile.
pub(super) fn is_misjudged(machine: &Machine, hand: &Hand) -> bool {
    let own = machine.conditions.get("Ready").map_or("True", |(status, _)| status);
    let node = hand.get("nodes", "", &machine.spec.name).ok();
    node.is_some_and(|node| condition(&node, "Ready").is_some_and(|ready| ready["status"] != own))
}

/// Renews the node's Lease, or makes it.
pub(super) fn renew(machine: &Machine, hand: &Hand) -> Result<(), Failure> {
    let name = machine.spec.name.as_str();
    let renewed = format!("{:.6}", hand.now());
    match hand.patch("leases.coordination.k8s.io", LEASES, name, &json!({ "spec": { "renewTime": renewed } })) {
        Err(failure) if failure.code == 404 => {}
        other => return other.map(drop),
    }
    let node = hand.get("nodes", "", name)?;
    let mut lease = super::named(machine);
    lease["metadata"]["ownerReferences"] =
        json!([{ "apiVersion": "v1", "kind": "Node", "name": name, "uid": uid(&node) }]);
    lease["spec"] = json!({ "holderIdentity": name, "leaseDurationSeconds": 40, "renewTime": renewed });
    hand.create("leases.coordination.k8s.io", LEASES, &lease).map(drop)
}

/// When the Lease is renewed next: each node has its own moment in the ten seconds.
pub(super) fn next_beat(machine: &Machine, now: Timestamp) -> Timestamp {
    let now = now.as_millisecond();
    let passed = (now - i64::from(machine.serial) * SPREAD).rem_euclid(BEAT);
    let slow = SignedDuration::try_from(machine.slow).unwrap_or_default();
    let next = Timestamp::from_millisecond(now - passed + BEAT).unwrap_or(Timestamp::MAX);
    next.saturating_add(slow).unwrap_or(Timestamp::MAX)
}
