//! Taints, and who tolerates them.

use super::object::list;
use serde_json::Value;

pub(super) const NOT_READY: &str = "node.kubernetes.io/not-ready";
pub(super) const UNREACHABLE: &str = "node.kubernetes.io/unreachable";
pub(super) const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";

/// The taints of a node.
pub(super) fn taints(node: &Value) -> &[Value] {
    list(node, "/spec/taints")
}

/// Whether one toleration is for this taint.
pub(super) fn tolerates(toleration: &Value, taint: &Value) -> bool {
    let same =
        |field: &str| toleration[field].is_null() || toleration[field] == "" || toleration[field] == taint[field];
    let value = || toleration["value"].as_str().unwrap_or_default() == taint["value"].as_str().unwrap_or_default();
    same("effect") && same("key") && (toleration["operator"] == "Exists" || value())
}

/// The first taint of this effect that no toleration is for.
pub(super) fn untolerated<'a>(tolerations: &[Value], taints: &'a [Value], effect: &str) -> Option<&'a Value> {
    let bad = |taint: &&Value| {
        taint["effect"] == effect && !tolerations.iter().any(|toleration| tolerates(toleration, taint))
    };
    taints.iter().find(bad)
}
