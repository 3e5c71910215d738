//! The NetworkPolicy: who may reach the controller, and whom it may reach.

use super::{NAME, NAMESPACE, labels};
use serde_json::{Value, json};

/// Why the controller opens connections to each port; everything else is closed.
const EGRESS: &[(&str, &[(&str, u16)])] = &[
    ("DNS", &[("UDP", 53), ("TCP", 53)]),
    (
        "API server; a policy sees the port behind the Service, which is 6443 on most clusters",
        &[("TCP", 443), ("TCP", 6443)],
    ),
    ("mail; chat and incident receivers use 443", &[("TCP", 587)]),
    ("kubelets: one connection without a byte tells a dead host from a dead kubelet", &[("TCP", 10250)]),
];

/// Metrics, health and readiness are open to the cluster, because nobody knows the name of its Prometheus; probes come
/// from the node and are always let in.
pub(super) fn policy() -> Value {
    let egress = EGRESS.iter().map(|(_, ports)| {
        let ports: Vec<Value> =
            ports.iter().map(|(protocol, port)| json!({ "protocol": protocol, "port": port })).collect();
        json!({ "ports": ports })
    });
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": { "name": NAME, "namespace": NAMESPACE, "labels": labels() },
        "spec": {
            "podSelector": { "matchLabels": { "app": NAME } },
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{ "ports": [{ "protocol": "TCP", "port": 8080 }] }],
            "egress": egress.collect::<Vec<_>>(),
        },
    })
}

/// The reasons, as comment lines for the file.
pub(super) fn comment() -> String {
    let line = |(why, ports): &(&str, &[(&str, u16)])| {
        let ports: Vec<String> = ports.iter().map(|(protocol, port)| format!("{protocol} {port}")).collect();
        format!("#   {}: {why}\n", ports.join(", "))
    };
    format!("# Outgoing connections:\n{}", EGRESS.iter().map(line).collect::<String>())
}
