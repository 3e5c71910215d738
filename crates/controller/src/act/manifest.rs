//! A bare pod's manifest: what its author wrote, without what the server, the scheduler and admission added.

use serde_json::{Map, Value};

/// Set by the API server on create, update or delete.
const SERVER_METADATA: [&str; 8] = [
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "generation",
    "managedFields",
    "selfLink",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
];

/// Set by the scheduler (nodeName), by admission from the pod's classes, which refuses a value that has changed since
/// (priority, preemptionPolicy, overhead), or only allowed on a running pod (ephemeralContainers).
const SERVER_SPEC: [&str; 5] = ["nodeName", "priority", "preemptionPolicy", "overhead", "ephemeralContainers"];

/// Set by the API server on a delete that waits for dependents.
const SERVER_FINALIZERS: [&str; 2] = ["foregroundDeletion", "orphan"];

/// The volume that the ServiceAccount admission adds, with a random suffix.
const TOKEN_VOLUME: &str = "kube-api-access-";

/// The manifest (JSON) to create `pod` again.
pub(super) fn of(mut pod: Value) -> String {
    if let Some(pod) = pod.as_object_mut() {
        pod.remove("status");
    }
    if let Some(metadata) = pod["metadata"].as_object_mut() {
        strip(metadata, &SERVER_METADATA);
        retain(metadata, "finalizers", |finalizer| {
            !finalizer.as_str().is_some_and(|finalizer| SERVER_FINALIZERS.contains(&finalizer))
        });
    }
    if let Some(spec) = pod["spec"].as_object_mut() {
        strip(spec, &SERVER_SPEC);
        without_token(spec);
    }
    pod.to_string()
}

fn strip(object: &mut Map<String, Value>, fields: &[&str]) {
    for field in fields {
        object.remove(*field);
    }
}

/// Takes the injected token away, so that admission adds one that is valid for the new pod.
fn without_token(spec: &mut Map<String, Value>) {
    let injected = |volume: &Value| {
        volume["projected"].is_object() && volume["name"].as_str().is_some_and(|name| name.starts_with(TOKEN_VOLUME))
    };
    let names: Vec<Value> = spec
        .get("volumes")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter(|v| injected(v))
        .map(|v| v["name"].clone())
        .collect();
    retain(spec, "volumes", |volume| !injected(volume));
    for list in ["containers", "initContainers"] {
        for container in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(container) = container.as_object_mut() {
                retain(container, "volumeMounts", |mount| !names.contains(&mount["name"]));
            }
        }
    }
}

/// Keeps those entries of a list that `keep` likes; a list that becomes empty goes, as if it had never been written.
fn retain(object: &mut Map<String, Value>, field: &str, keep: impl Fn(&Value) -> bool) {
    if let Some(list) = object.get_mut(field).and_then(Value::as_array_mut) {
        list.retain(keep);
        if list.is_empty() {
            object.remove(field);
        }
    }
}
