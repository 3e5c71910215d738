//! Which pods of a story's workloads are ready.

use super::record::{text, workload};
use self_healing_sim::store::Store;
use self_healing_story::{Name, Outcome};
use serde_json::Value;
use std::collections::BTreeMap;

/// Fills in ready and wanted pods of each Deployment, StatefulSet and bare pod.
pub(super) fn fill(outcome: &mut Outcome, store: &Store) {
    let mut ready: BTreeMap<Name, u32> = BTreeMap::new();
    for (key, pod) in store.list("pods", "") {
        let name = Name { namespace: key.namespace.to_string(), name: key.name.to_string() };
        let owner = workload(pod, &key.namespace, store);
        if owner.is_none() {
            outcome.ready.insert(name.to_string(), (u32::from(is_ready(pod)), 1));
        } else if let Some(owner) = owner.filter(|_| is_ready(pod)) {
            *ready.entry(owner).or_default() += 1;
        }
    }
    for kind in ["deployments.apps", "statefulsets.apps"] {
        for (key, object) in store.list(kind, "") {
            let name = Name { namespace: key.namespace.to_string(), name: key.name.to_string() };
            let wanted = object["spec"]["replicas"].as_u64().and_then(|wanted| u32::try_from(wanted).ok()).unwrap_or(1);
            outcome.ready.insert(name.to_string(), (ready.get(&name).copied().unwrap_or(0), wanted));
        }
    }
}

/// Whether a pod is ready and stays.
pub(crate) fn is_ready(pod: &Value) -> bool {
    let conditions = pod["status"]["conditions"].as_array();
    let ready = conditions.is_some_and(|all| all.iter().any(|one| one["type"] == "Ready" && one["status"] == "True"));
    ready && text(pod, "/metadata/deletionTimestamp").is_empty()
}
