//! Versions of templates, and how many pods an update may take or add.

use crate::actor::object::{share, text};
use serde_json::Value;

/// The label by which ReplicaSets of one Deployment are told apart.
pub(super) const HASH: &str = "pod-template-hash";

/// A short name for a template: the same text for the same template.
pub(super) fn hash(template: &Value) -> String {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let sum = template
        .to_string()
        .bytes()
        .fold(0x811c_9dc5_u32, |sum, byte| (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    sum.to_string().bytes().map(|digit| char::from(LETTERS[usize::from(digit) % LETTERS.len()])).collect()
}

/// Whether two templates are the same but for the label of the hash.
pub(super) fn same(one: &Value, other: &Value) -> bool {
    let labels = |template: &Value| {
        let mut labels = template["metadata"]["labels"].as_object().cloned().unwrap_or_default();
        labels.remove(HASH);
        labels
    };
    one["spec"] == other["spec"]
        && one["metadata"]["annotations"] == other["metadata"]["annotations"]
        && labels(one) == labels(other)
}

/// The pods that a Deployment may have above its replicas, and those that it may lack.
pub(super) fn slack(deployment: &Value, replicas: i64) -> (i64, i64) {
    if text(deployment, "/spec/strategy/type") == "Recreate" {
        return (0, replicas);
    }
    let strategy = &deployment["spec"]["strategy"]["rollingUpdate"];
    let surge = share(&strategy["maxSurge"], replicas, true, "25%");
    let unavailable = share(&strategy["maxUnavailable"], replicas, false, "25%");
    // Both zero is no update at all.
    let unavailable = if surge == 0 { unavailable.max(1) } else { unavailable };
    (surge, unavailable.min(replicas))
}
