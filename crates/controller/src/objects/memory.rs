//! What the containers of a pod may use of memory: as wanted, and as their kubelet says.

use super::needs::list;
use super::quantity;
use crate::plain::plain;
use self_healing_core::key::Text;
use self_healing_core::recovery::{Memory, MemoryLimit};
use serde_json::Value;

/// Characters kept of a kubelet's words.
const WORDS: usize = 256;

/// What `pod`, an object of the API, says of it.
#[must_use]
pub fn of_pod(pod: &Value) -> Memory {
    let limit = |resources: &Value| resources["limits"]["memory"].as_str().and_then(quantity::bytes);
    let status = |name: &Value| list(&pod["status"]["containerStatuses"]).find(|status| status["name"] == *name);
    let limits = list(&pod["spec"]["containers"]).filter_map(|container| {
        let actual = status(&container["name"]).and_then(|status| limit(&status["resources"]));
        let name = Text::from(container["name"].as_str()?);
        Some(MemoryLimit { container: name, wanted: limit(&container["resources"])?, actual })
    });
    Memory { limits: limits.collect(), guaranteed: pod["status"]["qosClass"] == "Guaranteed", pending: pending(pod) }
}

/// By the conditions that kubelets set for a resize (KEP-1287).
fn pending(pod: &Value) -> Option<String> {
    let mut waiting = list(&pod["status"]["conditions"])
        .filter(|one| matches!(one["type"].as_str(), Some("PodResizePending" | "PodResizeInProgress")))
        .filter(|one| one["status"] == "True");
    let one = waiting.next()?;
    let word = |field: &str| one[field].as_str().unwrap_or_default();
    let reason = if word("reason").is_empty() { "InProgress" } else { word("reason") };
    Some(plain(format!("{reason}: {}", word("message")).trim_end_matches(": "), WORDS))
}

#[cfg(test)]
mod tests {
    use super::of_pod;
    use serde_json::json;

    #[test]
    fn wanted_and_actual_are_told_apart() {
        let pod = json!({
            "spec": {"containers": [
                {"name": "main", "resources": {"limits": {"memory": "128Mi"}}},
                {"name": "side", "resources": {}},
            ]},
            "status": {"qosClass": "Burstable",
                "containerStatuses": [{"name": "main", "resources": {"limits": {"memory": "64Mi"}}}],
                "conditions": [{"type": "PodResizePending", "status": "True", "reason": "Deferred", "message": "no room"}]},
        });
        let memory = of_pod(&pod);
        assert_eq!(memory.limits.len(), 1);
        assert_eq!((memory.limits[0].wanted, memory.limits[0].actual), (128 << 20, Some(64 << 20)));
        assert_eq!((memory.guaranteed, memory.pending.as_deref()), (false, Some("Deferred: no room")));
    }
}
