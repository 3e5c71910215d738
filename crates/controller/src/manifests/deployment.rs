//! The Deployment: one hardened pod with nothing but its credentials in the environment.

use super::{NAME, NAMESPACE, SERVICE_ACCOUNT, labels};
use serde_json::{Value, json};

/// Environment variable, Secret, key. All are optional: a channel without its secret is off.
const SECRETS: &[(&str, &str, &str)] = &[
    ("SLACK_WEBHOOK_URL", "slack-secret", "webhook-url"),
    ("EMAIL_USERNAME", "email-secret", "username"),
    ("EMAIL_PASSWORD", "email-secret", "password"),
    ("PAGERDUTY_ROUTING_KEY", "pagerduty-secret", "routing-key"),
];

/// The user of distroless and scratch images by convention; any id but 0 would do.
const USER: u32 = 65532;

pub(super) fn deployment() -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": { "name": NAME, "namespace": NAMESPACE, "labels": labels() },
        "spec": {
            "replicas": 1,
            "revisionHistoryLimit": 3,
            "selector": { "matchLabels": { "app": NAME } },
            // The successor gets ready beside its predecessor as a follower; the Lease lets only one of them act.
            "strategy": { "type": "RollingUpdate", "rollingUpdate": { "maxSurge": 1, "maxUnavailable": 0 } },
            "template": { "metadata": { "labels": labels() }, "spec": pod() },
        },
    })
}

/// No priorityClassName: `system-cluster-critical` would fit, but clusters that limit it by a ResourceQuota (as managed
/// ones do outside kube-system) would refuse the pod. Set it where your cluster allows it.
fn pod() -> Value {
    json!({
        "serviceAccountName": SERVICE_ACCOUNT,
        // Variables of the namespace's Services would be read as settings if a Service had an unlucky name.
        "enableServiceLinks": false,
        "nodeSelector": { "kubernetes.io/os": "linux" },
        "terminationGracePeriodSeconds": 30,
        "securityContext": {
            "runAsNonRoot": true,
            "runAsUser": USER,
            "runAsGroup": USER,
            "seccompProfile": { "type": "RuntimeDefault" },
        },
        // The healer must not wait the usual 300 s when its own node dies.
        "tolerations": [toleration("not-ready"), toleration("unreachable")],
        "containers": [container()],
    })
}

fn toleration(condition: &str) -> Value {
    json!({
        "key": format!("node.kubernetes.io/{condition}"),
        "operator": "Exists",
        "effect": "NoExecute",
        "tolerationSeconds": 30,
    })
}

fn container() -> Value {
    json!({
        "name": "controller",
        "image": format!("{NAME}:latest"),
        // The tag `latest` would mean `Always`, and an image that was loaded onto the nodes would not be found.
        "imagePullPolicy": "IfNotPresent",
        "args": ["run"],
        "env": env(),
        "ports": [{ "name": "http", "containerPort": 8080, "protocol": "TCP" }],
        "livenessProbe": probe("/health", 30, 10),
        "readinessProbe": probe("/ready", 5, 5),
        "resources": {
            "requests": { "cpu": "100m", "memory": "128Mi" },
            "limits": { "cpu": "200m", "memory": "256Mi" },
        },
        "securityContext": {
            "allowPrivilegeEscalation": false,
            "capabilities": { "drop": ["ALL"] },
            "readOnlyRootFilesystem": true,
        },
        "terminationMessagePolicy": "FallbackToLogsOnError",
    })
}

fn probe(path: &str, delay: u32, period: u32) -> Value {
    json!({ "httpGet": { "path": path, "port": "http" }, "initialDelaySeconds": delay, "periodSeconds": period })
}

/// Only secrets and the pod's identity: a variable wins over the ConfigMap, so any other would keep it from being live.
fn env() -> Vec<Value> {
    let identity = [("POD_NAME", "metadata.name"), ("POD_NAMESPACE", "metadata.namespace")].map(|(name, field)| {
        json!({ "name": name, "valueFrom": { "fieldRef": { "apiVersion": "v1", "fieldPath": field } } })
    });
    let secrets = SECRETS.iter().map(|(name, secret, key)| {
        json!({ "name": name, "valueFrom": { "secretKeyRef": { "name": secret, "key": key, "optional": true } } })
    });
    identity.into_iter().chain(secrets).collect()
}
