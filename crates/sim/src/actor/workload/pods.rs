//! Pods as the controllers of workloads see and make them.

use crate::actor::desk::later;
use crate::actor::object::{condition, going, holds, number, reference, text, time};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// A pod of `owner`, made from its template.
pub(super) fn from_template(owner: &Value, template: &Value) -> Value {
    let mut pod = json!({ "metadata": template["metadata"], "spec": template["spec"] });
    if !pod["metadata"].is_object() {
        pod["metadata"] = json!({});
    }
    pod["metadata"]["generateName"] = format!("{}-", text(owner, "/metadata/name")).into();
    pod["metadata"]["ownerReferences"] = json!([reference(owner)]);
    pod
}

/// Whether it has ended for good.
pub(super) fn ended(pod: &Value) -> bool {
    matches!(text(pod, "/status/phase"), "Succeeded" | "Failed")
}

/// Whether it has neither ended nor is it being deleted.
pub(super) fn active(pod: &Value) -> bool {
    !ended(pod) && !going(pod)
}

/// How many of some pods are in which state.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) replicas: i64,
    pub(super) ready: i64,
    pub(super) available: i64,
    /// When a ready pod becomes available.
    pub(super) next: Option<Timestamp>,
}

/// Counts `pods`; available is what has been ready for `minReadySeconds` of `owner`.
pub(super) fn count<'a>(owner: &Value, pods: impl IntoIterator<Item = &'a Arc<Value>>, now: Timestamp) -> Counts {
    let seconds = number(owner, "/spec/minReadySeconds").and_then(|seconds| u64::try_from(seconds).ok()).unwrap_or(0);
    let mut counts = Counts::default();
    for pod in pods {
        counts.replicas += 1;
        if !holds(pod, "Ready") {
            continue;
        }
        counts.ready += 1;
        let since = condition(pod, "Ready").and_then(|ready| time(ready, "/lastTransitionTime")).unwrap_or(now);
        let available = later(since, Duration::from_secs(seconds));
        if seconds == 0 || available <= now {
            counts.available += 1;
        } else {
            counts.next = counts.next.into_iter().chain([available]).min();
        }
    }
    counts
}

/// `spec.replicas`, of which 1 is the default.
pub(super) fn wanted(owner: &Value) -> i64 {
    number(owner, "/spec/replicas").unwrap_or(1)
}
