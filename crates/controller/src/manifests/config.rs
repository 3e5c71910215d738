//! The ConfigMap as shipped: the few keys that most clusters change; every other key keeps its built-in default.

use super::{NAMESPACE, labels};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The name of the ConfigMap that the controller watches in its namespace.
pub const CONFIG_MAP: &str = "self-healing-config";

/// Its keys and values.
pub const SHIPPED: &[(&str, &str)] = &[
    ("health_check_interval", "30"),
    ("node_failure_threshold", "3"),
    ("pod_restart_threshold", "5"),
    ("recovery_timeout", "300"),
    ("notification_enabled", "true"),
    ("slack_channel", "#monitoring"),
    ("email_recipients", "team@example.com"),
    ("pagerduty_enabled", "true"),
];

pub(super) fn config_map() -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": { "name": CONFIG_MAP, "namespace": NAMESPACE, "labels": labels() },
        "data": SHIPPED.iter().copied().collect::<BTreeMap<_, _>>(),
    })
}
